"""Key files of dconf: GVariants, odd files and the laws."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, dconf
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold

SCREEN = "org/gnome/desktop/screensaver"


def test_values_are_read_as_what_they_are() -> None:
    text = b"[a/b]\n# c\nx=uint32 900\ny=true\nz='text'\nw=[('a', 1)]\nv=\"q\"\nu=5\nt='true'\nx=uint32 60\n"
    assert dconf.get(text) == {
        "a/b": {"x": 60, "y": True, "z": "text", "w": "[('a', 1)]", "v": "q", "u": 5, "t": "'true'"},
    }


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        (b"[a/b]\nx=uint32 9\n", Edit(("a/b", "x"), 5), b"[a/b]\nx=uint32 5\n"),
        (b"[a/b]\nx=9\n", Edit(("a/b", "x"), 5), b"[a/b]\nx=5\n"),
        (b"[a/b]\nx='a'\n", Edit(("a/b", "x"), "b"), b"[a/b]\nx='b'\n"),
        (b"[a/b]\nx=true\n", Edit(("a/b", "x"), False), b"[a/b]\nx=false\n"),
        (b"", Edit((SCREEN, "lock-delay"), 0), b"[org/gnome/desktop/screensaver]\nlock-delay=uint32 0\n"),
    ],
)
def test_one_thing_changes(before: bytes, edit: Edit, after: bytes) -> None:
    assert lenses.put("dconf", before, [edit]) == after


@pytest.mark.parametrize("value", ["a'b", "a\nb", ["a"], "true", "uint32 5"])
def test_what_no_text_can_hold_is_refused(value: object) -> None:
    with pytest.raises(LensError):
        lenses.put("dconf", b"[a]\nx='y'\n", [Edit(("a", "x"), value)])


LINES = st.sampled_from(["[a/b]", "[c]", "x=uint32 9", "x=true", "y='é'", "# c", "", "x = 'q'", "z=@as []", 'y="d"'])
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.sampled_from(
    [
        Edit(("a/b", "x"), 900),
        Edit(("a/b", "x"), True),
        Edit(("a/b", "y"), "text"),
        Edit(("c", "x"), remove=True),
        Edit(("new/one", "k"), False),
    ]
)


@given(FILES, EDITS)
@settings(max_examples=examples(500), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("dconf", source, edit):
        assert comments(lenses.put("dconf", source, [edit])) == comments(source)


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(300), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("dconf", source, edit)

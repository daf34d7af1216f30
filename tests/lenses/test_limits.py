"""limits.conf: odd files and the laws."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, limits
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold

CORE = Edit(("(default)", "hard", "core"), 0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "* hard core 0\n"),
        ("# a\n# End of file\n", "# a\n* hard core 0\n# End of file\n"),
        ("*\thard\tcore\tunlimited # x\r\n", "*\thard\tcore\t0 # x\r\n"),
        ("* hard core 1\n* hard core 2", "* hard core 1\n* hard core 0"),
        ("@a\tsoft\tnproc\t9\n", "@a\tsoft\tnproc\t9\n*\thard\tcore\t0\n"),
        ("* soft core 0\n* hard nofile 5\n", "* soft core 0\n* hard nofile 5\n* hard core 0\n"),
    ],
)
def test_one_limit_changes(before: str, after: str) -> None:
    assert lenses.put("limits", before.encode(), [CORE]).decode() == after


def test_domains_and_types_have_names() -> None:
    text = b"* - nofile 1024\n@a hard nproc unlimited\nroot soft core 0\n#* hard core 0\nodd line\n"
    assert limits.get(text) == {
        "(default)": {"both": {"nofile": 1024}},
        "@a": {"hard": {"nproc": "unlimited"}},
        "root": {"soft": {"core": 0}},
    }


@pytest.mark.parametrize(
    "edit", [Edit(("*", "hard", "core"), 0), Edit(("a", "hard", "core"), "1 2"), Edit(("a", "all", "core"), 1), Edit(("a",), 1)]
)
def test_what_no_line_can_say_is_refused(edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put("limits", b"* hard core 1\n", [edit])


LINES = st.sampled_from(
    [
        "* hard core 0",
        "*\t-\tnofile\t5",
        "@a soft nproc 9 # x",
        "# * hard core 0",
        "",
        "* hard",
        "é hard core 1",
        " root hard core 2 ",
    ]
)
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=7),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.builds(
    lambda d, t, i, v, r: Edit((d, t, i), None if r else v, r),
    st.sampled_from(["(default)", "@a", "root"]),
    st.sampled_from(["hard", "soft", "both"]),
    st.sampled_from(["core", "nproc", "nofile"]),
    st.sampled_from([0, "unlimited", "a b", "#"]),
    st.booleans(),
)


@given(FILES, EDITS)
@settings(max_examples=examples(500), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("limits", source, edit):
        assert comments(lenses.put("limits", source, [edit])) == comments(source)


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(300), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("limits", source, edit)

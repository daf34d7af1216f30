"""Files of `key = value` lines without sections: odd files and the laws."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, key_value
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        (b"deny=3\n", Edit(("deny",), 5), b"deny=5\n"),
        (b"deny = 3  # few\r\n", Edit(("deny",), 5), b"deny = 5  # few\r\n"),
        (b"# deny = 3\n#\nx = 1\n", Edit(("deny",), 5), b"# deny = 3\ndeny = 5\n#\nx = 1\n"),
        (b"# even_deny_root\n# z\n", Edit(("even_deny_root",), True), b"# even_deny_root\neven_deny_root\n# z\n"),
        (b"audit\ndeny = 1", Edit(("audit",), remove=True), b"deny = 1"),
        (b"deny = 1\ndeny = 2\n", Edit(("deny",), 3), b"deny = 1\ndeny = 3\n"),
        (b"audit = 0\n", Edit(("audit",), True), b"audit\n"),
        (b"audit\n", Edit(("audit",), 3), b"audit = 3\n"),
        (b"", Edit(("minlen",), 14), b"minlen = 14\n"),
    ],
)
def test_one_setting_changes(before: bytes, edit: Edit, after: bytes) -> None:
    assert lenses.put("key-value", before, [edit]) == after


def test_words_alone_are_flags_and_odd_lines_stay() -> None:
    assert key_value.get(b"audit\n = 3\na b = 1\nx =\n  y=2 \n#z = 1\n") == {"audit": True, "x": "", "y": 2}


@pytest.mark.parametrize("edit", [Edit(("a b",), True), Edit(("a",), "1\n2"), Edit(("a",), "1 # x"), Edit(("a", "b"), 1)])
def test_what_no_line_can_say_is_refused(edit: Edit) -> None:
    with pytest.raises(LensError):
        lenses.put("key-value", b"x = 1\n", [edit])


LINES = st.sampled_from(["a = 1", "a=2", "a", "# a", "# a = 1", "b = x y # z", "", " b", "=", "c= # d", "é = ü", "b\t=\t3 "])
FILES = st.builds(
    lambda ls, nl, end: (nl.join(ls) + (nl if end else "")).encode(),
    st.lists(LINES, max_size=7),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
EDITS = st.builds(
    lambda k, v, r: Edit((k,), None if r else v, r),
    st.sampled_from(["a", "b", "c", "z"]),
    st.sampled_from([0, 7, "x y", True, "#", ""]),
    st.booleans(),
)


@given(FILES, EDITS)
@settings(max_examples=examples(800), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    if hold("key-value", source, edit):
        assert comments(lenses.put("key-value", source, [edit])) == comments(source)


@given(st.binary(max_size=60), EDITS)
@settings(max_examples=examples(400), deadline=None)
def test_nothing_but_a_lens_error_comes_out_of_hostile_bytes(source: bytes, edit: Edit) -> None:
    hold("key-value", source, edit)

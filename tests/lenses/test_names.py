"""One name a line, and whole texts: the laws."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.lenses import LensError, names, text
from setright.model import Edit
from tests.sampling import examples

from .laws import comments, hold


def test_names_are_told_without_comments_and_blanks() -> None:
    assert names.get(b"# who\nroot\n\n backup \r\n") == {"names": ["root", "backup"]}


def test_a_name_goes_behind_the_last_one() -> None:
    assert lenses.put("names", b"# who\nroot\n# end\n", [Edit(("names", 1), "backup")]) == b"# who\nroot\nbackup\n# end\n"
    assert lenses.put("names", None, [Edit(("names",), ["root"])]) == b"root\n"


@pytest.mark.parametrize("name", ["#x", "", " x", "a\nb", 3])
def test_what_is_no_name_is_refused(name: object) -> None:
    with pytest.raises(LensError):
        lenses.put("names", b"root\n", [Edit(("names", 0), name)])


def test_a_text_is_one_value() -> None:
    assert text.get(b"a\nb\n") == {"text": "a\nb\n"}
    assert lenses.put("text", b"a\n", [Edit(("text",), "c\n")]) == b"c\n"
    with pytest.raises(LensError):
        lenses.put("text", b"a\n", [Edit(("text",), 3)])


FILES = st.lists(st.sampled_from(["root", "# x", "", " ops ", "é"]), max_size=6).map(lambda ls: "\n".join(ls).encode())
EDITS = st.sampled_from([Edit(("names",), ["a", "root"]), Edit(("names", 0), "z"), Edit(("names",), []), Edit(("text",), "x\n")])


@given(FILES | st.binary(max_size=40), EDITS)
@settings(max_examples=examples(400), deadline=None)
def test_the_laws_hold(source: bytes, edit: Edit) -> None:
    lens = "text" if edit.path == ("text",) else "names"
    if hold(lens, source, edit) and lens == "names":
        assert comments(lenses.put(lens, source, [edit])) == comments(source)

"""What all lenses share: text and bytes, splices, equality, and the check on every put."""

import sys
from types import ModuleType

import pytest

from setright import lenses
from setright.lenses import LensError
from setright.lenses.lines import Replacement, decode, encode, insert_after, lines, newline_of, splice
from setright.model import Edit
from setright.trees import same


@pytest.fixture
def greedy(monkeypatch):
    """A lens that changes one thing more than it is asked to."""
    module = ModuleType("setright.lenses.greedy")
    module.get = lenses.lens("json").get
    module.span = lenses.lens("json").span
    module.put = lambda source, edits: lenses.lens("json").put(source, [*edits, Edit(("more",), 1)])
    monkeypatch.setitem(sys.modules, "setright.lenses.greedy", module)
    return "greedy"


def test_a_lens_that_changes_more_than_was_asked_is_not_believed(greedy):
    with pytest.raises(LensError, match="a: the edit would change more than was asked"):
        lenses.put(greedy, b'{"a": 0}', [Edit(("a",), 1)])


def test_a_lens_that_is_not_there_is_named():
    with pytest.raises(LensError, match="no lens 'nosuch'"):
        lenses.get("nosuch", b"")


@pytest.mark.parametrize(("a", "b"), [(True, 1), (0, False), (1, "1"), (1, 1.0), (None, ""), ([], {}), ([1, 2], [2, 1])])
def test_values_that_a_format_writes_otherwise_are_not_the_same(a, b):
    assert not same(a, b) and not same({"k": [a]}, {"k": [b]})
    assert same(a, a)


def test_the_order_of_keys_is_no_difference():
    assert same({"a": 1, "b": 2}, {"b": 2, "a": 1})


def test_text_behind_a_nul_is_refused_with_its_line():
    with pytest.raises(LensError, match="line 2"):
        decode(b"a\nb\0c\n")


@pytest.mark.parametrize("source", [b"", b"\xff\xfe\n", "é\n".encode(), b"a\r\nb\rc"])
def test_bytes_come_back_whatever_they_are(source):
    assert encode(decode(source)) == source


def test_only_a_line_feed_ends_a_line():
    assert [line.text for line in lines("a\r\nb\x0bc\u2028d\n")] == ["a\r", "b\x0bc\u2028d"]


@pytest.mark.parametrize(("text", "end"), [("", "\n"), ("a", "\n"), ("a\nb\r\n", "\n"), ("a\r\nb\n", "\r\n"), ("\n", "\n")])
def test_new_lines_end_as_the_first_one_does(text, end):
    assert newline_of(text) == end


def test_a_last_line_without_an_end_keeps_having_none():
    assert splice("a", [insert_after("a", lines("a")[0], ["b", "c"])]) == "a\nb\nc"


def test_splices_are_made_on_the_text_before():
    assert splice("abcd", [Replacement(0, 1, "xx"), Replacement(2, 4, "")]) == "xxb"

"""Edits between two texts make the one of the other, stay small, and cost a long text no more than its length."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright.engine.text_edits import Ruler, text_edits

LINES = st.lists(st.sampled_from(["a = 1\n", "b = 2\n", "}\n", "\n", "x {\n", "y {\r\n", "é = 💥\n"]), max_size=12).map("".join)


def edited(text: str, after: str) -> str:
    for edit in reversed(list(text_edits(text, after))):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


@settings(max_examples=300, deadline=None)
@given(LINES, LINES)
def test_the_edits_make_the_one_text_of_the_other_in_order_and_apart(before: str, after: str):
    assert edited(before, after) == after
    edits = list(text_edits(before, after))
    assert all(one.end <= two.start for one, two in zip(edits, edits[1:], strict=False))


def test_of_many_blocks_that_are_alike_just_the_words_change_and_soon():
    before = "".join(f'resource "a" "d{i}" {{\n  name = "d{i}"\n  encrypted = false\n}}\n\n' for i in range(4000))
    began = time.monotonic()
    edits = list(text_edits(before, before.replace("false", "true")))
    assert {before[e.start : e.end] + e.text for e in edits} == {"falsetrue"} and len(edits) == 4000
    (one,) = text_edits(before, before[:90_000] + before[90_000:].replace("false", "true", 1))
    assert (before[one.start : one.end], one.text) == ("false", "true")
    assert time.monotonic() - began < 10  # a quarter of a second; comparing all with all took minutes


PLACES = [(0, "utf-16", (0, 0)), (3, "utf-16", (0, 4)), (3, "utf-8", (0, 7)), (5, "utf-32", (0, 5)), (9, "utf-8", (2, 0))]


@pytest.mark.parametrize(("offset", "encoding", "place"), PLACES)
def test_a_place_is_told_by_line_and_column(offset: int, encoding: str, place: tuple[int, int]):
    assert Ruler("é💥x=\r\n y\nz").position(offset, encoding) == place


def test_a_line_is_shown_without_its_indent_and_one_that_is_not_there_as_the_last():
    ruler = Ruler("é💥x=\r\n y\nz")
    assert [ruler.written(line) for line in (0, 1, 2, 9)] == [(0, 4), (7, 8), (9, 10), (9, 10)]

"""Conditions that are always true, and those that take any part of a name."""

from __future__ import annotations

import pytest

from setright.bindings.layouts._workflow_conditions import asking, whole_names, wrong_conditions


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("${{ a }}\n", "${{ a }}"),
        (" ${{ a &&\n b }}\n", "${{ a &&\n b }}"),
        ("${{ a }} && ${{ b || c }}", "(a) && (b || c)"),
        ("!${{ a }}", "!(a)"),
        ("always() && ${{ a }}", "always() && (a)"),
        ("${{ a }} == 'x'", None),
        ("refs/${{ a }}", None),
    ],
)
def test_a_text_becomes_one_expression_where_that_is_clear(text: str, new: str | None) -> None:
    assert wrong_conditions({"if": text}) == {"always": True}
    assert asking(text) == new


@pytest.mark.parametrize("text", ["${{ a }}", "a && b", "${{ contains(github.ref, 'a') }}", "contains('a', matrix.b)", True, None])
def test_a_condition_that_asks_is_left_alone(text: object) -> None:
    assert wrong_conditions({"if": text}) == {}


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("contains('a', github.ref)", "contains(fromJSON('[\"a\"]'), github.ref)"),
        (
            "!contains( 'a,b c' , github.event.pull_request.base.ref )",
            '!contains(fromJSON(\'["a", "b", "c"]\'), github.event.pull_request.base.ref)',
        ),
        ("contains('[\"a\"]', inputs.b)", "contains(fromJSON('[\"a\"]'), inputs.b)"),
        ("contains('', env.A)", "contains('', env.A)"),
    ],
)
def test_a_text_of_names_becomes_a_list(text: str, new: str) -> None:
    assert wrong_conditions({"if": text})["partly"] in text
    assert whole_names(text) == new

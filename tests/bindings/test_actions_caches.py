"""Which steps may leave the caches of other runs be."""

from __future__ import annotations

import pytest
from tests.bindings.test_actions import HEAD, sources

from setright.bindings.layouts import actions


@pytest.mark.parametrize(
    ("steps", "restores"),
    [
        ("- uses: actions/cache@v4", True),
        ("- uses: actions/cache@v3", True),
        ("- uses: actions/cache@v3.2.6", False),
        ("- uses: actions/cache@v2", False),
        ("- uses: actions/cache/save@v4", False),
        ("- uses: actions/cache@5a3ec84eff668545956fd18022155c47e93e2684", True),
        ("- uses: Swatinem/rust-cache@v2", True),
        ("- uses: Swatinem/rust-cache@v1", False),
        ("- {id: a, uses: actions/cache@v4}\n      - {run: b, if: steps.c.outputs.cache-hit}", True),
        ("- {id: a, uses: actions/cache@v4}\n      - {run: b, if: steps.a.outputs.cache-hit}", False),
        ("- {id: a, uses: actions/cache@v4}\n      - {run: \"echo ${{ steps['a'].outputs.cache-hit }}\"}", False),
    ],
)
def test_a_cache_is_left_be_where_it_can_be_and_nothing_reads_what_was_found(steps: str, restores: bool) -> None:
    step = actions.view("actions/step", {}, sources(f"{HEAD}      {steps}\n"))[0]
    assert step.tree.get("restores", False) is restores

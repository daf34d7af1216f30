"""Which steps may leave the caches of other runs be."""

from __future__ import annotations

import pytest
from tests.bindings.test_actions import HEAD, sources
from tests.bindings.test_actions_rights import LAYOUTS

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


@pytest.mark.parametrize(
    ("step", "cached"),
    [
        ("uses: actions/setup-node@v6", True),
        ("uses: actions/setup-node@v4", False),
        ("uses: actions/setup-node@a0853c24544627f65ddf259abe73b1d18a591444", False),
        ("uses: Astral-sh/setup-uv@d0cc045d04ccac9d8b7881df0226f9e82c39688e", True),
        ("{uses: astral-sh/setup-uv@v6, with: {enable-cache: true}}", True),
        ("{uses: astral-sh/setup-uv@v6, with: {enable-cache: 'false'}}", False),
        ("{uses: astral-sh/setup-uv@v6, with: {enable-cache: '${{ inputs.a }}'}}", False),
        ("uses: oven-sh/setup-bun@v1", False),
        ("run: make", False),
    ],
)
def test_tools_from_a_cache_are_told_where_an_input_would_stop_it(step: str, cached: bool) -> None:
    [seen] = actions.view("actions/step", LAYOUTS["step"], sources(f"{HEAD}      - {step}\n"))
    assert ("cached" in seen.tree) is cached

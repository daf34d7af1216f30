"""Of which families some documents may hold anything."""

from __future__ import annotations

import pytest

from setright.bindings.families import READS, held
from setright.bindings.source import Source
from setright.bindings.view import module_of
from setright.engine.catalogue import content_root, load_catalogue
from setright.lenses import get

CASES = {
    "main.tf": ("hcl", b"", {"terraform"}),
    "a.tf.json": ("json", b"{}", {"terraform"}),
    "Dockerfile": ("dockerfile", b"FROM a\n", {"dockerfile"}),
    "templates/a.yaml": ("helm", b"{{ x }}\n", {"kubernetes"}),
    "pods.yaml": ("yaml", b"a: 1\n---\napiVersion: v1\n", {"kubernetes"}),
    "list.json": ("json", b'{"kind": "PodList", "items": []}', {"kubernetes"}),
    "stack.json": ("json", b'{"Resources": {}}', {"cloudformation"}),
    "compose.yaml": ("yaml", b"services: {}\n", {"compose"}),
    "action.yml": ("yaml", b"runs: {}\n", {"actions"}),
    ".github/workflows/a.yml": ("yaml", b"on: push\njobs: {}\n", {"actions"}),
    ".gitlab-ci.yml": ("yaml", b"build: {script: make}\n", {"gitlab"}),
    "values.yaml": ("yaml", b"a: {services: {}}\n", set()),
    "list.yaml": ("yaml", b"- services\n---\n", set()),
}


@pytest.mark.parametrize("locator", CASES)
def test_what_stands_at_the_top_of_a_document_tells_its_families(locator: str) -> None:
    lens, text, families = CASES[locator]
    assert held([Source(locator, lens, get(lens, text))]) == families


def test_every_layout_of_which_it_is_told_what_it_reads_is_one_that_bindings_name() -> None:
    known = load_catalogue([content_root()]).bindings.values()
    named = {str(entry.get("layout", family)) for binding in known for family, entry in binding.layouts.items()}
    assert set(READS) <= named
    assert all(module_of(binding, family) for binding in known for family in binding.layouts)

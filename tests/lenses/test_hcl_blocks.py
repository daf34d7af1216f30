"""Edits inside outer blocks, made on their own lines, give what they give one after the other on the whole file."""

from __future__ import annotations

import random

import pytest

from setright.lenses import LensError, hcl
from setright.lenses._hcl_blocks import changed_all
from setright.lenses._hcl_edit import changed
from setright.model import Edit
from tests.corpora import files

ODD = """\ufeff# the first
resource "a" "x" { name = "one" }
resource "a" "y" {
  name = "y" # why
  tags = {
    # a comment
    k = "v"
  }
  inner {
    on = true
  }
}   # behind

/* before */ resource "a" "z" {
  name = "z"
}
resource "a" "y" {
  name = "again"
}
locals {
  l = [1,
    2]
}
"""
PLACES = [
    ("resource", "a", "x", 0, "name"),
    ("resource", "a", "y", 0, "name"),
    ("resource", "a", "y", 0, "tags", "new"),
    ("resource", "a", "y", 0, "inner", 0, "on"),
    ("resource", "a", "y", 1, "inner", 0, "fresh"),
    ("resource", "a", "y", 2, "name"),
    ("resource", "a", "z", 0, "longer_name"),
    ("resource", "b", "new", 0, "name"),
    ("locals", 0, "l", 1),
    ("locals", 0, "m"),
    ("resource", "a", "y", 0),
]


BESIDE = [
    *(("resource", kind, name, 0) for kind in ("a_b", "a_b_c", "c") for name in ("x", "y", "z", "none")),
    ("resource", "a_b", "x", 0, "name"),
    ("resource", "a_b", "z", 0, "inner", 0),
    ("resource", "c", "y", 1),
    ("data", "a", "x", 0),
    ("locals", 1, "m"),
    *PLACES,
]


def one_by_one(text: str, edits: list[Edit]) -> str:
    for edit in edits:
        text = changed(text, edit)
    return text


def outcome(make, text, edits):
    try:
        return make(text, edits)
    except LensError:
        return LensError


@pytest.mark.parametrize("seed", range(60))
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_the_order_of_places_does_not_matter(seed, newline):
    chosen = random.Random(seed)
    text = ODD.replace("\n", newline).encode().decode("latin-1")
    edits = [Edit(chosen.choice(PLACES), chosen.choice([True, "w", [1, 2]]), chosen.random() < 0.2) for _ in range(8)]
    assert outcome(changed_all, text, edits) == outcome(one_by_one, text, edits)


@pytest.mark.parametrize("seed", range(200))
def test_new_blocks_come_where_they_come_one_by_one(seed):
    chosen = random.Random(seed)
    values = [{"name": "w"}, {"name": "v", "inner": [{"on": True}]}]
    edits = [Edit(chosen.choice(BESIDE), chosen.choice(values), chosen.random() < 0.1) for _ in range(10)]
    text = ODD.encode().decode("latin-1")
    assert outcome(changed_all, text, edits) == outcome(one_by_one, text, edits)


@pytest.mark.parametrize("file", files("hcl")[::60], ids=lambda file: file.name)
def test_every_block_of_a_real_file_takes_an_edit_of_its_own(file):
    source = file.read_bytes()
    try:
        text, root = hcl.read_hcl(source)
    except LensError:
        pytest.skip("not for this lens")
    seen: dict[tuple[str, ...], int] = {}
    edits = []
    for item in root.items:
        labels = getattr(item, "labels", None)
        if labels:
            edits.append(Edit((*labels, seen.setdefault(labels, 0), "added_by_test"), True))
            seen[labels] += 1
    assert outcome(changed_all, text, edits) == outcome(one_by_one, text, edits)

"""What the catalogue remembers from start to start, and when it looks again."""

from __future__ import annotations

from pathlib import Path

import pytest

from setright.controls.error import ControlError
from setright.engine import catalogue
from setright.engine.catalogue import load_catalogue
from tests.content import content


@pytest.fixture
def root(tmp_path: Path) -> Path:
    content(tmp_path / "content", {"t/item/a": {"require": {"a": 1}}})
    return tmp_path / "content"


def test_a_baseline_is_looked_into_once_and_again_when_anything_changes(root, tmp_path, monkeypatch):
    looked: list[int] = []
    real = catalogue.contradictions
    monkeypatch.setattr(catalogue, "contradictions", lambda controls: looked.append(len(controls)) or real(controls))
    for _ in range(3):
        assert load_catalogue([root], tmp_path / "cache").selected("recommended") == ["t/item/a"]
    assert len(looked) == 1
    content(root, {"t/item/b": {"require": {"a": 2}}})
    for _ in range(2):
        with pytest.raises(ControlError, match="different values"):
            load_catalogue([root], tmp_path / "cache").selected("recommended")
    assert len(looked) == 3


def test_without_a_cache_nothing_is_remembered(root):
    for _ in range(2):
        assert load_catalogue([root]).selected("recommended") == ["t/item/a"]


def test_a_control_is_built_when_something_of_its_kind_is_judged(root, monkeypatch):
    built: list[str] = []
    real = catalogue.build
    monkeypatch.setattr(catalogue, "build", lambda mapping: built.append(mapping["id"]) or real(mapping))
    known = load_catalogue([root])
    families = [family for binding in known.bindings.values() for family in binding.layouts]
    found = known.for_families(families, known.ids(), {})
    assert found.ids == ["t/item/a"]
    assert not [*found.of({"t/other"})]
    assert not built
    assert [control.id for control in found.of({"t/item"})] == built == ["t/item/a"]
    assert [control.id for control in found] == ["t/item/a"]

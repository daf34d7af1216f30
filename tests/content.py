"""The shipped catalogue, read once; and a content root of a test's own: one kind of JSON items, and the controls it writes."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

import yaml

from setright.engine.catalogue import Catalogue, content_root, load_catalogue
from setright.model import Document

BINDING = {"kind": "t/item", "mem": {"layout": "items", "lens": "json", "documents": ["item:*"], "name": "name"}}
FILLED = {
    "title": "t", "severity": "medium", "kind": "t/item", "why": "w", "breaks-if": {}, "effect": {"restart": "none"},
    "frameworks": {}, "source": "s", "examples": [{"good": {"name": "x"}}],
}  # fmt: skip


@cache
def _kept() -> Path:
    """Where this process's tests keep what they have read of the shipped content."""
    place = Path(tempfile.mkdtemp(prefix="setright-catalogue-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    load_catalogue([content_root()], place)
    return place


def shipped() -> Catalogue:
    """The shipped catalogue, made anew of files that were read once."""
    return load_catalogue([content_root()], _kept())


def warm(state: Path) -> Path:
    """A state directory as the first command leaves it: the shipped files, more than a thousand, are read already."""
    (state / "cache").mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)
    for file in _kept().glob("catalogue-*"):
        shutil.copy(file, state / "cache")
    return state


def content(root: Path, controls: dict[str, dict], binding: dict = BINDING) -> Catalogue:
    """A catalogue of these controls (id -> fields over the filled-in ones)."""
    _write(root / "bindings" / f"{binding['kind']}.yaml", binding)
    for control_id, fields in controls.items():
        defaults = {"default": dict.fromkeys(fields.get("require", {}))}
        _write(root / "controls" / f"{control_id}.yaml", {"id": control_id} | FILLED | defaults | fields)
    baseline = {"id": "recommended", "title": "all", "version": 1, "controls": ["*"]}
    _write(root / "baselines" / "recommended.yaml", baseline)
    return load_catalogue([root])


def item(name: str, **fields: object) -> dict[str, Document]:
    """One item's document, by locator."""
    locator = f"item:{name}"
    return {locator: Document(locator, json.dumps({"name": name, **fields}, indent=2).encode() + b"\n", "json")}


def _write(file: Path, fields: dict) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(fields, sort_keys=False))

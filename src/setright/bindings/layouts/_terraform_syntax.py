"""Terraform's JSON syntax as the trees that its native one gives, and places and edits in those as ones in the JSON.

A string that holds ``${`` is an expression; a block is an object or a list of objects. developer.hashicorp.com/terraform/
language/syntax/json. What a provider takes as a map is told by its name, since an object says nothing of that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Tree, Unknown

SUFFIXES = (".tf.json", ".tfvars.json")
LABELS = {"resource": 2, "data": 2, "variable": 1, "module": 1, "output": 1, "provider": 1, "locals": 0, "terraform": 0}
BARE = frozenset({"provider"})  # arguments whose strings are references as they stand
MAPS = re.compile(r"(?:.*_)?(?:tags|labels|metadata|annotations|app_settings|variables|parameters|triggers|settings_map)")
WHOLE = re.compile(r"\$\{((?:[^${}]|\{[^{}]*\})*)\}")


def native(source: Source) -> Source:
    """The source with the tree that the same configuration has in the native syntax; any other source as it is."""
    if not source.locator.endswith(SUFFIXES[0]):
        return source
    tree = {key: _labelled(value, LABELS[key]) for key, value in source.tree.items() if key in LABELS}
    return Source(source.locator, source.lens, tree, source.exists)


def place(sources: Mapping[str, Source], locator: str, path: Path) -> Path:
    """The path in the document itself of a path in its native tree; what is not there yet is named as a list of blocks."""
    source = sources.get(locator)
    if source is None or not locator.endswith(SUFFIXES[0]):
        return path
    there, missing = min(_ways(source.tree, path, ()), key=lambda way: len(way[1]))
    node = look_up(source.tree, there)
    if isinstance(node, list) and missing and isinstance(missing[0], str):
        there = (*there, len(node))
    return (*there, *(missing[:-1] if len(path) == 4 and missing and missing[-1] == 0 else missing))


def edit(sources: Mapping[str, Source], locator: str, wanted: Edit) -> tuple[str, Edit]:
    """An edit on a document's native tree as one on the document."""
    if not locator.endswith(SUFFIXES[0]):
        return locator, wanted
    name = next((str(part) for part in reversed(wanted.path) if isinstance(part, str)), "")
    path, value = place(sources, locator, wanted.path), _written(name, wanted.value)
    around = look_up(sources[locator].tree, path[:-1]) if locator in sources else None
    if path and isinstance(path[-1], int) and isinstance(around, dict):
        return locator, Edit(path[:-1], [around, value])
    return locator, Edit(path, value, wanted.remove)


def _labelled(value: Plain, labels: int) -> Plain:
    """Blocks below as many labels; an object that is split into a list is put together."""
    if labels == 0:
        return [_body(each) for each in _objects(value)]
    together: Tree = {}
    for each in _objects(value):
        for label, inner in each.items():
            if label != "//":
                together[label] = _joined(together.get(label), _labelled(inner, labels - 1))
    return together


def _joined(old: Plain, new: Plain) -> Plain:
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {label: _joined(old.get(label), inner) for label, inner in new.items()}
    return old + new if isinstance(old, list) and isinstance(new, list) else new


def _objects(value: Plain) -> list[Tree]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]


def _body(value: Tree) -> Tree:
    return {name: _argument(name, inner) for name, inner in value.items() if name != "//"}


def _argument(name: str, value: Plain) -> Plain:
    if name == "dynamic":
        return _labelled(value, 1)
    if name == "required_providers":
        return _objects(value)
    if isinstance(value, dict) and not MAPS.fullmatch(name):
        return [_body(value)]
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        return [_body(each) for each in value]
    return Unknown(value) if name in BARE and isinstance(value, str) else _expression(value)


def _expression(value: Plain) -> Plain:
    if isinstance(value, dict):
        return {key: _expression(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_expression(inner) for inner in value]
    if not isinstance(value, str) or ("${" not in value and "%{" not in value):
        return value
    whole = WHOLE.fullmatch(value)
    return Unknown(whole[1].strip() if whole else json.dumps(value, ensure_ascii=False))


def _ways(node: Plain, path: Path, there: Path) -> Iterator[tuple[Path, Path]]:
    """Each way as far as it goes: the path in the document, and what of the native path is not there."""
    yield there, path
    if not path:
        return
    key, rest = path[0], path[1:]
    if isinstance(node, dict) and key in node:
        yield from _ways(node[key], rest, (*there, key))
    elif isinstance(node, dict) and key == 0:
        yield from _ways(node, rest, there)
    elif isinstance(node, list) and isinstance(key, int) and key < len(node):
        yield from _ways(node[key], rest, (*there, key))
    elif isinstance(node, list) and isinstance(key, str):
        for index, each in enumerate(node):
            yield from _ways(each, path, (*there, index))


def _written(name: str, value: Plain) -> Plain:
    """A value as the JSON syntax has it."""
    if isinstance(value, dict):
        return {key: _written(key, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_written(name, inner) for inner in value]
    if not isinstance(value, Unknown):
        return value
    if name in BARE:
        return value.text
    return json.loads(value.text) if value.text.startswith('"') else f"${{{value.text}}}"

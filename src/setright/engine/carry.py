"""Edits that carry no secret: where a value holds one that stands in its document, the edit says where, not what. Pure.

Such a leaf of an edit's value is ``{"$from": PATH}``, the value at that path of the tree that the edit is made on, or
``{"$from": PATH, "$parts": [...]}``: of the text there the parts [start, end] that stay, and the new texts between them. With
``"$in": LOCATOR`` it is the tree of another document of the plan, before the plan: a secret that moves into a file of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from setright.engine.redact import FINGERPRINT, redact_value
from setright.engine.secret_text import Span, secret_spans
from setright.lenses import LensError, get
from setright.lenses.edited import find_at
from setright.model import Edit, Path, Plain, Tree
from setright.trees import same

FROM, PARTS, IN = "$from", "$parts", "$in"
WORDS = re.compile(r"\s+|[^\s]+")
NONE: Mapping[str, Tree] = {}


def light(edits: Sequence[Edit], tree: Tree, others: Mapping[str, Tree] = NONE) -> tuple[Edit, ...]:
    """The edits on this tree without its secrets, nor those of `others`. Raises LensError for one that brings its own."""
    return tuple(Edit(e.path, _light(e.path, e.value, tree, others), e.remove, e.remark) for e in edits)


def whole(edits: Sequence[Edit], lens: str, data: bytes | None, other: Callable[[str], Tree] | None = None) -> Sequence[Edit]:
    """The inverse of `light`, on the same document; `other` gives the tree of another one, as it was before.

    Raises LensError where a document is another one.
    """
    if not any(_is_light(e.value) for e in edits):
        return edits
    tree = get(lens, data)
    return [Edit(e.path, _whole(e.value, tree, other), e.remove, e.remark) for e in edits]


def _light(path: Path, value: Plain, tree: Tree, others: Mapping[str, Tree]) -> Plain:
    redacted = redact_value(path, value)
    if same(redacted, value):
        return value
    moved = _elsewhere(value, others) if isinstance(value, str | int) else None
    return moved or _without(value, redacted, path, tree)


def _elsewhere(value: Plain, others: Mapping[str, Tree]) -> Plain:
    """Where another document has it: by itself, behind ``NAME=``, or as a default, ``${NAME:-value}``; None where none has."""
    for locator, tree in others.items():
        for at, leaf in _leaves(tree, ()):
            if isinstance(leaf, str | int) and not isinstance(leaf, bool) and str(leaf) == str(value):
                return {FROM: list(at), IN: locator}
            if isinstance(leaf, str) and leaf.endswith(f"={value}"):
                return {FROM: list(at), IN: locator, PARTS: [[len(leaf) - len(str(value)), len(leaf)]]}
            if isinstance(leaf, str) and leaf.startswith("${") and leaf.endswith(f"-{value}}}"):
                return {FROM: list(at), IN: locator, PARTS: [[len(leaf) - len(str(value)) - 1, len(leaf) - 1]]}
    return None


def _without(value: Plain, redacted: Plain, path: Path, tree: Tree) -> Plain:
    """The value with those leaves by reference that are not shown as they are."""
    if same(redacted, value):
        return value
    if isinstance(value, dict):
        return {key: _without(value[key], shown, (*path, key), tree) for key, shown in zip(value, redacted.values(), strict=True)}
    if isinstance(value, list):
        return [_without(item, shown, (*path, n), tree) for n, (item, shown) in enumerate(zip(value, redacted, strict=True))]
    there = next((at for at, leaf in _near_first(path, tree) if same(leaf, value)), None)
    if there is not None:
        return {FROM: list(there)}
    _, old = find_at(tree, path)
    all_secret = FINGERPRINT.fullmatch(str(redacted))
    if not all_secret and isinstance(old, str) and isinstance(value, str) and (parts := _parts(old, value)):
        return {FROM: list(path), PARTS: parts}
    raise LensError(f"{'/'.join(map(str, path))}: the change would have to carry a secret; make it by hand")


def _near_first(path: Path, tree: Tree) -> Iterator[tuple[Path, Plain]]:
    """The leaves of a tree, those below the path's key first."""
    found, node = find_at(tree, path[:1])
    if found:
        yield from _leaves(node, path[:1])
    yield from _leaves(tree, ())


def _leaves(node: Plain, path: Path) -> Iterator[tuple[Path, Plain]]:
    if isinstance(node, dict | list):
        for key, item in node.items() if isinstance(node, dict) else enumerate(node):
            yield from _leaves(item, (*path, key))
    else:
        yield path, node


def _parts(old: str, new: str) -> list[Plain]:
    """New text as parts of the old and what comes between them; empty where a secret is not in the old text."""
    before, after = [[m.span() for m in WORDS.finditer(text)] for text in (old, new)]
    words = ([old[slice(*span)] for span in before], [new[slice(*span)] for span in after])
    secrets = list(secret_spans(new, ""))
    parts: list[Plain] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, *words, autojunk=False).get_opcodes():
        if tag == "equal":
            parts.append([before[i1][0], before[i2 - 1][1]])
        elif j1 < j2:
            span = (after[j1][0], after[j2 - 1][1])
            if any(_meet(span, secret) for secret in secrets):
                return []
            parts.append(new[slice(*span)])
    return parts


def _meet(a: Span, b: Span) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _is_light(value: Plain) -> bool:
    if isinstance(value, dict):
        return FROM in value or any(map(_is_light, value.values()))
    return isinstance(value, list) and any(map(_is_light, value))


def _whole(value: Plain, tree: Tree, other: Callable[[str], Tree] | None) -> Plain:
    if isinstance(value, list):
        return [_whole(item, tree, other) for item in value]
    if not isinstance(value, dict):
        return value
    if FROM not in value:
        return {key: _whole(item, tree, other) for key, item in value.items()}
    if IN in value and other is None:
        raise LensError(f"{value[IN]}: is not at hand")
    found, old = find_at(other(value[IN]) if IN in value and other else tree, tuple(value[FROM]))
    if not found or (PARTS in value and not isinstance(old, str)):
        raise LensError(f"{'/'.join(map(str, value[FROM]))}: is not there any more")
    if PARTS not in value:
        return str(old) if IN in value else old
    return "".join(part if isinstance(part, str) else old[slice(*part)] for part in value[PARTS])

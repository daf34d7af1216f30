"""Paths of a control: ``spec/(containers|initContainers)/*/image``.

`*` is each item of a list or each value of a mapping, `(a|b)` either name, a quoted segment may hold slashes,
and a whole number is an index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product

from setright.controls.error import ControlError
from setright.model import Path, Plain, Unknown

SEGMENT = re.compile(r'"(?P<quoted>[^"]+)"|\((?P<either>[^()]+)\)|(?P<plain>[^/"()]+)')
ODD = re.compile(r'["()]|//|^/|/$|^$')  # what makes a path more than plain segments
EACH = "*"


def parse_paths(text: str) -> list[Path]:
    """The paths that a text stands for: one, or one for each choice of its alternatives."""
    if not ODD.search(text):
        return [tuple(int(key) if key.isdigit() else key for key in text.split("/"))]
    choices: list[list[str | int]] = []
    at = 0
    while at < len(text):
        m = SEGMENT.match(text, at)
        if not m:
            raise ControlError(f"path {text!r}: cannot read {text[at:]!r}; segments are parted by '/', odd ones are quoted")
        choices.append(_segment(m))
        at = m.end()
        if at < len(text):
            if text[at] != "/":
                raise ControlError(f"path {text!r}: expected '/' before {text[at:]!r}")
            at += 1
    return [tuple(path) for path in product(*choices)]


def _segment(m: re.Match[str]) -> list[str | int]:
    if m["quoted"]:
        return [m["quoted"]]
    if m["either"]:
        return list(m["either"].split("|"))
    return [int(m["plain"])] if m["plain"].isdigit() else [m["plain"]]


def leaves(tree: Plain, path: Path) -> Iterator[tuple[Path, Plain]]:
    """Every place the path leads to, with its value; None where nothing is there.

    A wildcard over nothing leads nowhere. A path that runs into an Unknown gives that Unknown, without the values it may have.
    """
    if EACH not in path:
        yield path, value_at(tree, path)
        return
    star = path.index(EACH)
    head, tail = path[:star], path[star + 1 :]
    node = value_at(tree, head)
    if isinstance(node, Unknown):
        yield path, _around(node)
    for key, value in wildcard_items(node):
        if EACH not in tail:
            yield (*head, key, *tail), value_at(value, tail)
            continue
        for rest, leaf in leaves(value, tail):
            yield (*head, key, *rest), leaf


def value_at(tree: Plain, path: Path) -> Plain:
    """The value at a path without wildcards; None where nothing is there."""
    node = tree
    for key in path:
        if node.__class__ is dict:
            node = node.get(key)
        elif isinstance(node, list) and isinstance(key, int):
            node = node[key] if key < len(node) else None
        elif isinstance(node, Unknown):
            return _around(node)
        else:
            return None
    return node


def _around(node: Unknown) -> Unknown:
    """What is told of a value in an Unknown: nothing of what the whole may be."""
    return Unknown(node.text) if node.either else node


def wildcard_items(node: Plain) -> list[tuple[str | int, Plain]]:
    """Index or key, and value, of what a wildcard runs over."""
    if isinstance(node, list):
        return list(enumerate(node))
    if isinstance(node, dict):
        return list(node.items())
    return []


@lru_cache(maxsize=4096)
def show(path: Path) -> str:
    """The path as people write it."""
    return "/".join(f'"{key}"' if isinstance(key, str) and "/" in key else str(key) for key in path)

"""Looking into trees and building them, for layouts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from setright.model import Path, Plain, Tree, Unknown
from setright.trees import same


def look_up(tree: Plain, path: Path) -> Plain:
    """The value at a path; None where nothing is there."""
    node = tree
    for key in path:
        if node.__class__ is dict:
            node = node.get(key)
        elif isinstance(node, list) and isinstance(key, int) and 0 <= key < len(node):
            node = node[key]
        else:
            return None
    return node


def set_at(tree: Tree, path: Path, value: Plain) -> None:
    """Puts a value at a path, in place, making what leads there. A mapping joins the mapping that is there already."""
    node: Plain = tree
    for key, following in pairwise(path):
        fresh: Plain = [] if isinstance(following, int) else {}
        if isinstance(node, list):
            node.extend({} for _ in range(len(node), int(key) + 1))
            node[int(key)] = node[int(key)] or fresh
        elif not isinstance(node.get(key), dict | list):
            node[key] = fresh
        node = node[key]
    if isinstance(node, list):
        node[len(node) :] = [value]
        return
    old = node.get(path[-1])
    node[path[-1]] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value


def one_of(text: str, values: Sequence[Plain], keys: tuple[str, ...] = ()) -> Plain:
    """One value of a few: itself where all are the same, else an Unknown that has them; None is no value.

    With `keys` it is each of them, in the instance of that key.
    """
    different = [each for i, each in enumerate(values) if not any(same(each, other) for other in values[:i])]
    if len(different) == 1:
        return different[0]
    is_plain = all(not isinstance(each, dict | list) for each in different)
    return Unknown(text, tuple(values if keys else different), keys) if is_plain else Unknown(text)


def split_path(text: str) -> Path:
    """``a/0/b`` as a path: what is a number is a place in a list."""
    return tuple(int(part) if part.isdigit() else part for part in text.split("/"))


def texts_in(value: Plain) -> Iterator[str]:
    """The texts of a tree, but for its keys and what cannot be told."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts_in(each)

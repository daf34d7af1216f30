"""What a tree looks like after edits: the other side of the PutGet law."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy, deepcopy

from setright.lenses.error import LensError
from setright.model import Edit, Path, Plain, Tree


def edited(tree: Tree, edits: Sequence[Edit]) -> Tree:
    """The tree with the edits made in order; what none of them leads through is the given tree's own, and nothing of that changes.

    Raises LensError where a path leads through a scalar.
    """
    new = _Copied(tree)
    for edit in edits:
        _make(new, edit)
    return new.tree


def find_at(tree: Plain, path: Path) -> tuple[bool, Plain]:
    """Whether the path is there, and its value."""
    node: Plain = tree
    for key in path:
        if not _holds(node, key):
            return False, None
        node = node[key]
    return True, node


def _holds(node: Plain, key: str | int) -> bool:
    if isinstance(node, list):
        return isinstance(key, int) and 0 <= key < len(node)
    return isinstance(node, dict) and key in node


class _Copied:
    """A tree of which the collections that are changed are copied first, each once."""

    def __init__(self, tree: Tree) -> None:
        self.tree: Tree = copy(tree)
        self._own: dict[int, Plain] = {id(self.tree): self.tree}  # by the id of each, which is held

    def step(self, node: Plain, key: str | int, following: str | int) -> Plain:
        """The child at a key of a copied node, copied; made where it is absent or null."""
        child = _step(node, key, following)
        if isinstance(child, dict | list) and id(child) not in self._own:
            child = node[key] = copy(child)
            self._own[id(child)] = child
        return child


def _make(new: _Copied, edit: Edit) -> None:
    node: Plain = new.tree
    for key, following in zip(edit.path[:-1], edit.path[1:], strict=True):
        if edit.remove and not find_at(node, (key,))[0]:
            return
        node = new.step(node, key, following)
    last = edit.path[-1]
    if edit.remove:
        if find_at(node, (last,))[0]:
            del node[last]
    elif isinstance(node, list) and last == len(node):
        node.append(deepcopy(edit.value))
    elif isinstance(node, dict) or _holds(node, last):
        node[last] = deepcopy(edit.value)
    elif isinstance(node, list):
        raise LensError(f"{'/'.join(map(str, edit.path))}: the list has {len(node)} items; there is no such place in it")
    else:
        raise LensError(f"{'/'.join(map(str, edit.path))}: a scalar stands where a mapping or list is needed")


def _step(node: Plain, key: str | int, following: str | int) -> Plain:
    """The child at `key`, made where it is absent or null."""
    fresh: Plain = [] if isinstance(following, int) else {}
    if isinstance(node, dict):
        if node.get(key) is None:
            node[key] = fresh
        return node[key]
    if isinstance(node, list) and isinstance(key, int) and 0 <= key <= len(node):
        if key == len(node):
            node.append(fresh)
        return node[key]
    raise LensError(f"{key}: a scalar or a shorter list stands where a mapping or list is needed")

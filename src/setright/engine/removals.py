"""Removals from lists: from the back, and the list itself where none of its items stays. Pure."""

from __future__ import annotations

from setright.lenses.edited import find_at
from setright.model import Edit, Path, Tree


def removals_last(edits: list[Edit]) -> list[Edit]:
    """Sets first, in the given order; then removals from the back, so that indexes stay true."""
    gone = sorted((e for e in edits if e.remove), key=lambda e: [(isinstance(k, int), k) for k in e.path], reverse=True)
    return [e for e in edits if not e.remove] + gone


def as_wholes(edits: list[Edit], tree: Tree) -> list[Edit]:
    """The edits with the removal of a list in place of those of all its items: a format of blocks has no list without any."""
    gone = [edit.path for edit in edits if edit.remove]
    while emptied := next((path[:-1] for path in gone if _is_item(path) and _empties(gone, path[:-1], tree)), None):
        gone = [path for path in gone if path[:-1] != emptied] + [emptied]
    return [edit for edit in edits if not edit.remove] + removals_last([Edit(path, remove=True) for path in gone])


def _is_item(path: Path) -> bool:
    """Whether a path ends in an item of a list, or in a name at the top of a document that holds nothing else."""
    return len(path) > 1 and (isinstance(path[-1], int) or len(path) <= 3)


def _empties(gone: list[Path], path: Path, tree: Tree) -> bool:
    there, around = find_at(tree, path)
    return there and isinstance(around, list | dict) and len(around) == len({each for each in gone if each[:-1] == path})

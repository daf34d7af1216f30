"""Many edits on HCL text: those inside one outer block on that block's lines alone, new outer blocks many at a time.

So a long file is not read for each.

hashicorp/hcl, hclsyntax/spec.md. What stands in a block does not depend on what stands around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from setright.lenses._hcl_add import add_to_body
from setright.lenses._hcl_edit import changed
from setright.lenses._hcl_parse import BlockNode, Body, parsed
from setright.lenses._hcl_places import in_lines, line_end
from setright.lenses._hcl_write import Splice, splice
from setright.lenses.lines import newline_of
from setright.model import Edit, Path

SHORT = 1_000  # characters of a block
Blocks = dict[Path, list[BlockNode]]


def changed_all(text: str, edits: Sequence[Edit]) -> str:
    """The text with the edits made, as if one after the other."""
    left = list(edits)
    while left:
        made, inside = _inside(text, left)
        if made:
            text = splice(text, [_remade(text, block, mine) for block, mine in inside])
            left = left[made:]
            continue
        left, new = _beside(text, left)
        if new:
            text = splice(text, in_lines(text, new))
        else:
            text, left = changed(text, left[0]), left[1:]
    return text


def _beside(text: str, edits: Sequence[Edit]) -> tuple[list[Edit], list[Splice]]:
    """Of new outer blocks the first for each name that others bear already, behind which it goes; and the edits that are left."""
    root = parsed(text)
    blocks = {} if root.attributes else _blocks(root)
    named = {(labels[0], labels[-1]) for labels in blocks if len(labels) > 1}
    left: list[Edit] = []
    new: list[Splice] = []
    taken: set[tuple[str | int, str | int]] = set()
    for number, edit in enumerate(edits):
        count = next((n for n, segment in enumerate(edit.path) if isinstance(segment, int)), 0)
        name = edit.path[0], edit.path[count - 1]
        is_block = len(edit.path) > count + 1 or isinstance(edit.value, dict)
        if count < 2 or not named or not (is_block or edit.remove):
            return [*left, *edits[number:]], new
        if name in taken or name not in named or edit.remove or edit.path[:count] in blocks or edit.path[count] != 0:
            left.append(edit)
        else:
            new += add_to_body(text, root, root, edit.path, edit.value)
        taken.add(name)
    return left, new


def _inside(text: str, edits: Sequence[Edit]) -> tuple[int, list[tuple[BlockNode, list[Edit]]]]:
    """How many of the edits, from the first on, are each inside one outer block; and those of each block."""
    found: dict[int, tuple[BlockNode, list[Edit]]] = {}
    blocks = _blocks(parsed(text))
    for number, edit in enumerate(edits):
        home = _home(text, blocks, edit.path)
        if home is None:
            return number, list(found.values())
        block, path = home
        found.setdefault(block.start, (block, []))[1].append(Edit(path, edit.value, edit.remove))
    return len(edits), list(found.values())


def _blocks(root: Body) -> Blocks:
    found: Blocks = {}
    for item in root.items:
        if isinstance(item, BlockNode):
            found.setdefault(item.labels, []).append(item)
    return found


def _home(text: str, blocks: Blocks, path: Path) -> tuple[BlockNode, Path] | None:
    """The outer block that a path leads into and the path in its lines; None where it leads into none that can stand alone."""
    for depth, index in enumerate(path[:-1]):
        if not isinstance(index, int):
            continue
        same = blocks.get(path[:depth], [])
        if not 0 <= index < len(same) or not _stands_alone(text, same[index]):
            return None
        return same[index], (*path[:depth], 0, *path[depth + 1 :])
    return None


def _stands_alone(text: str, block: BlockNode) -> bool:
    """Whether its lines are its own, and end as the file's do."""
    own = text[block.start : block.end]
    return text[block.start - 1 : block.start] in ("", "\n") and "\n" in own and newline_of(own) == newline_of(text)


def _remade(text: str, block: BlockNode, edits: Sequence[Edit]) -> Splice:
    start, end = block.start, line_end(text, block.end)
    own = text[start:end]
    for edit in edits:
        own = _changed_lately(own, _Asked(edit)) if len(own) <= SHORT else changed(own, edit)
    return start, end, own


class _Asked:
    """An edit that can be looked up, whatever its value is."""

    def __init__(self, edit: Edit) -> None:
        self.edit, self.said = edit, repr(edit)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and self.said == other.said

    def __hash__(self) -> int:
        return hash(self.said)


@lru_cache(maxsize=65_536)
def _changed_lately(own: str, asked: _Asked) -> str:
    """What plans with more fixes begin with again, as those of thousands of blocks do."""
    return changed(own, asked.edit)

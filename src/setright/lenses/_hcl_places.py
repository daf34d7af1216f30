"""Where a path leads in HCL text, and where lines end.

hashicorp/hcl, hclsyntax/spec.md. Texts are latin-1 views of UTF-8 bytes, as in `_hcl_expr`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from setright.lenses._hcl_expr import SPACE, Attribute, Node
from setright.lenses._hcl_parse import BlockNode, Body
from setright.lenses._hcl_write import Splice, line_start
from setright.lenses.error import LensError
from setright.lenses.lines import newline_of
from setright.model import Path

Place: TypeAlias = Body | BlockNode | Attribute | Node


def descend(root: Body, path: Path) -> tuple[Place, Place, Path]:
    """The deepest place on the path, what holds it, and the rest of the path."""
    parent: Place = root
    here: Place = root
    while path:
        found = step(here, path)
        if found is None:
            break
        parent, here, path = here, found[0], path[found[1] :]
    return parent, here, path


def step(here: Place, path: Path) -> tuple[Place, int] | None:
    """The next place, and how many segments of the path lead there."""
    if isinstance(here, BlockNode):
        return step(here.body, path)
    if isinstance(here, Attribute):
        return step(here.node, path)
    if isinstance(here, Body):
        if path[0] in here.attributes:
            return here.attributes[str(path[0])], 1
        return block_step(here, path)
    for index, item in enumerate(here.items or ()):
        if (item.name if isinstance(item, Attribute) else index) == path[0]:
            return item, 1
    return None


def block_step(body: Body, path: Path) -> tuple[BlockNode, int] | None:
    count = next((n for n, segment in enumerate(path) if isinstance(segment, int)), None)
    if count is None:
        return None
    blocks = body.named(path[:count])
    index = path[count]
    return (blocks[index], count + 1) if isinstance(index, int) and 0 <= index < len(blocks) else None


def span(root: Body, path: Path) -> tuple[int, int]:
    """Byte offsets of a value, of a whole block, or of the first block that the labels name."""
    _, here, rest = descend(root, path)
    body = body_of(here)
    if rest and body is not None:
        named = [item for item in body.items if isinstance(item, BlockNode) and item.labels[: len(rest)] == rest]
        if named:
            return named[0].start, named[0].end
    if rest:
        raise LensError(f"{'/'.join(map(str, path))}: is not there")
    node = here.node if isinstance(here, Attribute) else here
    return node.start, node.end


def body_of(place: Place) -> Body | None:
    return place.body if isinstance(place, BlockNode) else place if isinstance(place, Body) else None


def after_comma(text: str, end: int) -> int:
    """Where the comma that follows an item ends, or the item where none does."""
    at = SPACE.match(text, end).end()  # type: ignore[union-attr]  # matches the empty string too
    return at + 1 if text.startswith(",", at) else end


def in_lines(text: str, splices: Sequence[Splice]) -> list[Splice]:
    """The splices with new lines that end as those of the text do: expressions are written with plain ones."""
    if newline_of(text) == "\n":
        return list(splices)
    return [(start, end, re.sub(r"\r?\n", "\r\n", new)) for start, end, new in splices]


def line_end(text: str, at: int) -> int:
    """Where the line ends, before its newline."""
    end = text.find("\n", at)
    if end < 0:
        return len(text)
    return end - 1 if text[end - 1 : end] == "\r" and end > at else end


def indent_at(text: str, at: int) -> str:
    start = line_start(text, at)
    return text[start : start + len(text[start:at]) - len(text[start:at].lstrip(" \t"))]


def on_one_line(text: str, body: Body) -> bool:
    return body.start > 0 and "\n" not in text[body.start : body.end] and text[body.end : body.end + 1] == "}"


def inner_indent(text: str, body: Body, here: Place) -> str:
    """The indentation of a body's items: that of the first, else two more than the block's."""
    if isinstance(here, Body):
        return ""
    if body.items and not on_one_line(text, body):
        return indent_at(text, body.items[0].start)
    return indent_at(text, here.start) + "  "

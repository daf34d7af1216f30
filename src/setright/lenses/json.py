"""JSON, and JSON with comments: a file is its object. API resources are read and written as JSON too.

Numbers that no double holds are an Unknown. RFC 8259; a key given twice is refused.
"""

from __future__ import annotations

from collections.abc import Sequence

from setright.lenses._brackets import Brackets
from setright.lenses._edit import Slot
from setright.lenses._json_read import fast, read_json
from setright.lenses._json_write import style_of
from setright.lenses._nodes import Mapping, Node, plain, spliced
from setright.lenses._nodes import Sequence as Items
from setright.lenses.edited import edited
from setright.lenses.error import LensError
from setright.model import Edit, Path, Tree

EMPTY = b"{}\n"


def get(source: bytes) -> Tree:
    """The object as plain data. Raises LensError with line and reason."""
    try:
        data = fast(source)
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, dict):
        return data
    tree: Tree = plain(read_json(source).root)
    return tree


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """New bytes with the edits in, written as their neighbours are."""
    file = read_json(source)
    have = get(source)
    want = edited(have, edits)
    splices = Brackets(file.text, style_of(file.text, file.root)).value(file.root, have, want, Slot((), flow=True))
    text = file.mark + spliced(file.text, splices)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise LensError(f"{text[error.start]!r} cannot be written as UTF-8") from error


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where a value stands, in bytes."""
    file = read_json(source)
    node: Node = file.root
    for key in path:
        node = _child(node, key, path)
    before = len(file.mark.encode()) + len(file.text[: node.start].encode())
    return before, before + len(file.text[node.start : node.end].encode())


def _child(node: Node, key: str | int, path: Path) -> Node:
    if isinstance(node, Mapping) and isinstance(key, str) and (pair := node.named(key)):
        return pair[1]
    if isinstance(node, Items) and isinstance(key, int) and 0 <= key < len(node.items):
        return node.items[key]
    raise LensError(f"{'/'.join(map(str, path))}: nothing is there")

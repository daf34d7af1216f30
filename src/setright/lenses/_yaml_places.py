"""Where a node of YAML or JSON begins behind its properties, and where its content ends. yaml.org/spec/1.2.2."""

from __future__ import annotations

import re

from setright.lenses._nodes import Mapping, Node, Scalar, Sequence, line_end, line_start
from setright.lenses.lines import next_line

COLON = re.compile(r"[ \t]*:")
PROPERTIES = re.compile(r"(?:(?:&\S+|!\S*)(?:\s+|$)(?:#[^\n]*\s+)*)+")


def content_start(text: str, node: Node) -> int:
    """Where a node begins behind its anchor and tag."""
    m = PROPERTIES.match(text, node.start, node.end) if text[node.start : node.start + 1] in ("&", "!") else None
    return m.end() if m else node.start


def value_start(text: str, node: Node) -> int:
    """Where what a new value replaces begins: an anchor stays, a tag goes."""
    start = content_start(text, node)
    return node.start if "!" in text[node.start : start] else start


def content_end(text: str, node: Node) -> int:
    """Where a node's content ends; libyaml's blocks run on over comments to the next token."""
    if node.__class__ is Mapping and not node.flow:
        return pair_end(text, *node.pairs[-1])
    if node.__class__ is Sequence and not node.flow:
        return content_end(text, node.items[-1])
    if node.__class__ is not Scalar or node.style not in ("|", ">"):
        return node.end
    written = text[node.start : node.end]
    if "+" in written.partition("\n")[0].partition("#")[0]:
        return node.start + len(written.removesuffix("\n").removesuffix("\r"))
    return node.start + len(written.rstrip())


def pair_end(text: str, key: Scalar, value: Node) -> int:
    """Where a key's value ends; the key's colon, or the key, where no value is written."""
    if value.end > value.start:
        return content_end(text, value)
    m = COLON.match(text, key.end)
    return m.end() if m else key.end


def notes_end(text: str, value: Node, end: int, indent: int) -> int:
    """Where the comments right below a key's value end that are indented as what is in it: items, say, that nobody wants now.

    `indent` is the key's column. A list may stand there too; then only what looks like an item of it is told from the next key's.
    """
    beside = isinstance(value, Sequence) and not value.flow and value.start - line_start(text, value.start) == indent
    inner = re.compile(rf"[ ]{{{indent + 1},}}#" + (rf"|[ ]{{{indent}}}#[ ]*-[ ]" if beside else ""))
    while inner.match(text, at := next_line(text, end)):
        end = line_end(text, at)
    return end

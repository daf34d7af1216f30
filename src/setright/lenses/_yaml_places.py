"""Where a node of YAML or JSON begins behind its properties, and where its content ends. yaml.org/spec/1.2.2."""

from __future__ import annotations

import re

from setright.lenses._nodes import Mapping, Node, Scalar, Sequence

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

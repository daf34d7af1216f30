"""JSON and JSONC text to nodes: comments and a comma before a closing bracket are let pass.

RFC 8259; Visual Studio Code's "JSON with comments".
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator

import msgspec

from setright.lenses._nodes import MAX_DEPTH, Mapping, Node, Scalar, Sequence, line_of
from setright.lenses._recent import recent
from setright.lenses.error import LensError
from setright.model import Plain, Unknown

BOM = "\ufeff"
TOKEN = re.compile(
    r'[ \t\r\n]*(?:(?P<punct>[{}\[\],:])|(?P<string>"[^"\\\x00-\x1f]*(?:\\.[^"\\\x00-\x1f]*)*")'
    r"|(?P<word>true|false|null)(?![A-Za-z0-9_])|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)(?![0-9A-Za-z.])"
    r"|(?P<comment>//[^\n]*|/\*(?s:.*?)\*/)|(?P<blank>\Z))"
)
STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
OTHERS = bytes(b for b in range(256) if b not in b"[]{}")
WORDS = {"true": True, "false": False, "null": None}
MAX_DIGITS = 400


class File(msgspec.Struct):
    """One file: its text without byte order mark, and its value."""

    text: str
    mark: str
    root: Mapping


class Twice(ValueError):
    """A key stands twice in one object."""


def decoded(source: bytes) -> tuple[str, str]:
    """The byte order mark, if any, and the text behind it."""
    try:
        text = source.decode()
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise LensError(f"line {line}: is not UTF-8") from error
    mark = BOM if text.startswith(BOM) else ""
    return mark, text[len(mark) :]


def fast(source: bytes) -> Plain:
    """The data of strict JSON. Raises ValueError for anything else: the slow way then tells what is wrong with it."""
    if too_deep(source):
        raise ValueError("too deep")
    return DECODER.decode(source.decode())


def too_deep(source: bytes) -> bool:
    """Whether brackets nest deeper than we go; pairs are folded from within, one level a round."""
    marks = STRING.sub(b"", source).translate(None, OTHERS)
    for _ in range(MAX_DEPTH):
        if not marks:
            return False
        marks = marks.replace(b"[]", b"").replace(b"{}", b"")
    return bool(marks)


def unique(pairs: list[tuple[str, Plain]]) -> dict[str, Plain]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise Twice("a key stands twice")
    return found


def integer(text: str) -> Plain:
    return int(text) if len(text) <= MAX_DIGITS else Unknown(text)


def real(text: str) -> Plain:
    value = float(text)
    return value if math.isfinite(value) else Unknown(text)


def _constant(text: str) -> Plain:
    raise ValueError(f"{text} is not JSON")


DECODER = json.JSONDecoder(object_pairs_hook=unique, parse_int=integer, parse_float=real, parse_constant=_constant)


@recent
def read_json(source: bytes) -> File:
    """The nodes of a file. Raises LensError with line and reason."""
    mark, text = decoded(source)
    root = _Reader(text).root()
    if not isinstance(root, Mapping):
        raise LensError(f"line {line_of(text, root.start)}: the file holds no object")
    return File(text, mark, root)


class _Reader:
    """Builds nodes from tokens, without recursion."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._tokens()

    def root(self) -> Node:
        """The one value of the file."""
        kind, start, end = self._next()
        node = self._value(kind, start, end)
        open_nodes = [node] if isinstance(node, Mapping | Sequence) else []
        while open_nodes:
            child = self._inner(open_nodes[-1])
            if child is None:
                open_nodes.pop()
            elif isinstance(child, Mapping | Sequence):
                open_nodes.append(child)
            if len(open_nodes) > MAX_DEPTH:
                raise LensError(f"line {line_of(self.text, open_nodes[-1].start)}: more than {MAX_DEPTH} levels deep")
        kind, start, _ = self._next()
        if kind != "end":
            raise self._wrong(start, "more after the end of the value")
        return node

    def _inner(self, node: Mapping | Sequence) -> Node | None:
        """The next member of an open collection; None where it closes."""
        is_first = not (node.pairs if isinstance(node, Mapping) else node.items)
        kind, start, end = self._next()
        if kind == "," and not is_first:
            kind, start, end = self._next()
        elif kind not in ("}", "]") and not is_first:
            raise self._wrong(start, "a comma is missing")
        if kind == ("}" if isinstance(node, Mapping) else "]"):
            node.end = end
            self._refuse_twice(node)
            return None
        if isinstance(node, Sequence):
            node.items.append(self._value(kind, start, end))
            return node.items[-1]
        key = self._key(kind, start, end)
        child = self._value(*self._next())
        node.pairs.append((key, child))
        return child

    def _key(self, kind: str, start: int, end: int) -> Scalar:
        if kind != "string":
            raise self._wrong(start, "a key in double quotes is missing")
        key = self._string(start, end)
        if self._next()[0] != ":":
            raise self._wrong(end, "a colon is missing")
        return key

    def _refuse_twice(self, node: Mapping | Sequence) -> None:
        if isinstance(node, Mapping) and len({key.text for key, _ in node.pairs}) < len(node.pairs):
            names = [key.text for key, _ in node.pairs]
            twice = next(key for i, (key, _) in enumerate(node.pairs) if key.text in names[:i])
            raise self._wrong(twice.start, f"the key {twice.text!r} stands twice; which holds differs by program")

    def _value(self, kind: str, start: int, end: int) -> Node:
        if kind == "{":
            return Mapping(start, end, [])
        if kind == "[":
            return Sequence(start, end, [])
        if kind == "string":
            return self._string(start, end)
        text = self.text[start:end]
        if kind == "word":
            return Scalar(start, end, WORDS[text], text)
        if kind == "number":
            return Scalar(start, end, real(text) if set(text) & set(".eE") else integer(text), text)
        raise self._wrong(start, "a value is missing")

    def _string(self, start: int, end: int) -> Scalar:
        text = self.text[start + 1 : end - 1]
        if "\\" in text:
            try:
                text = json.loads(self.text[start:end])
            except ValueError as error:
                raise self._wrong(start, f"a string that cannot be read: {error}") from error
        return Scalar(start, end, text, text, '"')

    def _next(self) -> tuple[str, int, int]:
        return next(self.tokens)

    def _tokens(self) -> Iterator[tuple[str, int, int]]:
        text, at = self.text, 0
        while at < len(text):
            m = TOKEN.match(text, at)
            if m is None:
                raise self._wrong(at, f"cannot read {text[at:].lstrip()[:20]!r}")
            kind = m.lastgroup or ""
            at = m.end()
            if kind == "punct":
                yield text[at - 1], at - 1, at
            elif kind not in ("blank", "comment"):
                yield kind, m.start(kind), at
        while True:
            yield "end", at, at

    def _wrong(self, at: int, what: str) -> LensError:
        return LensError(f"line {line_of(self.text, at)}: {what}")

"""Data to YAML text in the manner of a file: its quotes, its steps of indentation, lists under their key or indented.

A string is written plain only where every reader of YAML 1.1 and 1.2 takes it for the same string.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping as MappingOf

import msgspec

from setright.lenses._nodes import Alias, Mapping, Node, Scalar, Sequence, line_start
from setright.lenses.error import LensError
from setright.lenses.lines import newline_of
from setright.model import Plain, Unknown
from setright.patterns import late

WORD = late(
    r"[A-Za-z/](?:[A-Za-z0-9_./@%+-]|:+(?=[A-Za-z0-9/@]))*(?: [A-Za-z0-9_./@%+-]+)*|[0-9]+(?:m|k|[MGTP]|[KMGTP]i)"
    r"|--?[A-Za-z][A-Za-z0-9-]*(?:=(?:[A-Za-z0-9_./@%+,-]|:+(?=[A-Za-z0-9/]))*)?"  # flags
    r"|(?:\$\{\{ ?[A-Za-z_][\w.*-]* ?\}\}-?)+|\$/[A-Za-z0-9_./-]+"  # expressions of workflows, and files of theirs
)
FLOW_WORD = late(r"[A-Za-z/][A-Za-z0-9_./@%+-]*|--?[A-Za-z][A-Za-z0-9-]*(?:=[A-Za-z0-9_./@%+-]*)?|[0-9]+(?:m|k|[MGTP]|[KMGTP]i)")
PLAIN = late(r"(?!.*(?:: |:$| #))[A-Za-z/.$](?:[\x20-\x7e]*[\x21-\x7e])?")  # no other than text, where plain text stood
RANGE = late(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}/[0-9]{1,2}")  # of addresses: no number to any program
LOADED = late(r"(?i:true|false|yes|no|on|off|y|n|null)")
ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
ESCAPED = late('["\\\\\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff]')
LINE = late(r"[^\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]*")


class Style(msgspec.Struct, frozen=True):
    """How a file is written."""

    newline: str = "\n"
    step: int = 2  # a mapping under its key
    list_step: int = 0  # a list under its key
    dash: int = 2  # from a dash to its item
    quote: str = '"'
    beside: MappingOf[tuple[str, Plain], str] = {}  # comments of pairs that come from elsewhere


def style_of(text: str, documents: list[Node]) -> Style:
    """What most of the file does; kubectl's own manner where it does not tell."""
    seen: Counter[tuple[str, int | str]] = Counter()
    for document in documents:
        _observe(text, document, seen)

    def most(what: str, otherwise: int | str) -> Plain:
        return max(((n, v) for (name, v), n in seen.items() if name == what), default=(0, otherwise))[1]

    return Style(newline_of(text), most("step", 2), most("list", 0), most("dash", 2), most("quote", '"'))


def _observe(text: str, node: Node, seen: Counter[tuple[str, int | str]]) -> None:
    if isinstance(node, Scalar):
        if node.style in ("'", '"'):
            seen["quote", node.style] += 1
    elif isinstance(node, Mapping):
        for key, value in node.pairs:
            if not node.flow and not isinstance(value, Scalar | Alias) and not value.flow and not value.anchor and not value.opaque:
                wide = column(text, first(value)) - column(text, key.start)
                seen["list" if isinstance(value, Sequence) else "step", wide] += 1
            _observe(text, value, seen)
    elif isinstance(node, Sequence):
        for item in node.items:
            if not node.flow and isinstance(item, Mapping) and not item.flow and item.start < item.end:
                seen["dash", max(column(text, first(item)) - column(text, node.start), 2)] += 1
            _observe(text, item, seen)


def column(text: str, index: int) -> int:
    return index - line_start(text, index)


def first(node: Node) -> int:
    """Where the first key of a mapping stands, or the node itself: an anchor may stand before it."""
    return node.pairs[0][0].start if isinstance(node, Mapping) and node.pairs and not node.flow else node.start


def scalar(value: Plain, style: str = "", quote: str = '"', word: re.Pattern[str] = WORD) -> str:
    """One value on one line. `style` is the quote that stood there; a string keeps it. An Unknown is written as it is."""
    if isinstance(value, Unknown) and "\n" not in value.text:
        return value.text
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    if not isinstance(value, str):
        raise LensError(f"{value!r} cannot be written as YAML")
    if not style and word.fullmatch(value) and not LOADED.fullmatch(value):
        return value
    if not style and '"' in value and "'" not in value:
        quote = "'"
    if (style or quote) == "'" and "\n" not in value and LINE.fullmatch(value):
        return "'" + value.replace("'", "''") + "'"
    return '"' + ESCAPED.sub(_escape, value) + '"'


def _escape(m: re.Match[str]) -> str:
    code = ord(m[0])
    return ESCAPES.get(m[0]) or (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")


def key_text(key: Plain, style: str = "", word: re.Pattern[str] = WORD) -> str:
    if not isinstance(key, str):
        raise LensError(f"{key!r}: keys are strings here")
    return scalar(key, style, style or '"', word)


def flow(value: Plain, style: Style) -> str:
    """A value on one line, in brackets where it needs them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key_text(k, '', FLOW_WORD)}: {flow(v, style)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item, style) for item in value) + "]"
    return scalar(value, "", style.quote, FLOW_WORD)


def is_block(value: Plain) -> bool:
    """Whether a value is written on lines of its own."""
    return isinstance(value, dict | list) and bool(value)


def block(value: Plain, indent: int, style: Style) -> list[str]:
    """The lines of a mapping or list that is not empty, indented."""
    pad = " " * indent
    if isinstance(value, dict):
        return [line for key, inner in value.items() for line in pair(key, inner, indent, style)]
    lines: list[str] = []
    for item in value:
        inner = block(item, indent + style.dash, style) if is_block(item) else [pad + " " * style.dash + _leaf(item, style)]
        lines += [f"{pad}-{inner[0][indent + 1 :]}", *inner[1:]]
    return lines


def pair(key: str, value: Plain, indent: int, style: Style) -> list[str]:
    """The lines of one key and its value."""
    head = " " * indent + key_text(key) + ":"
    if not is_block(value):
        note = style.beside.get((key, value), "") if style.beside and not isinstance(value, dict | list | Unknown) else ""
        return [f"{head} {_leaf(value, style)}{note}"]
    return [head, *block(value, indent + (style.list_step if isinstance(value, list) else style.step), style)]


def _leaf(value: Plain, style: Style) -> str:
    return flow(value, style) if isinstance(value, dict | list) else scalar(value, "", style.quote)


def literal(value: str, header: str, indent: int, newline: str) -> str | None:
    """A text as a literal block; None where one cannot hold it."""
    body = value.removesuffix("\n")
    lines = body.split("\n")
    if not lines[0] or lines[0][0] in " \t" or not lines[-1].strip() or not all(map(LINE.fullmatch, lines)):
        return None
    chomp = "" if value.endswith("\n") else "-"
    return header + chomp + "".join(newline + (" " * indent + line if line else "") for line in lines)

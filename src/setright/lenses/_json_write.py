"""Data to JSON text in the manner of a file. RFC 8259."""

from __future__ import annotations

import json
import math

import msgspec

from setright.lenses._nodes import Mapping, Node, Sequence
from setright.lenses.error import LensError
from setright.lenses.lines import newline_of
from setright.model import Plain, Unknown
from setright.patterns import late

INDENT = late(r"\n([ \t]+)[^\s]")
HIDDEN = late("[\x7f-\xa0\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


class JsonStyle(msgspec.Struct, frozen=True):
    """How a file is written. `unit` is one step of indentation; None: everything stands on one line."""

    unit: str | None = "  "
    newline: str = "\n"
    colon: str = ": "
    comma: str = ", "
    ascii: bool = False


def style_of(text: str, root: Node) -> JsonStyle:
    """What the file shows; two blanks a step where it shows nothing."""
    indent = INDENT.search(text)
    is_empty = not (root.pairs if isinstance(root, Mapping) else isinstance(root, Sequence) and root.items)
    ascii_only = text.isascii() and "\\u" in text
    colon = " : " if text.count('" : ') > text.count('": ') else ": "
    if indent or is_empty:
        return JsonStyle(indent[1] if indent else "  ", newline_of(text), colon, ascii=ascii_only)
    tight = ": " not in text
    return JsonStyle(None, newline_of(text), ":" if tight else colon, "," if tight else ", ", ascii_only)


def json_written(value: Plain, style: JsonStyle, margin: str) -> str:
    """A value, its rows indented from `margin`. Raises LensError for what JSON cannot say."""
    if isinstance(value, dict | list) and value:
        opening, closing = "{}" if isinstance(value, dict) else "[]"
        inner = margin + (style.unit or "")
        items = [pair_text(k, v, style, inner) for k, v in value.items()] if isinstance(value, dict) else []
        items = items or [json_written(item, style, inner) for item in value]
        if style.unit is None:
            return opening + style.comma.join(items) + closing
        between = style.newline + inner
        return opening + between + ("," + between).join(items) + style.newline + margin + closing
    return leaf_text(value, style)


def pair_text(key: Plain, value: Plain, style: JsonStyle, margin: str) -> str:
    if not isinstance(key, str):
        raise LensError(f"{key!r}: keys are strings here")
    return leaf_text(key, style) + style.colon + json_written(value, style, margin)


def leaf_text(value: Plain, style: JsonStyle) -> str:
    if isinstance(value, Unknown) and "\n" not in value.text:
        return value.text
    if isinstance(value, float) and not math.isfinite(value):
        raise LensError(f"{value!r} cannot be written as JSON")
    try:
        text = json.dumps(value, ensure_ascii=style.ascii)
    except TypeError as error:
        raise LensError(f"{value!r} cannot be written as JSON") from error
    return HIDDEN.sub(lambda m: f"\\u{ord(m[0]):04x}", text)

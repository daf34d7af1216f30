"""The values between which a conditional expression chooses, where nothing tells what its condition comes to.

developer.hashicorp.com/terraform/language/expressions/conditionals.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

from setright.bindings.trees import one_of
from setright.model import Plain, Unknown
from setright.patterns import late

WHOLE = late(r'"\$\{([^{}]*)\}"')
NAME = late(r"[A-Za-z_][\w-]*(?:\.[\w-]+|\[(?:\d+|\*|\"[^\"\\$]*\")\])*")
WORDS = late(r'"[^"\\$%]*"|-?\d+')
LITERALS = ("true", "false", "null", "[]")
OPEN, CLOSED = "([{", ")]}"
DEEP = 4  # choices in choices
Told = Callable[[Unknown], Plain]


def either(value: Unknown, told: Told) -> Plain:
    """A choice with all that it may come to, or what every branch of it is; all else as it stands."""
    if "?" not in value.text:
        return value
    branches = list(_branches(value.text, told, 0))
    is_told = len(branches) > 1 and not all(isinstance(each, Unknown) for each in branches)
    return one_of(value.text, branches) if is_told else value


def _branches(text: str, told: Told, depth: int) -> Iterator[Plain]:
    """Null is None; what is neither a literal nor a name is Unknown as written."""
    text = text.strip()
    text = found[1].strip() if (found := WHOLE.fullmatch(text)) else text
    parts = _parts(text)
    if parts is not None and depth < DEEP:
        for each in parts:
            yield from _branches(each, told, depth + 1)
        return
    if text in LITERALS or WORDS.fullmatch(text):
        yield json.loads(text)
    else:
        yield told(Unknown(text)) if NAME.fullmatch(text) else Unknown(text)


def _parts(text: str) -> tuple[str, str] | None:
    """What stands behind the first `?` and behind its `:`, neither in brackets nor in quotes; None where there is no choice."""
    marks = [(at, sign) for at, sign in _outside(text) if sign in "?:"]
    if not marks or marks[0][1] != "?":
        return None
    depth = 0
    for at, sign in marks:
        depth += 1 if sign == "?" else -1
        if depth == 0:
            return text[marks[0][0] + 1 : at], text[at + 1 :]
    return None


def _outside(text: str) -> Iterator[tuple[int, str]]:
    """The characters outside of brackets and quotes; nothing of a text whose quotes hold expressions with quotes."""
    depth, at = 0, 0
    while at < len(text):
        sign = text[at]
        if sign == '"':
            end = text.find('"', at + 1)
            if end < 0 or "${" in text[at:end] or text[end - 1] == "\\":
                return
            at = end
        elif sign in OPEN:
            depth += 1
        elif sign in CLOSED:
            depth -= 1
        elif depth == 0:
            yield at, sign
        at += 1

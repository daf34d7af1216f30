"""Variables of the environment in place of expressions in the scripts of PowerShell.

"${env:NAME}" is filled in between double quotes and in here-strings of these, and in no other text. A word without quotes is an
argument only behind the name of a command. What it is part of is put into double quotes; what is called flags may be several, and
stays as code does. Strings that hold `$( )` with quotes are not understood, nor what comes after them.
learn.microsoft.com, PowerShell 7: about_Quoting_Rules, about_Parsing, about_Environment_Variables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from setright.patterns import late

TOKEN = late(
    r"(?P<here>@(?P<mark>['\"])[ \t]*\n.*?\n(?P=mark)@)|(?P<comment><#.*?#>|(?<![^\s;|&(){}])#[^\n]*)"
    r"|(?P<single>'(?:\$\{\{.*?\}\}|''|[^'])*')|(?P<double>\"(?:\$\{\{.*?\}\}|`.|\"\"|[^\"`])*\")"
    r"|(?P<code>\$\{\{.*?\}\}|\$\{[^{}\n]*\}|`.|[^'\"])|(?P<open>.)",
    re.S,
)
INNER = late(r"\$\((?:[^()]|\([^()]*\))*\)?")
WORD = late(r"(?:\$\{\{.*?\}\}|[\w./:=+\\~-])*", re.S)
SAFE = late(r"[^$`\"]*")
COMMAND = late(
    r"\s*(?:&\s*\S+|(?!(?:if|elseif|else|while|until|for|foreach|return|throw|exit|switch|function|param|in)\b)[A-Za-z][\w.-]*)\s.*",
    re.S | re.I,
)
STATEMENT = late(r"(?<!`)\n|[;|{}()]|&&|\s[+-]?=\s")
SEVERAL = late(r"flags|args|arguments|options|opts|params|extra", re.I)
BOUNDARY = " \t\r\n;|)}"


class Place(NamedTuple):
    """What stands around a place: ``here``, ``single``, ``double``, ``comment`` or ``code``, and from where to where."""

    kind: str
    start: int
    end: int


def quote(script: str, at: int) -> str:
    """The quote around a place as a shell has it; empty for none."""
    around = _around(script, at)
    return "" if around is None else {"single": "'", "double": '"', "here": '"'}.get(around.kind, "")


def with_variable(script: str, text: str, name: str, plain: Sequence[str] = ()) -> str | None:
    """The script with a variable for the expression; None where PowerShell would not fill it in there."""
    for match in reversed(list(re.finditer(re.escape(text), script))):
        around = _around(script, match.start())
        new = None if around is None else _filled(script, around, match.span(), f"${{env:{name}}}", plain)
        if new is None:
            return None
        script = new
    return script


def _around(script: str, at: int) -> Place | None:
    """The token around a place; None for what is not understood."""
    for match in TOKEN.finditer(script):
        kind = str(match.lastgroup)
        if kind == "open" or (kind == "double" and _is_torn(match[0])):
            return None
        if match.end() > at:
            return Place(kind, match.start(), match.end())
    return None


def _is_torn(string: str) -> bool:
    """Whether a string ends within a `$( )` that it holds."""
    return any(not inner[0].endswith(")") for inner in INNER.finditer(string))


def _filled(script: str, around: Place, span: tuple[int, int], new: str, plain: Sequence[str]) -> str | None:
    start, end = span
    if around.kind == "code":
        return _as_argument(script, span, new, plain)
    if around.kind == "comment":
        return f"{script[:start]}{new}{script[end:]}"
    if around.kind in ("double", "here") and script[around.start : around.start + 2] != "@'":
        is_code = any(
            found.start() <= start - around.start < found.end() for found in INNER.finditer(script[around.start : around.end])
        )
        return None if is_code else f"{script[:start]}{new}{script[end:]}"
    before, after = script[around.start + 1 : start], script[end : around.end - 1]
    if around.kind != "single" or not _is_safe(before + after, plain) or "''" in before + after:
        return None
    return f'{script[: around.start]}"{before}{new}{after}"{script[around.end :]}'


def _as_argument(script: str, span: tuple[int, int], new: str, plain: Sequence[str]) -> str | None:
    """The script with a word in double quotes, where it is an argument of a command."""
    code = _code(script)
    words = (found.span() for found in WORD.finditer(script) if found.start() <= span[0] < found.end())
    start, end = next(words, span)
    statement = code[max((found.end() for found in STATEMENT.finditer(code, 0, start)), default=0) : start]
    is_argument = COMMAND.fullmatch(statement) is not None and statement[-1:].isspace()
    if not is_argument or script[end : end + 1] not in ("", *BOUNDARY):
        return None
    before, after = script[start : span[0]], script[span[1] : end]
    if not before + after:
        return None if SEVERAL.search(script[start:end]) else f"{script[:start]}{new}{script[end:]}"
    if not _is_safe(before + after, plain) or (before.startswith("-") and "=" not in before):
        return None
    return f'{script[:start]}"{before}{new}{after}"{script[end:]}'


def _code(script: str) -> str:
    """The script, as long as it is, with nothing in its comments, and one letter for its strings, variables and expressions."""
    return "".join(_shown(str(match.lastgroup), match[0]) for match in TOKEN.finditer(script))


def _shown(kind: str, token: str) -> str:
    if kind == "code" and not token.startswith("${"):
        return token
    return (" " if kind == "comment" else "x") * len(token)


def _is_safe(text: str, plain: Sequence[str]) -> bool:
    for each in plain:
        text = text.replace(each, "")
    return SAFE.fullmatch(text) is not None

"""Which quote is open at a place of a shell's script. POSIX.1-2017, Shell Command Language 2.2 (quoting), 2.6.3 (substitution)."""

from __future__ import annotations

import re

from setright.patterns import late

MARKS = late(r"\$\{\{.*?\}\}|\\.|\$\(|[()'\"`]|(?:(?<=[\s;&|(])|\A)#", re.S)  # a workflow's expression is none of its text
SUBSTITUTION = "("


def open_quote(script: str, at: int) -> str:
    """The quote around a place, ``'`` or ``"``; empty for none. Within ``$( )`` and backquotes it begins anew."""
    opened: list[str] = []
    place = 0
    while (match := MARKS.search(script, place, at)) is not None:
        mark, around, place = match[0], opened[-1] if opened else "", match.end()
        if around == "'":
            if mark.endswith("'") and not mark.startswith("$"):  # a backslash is one there
                opened.pop()
        elif mark == "#":
            if around != '"':
                end = script.find("\n", place, at)
                place = at if end < 0 else end
        elif mark == around or (mark, around) == (")", SUBSTITUTION):
            opened.pop()
        elif mark in ('"', "`") or (mark == "'" and around != '"'):
            opened.append(mark)
        elif mark == "$(" or (mark == "(" and SUBSTITUTION in opened and around != '"'):
            opened.append(SUBSTITUTION)
    return opened[-1] if opened and opened[-1] in ("'", '"') else ""

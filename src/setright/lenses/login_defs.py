"""login.defs. Source: login.defs(5) and getdef.c of shadow 4.13: the last value wins, a comment has a line of its own.

{"PASS_MAX_DAYS": 365, "UMASK": "027", "ENCRYPT_METHOD": "YESCRYPT"}
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.lenses import pairs
from setright.lenses.lines import decode, lines, put_each
from setright.lenses.pairs import Pair
from setright.model import Edit, Path, Tree

PAIR = re.compile(r'[ \t]*(?P<key>[^ \t#][^ \t]*)(?P<gap>[ \t][ "\t]*)(?P<value>[^"]*)')
OCTAL = ("ERASECHAR", "HOME_MODE", "KILLCHAR", "TTYPERM", "UMASK")
BLANK = " \t\r\f\v"


def get(source: bytes) -> Tree:
    """Whole numbers are numbers, but for modes."""
    return pairs.tree(_pairs(decode(source)))


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Sets the line that wins. Raises LensError for values that no line can hold."""
    return put_each(source, edits, get, lambda text, edit: pairs.change(text, _pairs(text), edit, "\t"))


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where the value that wins stands."""
    text = decode(source)
    return pairs.span(text, _pairs(text), path)


def _pairs(text: str) -> list[Pair]:
    found = []
    for line in lines(text):
        if (m := PAIR.match(line.text.rstrip(BLANK))) and m["gap"]:
            value = m["value"] if m["key"] in OCTAL else pairs.number(m["value"])
            gap = m["gap"].replace('"', "")
            found.append(Pair(m["key"], value, line, gap, line.start + m.start("value"), line.start + m.end("value")))
    return found

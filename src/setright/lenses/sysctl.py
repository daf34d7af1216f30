"""sysctl.conf and sysctl.d. Source: sysctl.d(5) of systemd 252, sysctl.conf(5) of procps 4: the last value wins.

    {"net.ipv4.ip_forward": 0, "net.ipv4.conf.*.rp_filter": 2, "-net.ipv4.conf.all.rp_filter": True}

Keys are dotted however they are written (``net/ipv4/conf/eth0.5/rp_filter`` is ``net.ipv4.conf.eth0/5.rp_filter``).
A leading ``-`` stands before a name that patterns shall not set. Lines that say nothing to either program stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.lenses import pairs
from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, decode, insert_after, lines, put_each
from setright.lenses.pairs import Pair
from setright.model import Edit, Path, Tree

BLANK = " \t\r\f\v"
SWAPPED = str.maketrans("/.", "./")


def get(source: bytes) -> Tree:
    """Whole numbers are numbers; blanks inside a value count as one space."""
    return pairs.tree(_pairs(decode(source)))


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Sets the line that wins. Raises LensError for values that no line can hold."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where the value that wins stands."""
    text = decode(source)
    return pairs.span(text, _pairs(text), path)


def _change(text: str, edit: Edit) -> list[Replacement]:
    key = str(edit.path[0])
    if not key.startswith("-") or edit.remove:
        return pairs.change(text, _pairs(text), edit, " = ")
    if edit.value is not True:
        raise LensError(f"{key}: names what patterns shall not set; its value is true")
    found = lines(text)
    return [insert_after(text, found[-1] if found else None, [key])]


def _pairs(text: str) -> list[Pair]:
    return [pair for line in lines(text) if (pair := _pair(line))]


def _pair(line: Line) -> Pair | None:
    """None for a line that sets nothing and spares nothing."""
    left, equals, right = line.text.partition("=")
    name = left.strip(BLANK)
    if not name or name[0] in "#;":
        return None
    spared = name[0] == "-"
    key = _dotted(name[spared:].strip(BLANK))
    if not equals:
        at = line.start + line.text.index(name)
        return Pair("-" + key, True, line, " = ", at, at + len(name)) if spared and key else None
    value = right.strip(BLANK)
    start = line.end - len(right.lstrip(BLANK)) if value else line.start + len(left) + 1
    gap = left[len(left.rstrip(BLANK)) :] + "=" + right[: start - line.start - len(left) - 1]
    return Pair(key, pairs.number(re.sub(r"[ \t]+", " ", value)), line, gap, start, start + len(value)) if key else None


def _dotted(key: str) -> str:
    first = re.search(r"[/.]", key)
    return key.translate(SWAPPED) if first and first[0] == "/" else key

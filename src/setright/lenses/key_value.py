"""`key = value` files without sections, as of PAM modules and auditd. Source: faillock.conf(5), pwquality.conf(5), auditd.conf(5).

    {"deny": 5, "even_deny_root": True, "dir": "/var/run/faillock"}

A key alone is True. The last value of a key wins. A ``#`` begins a comment where it begins a line or a word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.lenses import pairs
from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, decode, insert_after, lines, put_each
from setright.lenses.pairs import Pair
from setright.model import Edit, Path, Tree

SETTING = re.compile(r"[ \t]*(?P<key>[^\s#=]+)(?:(?P<gap>[ \t]*=[ \t]*)(?P<value>[^\r#]*?))?(?P<rest>[ \t\r]*(?:(?<=[\s=])#.*)?)$")


def get(source: bytes) -> Tree:
    """Whole numbers are numbers. Lines that are no setting say nothing to these programs either, and stay."""
    return pairs.tree(_pairs(decode(source)))


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Sets the line that wins. Raises LensError for values that no line can hold."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where the value that wins stands; of a key alone the key."""
    text = decode(source)
    return pairs.span(text, _pairs(text), path)


def _change(text: str, edit: Edit) -> list[Replacement]:
    found = _pairs(text)
    bare = {pair.line.start for pair in found if pair.value is True}
    mine = [pair for pair in found if edit.path == (pair.key,)]
    if not edit.remove and (edit.value is True or (mine and mine[-1].line.start in bare)):
        return _flag(text, mine, edit)
    return pairs.change(text, [pair for pair in found if pair.line.start not in bare or edit.remove], edit, " = ")


def _flag(text: str, mine: Sequence[Pair], edit: Edit) -> list[Replacement]:
    """A key alone comes in, takes the place of a value, or takes one."""
    key = str(edit.path[0])
    if not re.fullmatch(r"[^\s#=]+", key):
        raise LensError(f"{key!r} cannot be a key")
    new = key if edit.value is True else f"{key} = {pairs.value_on_line(key, edit.value)}"
    if not mine:
        shipped = (line for line in lines(text) if line.text.strip(" \t\r#") == key)
        return [insert_after(text, next(shipped, pairs.anchor(text, key)), [new])]
    last = mine[-1]
    start = last.line.start + last.line.text.index(key)
    return [Replacement(start, max(last.end, start + len(key)), new)]


def _pairs(text: str) -> list[Pair]:
    return [pair for line in lines(text) if (pair := _pair(line))]


def _pair(line: Line) -> Pair | None:
    m = SETTING.match(line.text)
    if not m:
        return None
    if m["gap"] is None:
        return Pair(m["key"], True, line, " = ", line.start + m.start("key"), line.start + m.end("key"))
    start, end = line.start + m.start("value"), line.start + m.end("value")
    return Pair(m["key"], pairs.number(m["value"]), line, m["gap"], start, end)

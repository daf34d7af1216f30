"""limits.conf and limits.d. Source: limits.conf(5) of Linux-PAM 1.5: the last line for a domain, type and item counts.

    {"(default)": {"hard": {"core": 0}, "soft": {"nofile": 1024}}, "@students": {"both": {"nproc": 50}}}

The domain ``*`` is `(default)`, the type ``-`` is `both`. Lines of other shapes say nothing to the module and stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from setright.lenses import pairs
from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, byte_span, decode, delete, insert_after, lines, nowhere, put_each
from setright.model import Edit, Path, Plain, Tree

LINE = re.compile(
    r"[ \t]*(?P<domain>[^\s#]+)(?P<gap>[ \t]+)(?P<type>hard|soft|-)(?P<gap2>[ \t]+)(?P<item>[a-z]+)(?P<gap3>[ \t]+)"
    r"(?P<value>[^\s#]+)[ \t\r]*(?:#.*)?$"
)
EVERYBODY, BOTH = "(default)", "both"


class Limit(NamedTuple):
    """One line; `start` to `end` is its value."""

    path: Path
    value: Plain
    line: Line
    gaps: tuple[str, str, str]
    start: int
    end: int


def get(source: bytes) -> Tree:
    """The tree above; whole numbers are numbers."""
    tree: Tree = {}
    for each in _limits(decode(source)):
        domain, kind, item = map(str, each.path)
        tree.setdefault(domain, {}).setdefault(kind, {})[item] = each.value
    return tree


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Sets the line that counts. Raises LensError for what no line can say."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where the value that counts stands."""
    text = decode(source)
    for each in reversed(_limits(text)):
        if each.path[: len(path)] == path:
            return byte_span(text, each.start, each.end)
    raise nowhere(path)


def _limits(text: str) -> list[Limit]:
    return [_limit(line, m) for line in lines(text) if (m := LINE.match(line.text))]


def _limit(line: Line, m: re.Match[str]) -> Limit:
    domain = EVERYBODY if m["domain"] == "*" else m["domain"]
    path = (domain, BOTH if m["type"] == "-" else m["type"], m["item"])
    at = (line.start + m.start("value"), line.start + m.end("value"))
    return Limit(path, pairs.number(m["value"]), line, (m["gap"], m["gap2"], m["gap3"]), *at)


def _change(text: str, edit: Edit) -> list[Replacement]:
    found = _limits(text)
    mine = [each for each in found if each.path[: len(edit.path)] == edit.path]
    if edit.remove:
        return _removed(text, found, mine)
    if len(edit.path) != 3:
        raise LensError(f"{'/'.join(map(str, edit.path))}: a path is a domain, a type and an item")
    domain, kind, item = map(str, edit.path)
    value = pairs.value_on_line(item, edit.value)
    if mine:
        return [Replacement(mine[-1].start, mine[-1].end, value)]
    gaps = found[-1].gaps if found else (" ", " ", " ")
    words = ["*" if domain == EVERYBODY else domain, "-" if kind == BOTH else kind, item, value]
    new = words[0] + "".join(gap + word for gap, word in zip(gaps, words[1:], strict=True))
    if not LINE.fullmatch(new) or domain == "*" or kind == "-":
        raise LensError(f"{new!r} is no limit")
    return [insert_after(text, _end(text), [new])]


def _removed(text: str, found: Sequence[Limit], mine: Sequence[Limit]) -> list[Replacement]:
    if len(mine) < len(found) and any(each.path[:-1] == mine[0].path[:-1] for each in found if each not in mine):
        return [delete(text, each.line) for each in mine]
    raise LensError("the last limit of a domain and type cannot be taken out alone; take out its line by hand")


def _end(text: str) -> Line | None:
    """The last line, or the one above the comment that says the file ends."""
    found = lines(text)
    while len(found) > 1 and re.fullmatch(r"[ \t\r]*(?:# ?End of file.*)?", found[-1].text):
        found.pop()
    return found[-1] if found else None

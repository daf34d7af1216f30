"""What formats of one `key value` a line share, where the last value of a key wins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, byte_span, delete, insert_after, lines, nowhere
from setright.model import Edit, Path, Plain, Tree

WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")


class Pair(NamedTuple):
    """One line that sets a key. `start` to `end` is its value as written, `gap` what parts it from the key."""

    key: str
    value: Plain
    line: Line
    gap: str
    start: int
    end: int


def tree(pairs: Sequence[Pair]) -> Tree:
    return {pair.key: pair.value for pair in pairs}


def number(written: str) -> int | str:
    """A whole number as such; what begins with a needless 0 is octal to most readers and stays text."""
    return int(written) if WHOLE.fullmatch(written) and written != "-0" else written


def value_on_line(key: Plain, value: Plain) -> str:
    """Raises LensError for what one line cannot say."""
    if isinstance(value, bool) or not isinstance(value, str | int) or re.search(r"[\x00-\x08\x0a-\x1f]", str(value)):
        raise LensError(f"{key}: a line holds text or a whole number, not {value!r}")
    return str(value)


def change(text: str, pairs: Sequence[Pair], edit: Edit, gap: str) -> list[Replacement]:
    """The splices that set or remove a key; `gap` stands between key and value where no pair shows the file's style."""
    if len(edit.path) != 1:
        raise LensError(f"{'/'.join(map(str, edit.path))}: this format has keys without inner structure")
    key = edit.path[0]
    mine = [pair for pair in pairs if pair.key == key]
    if edit.remove:
        return [delete(text, pair.line) for pair in mine]
    new = value_on_line(key, edit.value)
    if mine:
        return [Replacement(mine[-1].start, mine[-1].end, new)]
    style = pairs[-1].gap if pairs else gap
    return [insert_after(text, anchor(text, str(key)), [f"{key}{style}{new}"])]


def span(text: str, pairs: Sequence[Pair], path: Path) -> tuple[int, int]:
    """Where the value of a key stands that counts."""
    for pair in reversed(pairs):
        if path == (pair.key,):
            return byte_span(text, pair.start, pair.end)
    raise nowhere(path)


def anchor(text: str, key: str) -> Line | None:
    """The key's own line commented out, else the last line. Behind ``# KEY`` prose goes on, but for ``# KEY =``."""
    shipped = re.compile(rf"#{re.escape(key)}[ \t=]+\S|#[ \t]?{re.escape(key)}[ \t]*=")
    found = lines(text)
    return next((line for line in found if shipped.match(line.text)), found[-1] if found else None)

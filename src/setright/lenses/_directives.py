"""What configurations of clock daemons share: one directive a line, some of which add up, of others the last one counts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.lenses import pairs, rows
from setright.lenses.edited import edited
from setright.lenses.error import LensError
from setright.lenses.lines import Replacement, byte_span, decode, delete, encode, insert_after, lines, nowhere, put_each
from setright.lenses.pairs import Pair
from setright.lenses.rows import Row
from setright.model import Edit, Path, Plain, Tree


class Directives:
    """A format whose lines match `form` (groups name, gap, value); `lists` are directives that add up."""

    def __init__(self, lists: Sequence[str], form: re.Pattern[str]) -> None:
        self._lists, self._form = lists, form

    def get(self, source: bytes) -> Tree:
        """Whole numbers are numbers; a directive without arguments is True, in a list the empty text."""
        tree: Tree = {}
        for pair in self._pairs(decode(source)):
            if pair.key in self._lists:
                tree.setdefault(pair.key, []).append("" if pair.value is True else str(pair.value))
            else:
                tree[pair.key] = pair.value
        return tree

    def put(self, source: bytes, edits: Sequence[Edit]) -> bytes:
        """Raises LensError for what no line can say."""
        return put_each(source, edits, self.get, self._change)

    def span(self, source: bytes, path: Path) -> tuple[int, int]:
        """Where the line stands; of a list the first of its lines."""
        text = decode(source)
        mine = [pair for pair in self._pairs(text) if path[:1] == (pair.key,)]
        index = path[1] if len(path) == 2 and isinstance(path[1], int) else 0 if mine and mine[0].key in self._lists else -1
        if not mine or index >= len(mine):
            raise nowhere(path)
        return byte_span(text, mine[index].start, mine[index].end)

    def _pairs(self, text: str) -> list[Pair]:
        found = []
        for line in lines(text):
            if m := self._form.match(line.text):
                part = "value" if m["value"] else "name"
                value: Plain = pairs.number(m["value"]) if m["value"] else True
                at = (line.start + m.start(part), line.start + m.end(part))
                found.append(Pair(m["name"].lower(), value, line, m["gap"] or " ", *at))
        return found

    def _change(self, text: str, edit: Edit) -> list[Replacement]:
        key = str(edit.path[0])
        found = [pair for pair in self._pairs(text) if pair.key == key]
        if not re.fullmatch(r"[a-z][a-z0-9]*", key):
            raise LensError(f"{key!r} cannot be a directive")
        if key in self._lists:
            return _listed(text, key, found, edited(self.get(encode(text)), [edit]).get(key, []))
        if len(edit.path) != 1:
            raise nowhere(edit.path)
        if edit.remove:
            return [delete(text, pair.line) for pair in found]
        if not found:
            return [insert_after(text, rows.final_line(text), [_line(key, edit.value, " ")])]
        return _said_anew(found[-1], edit.value)


def _listed(text: str, key: str, found: Sequence[Pair], new: Plain) -> list[Replacement]:
    """Lines that stay are kept; others are altered where they stand or deleted, and new ones go behind the last."""
    if not isinstance(new, list):
        raise LensError(f"{key}: takes a list")
    mine = {pair.line.start: pair for pair in found}
    have = [Row("" if pair.value is True else str(pair.value), pair.line) for pair in found]
    gap = found[-1].gap if found else " "
    return rows.row_changes(
        text,
        have,
        new,
        lambda value, _: _line(key, value or True, gap),
        lambda row, value: _said_anew(mine[row.line.start], value or True),
    )


def _said_anew(pair: Pair, value: Plain) -> list[Replacement]:
    """The directive with another value, what stands behind it left there."""
    if pair.value is not True and value is not True:
        return [Replacement(pair.start, pair.end, pairs.value_on_line(pair.key, value))]
    start = pair.line.start + len(pair.line.text) - len(pair.line.text.lstrip(" \t"))
    return [Replacement(start, pair.end, _line(pair.key, value, pair.gap))]


def _line(key: str, value: Plain, gap: str) -> str:
    return key if value is True else f"{key}{gap}{pairs.value_on_line(key, value)}"

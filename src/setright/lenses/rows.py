"""What formats of one row a line share: a wanted list of rows becomes the fewest spliced lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from setright.lenses.edited import edited
from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, delete, insert_after, lines
from setright.model import Edit, Plain, Tree

MANY = 400  # rows that differ at once; beyond it telling which line became which would take too long


class Row(NamedTuple):
    """One line (or several, continued) that says something, and what it says."""

    value: Plain
    line: Line


Write = Callable[[Plain, Row | None], str]  # a value as a line, in the style of a row beside it
Alter = Callable[[Row, Plain], list[Replacement] | None]  # the splices that make a row say the value; None: write it anew


def wanted_rows(tree: Tree, edit: Edit, key: str) -> list[Plain]:
    """The list at `key` after the edit. Raises LensError where it would be none."""
    new = edited(tree, [edit]).get(key, [])
    if not isinstance(new, list):
        raise LensError(f"{key}: takes a list")
    return new


def row_changes(text: str, rows: Sequence[Row], new: Sequence[Plain], write: Write, alter: Alter) -> list[Replacement]:
    """The splices that make the rows say `new`, in order; lines between them stay."""
    old = [_key(row.value) for row in rows]
    want = [_key(value) for value in new]
    head = _common(old, want)
    tail = _common(old[head:][::-1], want[head:][::-1])
    old, want = old[head : len(old) - tail], want[head : len(want) - tail]
    if len(old) > MANY and len(want) > MANY:
        raise LensError(f"more than {MANY} lines would change at once")
    made: list[Replacement] = []
    for _, i1, i2, j1, j2 in (op for op in SequenceMatcher(None, old, want, False).get_opcodes() if op[0] != "equal"):
        made += _block(text, rows, (head + i1, head + i2), new[head + j1 : head + j2], write, alter)
    return made


def _block(
    text: str, rows: Sequence[Row], at: tuple[int, int], new: Sequence[Plain], write: Write, alter: Alter
) -> list[Replacement]:
    """Records of a range altered one by one; what is over is deleted, what is new goes behind them."""
    mine = rows[at[0] : at[1]]
    made: list[Replacement] = []
    for row, value in zip(mine, new, strict=False):
        made += alter(row, value) or [Replacement(row.line.start, row.line.end, write(value, row) + _return(row.line))]
    made += [delete(text, row.line) for row in mine[len(new) :]]
    if more := new[len(mine) :]:
        beside = mine[-1] if mine else _beside(rows, at[0])
        made.append(insert_after(text, _anchor(text, rows, at[1]), [write(value, beside) for value in more]))
    return made


def _anchor(text: str, rows: Sequence[Row], index: int) -> Line | None:
    """The line that new ones go behind: of a row, else what stands above the first one, else the last of the file."""
    if index:
        return rows[index - 1].line
    if not rows:
        return final_line(text)
    above = [line for line in lines(text) if line.end < rows[0].line.start]
    return above[-1] if above else None


def final_line(text: str) -> Line | None:
    """The last line, which new ones go behind; None for an empty file."""
    found = lines(text)
    return found[-1] if found else None


def _beside(rows: Sequence[Row], index: int) -> Row | None:
    return rows[index - 1] if index else rows[0] if rows else None


def _return(line: Line) -> str:
    return "\r" if line.text.endswith("\r") else ""


def _common(a: Sequence[str], b: Sequence[str]) -> int:
    pairs = enumerate(zip(a, b, strict=False))
    return next((i for i, (x, y) in pairs if x != y), min(len(a), len(b)))


def _key(value: Plain) -> str:
    return json.dumps(value, sort_keys=True, default=str)

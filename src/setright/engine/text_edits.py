"""Two texts in, the smallest replacements between them out; and the fixes of findings as such. Pure.

Source: Language Server Protocol 3.17, Position.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from setright.engine.change import changes, is_private
from setright.engine.plan import PlanOptions, plan
from setright.engine.scan import Found, Scan
from setright.model import Document, Plan
from setright.surfaces.base import Surface

LINE_END = re.compile(r"\r\n|\n|\r")
UNIT_BYTES = {"utf-8": 1, "utf-16": 2, "utf-32": 4}


class TextEdit(NamedTuple):
    """The characters from `start` to before `end` give way to `text`."""

    start: int
    end: int
    text: str


class Fix(NamedTuple):
    """What a fix does to each document, as edits of its text; and the plans that it is made of."""

    edits: dict[str, list[TextEdit]]
    plans: tuple[Plan, ...]


def text_edits(before: str, after: str) -> Iterator[TextEdit]:
    """In order, without overlap; words are replaced whole."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    starts = [0]
    for line in old:
        starts.append(starts[-1] + len(line))
    for old_first, old_end, new_first, new_end in _other_lines(old, new, (0, 0)):
        gone, come = "".join(old[old_first:old_end]), "".join(new[new_first:new_end])
        head = _alike(gone, come)
        tail = _alike(gone[head:][::-1], come[head:][::-1])
        yield TextEdit(starts[old_first] + head, starts[old_first] + len(gone) - tail, come[head : len(come) - tail])


class Ruler:
    """Where the lines of one text are, found once: many findings stand in one document."""

    def __init__(self, text: str) -> None:
        self.text = text
        ends = [match.span() for match in LINE_END.finditer(text)]
        self._starts = [0, *(end for _, end in ends)]
        self._ends = [*(start for start, _ in ends), len(text)]

    def written(self, line: int) -> tuple[int, int]:
        """From the first to after the last character of a line (from 0), without its indent and its end."""
        at = min(max(line, 0), len(self._starts) - 1)
        start, end = self._starts[at], self._ends[at]
        indent = end - start - len(self.text[start:end].lstrip())
        return start + indent, end

    def position(self, offset: int, encoding: str = "utf-16") -> tuple[int, int]:
        """Line and column, both from 0, of a character; the column in the units of the encoding.

        Between the two signs of a line's end one is still on that line.
        """
        line = bisect_right(self._starts, offset) - 1
        before = self.text[self._starts[line] : offset]
        return line, len(before.encode(f"{encoding}-le" if encoding != "utf-8" else encoding)) // UNIT_BYTES[encoding]


def fix_of(scan: Scan, surface: Surface, found: Sequence[Found], options: PlanOptions) -> Fix:
    """The fix of some findings. Without `options.together` only what needs nobody's word; no edits where there is none, or where
    it writes out a secret."""
    made = plan(scan._replace(found=tuple(found)), surface, options).plans
    lanes = ("auto", "ask") if options.together else ("auto",)
    doing = tuple(each for each in made if each.lane in lanes and not is_private(each))
    now = dict(scan.world.documents)
    for each in doing:
        for change in changes(each, now):
            now[change.locator] = Document(change.locator, change.after, change.lens)
    touched = dict.fromkeys(planned.locator for each in doing for planned in each.changes)
    return Fix({name: list(text_edits(_text(scan.world.documents[name]), _text(now[name]))) for name in touched}, doing)


def _other_lines(old: Sequence[str], new: Sequence[str], at: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """What differs, as lines of each. Lines that stand once in both divide it, for a long text is compared piece by piece."""
    head = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    short = min(len(old), len(new)) - head
    tail = next((i for i in range(short) if old[-1 - i] != new[-1 - i]), short)
    old, new, at = old[head : len(old) - tail], new[head : len(new) - tail], (at[0] + head, at[1] + head)
    if not old or not new:
        if old or new:
            yield at[0], at[0] + len(old), at[1], at[1] + len(new)
        return
    if not (anchors := _anchors(old, new)):
        for tag, *span in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag != "equal":
                yield span[0] + at[0], span[1] + at[0], span[2] + at[1], span[3] + at[1]
        return
    done = (0, 0)
    for i, j in (*anchors, (len(old), len(new))):
        yield from _other_lines(old[done[0] : i], new[done[1] : j], (at[0] + done[0], at[1] + done[1]))
        done = (i + 1, j + 1)


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """The lines that stand once in each, as many of them as come in the same order (patience diff)."""
    once, there = _once(old), _once(new)
    ends: list[int] = []
    last: list[int] = []  # of the longest chains that end there: the place in `pairs`
    pairs: list[tuple[int, int]] = []
    before: list[int] = []
    for line, i in once.items():
        if (j := there.get(line)) is None:
            continue
        at = bisect_left(ends, j)
        before.append(last[at - 1] if at else -1)
        ends[at : at + 1], last[at : at + 1] = [j], [len(pairs)]
        pairs.append((i, j))
    found, here = [], last[-1] if last else -1
    while here >= 0:
        found.append(pairs[here])
        here = before[here]
    return found[::-1]


def _once(lines: Sequence[str]) -> dict[str, int]:
    counts = Counter(lines)
    return {line: i for i, line in enumerate(lines) if counts[line] == 1}


def _alike(one: str, other: str) -> int:
    """How many characters both begin with, but for a word that goes on differently: words are replaced whole."""
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    while same and one[same - 1].isalnum():
        same -= 1
    return same


def _text(document: Document) -> str:
    return (document.data or b"").decode()

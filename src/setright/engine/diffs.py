"""What would change, as a diff in which every secret is a fingerprint. Pure. The form is that of diff -u."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal, TypeAlias

from setright.engine.redact import OF_THIS_PROCESS, printable, redact_text

Opcode: TypeAlias = tuple[Literal["replace", "delete", "insert", "equal"], int, int, int, int]
CONTEXT_LINES = 3
LONG_LINES = 2_000  # of what changed before and after, together


def unified_diff(before: bytes | None, after: bytes | None, locator: str, key: bytes = OF_THIS_PROCESS) -> str:
    """What would change, in the form of diff -u with 3 lines of context, secrets redacted; empty where nothing would."""
    if before == after:
        return ""
    old, new = (_lines(data, locator, key) for data in (before, after))
    head = [f"--- {locator if before is not None else '/dev/null'}\n", f"+++ {locator if after is not None else '/dev/null'}\n"]
    body = list(_hunks(old, new))
    return printable("".join([*head, *body]))


def _lines(data: bytes | None, locator: str, key: bytes) -> list[str]:
    text = redact_text((data or b"").decode("utf-8", "surrogateescape"), locator, key)
    lines = [line + "\n" for line in text.split("\n")]
    last = lines.pop()
    return lines if last == "\n" else [*lines, last + "\\ No newline at end of file\n"]


def _hunks(old: list[str], new: list[str]) -> list[str]:
    """As `difflib.unified_diff`, on what is left when the equal start and end are put aside: documents are long, changes short."""
    same = _common(old, new)
    tail = _common(old[same:][::-1], new[same:][::-1])
    first = max(0, same - CONTEXT_LINES)
    spare = max(0, tail - CONTEXT_LINES)
    old, new = old[first : len(old) - spare], new[first : len(new) - spare]
    out = []
    for group in _Between(old, new, same - first, tail - spare).get_grouped_opcodes(CONTEXT_LINES):
        out.append(f"@@ -{_range(first, group[0][1], group[-1][2])} +{_range(first, group[0][3], group[-1][4])} @@\n")
        for tag, old_start, old_end, new_start, new_end in group:
            if tag == "equal":
                out += [" " + line for line in old[old_start:old_end]]
                continue
            out += ["-" + line for line in old[old_start:old_end]]
            out += ["+" + line for line in new[new_start:new_end]]
    return out


class _Between(SequenceMatcher[str]):
    """Keeps an equal start and end as they are: patch takes a hunk without context at its end for one at the file's end."""

    def __init__(self, old: list[str], new: list[str], start: int, end: int) -> None:
        super().__init__(None, old, new)
        self._start, self._ends = start, (len(old) - end, len(new) - end)
        self._inner = _opcodes(old[start : self._ends[0]], new[start : self._ends[1]])
        self._lengths = len(old), len(new)

    def get_opcodes(self) -> list[Opcode]:
        at = self._start
        inner: list[Opcode] = [(tag, i + at, j + at, k + at, m + at) for tag, i, j, k, m in self._inner]
        ends: Opcode = ("equal", self._ends[0], self._lengths[0], self._ends[1], self._lengths[1])
        return [("equal", 0, at, 0, at), *inner, ends]


def _opcodes(old: list[str], new: list[str]) -> list[Opcode]:
    """What SequenceMatcher says; of long documents, whose time grows with the square, between the lines that each has once."""
    met = [*_once_in_both(old, new), (len(old), len(new))] if len(old) + len(new) > LONG_LINES else [(len(old), len(new))]
    codes: list[Opcode] = []
    i = k = 0
    for j, m in met:
        inner = SequenceMatcher(None, old[i:j], new[k:m]).get_opcodes()
        codes += [(tag, i + a, i + b, k + c, k + d) for tag, a, b, c, d in inner]
        codes += [("equal", j, j + 1, m, m + 1)] if j < len(old) else []
        i, k = j + 1, m + 1
    return [_whole(list(run)) for _, run in groupby(codes, key=lambda code: code[0] == "equal")]


def _whole(run: list[Opcode]) -> Opcode:
    """One for several that follow each other: equal, or changed."""
    (tag, i, _, k, _), (*_, j, _, m) = run[0], run[-1]
    return (tag if len(run) == 1 else "equal" if tag == "equal" else "replace"), i, j, k, m


def _once_in_both(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Where the lines stand that both have once, but for those that changed places; the longest rising sequence of them."""
    counts = Counter(old), Counter(new)
    place = {line: m for m, line in enumerate(new) if counts[1][line] == counts[0][line] == 1}
    pairs = [(j, place[line]) for j, line in enumerate(old) if line in place]
    tops: list[int] = []  # the lowest end of a rising sequence of each length
    best: list[tuple[int, int]] = []  # by length: the pair that ends it
    before: dict[tuple[int, int], tuple[int, int] | None] = {}
    for pair in pairs:
        at = bisect_left(tops, pair[1])
        tops[at : at + 1], best[at : at + 1] = [pair[1]], [pair]
        before[pair] = best[at - 1] if at else None
    rising, last = [], best[-1] if best else None
    while last is not None:
        rising.append(last)
        last = before[last]
    return rising[::-1]


def _common(old: list[str], new: list[str]) -> int:
    return next((place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def _range(first: int, start: int, end: int) -> str:
    length = end - start
    begin = first + start + (1 if length else 0)
    return str(begin) if length == 1 else f"{begin},{length}"

"""What would change, as a diff in which every secret is a fingerprint. Pure. The form is that of diff -u."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Literal, TypeAlias

from setright.engine.redact import OF_THIS_PROCESS, redact_text, shown

Opcode: TypeAlias = tuple[Literal["replace", "delete", "insert", "equal"], int, int, int, int]
CONTEXT_LINES = 3


def unified_diff(before: bytes | None, after: bytes | None, locator: str, key: bytes = OF_THIS_PROCESS) -> str:
    """What would change, in the form of diff -u with 3 lines of context, secrets redacted; empty where nothing would."""
    if before == after:
        return ""
    old, new = (_lines(data, locator, key) for data in (before, after))
    head = [f"--- {locator if before is not None else '/dev/null'}\n", f"+++ {locator if after is not None else '/dev/null'}\n"]
    body = list(_hunks(old, new))
    return shown("".join([*head, *body]))


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
        self._inner = SequenceMatcher(None, old[start : self._ends[0]], new[start : self._ends[1]])
        self._lengths = len(old), len(new)

    def get_opcodes(self) -> list[Opcode]:
        at = self._start
        inner: list[Opcode] = [(tag, i + at, j + at, k + at, m + at) for tag, i, j, k, m in self._inner.get_opcodes()]
        ends: Opcode = ("equal", self._ends[0], self._lengths[0], self._ends[1], self._lengths[1])
        return [("equal", 0, at, 0, at), *inner, ends]


def _common(old: list[str], new: list[str]) -> int:
    return next((place for place, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def _range(first: int, start: int, end: int) -> str:
    length = end - start
    begin = first + start + (1 if length else 0)
    return str(begin) if length == 1 else f"{begin},{length}"

"""Two texts in, the smallest replacements between them out; and the fixes of findings as such. Pure.

Source: Language Server Protocol 3.17, Position.
"""

from __future__ import annotations

import re
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
    for tag, old_first, old_end, new_first, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        gone, come = "".join(old[old_first:old_end]), "".join(new[new_first:new_end])
        head = _alike(gone, come)
        tail = _alike(gone[head:][::-1], come[head:][::-1])
        yield TextEdit(starts[old_first] + head, starts[old_first] + len(gone) - tail, come[head : len(come) - tail])


def position(text: str, offset: int, encoding: str = "utf-16") -> tuple[int, int]:
    """Line and column, both from 0, of a character; the column in the units of the encoding."""
    line, start = 0, 0
    for end in LINE_END.finditer(text, 0, offset):
        if end[0] == "\r" and text[end.end() : end.end() + 1] == "\n":
            break  # the offset is between the two
        line, start = line + 1, end.end()
    return line, len(text[start:offset].encode(f"{encoding}-le" if encoding != "utf-8" else encoding)) // UNIT_BYTES[encoding]


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


def _alike(one: str, other: str) -> int:
    """How many characters both begin with, but for a word that goes on differently: words are replaced whole."""
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    while same and one[same - 1].isalnum():
        same -= 1
    return same


def _text(document: Document) -> str:
    return (document.data or b"").decode()

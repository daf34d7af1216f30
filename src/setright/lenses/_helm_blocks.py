"""Blocks of a chart's template, from `if`, `with` or `range` to their end, and what may stand where in them.

Source: helm.sh/docs/chart_template_guide/control_structures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from setright.lenses.error import LensError

ACTION = re.compile(r'\{\{(?:[^"`}\n]|"(?:\\.|[^"\\\n])*"|`[^`\n]*`|\}(?!\}))*\}\}')
WORD = re.compile(r"\{\{-?\s*(\$\w*\s*:?=|/\*|[\w.$(]+)\s*(.*?)\s*-?\}\}", re.S)
OPENS, CLOSES = ("if", "with", "range", "define", "block"), ("end",)
TRIMS = re.compile(r"(\s*)\{\{(?!-)[^{}]*-\}\}\s*")  # stands alone, and leaves its own column to what follows
ENDS = re.compile(r"\{\{-?\s*end\s*-?\}\}")
OF_VOLUMES = re.compile(r"\s*(?:- )?volume(?:Mount)?s:\s*")
INDENT = re.compile(r"n?indent\s+(\d+)")


def settled(before: Sequence[str], after: list[str]) -> list[str]:
    """The new lines that end a block which the key above them does not stand in, behind the end of that block."""
    for _ in after:
        at, last = next(((at, last) for at, last, is_new in _misplaced(before, after) if is_new), (0, 0))
        ends = next((n for n in range(last, len(after)) if after[n].strip()), 0) if last else 0
        if not ends or not ENDS.fullmatch(after[ends].strip()):
            return after
        after = [*after[:at], *after[last : ends + 1], *after[at:last], *after[ends + 1 :]]
    return after


def check_blocks(before: Sequence[str], after: Sequence[str]) -> None:
    """Raises LensError where a new line stands in a block that the key above it does not stand in.

    Nor may a new volume stand in a list that is not always there: what needs it stands elsewhere.
    """
    for at, _, _ in _misplaced(before, after):
        raise LensError(f"line {at + 1}: would stand in a block that is not always filled in; change the template by hand")


def check_trims(before: Sequence[str], after: Sequence[str]) -> None:
    """Raises LensError where a new line would be joined to what stands above it, by an action that trims what follows."""
    for tag, _, _, first, _ in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        above = next((line for line in reversed(after[:first]) if line.strip()), "") if tag == "insert" else ""
        own = TRIMS.fullmatch(above)
        if above.rstrip().endswith("-}}") and (own is None or len(own[1]) != depth_of(after[first])):
            raise LensError(
                f"line {first + 1}: would be joined to the line above, whose action trims what follows; change it by hand"
            )


def _misplaced(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[int, int, bool]]:
    """The lines that stand in a block too deep, each with where what changed there ends, and whether all of that is new."""
    blocks = blocks_of(after)
    for tag, _, _, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        for at in range(first, last) if tag in ("insert", "replace") else ():
            parent = _key_above(after, at)
            owner = _key_above(after, parent) if parent is not None and OF_VOLUMES.fullmatch(after[parent]) else parent
            around = blocks[owner] if owner is not None else ()
            if after[at].strip() and (blocks[at] != around or (parent is not None and blocks[parent] != around)):
                yield at, last, tag == "insert"


def _key_above(lines: Sequence[str], at: int) -> int | None:
    return next((i for i in range(at - 1, -1, -1) if _is_above(lines[i], lines[at])), None)


def _is_above(line: str, below: str) -> bool:
    """Whether a line holds the key that a later line stands under."""
    indent, body = len(line) - len(line.lstrip()), line.strip()
    if not body or body.startswith(("#", "{{")):
        return False
    depth = len(below) - len(below.lstrip())
    is_item, is_key = below.lstrip().startswith("- "), body.endswith(":") and not body.startswith("- ")
    return indent < depth or (indent == depth and is_item and is_key)


def blocks_of(lines: Sequence[str]) -> list[tuple[int, ...]]:
    """The blocks around each line, by the lines that open them."""
    around: list[tuple[int, ...]] = []
    open_: tuple[int, ...] = ()
    for number, line in enumerate(lines):
        around.append(open_)
        for action in ACTION.finditer(line):
            match = WORD.match(action[0])
            word = match[1] if match else ""
            open_ = (*open_, number) if word in OPENS else (*open_[:-1], number) if word == "else" else open_
            open_ = open_[:-1] if word in CLOSES else open_
    return around


def depth_of(line: str) -> int:
    """The column at which a line's text stands in the end."""
    told = INDENT.search(line) if line.lstrip().startswith("{{") else None
    return int(told[1]) if told else len(line) - len(line.lstrip())

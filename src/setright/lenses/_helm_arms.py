"""Keys that stand in several arms of a choice in a chart's template: which of them holds cannot be told. Source: helm.sh/docs.

YAML has a key once. So of those of one name at one column the first stays, with a value that is not told, and the others go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

KEY = re.compile(r"( *)([\w./\"'-]+) *:(?:[ ]+(\S.*?))?\s*")
COMMENT = ("#", "{{/*", "{{- /*", "{{-/*")


class Arms(NamedTuple):
    """By number: the lines that stand for a value that is not told, with what is written of it; and lines that go."""

    values: dict[int, str]
    gone: frozenset[int]


def arms(lines: Sequence[str], words: Sequence[Sequence[str]], depth: Callable[[str], int]) -> Arms:
    """What is in the way in a template's lines; `words` decide and repeat in each, `depth` tells where a line's text stands."""
    values: dict[int, str] = {}
    gone: set[int] = set()
    for choice in _choices(words):
        if len(choice) < 2 or any(lines[n].startswith("---") for arm in choice for n in arm):
            continue
        first: dict[tuple[int, str], list[int]] = {}
        for arm in choice:
            for key, below in _keys(lines, arm, depth):
                if key[1] == "apiVersion" or key == (0, "kind"):  # one object, in two ways: of that the first arm tells enough
                    continue
                if key not in first:
                    first[key] = below
                    continue
                gone.update(below)
                values |= _untold(lines, first[key])
                gone.update(set(first[key][1:]) - values.keys())
    return Arms(values, frozenset(gone - values.keys()))


def _choices(words: Sequence[Sequence[str]]) -> Iterator[list[list[int]]]:
    """The arms of each choice, as the numbers of their lines."""
    open_: list[list[list[int]]] = []
    for number, own in enumerate(words):
        if not own:
            for choice in open_:
                choice[-1].append(number)
        for word in own:
            if word in ("if", "with", "range", "define", "block"):
                open_.append([[]])
            elif word == "else" and open_:
                open_[-1].append([])
            elif word == "end" and open_:
                yield open_.pop()


def _keys(lines: Sequence[str], arm: Sequence[int], depth: Callable[[str], int]) -> Iterator[tuple[tuple[int, str], list[int]]]:
    """The outermost keys of an arm, each with its column and its lines."""
    says = [n for n in arm if lines[n].strip() and not lines[n].lstrip().startswith(COMMENT)]
    outermost = min((depth(lines[n]) for n in says), default=0)
    own: list[int] = []
    name = ""
    for n in says:
        key = KEY.fullmatch(lines[n]) if depth(lines[n]) == outermost else None
        if key and own:
            yield (outermost, name), own
        name, own = (key[2], [n]) if key else (name, [*own, n] if own else [])
    if own:
        yield (outermost, name), own


def _untold(lines: Sequence[str], own: Sequence[int]) -> dict[int, str]:
    """Where the value of a key begins, and what is written there."""
    key = KEY.fullmatch(lines[own[0]])
    if key and key[3]:
        return {own[0]: key[3]}
    return {own[1]: lines[own[1]].strip()} if len(own) > 1 else {}

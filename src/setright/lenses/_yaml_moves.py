"""Pairs of a key and a value that go from one place of a file to another, with the comments beside them."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Sequence as Listing

from setright.lenses._nodes import Mapping, Node, Scalar, Sequence, line_end
from setright.lenses._yaml_read import Stream
from setright.lenses.comments import outlives
from setright.model import Plain

Pair = tuple[str, Plain]


def travelling(stream: Stream, have: Listing[Plain], want: Listing[Plain]) -> dict[Pair, str]:
    """The comments beside what goes and comes again elsewhere, with the blanks before them."""
    both = list(zip(stream.documents, have, want, strict=False))
    gone = {pair: beside for node, old, new in both for pair, beside in _gone(stream.text, node, old, new)}
    come = {pair for _, old, new in both for pair in _come(old, new)} if gone else set()
    return {pair: beside for pair, beside in gone.items() if pair in come}


def _gone(text: str, node: Node, have: Plain, want: Plain) -> Iterator[tuple[Pair, str]]:
    """What stands in lines of its own, is wanted there no more, and has a comment beside it."""
    if have is want:
        return
    if isinstance(node, Mapping) and not node.flow and isinstance(have, dict):
        for key, value in node.pairs:
            if isinstance(want, dict) and key.text in want:
                yield from _gone(text, value, have.get(key.text), want[key.text])
            elif isinstance(value, Scalar) and not value.style:
                beside = text[value.end : line_end(text, value.end)].rstrip()
                if beside.lstrip().startswith("#") and outlives(beside.lstrip()):
                    yield (key.text, value.value), beside
            else:
                yield from _gone(text, value, have.get(key.text), {})
    elif isinstance(node, Sequence) and isinstance(have, list) and isinstance(want, list) and len(have) == len(want):
        for inner, old, new in zip(node.items, have, want, strict=False):
            yield from _gone(text, inner, old, new)


def _come(have: Plain, want: Plain) -> Iterator[Pair]:
    """The pairs that are wanted where none of their key was."""
    if isinstance(want, dict):
        before = have if isinstance(have, dict) else {}
        for key, value in want.items():
            if isinstance(value, str | int | float | None) and key not in before:
                yield key, value
            elif value is not before.get(key):
                yield from _come(before.get(key), value)
    elif isinstance(want, list):
        alike = have if isinstance(have, list) and len(have) == len(want) else [None] * len(want)
        for old, new in zip(alike, want, strict=True):
            yield from _come(old, new) if new is not old else ()

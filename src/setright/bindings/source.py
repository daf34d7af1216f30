"""A document as bindings see it: parsed."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import NamedTuple, TypeVar

import msgspec

from setright.model import Plain, Tree
from setright.patterns import fits

IMAGES_LOCK, ACTIONS_LOCK = "images.lock.yml", ".github/actions.lock.yml"  # what tags of others stand for, in a tree of sources
LOCKED = "locked"  # a value that a control asks for: what a lock file among the documents says
WILD = re.compile(r"[*?\[]")
T = TypeVar("T")


class Source(msgspec.Struct, frozen=True):
    """One document's tree. `exists` is False for a document that a plan may create; its tree is empty then.

    `notes` is what layouts make of the tree (see `noted`), by names of their own: made once, however many kinds ask and
    however often other documents change.
    """

    locator: str
    lens: str
    tree: Tree
    exists: bool = True
    notes: dict[str, Plain] = msgspec.field(default_factory=dict)


def noted(source: Source, name: str, given: Sequence[object], make: Callable[[], T]) -> T:
    """What is made of a source's tree and of what is `given`; made anew where any of that is not the very same as before."""
    kept: tuple[Sequence[object], T] | None = source.notes.get(name)
    if kept is None or len(kept[0]) != len(given) or any(a is not b for a, b in zip(kept[0], given, strict=True)):
        source.notes[name] = kept = (tuple(given), make())
    return kept[1]


class Same(NamedTuple):
    """Sources that are told from others by being the very same, so that every object that moves asks the tree once."""

    sources: Mapping[str, Source]

    def __hash__(self) -> int:
        return id(self.sources)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and self.sources is other.sources


def listed(layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Source]:
    """The sources that a layout's `documents:` name, in the order of its patterns, those of one pattern by locator.

    A layout without `documents:` has them all. Wildcards are those of fnmatch.
    """
    found: dict[str, Source] = {}
    names = sorted(sources)
    for pattern in layout.get("documents", ["*"]):
        head = WILD.split(pattern, maxsplit=1)[0]
        for name in islice(names, bisect_left(names, head), None):
            if not name.startswith(head):
                break
            if name not in found and fits(name, pattern):
                found[name] = sources[name]
    return list(found.values())

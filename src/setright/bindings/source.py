"""A document as bindings see it: parsed."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

import msgspec

from setright.model import Plain, Tree


class Source(msgspec.Struct, frozen=True):
    """One document's tree. `exists` is False for a document that a plan may create; its tree is empty then.

    `notes` is what layouts make of the tree alone, by names of their own: made once, however many kinds ask and however
    often other documents change.
    """

    locator: str
    lens: str
    tree: Tree
    exists: bool = True
    notes: dict[str, Plain] = msgspec.field(default_factory=dict)


def listed(layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Source]:
    """The sources that a layout's `documents:` name, in the order of its patterns, those of one pattern by locator.

    A layout without `documents:` has them all. ``*`` stands for any characters.
    """
    found: dict[str, Source] = {}
    names = sorted(sources)
    for pattern in layout.get("documents", ["*"]):
        head = pattern.partition("*")[0]
        mine = (n for n in names if n.startswith(head) and n not in found and fnmatchcase(n, pattern))
        found |= {name: sources[name] for name in mine}
    return list(found.values())

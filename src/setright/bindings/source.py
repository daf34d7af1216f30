"""A document as bindings see it: parsed."""

from __future__ import annotations

import msgspec

from setright.model import Tree


class Source(msgspec.Struct, frozen=True):
    """One document's tree. `exists` is False for a document that a plan may create; its tree is empty then."""

    locator: str
    lens: str
    tree: Tree
    exists: bool = True

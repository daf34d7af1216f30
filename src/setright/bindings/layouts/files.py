"""Each document is one resource: its tree, and its own path. Its entry in a binding takes `documents`, `lens` and

absent      true: a document that is not there is a resource too, with nothing but its path
needs       documents of which one must exist for the program to be there; they are no resources themselves
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.source import Source, listed
from setright.model import Edit, Path, Plain, Resource

Layout = Mapping[str, Plain]
Sources = Mapping[str, Source]


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """One resource a document, named by its path."""
    needs = layout.get("needs", ())
    if needs and not any(name in sources and sources[name].exists for name in needs):
        return []
    mine = [s for s in listed(layout, sources) if s.locator not in needs and (s.exists or layout.get("absent"))]
    return [Resource(kind, s.locator, {"path": s.locator, **(s.tree if s.exists else {})}, (s.locator, ())) for s in mine]


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """On the document itself. Raises BindingError for its path."""
    if any(each.path[0] == "path" for each in edits):
        raise BindingError(f"{resource.home[0]}: cannot be given another path")
    return [(resource.home[0], each) for each in edits]


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    """The document and the same path in it."""
    return resource.home[0], path

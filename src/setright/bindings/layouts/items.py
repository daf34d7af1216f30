"""Each document is one resource and its tree is the document: file attributes, units, API resources, database roles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.source import Source, listed
from setright.model import Edit, Path, Plain, Resource, revived


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource a document that is there. The layout's `name:` (``Tags/Name`` leads inwards) is its name, else its locator.

    What a surface could not read stands there as ``{"$unknown": why}``.
    """
    there = (source for source in listed(layout, sources) if source.exists)
    return [Resource(kind, _name(layout, source), revived(source.tree), (source.locator, ())) for source in there]


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """Persistent and running state are one document here. Raises BindingError where that document is gone, and for the mode of
    a file with an access list: a narrower one takes from everybody whom that names."""
    locator = resource.home[0]
    if isinstance(resource.tree, dict) and resource.tree.get("acl") is True and any(each.path == ("mode",) for each in edits):
        raise BindingError(
            f"{resource.name}: an access list lets others in, whom a narrower mode shuts out; see `getfacl`, then chmod"
        )
    if locator not in sources or not sources[locator].exists:
        raise BindingError(f"{locator}: is not there any more; scan again")
    return [(locator, each) for each in [*edits, *live]]


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """The document and the same path in it."""
    return resource.home[0], path


def _name(layout: Mapping[str, Plain], source: Source) -> str:
    node: Plain = source.tree
    for key in str(layout.get("name", "")).split("/"):
        node = node.get(key) if isinstance(node, dict) else None
    return str(node) if isinstance(node, str | int) else source.locator

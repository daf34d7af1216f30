"""Units, each a document that says whether it is enabled and runs, and whether systemd passes it over (`skipped`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import items
from setright.bindings.source import Source
from setright.model import Edit, Path, Plain, Resource


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    return items.view(kind, layout, sources)


def edit(
    layout: Mapping[str, Plain], resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Mapping[str, Source]
) -> list[tuple[str, Edit]]:
    """Raises BindingError where a start would do nothing."""
    if resource.tree.get("skipped") and any(each.path == ("active",) and each.value == "active" for each in edits):
        name = resource.tree["unit"]
        raise BindingError(
            f"{name}: systemd passes it over, since a condition of it is not met here; see `systemctl status {name}`"
        )
    return items.edit(layout, resource, edits, live, sources)


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    return items.locate(layout, resource, path, sources)

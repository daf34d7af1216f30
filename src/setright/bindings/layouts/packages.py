"""Packages, each a document that says whether it is installed, and what the host could do about it now (`can`).
`offered` is false where no source of packages has it.

Its entry in a binding takes `own-kernel`, the packages whose daemons speak to a kernel that no container (`contained`) has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import items
from setright.bindings.source import Source
from setright.model import Edit, Path, Plain, Resource

WHY_NOT = {
    True: "no list of packages is there to install it from; run `apt-get update` first, or put it into the image",
    False: "nothing runs there that could remove it; leave it out where the image is made",
}
NOT_OFFERED = "no source of packages that this host knows offers it; add one that does, or install what takes its place by hand"


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    return items.view(kind, layout, sources)


def edit(
    layout: Mapping[str, Plain], resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Mapping[str, Source]
) -> list[tuple[str, Edit]]:
    """Raises BindingError for what the host cannot do now."""
    for each in edits:
        wanted = bool(each.value)
        if wanted and resource.tree.get("contained") and resource.name in layout.get("own-kernel", ()):
            raise BindingError(f"{resource.name}: its daemon cannot run in a container; install it on the host of this one")
        if wanted and resource.tree.get("offered") is False:
            raise BindingError(f"{resource.name}: {NOT_OFFERED}")
        if ("install" if wanted else "remove") not in resource.tree.get("can", ("install", "remove")):
            raise BindingError(f"{resource.name}: {WHY_NOT[wanted]}")
    return items.edit(layout, resource, edits, live, sources)


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    return items.locate(layout, resource, path, sources)

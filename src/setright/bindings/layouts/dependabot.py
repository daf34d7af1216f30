"""Dependabot's configuration: each list of packages that it keeps up to date.

actions/dependabot   an entry of `updates`, named by its ecosystem and folder (``pip /docs``); `versions: true` where it brings new
                     versions by itself, and not only what mends a known hole

docs.github.com, Dependabot options reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts._documents import mappings, written
from setright.bindings.source import Source
from setright.model import Edit, Path, Plain, Resource
from setright.patterns import late
from setright.trees import as_list

FILE = late(r"(?:^|/)\.github/dependabot\.ya?ml$")


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each entry."""
    found = []
    for source, place, document in mappings(sources):
        entries = document.get("updates") if FILE.search(source.locator) else None
        for i, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict):
                folders = [str(each) for each in as_list(entry.get("directory") or entry.get("directories"))]
                name = " ".join([str(entry.get("package-ecosystem", i + 1)), *folders])
                tree = {**entry, "versions": entry.get("open-pull-requests-limit") != 0}
                found.append(Resource(kind, name, tree, (source.locator, (*place, "updates", i))))
    return found


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """Edits on the entry. Raises BindingError for what is only told."""
    written(resource, sources)
    if any(each.path[0] == "versions" for each in [*edits, *live]):
        raise BindingError(f"{resource.name}: versions is read off the file; change it by hand")
    locator, place = resource.home
    return [(locator, Edit((*place, *each.path), each.value, each.remove)) for each in [*edits, *live]]


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """The same path in the entry."""
    locator, place = resource.home
    return locator, (*place, *path)

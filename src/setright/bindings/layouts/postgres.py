"""PostgreSQL's settings: layers in, what the next start will use out; edits go to the layer that ALTER SYSTEM writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.source import Source
from setright.model import Edit, Path, Plain, Resource, Tree

LAYERS = ("pinned", "auto", "files", "boot")  # strongest first


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource a server: name -> the value of its strongest layer; `effective` is what runs."""
    settings = sources.get(str(layout["main"]))
    if settings is None or not settings.exists:
        return []
    running = sources.get(str(layout["running"]))
    effective = running.tree if running is not None and running.exists else None
    tree = {name: _strongest(entry) for name, entry in settings.tree.items()}
    return [Resource(kind, settings.locator, tree, (settings.locator, ()), effective)]


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """Edits on the `auto` layer; a reload mends what only runs otherwise. Raises BindingError where none can help."""
    main = resource.home[0]
    entries = sources[main].tree
    wanted: Tree = {}
    for each in edits:
        name = str(each.path[0])
        _possible(name, entries.get(name))
        wanted[name] = _applied(wanted.get(name, resource.tree.get(name)), each)
    return [(main, Edit((name, "auto"), value)) for name, value in wanted.items()]


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """The setting's entry."""
    return resource.home[0], path[:1]


def _strongest(entry: Plain) -> Plain:
    told = [entry[layer] for layer in LAYERS if isinstance(entry, dict) and entry.get(layer) is not None]
    return told[0] if told else None


def _possible(name: str, entry: Plain) -> None:
    if entry is None:
        raise BindingError(f"{name}: this server knows no such setting; its version or an extension that is not loaded may be why")
    if "pinned" in entry:
        raise BindingError(
            f"{name}: fixed on the server's command line or when the cluster was made; ALTER SYSTEM cannot change it"
        )


def _applied(value: Plain, edit: Edit) -> Plain:
    """The setting's whole new value: a list is written as one."""
    if len(edit.path) == 1:
        return None if edit.remove else edit.value
    index = edit.path[1]
    if not isinstance(value, list) or len(edit.path) != 2 or not isinstance(index, int) or index > len(value):
        raise BindingError(f"{'/'.join(map(str, edit.path))}: a setting is one value or one list")
    return value[:index] + ([] if edit.remove else [edit.value]) + value[index + 1 :]

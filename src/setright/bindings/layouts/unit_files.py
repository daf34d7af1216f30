"""Services as their unit files and drop-ins say together: one resource a unit. Source: systemd.unit(5), systemd.exec(5).

    {"unit": "app.service", "sort": "site", "Service": {"ExecStart": "/opt/app/run", "NoNewPrivileges": "yes"}}

`sort` is ``site`` for a file in /etc/systemd/system, ``packaged`` else; what has no file of its own, or is a template, is none.
Its entry in a binding takes `documents`, `lens` and

    new         the file for new settings, in the unit's own folder: ``*`` stands for the unit
    templates   true: templates are resources too, and so are their instances that have drop-ins of their own
"""

from __future__ import annotations

from collections.abc import Sequence

from setright.bindings.error import BindingError
from setright.bindings.precedence import Layout, Sources
from setright.bindings.source import Source, listed
from setright.model import Edit, Path, Resource, Tree

ETC = "/etc/systemd/system/"
ADDING_UP = ("Exec", "Environment", "ReadWritePaths", "ReadOnlyPaths", "SystemCallFilter", "CapabilityBoundingSet")


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """Only services that are started by a command, not those that are nothing but drop-ins."""
    seen = []
    for unit, files in sorted(_units(layout, sources).items()):
        merged = _merged(files) if files[0].tree else {}  # an empty file masks the unit
        if (
            "ExecStart" in merged.get("Service", {})
            and files[0].locator.endswith(".service")
            and not _stands_in(layout, unit, files[0])
        ):
            sort = "site" if files[0].locator.startswith(ETC) else "packaged"
            seen.append(Resource(kind, unit, {"unit": unit, "sort": sort, **merged}, (_drop_in(layout, unit), ())))
    return seen


def _stands_in(layout: Layout, unit: str, file: Source) -> bool:
    """A template, or a link by which a unit is enabled under another name."""
    aliases = file.tree.get("Install", {}).get("Alias", "")
    return ("@" in unit and not layout.get("templates")) or unit in " ".join(
        map(str, aliases if isinstance(aliases, list) else [aliases])
    ).split()


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """Where a file of ours sets it last, else into the drop-in. Raises BindingError for what is no setting."""
    made = []
    for each in edits:
        if len(each.path) != 2 or each.path[0] != "Service":
            raise BindingError(f"{'/'.join(map(str, each.path))}: only settings of [Service] can be changed")
        place = _place(layout, resource, each.path, sources)
        if each.remove and place != resource.home[0]:
            raise BindingError(f"{each.path[1]}: {place} sets it, and the unit file is not ours to cut")
        ours = place.startswith(ETC) and place.endswith(".conf")
        made.append((place if ours or resource.tree["sort"] == "site" else resource.home[0], each))
    return made


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    """The file that sets it last, else the drop-in that it would go to."""
    return _place(layout, resource, path, sources), path


def _place(layout: Layout, resource: Resource, path: Path, sources: Sources) -> str:
    for source in reversed(_units(layout, sources).get(resource.name, [])):
        if len(path) == 2 and path[1] in source.tree.get(str(path[0]), {}):
            return source.locator
    return resource.home[0]


def _units(layout: Layout, sources: Sources) -> dict[str, list[Source]]:
    """The files of each unit in the order of their reading: its own, that in /etc before others, then drop-ins by name."""
    found: dict[str, list[Source]] = {}
    for source in listed(layout, sources):
        folder, _, name = source.locator.rpartition("/")
        if source.exists and name.endswith((".service", ".conf")):
            found.setdefault(folder.rpartition("/")[2][:-2] if folder.endswith(".d") else name, []).append(source)
    templates = found if layout.get("templates") else {}
    return {unit: _in_order([*files, *templates.get(_template(unit), ())]) for unit, files in found.items()}


def _template(unit: str) -> str:
    """What an instance is made of; nothing where it is none."""
    name, sign, instance = unit.removesuffix(".service").partition("@")
    return f"{name}@.service" if sign and instance else ""


def _in_order(files: list[Source]) -> list[Source]:
    own = sorted((f for f in files if f.locator.endswith(".service")), key=lambda f: not f.locator.startswith(ETC))
    return [*own[:1], *sorted((f for f in files if f.locator.endswith(".conf")), key=lambda f: f.locator.rpartition("/")[2])]


def _merged(files: Sequence[Source]) -> Tree:
    """Later settings replace earlier ones, but for those that add up, of which only whether they are there matters."""
    tree: Tree = {}
    for source in files:
        for section, keys in source.tree.items():
            told = {
                key: value[-1] if isinstance(value, list) and not key.startswith(ADDING_UP) else value
                for key, value in keys.items()
            }
            tree.setdefault(section, {}).update(told)
    return tree


def _drop_in(layout: Layout, unit: str) -> str:
    return str(layout["new"]).replace("*", unit, 1)

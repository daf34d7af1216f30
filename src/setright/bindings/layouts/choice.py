"""Services of which exactly one should run: a clock, a firewall. One resource says whether none does, and which are too many.

Its entry in a binding takes `prefer`, the units in the order of preference, `marker`, a unit that shows that the host has
services at all, and where that makes sense `install`: the package that brings one, and the unit that it brings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.precedence import Layout, Sources
from setright.model import Edit, Path, Resource, Tree

OFF = {"enabled": "masked", "active": "inactive"}
ON = {"enabled": "enabled", "active": "active"}


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """``{"chosen": "chrony.service", "surplus": [...]}``, or ``{"none": true}``; no resource where no services run."""
    if f"unit:{layout['marker']}" not in sources:
        return []
    there = _there(layout, sources)
    on = [unit for unit, tree in there.items() if tree["enabled"] == "enabled"] or _coming(layout, there, sources)
    tree: Tree = {"chosen": on[0]} if on else {"none": True}
    tree |= {"surplus": on[1:]} if on[1:] else {}
    home = f"unit:{on[0] if on else next(iter(there), layout['marker'])}"
    return [Resource(kind, kind.rpartition("/")[2], tree, (home, ()))]


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """Taking `surplus` away masks those; taking `none` away turns on the one preferred of what is installed, or installs one."""
    there = _there(layout, sources)
    made = []
    for each in edits:
        if each.path == ("surplus",) and each.remove:
            made += [pair for unit in resource.tree["surplus"] for pair in _set(unit, there[unit], OFF)]
        elif each.path == ("none",) and each.remove and there:
            made += _set(*_free(there), ON)
        elif each.path == ("none",) and each.remove and _can_install(layout, sources):
            made.append((f"package:{layout['install']['package']}", Edit(("installed",), True)))
        else:
            raise BindingError(f"none of {', '.join(layout['prefer'])} is installed; install the first that suits")
    return made


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    return resource.home


def _there(layout: Layout, sources: Sources) -> dict[str, Tree]:
    """What is installed, by preference."""
    found = ((unit, sources.get(f"unit:{unit}")) for unit in layout["prefer"])
    return {unit: source.tree for unit, source in found if source and source.exists and source.tree["enabled"] != "alias"}


def _free(there: Mapping[str, Tree]) -> tuple[str, Tree]:
    """The first that may be started; a mask is somebody's decision."""
    for unit, tree in there.items():
        if not str(tree["enabled"]).startswith("masked"):
            return unit, tree
    raise BindingError(f"{', '.join(there)} was masked by somebody; where that was a mistake, unmask it (systemctl unmask)")


def _package(layout: Layout, sources: Sources) -> Tree:
    source = sources.get(f"package:{layout.get('install', {}).get('package')}")
    return source.tree if source and source.exists else {}


def _can_install(layout: Layout, sources: Sources) -> bool:
    """A container has no clock of its own, nor much else that such a service would be about."""
    package = _package(layout, sources)
    return package.get("manager") == "dpkg" and "install" in package.get("can", ()) and not package.get("contained")


def _coming(layout: Layout, there: Mapping[str, Tree], sources: Sources) -> list[str]:
    """The unit of the package where that is to be installed: as Debian's do, it runs from then on."""
    package = _package(layout, sources)
    return [layout["install"]["unit"]] if package.get("installed") and layout["install"]["unit"] not in there else []


def _set(unit: str, tree: Tree, want: Tree) -> list[tuple[str, Edit]]:
    """Where nothing runs, only what a start would do."""
    keys = want if tree.get("active") != "unknown" else {"enabled": want["enabled"]}
    return [(f"unit:{unit}", Edit((key,), want[key])) for key in keys if tree.get(key) != want[key]]

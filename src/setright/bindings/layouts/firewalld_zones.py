"""Zones of firewalld; one of /etc hides the one of its name that came with the package. Source: firewalld.zone(5).

Its entry in a binding takes `main` (firewalld.conf), `shipped` and `own` (folders), and `state` (the document that tells what
runs). A zone's tree is its file's, with `in-use`, and `listens` beside each service and port that something is known of. What
holds until the next reload is its `effective` tree; a reload alone makes it what the file says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.precedence import Layout, Sources
from setright.bindings.source import Source
from setright.model import Edit, Path, Plain, Resource, Tree

SPECIAL = ("block", "drop", "trusted")  # what they do is their name
STOCK = "public"
USUAL = "default"  # turns away what is not named


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """One resource a zone; none where firewalld is known not to run."""
    state = sources.get(str(layout["state"]))
    if state is not None and not state.exists:
        return []
    told = state.tree if state else {}
    zones = _zones(layout, sources)
    return [
        Resource(kind, name, _tree(name, zones[name].tree, layout, sources, told), (zones[name].locator, ()), _runs(name, told))
        for name in sorted(zones)
    ]


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """A zone that came with the package is copied to /etc first; one that no longer lets in everything lets in what listens.

    Nothing where only what runs differs: the reload puts it right. Raises BindingError for zones that cannot be changed.
    """
    if not edits:
        return []
    if resource.name in SPECIAL:
        raise BindingError(f"the zone {resource.name} cannot be changed; give its interfaces and sources to another")
    zone = _zones(layout, sources)[resource.name]
    own = f"{layout['own']}/{resource.name}.xml"
    copied = [] if zone.locator == own else [Edit((key,), value) for key, value in zone.tree.items() if value != []]
    closing = resource.tree.get("target") == "ACCEPT" and any(each.path == ("target",) for each in edits)
    let_in = list(_let_in(resource.tree, sources, layout)) if closing else []
    return [(own, each) for each in [*copied, *let_in, *map(_written, edits)]]


def _written(edit: Edit) -> Edit:
    """As firewalld itself writes it, which names no target where it is the usual one."""
    return Edit(edit.path, remove=True) if (edit.path, edit.value) == (("target",), USUAL) else edit


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    return resource.home[0], path


def _zones(layout: Layout, sources: Sources) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for folder in (str(layout["shipped"]), str(layout["own"])):
        there = (s for s in sources.values() if s.exists and s.locator.rpartition("/")[0] == folder)
        found |= {source.locator.rpartition("/")[2].removesuffix(".xml"): source for source in there}
    return found


def _tree(name: str, zone: Tree, layout: Layout, sources: Sources, told: Mapping[str, Plain]) -> Tree:
    main = sources.get(str(layout["main"]))
    default = (main.tree if main else {}).get("DefaultZone", STOCK)
    used = name == default or name in told.get("active", ()) or bool(zone["interfaces"] or zone["sources"])
    return {"target": USUAL} | zone | {"name": name, "in-use": used} | _let_in_by(zone, told)


def _runs(name: str, told: Mapping[str, Plain]) -> Tree | None:
    """The zone as it is now; None where firewalld does not tell."""
    zone = told.get("runtime", {}).get(name)
    if zone is None:
        return None
    named = {"services": [{"name": each} for each in zone["services"]], "ports": [{"port": each} for each in zone["ports"]]}
    return dict(zone) | _let_in_by(named, told)


def _let_in_by(zone: Mapping[str, Plain], told: Mapping[str, Plain]) -> Tree:
    """Its services and ports, each with whether something listens there."""
    services = [each | _listens(told.get("services", {}).get(each["name"]), told) for each in zone["services"]]
    return {"services": services, "ports": [each | _listens([each["port"]], told) for each in zone["ports"]]}


def _listens(ports: Sequence[str] | None, told: Mapping[str, Plain]) -> Tree:
    """Whether something listens on one of them; nothing where that is not known, as of a service that has no port."""
    if not ports or "listening" not in told:
        return {}
    return {"listens": any(_covers(port, each) for port in ports for each in told["listening"])}


def _covers(port: str, listener: str) -> bool:
    """Whether ``1-1024/tcp`` has ``tcp/22`` in it."""
    numbers, _, protocol = port.partition("/")
    kind, _, number = listener.partition("/")
    first, _, last = numbers.partition("-")
    return protocol == kind and first.isdecimal() and int(first) <= int(number) <= int(last if last.isdecimal() else first)


def _let_in(zone: Tree, sources: Sources, layout: Layout) -> Iterator[Edit]:
    """What listens and is in none of the zone's services and ports."""
    told = sources[str(layout["state"])].tree if str(layout["state"]) in sources else {}
    names = [each["name"] for each in zone["services"]]
    have = [*(port for name in names for port in told.get("services", {}).get(name, ())), *(each["port"] for each in zone["ports"])]
    lacking = [each for each in told.get("listening", ()) if not any(_covers(port, each) for port in have)]
    for number, listener in enumerate(lacking, len(zone["ports"])):
        kind, _, port = listener.partition("/")
        yield Edit(("ports", number), {"port": f"{port}/{kind}"})

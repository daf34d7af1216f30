"""systemd units as their links and files tell: installed, enabled, masked, and what enabling or masking would link. Pure.

systemd.unit(5), systemctl(1): a link in a ``.wants`` or ``.requires`` folder enables, an alias does too, a link to /dev/null
masks, a unit without [Install] is static. /etc hides /run hides /usr.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from functools import lru_cache

import msgspec

from setright.patterns import fits
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.patterns import GLOB
from setright.surfaces.linux.transport import Symlink

ETC = "/etc/systemd/system"
SUFFIXES = (".service", ".socket", ".timer", ".mount", ".path", ".target", ".automount", ".swap", ".slice", ".scope", ".device")
Links = Mapping[str, str | None]


class Unit(msgspec.Struct, frozen=True):
    """One unit. `home` is its own file, ``""`` where only a mask is left of it; `links` are all symbolic links in /etc
    that make it what it is, path -> where they point."""

    name: str
    enabled: str
    active: str
    home: str
    links: Links


def full(name: str) -> str:
    """The unit's name with its suffix; a bare name is a service."""
    return name if name.endswith(SUFFIXES) or name.endswith("*") else f"{name}.service"


def states(name: str, text: bytes) -> list[Unit]:
    """The installed units that a name or glob stands for, from what `script.unit_command` printed."""
    listing, wanted = _listing(text), full(name)
    names = sorted(n for n in listing.direct if fits(n, wanted)) if GLOB.search(wanted) else [wanted]
    return [_unit(unit, listing) for unit in names if unit in listing.direct and unit.endswith(SUFFIXES)]


class Listing(msgspec.Struct, frozen=True):
    """What the unit folders hold: path -> where the link leads, None for a file. `named` has the paths by what they or
    their aims are called, `direct` those that are units, the one that counts first."""

    places: Links
    named: Mapping[str, list[str]]
    direct: Mapping[str, list[str]]
    installs: Set[str]
    active: Mapping[str, str]
    runs: bool


@lru_cache(maxsize=4)
def _listing(text: bytes) -> Listing:
    """Read once for all units that are asked about."""
    rows = [line.split("\t") for line in text.decode(errors="replace").splitlines()]
    places = {row[1]: row[3] if row[2] in "lN" else None for row in rows if row[0] == "L" and len(row) == 4}
    named: dict[str, list[str]] = {}
    direct: dict[str, list[str]] = {}
    for path, aim in places.items():
        own = path.rpartition("/")[2]
        for each in {own, (aim or own).rpartition("/")[2]}:
            named.setdefault(each, []).append(path)
        if _is_direct(path):
            direct.setdefault(own, []).append(path)
    direct = {name: sorted(paths, key=_rank) for name, paths in direct.items()}
    installs = {row[1].rpartition("/")[2] for row in rows if row[0] == "I"}
    return Listing(places, named, direct, installs, _active(rows), ["R"] in rows)


def _active(rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """What runs, by every name that systemd knows it under."""
    active: dict[str, str] = {}
    names: list[str] = []
    for key, _, value in (row[1].partition("=") for row in rows if row[0] == "A"):
        if key == "Names":
            names = value.split()
        elif key == "ActiveState":
            active |= dict.fromkeys(names, value)
    return active


def _unit(unit: str, listing: Listing) -> Unit:
    home = next((path for path in listing.direct[unit] if listing.places[path] is None), "")
    active = listing.active.get(unit, "inactive" if listing.runs else "unknown")
    near = {path: listing.places[path] for path in sorted(listing.named[unit])}
    return Unit(unit, _enabled(unit, near, listing), active, home, _links(unit, near))


def _is_direct(path: str) -> bool:
    return path.rpartition("/")[0].endswith("/systemd/system")


def _enabled(unit: str, near: Links, listing: Listing) -> str:
    path = listing.direct[unit][0]
    aim = listing.places[path]
    if aim == "/dev/null":
        return "masked-runtime" if path.startswith("/run/") else "masked"
    real = aim.rpartition("/")[2] if aim else unit
    if real != unit:
        return "alias"
    if any(_enables(place, to, unit) for place, to in near.items()):
        return "enabled"
    return "disabled" if unit in listing.installs else "static"


def _rank(path: str) -> int:
    return next((i for i, top in enumerate(("/etc/", "/run/", "/usr/local/")) if path.startswith(top)), 3)


def _enables(place: str, to: str | None, unit: str) -> bool:
    """A link in /etc that pulls the unit in, or gives it another name."""
    if to is None or not place.startswith(f"{ETC}/"):
        return False
    folder, _, name = place.rpartition("/")
    if folder.endswith((".wants", ".requires")):
        return name == unit
    return to.rpartition("/")[2] == unit and name != unit


def _links(unit: str, near: Links) -> dict[str, str | None]:
    return {p: to for p, to in near.items() if to is not None and (_enables(p, to, unit) or p == f"{ETC}/{unit}")}


def relink(unit: Unit, want: str, text: str) -> list[Symlink]:
    """The links to change so that the unit is enabled, disabled or masked; `text` is its file, for [Install]."""
    mask = f"{ETC}/{unit.name}"
    if want == "masked":
        if unit.home == mask:
            raise SurfaceError(f"{unit.name} cannot be masked: its own file is {mask}; disable it, or move that file away")
        return [Symlink(mask, unit.links.get(mask), "/dev/null")]
    unmask = [Symlink(mask, "/dev/null", None)] if unit.enabled == "masked" else []
    if want == "disabled":
        return unmask or [Symlink(path, to, None) for path, to in unit.links.items() if path != mask]
    if want == "static":
        return unmask
    wanted_by = install_links(unit.name, text)
    if want != "enabled" or not wanted_by:
        raise SurfaceError(f"{unit.name} cannot be made {want!r}; masked and disabled can be, and enabled where it has [Install]")
    return unmask + [Symlink(path, unit.links.get(path), unit.home) for path in wanted_by]


def links_back(now: Links, then: Links) -> list[Symlink]:
    """The links that bring back exactly the former ones."""
    return [Symlink(p, now.get(p), then.get(p)) for p in sorted({*now, *then}) if now.get(p) != then.get(p)]


def install_links(name: str, text: str) -> list[str]:
    """The links that enabling makes, by the unit file's [Install] section."""
    links, section = [], ""
    for raw in text.splitlines():
        line = raw.strip()
        if line.startswith("["):
            section = line
        key, _, value = line.partition("=")
        if section == "[Install]" and not line.startswith(("#", ";")):
            folder = {"WantedBy": "wants", "RequiredBy": "requires"}.get(key.strip())
            links += [f"{ETC}/{target}.{folder}/{name}" for target in value.split() if folder]
            links += [f"{ETC}/{alias}" for alias in value.split() if key.strip() == "Alias"]
    return links

"""systemd units as their links and files tell: installed, enabled, masked, and what enabling or masking would link. Pure.

systemd.unit(5), systemctl(1): a link in a ``.wants`` or ``.requires`` folder enables, an alias does too, a link to /dev/null
masks, a unit without [Install] is static. /etc hides /run hides /usr.
"""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

import msgspec

from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.transport import Link

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


def states(name: str, listing: bytes) -> list[Unit]:
    """The installed units that a name or glob stands for, from what `script.unit_command` printed."""
    places, installs, active, runs = _parse(listing)
    own = {path.rpartition("/")[2] for path in places if _is_direct(path)}
    return [
        Unit(
            unit,
            _enabled(unit, places, installs),
            active.get(unit, "inactive" if runs else "unknown"),
            next((path for path, aim in _direct(unit, places) if aim is None), ""),
            _links(unit, places),
        )
        for unit in sorted(own)
        if fnmatchcase(unit, full(name)) and unit.endswith(SUFFIXES)
    ]


def _parse(listing: bytes) -> tuple[dict[str, str | None], set[str], dict[str, str], bool]:
    """Places (path -> link or None for a file), units with [Install], what runs, whether systemd does."""
    places: dict[str, str | None] = {}
    installs: set[str] = set()
    active: dict[str, str] = {}
    names: list[str] = []
    runs = False
    for line in listing.decode(errors="replace").splitlines():
        head, *rest = line.split("\t")
        if head == "L" and len(rest) == 3:
            places[rest[0]] = rest[2] if rest[1] in "lN" else None
        elif head == "I":
            installs.add(rest[0].rpartition("/")[2])
        elif head == "R":
            runs = True
        elif head == "A" and rest[0].startswith("Names="):
            names = rest[0].removeprefix("Names=").split()
        elif head == "A" and rest[0].startswith("ActiveState="):
            active |= dict.fromkeys(names, rest[0].removeprefix("ActiveState="))
    return places, installs, active, runs


def _is_direct(path: str) -> bool:
    return path.rpartition("/")[0].endswith("/systemd/system")


def _direct(unit: str, places: Links) -> list[tuple[str, str | None]]:
    """The unit's files and links in the unit folders, the one that counts first."""
    direct = [(path, aim) for path, aim in places.items() if _is_direct(path) and path.endswith(f"/{unit}")]
    return sorted(direct, key=lambda item: _rank(item[0]))


def _enabled(unit: str, places: Links, installs: set[str]) -> str:
    path, aim = _direct(unit, places)[0]
    if aim == "/dev/null":
        return "masked-runtime" if path.startswith("/run/") else "masked"
    real = aim.rpartition("/")[2] if aim else unit
    if real != unit:
        return "alias"
    if any(_enables(place, to, unit) for place, to in places.items()):
        return "enabled"
    return "disabled" if unit in installs else "static"


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


def _links(unit: str, places: Links) -> dict[str, str | None]:
    return {p: to for p, to in sorted(places.items()) if to is not None and (_enables(p, to, unit) or p == f"{ETC}/{unit}")}


def relink(unit: Unit, want: str, text: str) -> list[Link]:
    """The links to change so that the unit is enabled, disabled or masked; `text` is its file, for [Install]."""
    mask = f"{ETC}/{unit.name}"
    if want == "masked":
        if unit.home == mask:
            raise SurfaceError(f"{unit.name} cannot be masked: its own file is {mask}; disable it, or move that file away")
        return [Link(mask, unit.links.get(mask), "/dev/null")]
    unmask = [Link(mask, "/dev/null", None)] if unit.enabled == "masked" else []
    if want == "disabled":
        return unmask or [Link(path, to, None) for path, to in unit.links.items() if path != mask]
    if want == "static":
        return unmask
    wanted_by = install_links(unit.name, text)
    if want != "enabled" or not wanted_by:
        raise SurfaceError(f"{unit.name} cannot be made {want!r}; masked and disabled can be, and enabled where it has [Install]")
    return unmask + [Link(path, unit.links.get(path), unit.home) for path in wanted_by]


def restore(now: Links, then: Links) -> list[Link]:
    """The links that bring back exactly the former ones."""
    return [Link(p, now.get(p), then.get(p)) for p in sorted({*now, *then}) if now.get(p) != then.get(p)]


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

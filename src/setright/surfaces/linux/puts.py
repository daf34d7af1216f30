"""How each kind of document is kept and put: files, inode attributes, units, kernel parameters."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence

from setright.model import Change, Kept, Plain, digest
from setright.surfaces.base import Locked, Moved, SurfaceError
from setright.surfaces.linux import packages, states, units, writes
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.script import ENDINGS, LOCKED
from setright.surfaces.linux.shell import check_write
from setright.surfaces.linux.sysctl import path_of
from setright.surfaces.linux.transport import Ask, Reply, Symlink, Transport


def ask_beside(locator: str) -> Ask | None:
    """What to ask, beside the document itself, so that it can be restored exactly."""
    if locator.startswith("/"):
        return Ask("inode", locator)
    if locator.startswith("unit:"):
        return Ask("unit", locator.removeprefix("unit:"))
    if locator.startswith("package:"):
        return packages.former(locator.removeprefix("package:"))
    return None


def meta(locator: str, found: Reply | None) -> Mapping[str, Plain]:
    """What `ask_beside` asked for, as `Kept.meta`. Raises SurfaceError for what could not be written."""
    if found is not None and found.error in {ENDINGS[each] for each in LOCKED}:
        raise Locked(f"{locator} {found.error}")
    if found is None or found.data is None:
        return {}
    if locator.startswith("/"):
        kept: Mapping[str, Plain] = json.loads(found.data)
        return kept
    if locator.startswith("package:"):
        return packages.former_state(found.data.decode(errors="replace"))
    unit = _unit(locator, found)
    return {"links": dict(unit.links)}


def put_change(transport: Transport, change: Change, new_mode: str) -> None:
    """Puts a change of any kind. Raises Moved, or SurfaceError for what cannot be written at all."""
    family = change.locator.partition(":")[0]
    if change.locator.startswith("/"):
        transport.put(change.locator, digest(change.before), change.after, {"new_mode": new_mode, **(change.meta or {})})
    elif family not in WRITERS or change.locator == "running:modules":
        raise SurfaceError(f"{transport.target}: {change.locator} can be read but not written; change what it comes from")
    elif change.before is None or change.after is None:
        raise SurfaceError(f"{transport.target}: {change.locator} cannot be made or removed, only changed")
    else:
        WRITERS[family](transport, change, _tree(change.before), _tree(change.after))


def restoring(kept: Kept) -> list[str]:
    """Shell bodies that put one document back whatever it is by then: for the dead-man's switch."""
    family, _, name = kept.locator.partition(":")
    if kept.locator.startswith("/"):
        return [writes.put(kept.locator, "any", kept.data, kept.meta)]
    if kept.data is None or family == "package":
        return []
    if family == "state":
        return states.back(name, _tree(kept.data))
    if family == "stat":
        return [writes.give_owner(name, "any", _owned(_tree(kept.data)))]
    if family == "unit":
        links = kept.meta.get("links", {})
        mask = f"{units.ETC}/{name}"
        start = f"systemctl daemon-reload && systemctl start {shlex.quote(name)}" if _tree(kept.data)["active"] == "active" else ":"
        relinked = writes.link([Symlink(path, "any", links.get(path)) for path in sorted({mask, *links})])
        return [f"{relinked}\nif [ -d /run/systemd/system ]; then {start}; fi"]
    return [writes.sysctl(path_of(key), "any", value) for key, value in _tree(kept.data).items()]


def _tree(data: bytes) -> dict[str, Plain]:
    tree: dict[str, Plain] = json.loads(data)
    return tree


def _owned(tree: Mapping[str, Plain]) -> str:
    return f"{tree['owner']}:{tree['group']}:{int(tree['mode'], 8):04o}"


def _stat(transport: Transport, change: Change, before: Mapping[str, Plain], after: Mapping[str, Plain]) -> None:
    fixed = [key for key in ("path", "type") if before.get(key) != after.get(key)]
    if fixed:
        raise SurfaceError(f"{transport.target}: {change.locator}: {', '.join(fixed)} cannot be changed")
    transport.own(change.locator.removeprefix("stat:"), _owned(before), _owned(after))


def _sysctl(transport: Transport, change: Change, before: Mapping[str, Plain], after: Mapping[str, Plain]) -> None:
    """All values under one lock, each only where it still is as planned."""
    moved = {key: value for key, value in after.items() if before.get(key) != value}
    bodies = [writes.sysctl(path_of(key), str(before.get(key, "any")), str(value)) for key, value in moved.items()]
    if bodies:
        ran = transport.run(writes.scripted("\n".join(bodies)))
        check_write(transport.target, ", ".join(moved), ran)


def _units(transport: Transport, change: Change, before: Mapping[str, Plain], after: Mapping[str, Plain]) -> None:
    """Links first, then what runs: a masked unit cannot start again between the two."""
    ask = Ask("unit", change.locator.removeprefix("unit:"))
    unit = _unit(change.locator, transport.find([ask])[ask][0])
    if unit.enabled not in (before["enabled"], after["enabled"]):
        raise Moved(
            f"{transport.target}: {unit.name} is {unit.enabled} now, the change was planned on {before['enabled']}; scan again"
        )
    if change.meta and "links" in change.meta:
        transport.link(units.links_back(unit.links, change.meta["links"]))
    elif unit.enabled != after["enabled"]:
        file = Ask("file", unit.home)
        found = transport.find([file])[file] if unit.home else []
        transport.link(units.relink(unit, str(after["enabled"]), (found[0].data or b"").decode(errors="replace") if found else ""))
    if transport.live:
        _start_or_stop(transport, unit, str(after["active"]))


def _start_or_stop(transport: Transport, unit: units.Unit, want: str) -> None:
    if unit.active == "unknown":
        return  # no systemd runs there, so nothing it would have to stop
    verb = VERBS.get((unit.active, want))
    deed = DEEDS.get((verb or "", unit.name.rpartition(".")[2]), f"systemctl {verb} {{0}}")
    then = f" && {{ {deed.format(shlex.quote(unit.name))}; }}" if verb else ""
    may, stays = (each.format(shlex.quote(unit.name)) if verb == "start" else "" for each in (MAY, STAYS))
    ran = transport.run(f"{may}systemctl daemon-reload{then} || exit 1\n{stays}")
    if ran.status:
        raise SurfaceError(f"{transport.target}: {unit.name}: systemctl {verb or 'daemon-reload'} failed: {ran.err.strip()}")


def _unit(locator: str, found: Reply) -> units.Unit:
    name = locator.removeprefix("unit:")
    listed = units.states(name, found.data or b"")
    if not listed:
        raise Moved(f"{locator} is no longer installed; scan again")
    return listed[0]


def _state(transport: Transport, change: Change, before: Mapping[str, Plain], after: Mapping[str, Plain]) -> None:
    """By the commands that lead from one to the other; what is so already is left alone."""
    name = change.locator.partition(":")[2]
    body = states.deeds(name, dict(before), dict(after))
    if body and _now(transport, name) != after:
        check_write(transport.target, change.locator, transport.run(writes.scripted(body), 900.0))


def _package(transport: Transport, change: Change, before: Mapping[str, Plain], after: Mapping[str, Plain]) -> None:
    """Installs or removes one package, where nothing else would have to go."""
    name = change.locator.partition(":")[2]
    manager, kept = str(before["manager"]), change.meta
    body = packages.install(manager, name, kept) if after["installed"] else packages.removal_script(manager, name, kept)
    check_write(transport.target, change.locator, transport.run(writes.scripted(body), 900.0))


def ready(transport: Transport, changes: Sequence[Change]) -> None:
    """Installs at once what several changes install, and removes what several remove; all or nothing. Raises SurfaceError."""
    coming: dict[str, str] = {}
    going: dict[str, Mapping[str, Plain] | None] = {}
    for change in changes:
        family, _, name = change.locator.partition(":")
        row = _tree(change.after) if family == "package" and change.after else {}
        if row.get("manager") != "dpkg":
            continue
        if row["installed"]:
            coming[name] = str((change.meta or {}).get("version", ""))
        else:
            going[name] = change.meta
    bodies = [packages.install_all(coming)] * (len(coming) > 1) + [packages.remove_all(going)] * (len(going) > 1)
    for body in bodies:
        check_write(transport.target, "package:*", transport.run(writes.scripted(body), 900.0))


def _now(transport: Transport, name: str) -> Plain:
    known = states.state(name)
    return known.tell(Evidence(transport.find(known.ASKS))) if known else None


VERBS = {
    ("active", "inactive"): "stop",
    ("activating", "inactive"): "stop",
    ("failed", "inactive"): "reset-failed",
    ("inactive", "active"): "start",
    ("failed", "active"): "start",
}
# systemctl(1) starts nothing, and is content, where a condition of the unit is not met.
# One that falls while it is stopped is stopped; a socket is not opened while the service that it is for has it open.
DEEDS = {
    ("stop", "service"): "systemctl stop {0} && {{ systemctl -q is-failed {0} && systemctl reset-failed {0}; true; }}",
    ("start", "socket"): """up=$(for u in $(systemctl show -P Triggers {0}); do systemctl -q is-active "$u" && echo "$u"; done)
  [ -z "$up" ] || systemctl stop $up; systemctl start {0} && {{ [ -z "$up" ] || systemctl start $up; }}""",
}
MAY = """why=$(systemd-analyze condition --unit={0} 2>&1 | grep -m 1 'Condition.* failed') && {{ echo "$why" >&2; exit 1; }}
"""
# A service that is started and falls at once has been started well, as far as systemctl(1) goes.
STAYS = """sleep 1
case $(systemctl show -P ActiveState -P SubState {0}) in *failed*|*auto-restart*)
  echo "it started and did not stay up; see journalctl -u {0}" >&2; exit 1 ;;
esac
"""
WRITERS = {"stat": _stat, "unit": _units, "running": _sysctl, "state": _state, "package": _package}

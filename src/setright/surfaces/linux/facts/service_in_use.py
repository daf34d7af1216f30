"""Does anybody use this service? `linux/service-in-use:cups.service`. Evidence: what it runs, needs it, and is connected to."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import NEVER_BOOTED, Evidence, count, some
from setright.surfaces.linux.transport import Ask
from setright.surfaces.linux.units import full, states


def _connected(unit: str) -> Ask:
    """Established connections of the processes in the unit's control group, other ends beyond this host only."""
    return Ask(
        "run",
        f"""g=$(systemctl show -P ControlGroup -- {unit} 2>/dev/null); [ -n "$g" ] || exit 0
for p in $(cat /sys/fs/cgroup$g/cgroup.procs /sys/fs/cgroup/systemd$g/cgroup.procs 2>/dev/null); do
ss -Htunp state established | grep -F "pid=$p,"; done; true""",
    )


def _needed(unit: str) -> Ask:
    """Services that run and cannot without it; targets only gather."""
    return Ask(
        "run",
        f"""systemctl show -p RequiredBy -p BoundBy -p RequisiteOf --value -- {unit} 2>/dev/null | tr ' ' '\\n' |
grep '[.]service$' | while read -r u; do systemctl -q is-active -- "$u" && echo "$u"; done; true""",
    )


def asks(argument: str) -> Sequence[Ask]:
    unit = full(argument)
    return (Ask("unit", unit), _connected(unit), _needed(unit), *NEVER_BOOTED)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds with a connection from elsewhere; a service that runs unconnected now cannot be told unused."""
    unit = full(argument)
    found = states(unit, evidence.text(Ask("unit", unit)).encode())
    source = "unit files, systemctl, ss"
    if not argument or not found:
        return Answer(
            False if argument else None,
            f"{unit} is not installed" if argument else "which service? write linux/service-in-use:UNIT",
            source,
        )
    state = found[0]
    needing = evidence.lines(_needed(unit))
    if needing:
        return Answer(True, f"{some(needing)} runs and cannot without {unit}", source)
    if state.active == "active":
        peers = [line for line in evidence.lines(_connected(unit)) if not re.search(r"\s(127\.|\[?::1)\S*\s+users:", line)]
        if peers:
            return Answer(True, f"{unit} is running, with {count(len(peers), 'connection')} from elsewhere now", source)
        return Answer(None, f"{unit} is running; nobody from elsewhere is connected at this moment", source)
    if state.active == "unknown":
        if evidence.never_booted():
            return Answer(False, f"{unit} is {state.enabled}, and this image has never been started", "unit files, /etc/machine-id")
        return Answer(None, f"{unit} is {state.enabled}; whether it runs cannot be told here", source)
    if state.enabled == "enabled":
        return Answer(None, f"{unit} does not run now, but is started with the host", source)
    return Answer(False, f"{unit} does not run and is {state.enabled}", source)

"""Does one of these programs run, or will it with the host? `linux/any-runs:keepalived+corosync`. Source: /proc, units."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence, some
from setright.surfaces.linux.transport import Ask

NAMES = Ask("run", "cat /proc/[0-9]*/comm 2>/dev/null | sort -u")


def _units(names: Sequence[str]) -> tuple[Ask, ...]:
    return tuple(Ask("list", f"/etc/systemd/system/*.wants/{name}*.service") for name in names)


def asks(argument: str) -> Sequence[Ask]:
    return (NAMES, UPTIME, *_units(argument.split("+")))


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where one runs or is enabled; a host that runs and has none of them does not need what they need."""
    names = argument.split("+")
    if not all(re.fullmatch(r"[\w.@-]+", name) for name in names):
        return Answer(None, "which programs? write linux/any-runs:ONE+OTHER")
    source = "/proc/PID/comm, /etc/systemd/system"
    if not evidence.text(UPTIME) or not evidence.ran(NAMES):
        return Answer(None, "what runs cannot be told here", source)
    seen = {line.strip() for line in evidence.lines(NAMES)}
    running = sorted(each for each in seen if any(each.startswith(name[:15]) for name in names))
    enabled = [unit.rpartition("/")[2] for unit in evidence.names(*_units(names))]
    if running or enabled:
        return Answer(True, f"{some(running + enabled)} runs or is started with the host", source)
    return Answer(False, f"none of {some(names, 12)} runs or is started with the host", source)

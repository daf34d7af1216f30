"""What did firewall-cmd set without --permanent? A reload of firewalld forgets it for good. Source: firewall-cmd(1).

Interfaces are left out: who brings them up names their zone anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.transport import Ask

ZONES = Ask(
    "run",
    """command -v firewall-cmd >/dev/null || exit 0
export LC_ALL=C; now=$(firewall-cmd --list-all-zones 2>/dev/null) || exit 0
printf '%s\\n' "$now" | sed 's/^/N/'; firewall-cmd --permanent --list-all-zones | sed 's/^/P/'""",
)
SOURCE = "firewall-cmd --list-all-zones, with and without --permanent"
MOVES = ("interfaces", "ingress-priority", "egress-priority")


def asks(argument: str) -> Sequence[Ask]:
    return (ZONES,)


def answer(argument: str, evidence: Evidence) -> Answer:
    lines = evidence.lines(ZONES)
    if not evidence.ran(ZONES) or evidence.failed(ZONES) or not any(line.startswith("P") for line in lines):
        return Answer(None, "cannot be told: firewalld does not answer")
    now, kept = (dict(_settings(line[1:] for line in lines if line.startswith(mark))) for mark in "NP")
    only = [f"{zone}: {key} {value or 'none'}" for (zone, key), value in now.items() if kept.get((zone, key), "") != value]
    if only:
        return Answer(True, f"until the next reload, and in no file: {some(only)}", SOURCE)
    return Answer(False, "what firewalld does now is what its files say", SOURCE)


def _settings(lines: Iterator[str]) -> Iterator[tuple[tuple[str, str], str]]:
    """Each zone's settings, rich rules on lines of their own included."""
    zone = key = ""
    for line in lines:
        if line[:1].strip():
            zone = line.split()[0]
        elif line.startswith("\t") and line.strip():
            yield (zone, line.strip()), "yes"
        elif ": " in line and (key := line.strip().partition(":")[0]) not in MOVES:
            yield (zone, key), " ".join(sorted(line.partition(": ")[2].split()))

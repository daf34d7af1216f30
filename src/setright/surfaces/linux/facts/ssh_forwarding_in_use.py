"""Do people tunnel through this host's sshd? sshd does not log forwardings: only those open now, or arranged for, can be seen."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, count
from setright.surfaces.linux.transport import Ask

OFTEN = True
SOCKETS = Ask("run", "ss -Htnp state established; echo ===; ss -Hltnp")
ARRANGED = Ask(
    "run",
    "grep -lE '^[^#]*(permitopen|permitlisten|tunnel)=' /root/.ssh/authorized_keys /home/*/.ssh/authorized_keys 2>/dev/null; true",
)
PORTS = Ask("run", "sshd -T 2>/dev/null | sed -n 's/^port //p'")


def asks(argument: str) -> Sequence[Ask]:
    return (SOCKETS, ARRANGED, PORTS)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where a tunnel is open or arranged for; never disproved."""
    if not evidence.ran(SOCKETS):
        return Answer(None, "cannot be told: nothing runs here, and sshd does not log forwardings")
    arranged = evidence.lines(ARRANGED)
    if arranged:
        return Answer(True, f"{arranged[0]} arranges for a tunnel", "authorized_keys")
    tunnels = _tunnels(evidence)
    if tunnels:
        return Answer(True, f"{count(len(tunnels), 'tunnel')} through sshd open now", "ss")
    return Answer(
        None, "no tunnel is open now; sshd does not log forwardings, so earlier ones cannot be told", "ss, authorized_keys"
    )


def _tunnels(evidence: Evidence) -> list[str]:
    """Sockets of sshd on other ports than its own: local ends of tunnels, and listeners for remote ones."""
    ports = set(evidence.text(PORTS).split()) or {"22"}
    lines = [line for line in evidence.lines(SOCKETS) if '"sshd' in line]
    local = [(line, re.findall(r"\S+:(\d+)\s", line)) for line in lines]
    return [line for line, found in local if found and found[0] not in ports]

"""Does the network say which time servers to use? Evidence: `timedatectl show-timesync`, leases of DHCP clients."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence
from setright.surfaces.linux.transport import Ask

TOLD = Ask(
    "run",
    """timedatectl show-timesync -p LinkNTPServers --value 2>/dev/null
grep -hE '^NTP=.' /run/systemd/netif/leases/* /run/systemd/netif/state 2>/dev/null
grep -hoE 'ntp-servers [^;]*' /var/lib/dhcp/*.leases /var/lib/NetworkManager/*.lease 2>/dev/null | sort -u; true""",
)


def asks(argument: str) -> Sequence[Ask]:
    return (TOLD, UPTIME)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where it names some."""
    source = "timedatectl, DHCP leases"
    if not evidence.text(UPTIME) or not evidence.ran(TOLD):
        return Answer(None, "what the network says cannot be told here", source)
    named = evidence.lines(TOLD)
    return Answer(bool(named), f"the network names {named[0].strip()}" if named else "the network names no time servers", source)

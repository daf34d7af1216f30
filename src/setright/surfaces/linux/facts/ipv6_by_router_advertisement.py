"""Does this host have its IPv6 way out from a router's advertisement? route flags of linux/ipv6_route.h."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

ROUTES = Ask("file", "/proc/net/ipv6_route")
UP = Ask("file", "/proc/uptime")
INTERFACES = (Ask("grep", "/etc/network/interfaces", "inet6 auto"), Ask("grep", "/etc/network/interfaces.d/*", "inet6 auto"))
RTF_ADDRCONF = 0x00040000  # learned from an advertisement
NOWHERE = "0" * 32


def asks(argument: str) -> Sequence[Ask]:
    return (ROUTES, UP, *INTERFACES)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where the configuration asks for it or the default route came so."""
    asked = [line.strip() for ask in INTERFACES for line in evidence.lines(ask) if not line.lstrip().startswith("#")]
    if asked:
        return Answer(True, f"{asked[0]!r} asks for it", "/etc/network/interfaces")
    if not evidence.text(UP):
        return Answer(None, "cannot be told: nothing runs here")
    rows = [line.split() for line in evidence.lines(ROUTES)]
    ways = [row[9] for row in rows if len(row) == 10 and row[:2] == [NOWHERE, "00"] and int(row[8], 16) & RTF_ADDRCONF]
    if ways:
        return Answer(True, f"the default route through {ways[0]} was advertised by a router", "/proc/net/ipv6_route")
    return Answer(False, "no IPv6 default route comes from a router's advertisement now", "/proc/net/ipv6_route")

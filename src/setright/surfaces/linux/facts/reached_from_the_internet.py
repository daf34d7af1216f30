"""Does this host listen on an address that the Internet routes? Evidence: ss(8), ip-address(8); RFC 6890 for what is routed."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, count
from setright.surfaces.linux.transport import Ask

OFTEN = True
LISTENING = Ask("run", "ss -Htln 2>/dev/null; true")
ADDRESSES = Ask("run", "ip -o addr show up 2>/dev/null; true")
SOURCE = "ss -Htln, ip addr"


def asks(argument: str) -> Sequence[Ask]:
    return LISTENING, ADDRESSES


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds with a listener on a global address; never says "not so": what forwards to this host cannot be seen here."""
    words = [line.split() for line in evidence.lines(ADDRESSES)]
    own = _global(each[3].partition("/")[0] for each in words if len(each) > 3 and each[2] in ("inet", "inet6"))
    listening = [each[3].rpartition(":") for line in evidence.lines(LISTENING) if len(each := line.split()) > 3]
    ports = {port for place, _, port in listening if _reaches(place.strip("[]").partition("%")[0], own)}
    if own and ports:
        some = ", ".join(sorted(ports, key=int)[:5])
        return Answer(True, f"listens on {count(len(ports), 'port')} ({some}) of the public address {own[0]}", SOURCE)
    return Answer(None, "no listener on a public address; what is forwarded to it cannot be seen here", SOURCE)


def _global(texts: Iterable[str]) -> list[str]:
    found = []
    for text in texts:
        try:
            if ipaddress.ip_address(text).is_global:
                found.append(text)
        except ValueError:
            continue
    return found


def _reaches(place: str, own: Sequence[str]) -> bool:
    if place in ("*", "::"):
        return True
    if place == "0.0.0.0":  # noqa: S104 - what is looked for
        return any(":" not in each for each in own)
    return place in own

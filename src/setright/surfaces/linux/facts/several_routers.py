"""Does a router tell this host of better ways? Evidence: ICMP redirects counted since the start (/proc/net/snmp)."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence
from setright.surfaces.linux.transport import Ask

OFTEN = True
COUNTERS = (Ask("file", "/proc/net/snmp"), Ask("file", "/proc/net/snmp6"))
A_DAY_S = 86400


def asks(argument: str) -> Sequence[Ask]:
    return (*COUNTERS, UPTIME)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds with a redirect; without any, a day of silence is proof enough, since routers repeat them."""
    runs_s = float((evidence.text(UPTIME).split() or ["0"])[0])
    seen = _redirects(evidence)
    if not runs_s or seen is None:
        return Answer(None, "cannot be told: nothing runs here")
    source = "/proc/net/snmp, /proc/net/snmp6"
    if seen:
        return Answer(True, f"{seen} redirects came in {evidence.since_boot()}", source)
    return Answer(False if runs_s >= A_DAY_S else None, f"no redirect came in {evidence.since_boot()}", source)


def _redirects(evidence: Evidence) -> int | None:
    """Of both families; None where the kernel tells of neither."""
    rows = [line.split() for line in evidence.lines(COUNTERS[0]) if line.startswith("Icmp:")]
    if len(rows) != 2:
        return None
    old = int(dict(zip(rows[0], rows[1], strict=False)).get("InRedirects", "0"))
    new = [int(row[1]) for line in evidence.lines(COUNTERS[1]) if (row := line.split())[0] == "Icmp6InRedirects"]
    return old + sum(new)

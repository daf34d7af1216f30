"""May packets come in by another way than their answers go out? Strict reverse path filtering (RFC 3704) drops those."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence, some
from setright.surfaces.linux.transport import Ask

OFTEN = True
ROUTES, COUNTERS = Ask("file", "/proc/net/route"), Ask("file", "/proc/net/netstat")


def asks(argument: str) -> Sequence[Ask]:
    return (ROUTES, COUNTERS, UPTIME)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Does not hold where there is one way; several that were never seen crossed are no proof."""
    if not evidence.text(UPTIME):
        return Answer(None, "cannot be told: nothing runs here")
    rows = [line.split() for line in evidence.lines(ROUTES)[1:]]
    ways = sorted({row[0] for row in rows if row} - {"lo"})
    if len(ways) < 2:
        return Answer(False, f"there is one way in and out: {some(ways) or 'none'}", "/proc/net/route")
    dropped = _dropped(evidence)
    if dropped:
        return Answer(
            True, f"{dropped} packets came in by another way than their answers go, {evidence.since_boot()}", "/proc/net/netstat"
        )
    return Answer(
        None, f"there are several ways ({some(ways)}); none was seen to be crossed {evidence.since_boot()}", "/proc/net/route"
    )


def _dropped(evidence: Evidence) -> int:
    """What reverse path filtering dropped so far; 0 also where it is off."""
    rows = [line.split() for line in evidence.lines(COUNTERS) if line.startswith("TcpExt:")]
    return int(dict(zip(rows[0], rows[1], strict=False)).get("IPReversePathFilter", "0")) if len(rows) == 2 else 0

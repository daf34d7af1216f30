"""Who besides root puts off jobs by at? at.allow must name them, or they cannot any more. Evidence: the owners of the queue."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence, some
from setright.surfaces.linux.transport import Ask

OWNERS = Ask(
    "run",
    """[ "$(id -u)" = 0 ] || exit 13
find /var/spool/cron/atjobs /var/spool/at /var/spool/atjobs -type f ! -user root ! -user daemon -printf '%u\\n' 2>/dev/null |
sort -u; true""",
)


def asks(argument: str) -> Sequence[Ask]:
    return (OWNERS, UPTIME)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where somebody's job waits now; jobs leave no trace once they ran."""
    source = "/var/spool/cron/atjobs"
    if not evidence.text(UPTIME) or not evidence.ran(OWNERS) or evidence.failed(OWNERS):
        return Answer(None, "who waits in at's queue cannot be told here", source)
    users = evidence.lines(OWNERS)
    if users:
        return Answer(True, f"jobs of {some(users, 20)} wait", source)
    return Answer(False, "no job of anybody but root waits", source)

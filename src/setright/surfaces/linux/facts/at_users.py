"""Who besides root puts off jobs by at? at.allow must name them, or they cannot any more. Evidence: the owners of the queue.

Jobs leave no trace once they ran.
"""

from __future__ import annotations

from setright.surfaces.linux.seen import ListingFact
from setright.surfaces.linux.transport import Ask

OWNERS = Ask(
    "run",
    """[ "$(id -u)" = 0 ] || exit 13
find /var/spool/cron/atjobs /var/spool/at /var/spool/atjobs -type f ! -user root ! -user daemon -printf '%u\\n' 2>/dev/null |
sort -u; true""",
)
SEEN = ListingFact(
    OWNERS,
    source="/var/spool/cron/atjobs",
    found="jobs of {} wait",
    none="no job of anybody but root waits",
    unknown="who waits in at's queue",
    most=20,
)
asks, answer = SEEN.asks, SEEN.answer

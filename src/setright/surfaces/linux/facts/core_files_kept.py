"""Does anybody look at copies of memory that crashes leave? Evidence: files where they are kept."""

from __future__ import annotations

from setright.surfaces.linux.seen import ListingFact
from setright.surfaces.linux.transport import Ask

OFTEN = True
KEPT = Ask(
    "run",
    """find /var/lib/systemd/coredump /var/crash /var/lib/apport/coredump /var/core -maxdepth 1 -type f -mtime -90 2>/dev/null
grep -qsv -e '^|/bin/false' -e '^core$' -e '^|/usr/lib/systemd/systemd-coredump' -e '^|/usr/share/apport/apport' \
/proc/sys/kernel/core_pattern && sed 's/^/core_pattern /' /proc/sys/kernel/core_pattern; true""",
)
SEEN = ListingFact(
    KEPT,
    source="/var/lib/systemd/coredump, /var/crash, kernel.core_pattern",
    found="{} is kept",
    none="no core file was kept in the last 90 days, and no program of this site gathers them",
    unknown="what is kept of crashes",
)
asks, answer = SEEN.asks, SEEN.answer

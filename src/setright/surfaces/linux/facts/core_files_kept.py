"""Does anybody look at copies of memory that crashes leave? Evidence: files where they are kept."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence, some
from setright.surfaces.linux.transport import Ask

KEPT = Ask(
    "run",
    """find /var/lib/systemd/coredump /var/crash /var/lib/apport/coredump /var/core -maxdepth 1 -type f -mtime -90 2>/dev/null
grep -qsv -e '^|/bin/false' -e '^core$' -e '^|/usr/lib/systemd/systemd-coredump' -e '^|/usr/share/apport/apport' \
/proc/sys/kernel/core_pattern && sed 's/^/core_pattern /' /proc/sys/kernel/core_pattern; true""",
)


def asks(argument: str) -> Sequence[Ask]:
    return (KEPT, UPTIME)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where there is one of the last 90 days, or a pattern of the site's own says where they go."""
    source = "/var/lib/systemd/coredump, /var/crash, kernel.core_pattern"
    if not evidence.text(UPTIME) or not evidence.ran(KEPT):
        return Answer(None, "what is kept of crashes cannot be told here", source)
    found = evidence.lines(KEPT)
    if found:
        return Answer(True, f"{some(found)} is kept", source)
    return Answer(False, "no core file was kept in the last 90 days, and no program of this site gathers them", source)

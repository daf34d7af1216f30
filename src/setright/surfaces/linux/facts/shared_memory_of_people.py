"""Does an account that people log in to hold shared memory or semaphores? RemoveIPC takes them away with its last session."""

from __future__ import annotations

from setright.surfaces.linux.seen import ListingFact
from setright.surfaces.linux.transport import Ask

HELD = Ask(
    "run",
    """for f in shm sem msg; do awk -v f=$f 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == "uid") c = i}
NR > 1 && $c >= 1000 {print f " of " $c}' /proc/sysvipc/$f; done | sort -u; find /dev/shm -type f -uid +999 2>/dev/null; true""",
)
SEEN = ListingFact(
    HELD,
    source="/proc/sysvipc, /dev/shm",
    found="there is {}",
    none="no account of a person holds shared memory or semaphores",
    unknown="who holds shared memory",
)
asks, answer = SEEN.asks, SEEN.answer

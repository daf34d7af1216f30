"""Does an account that people log in to hold shared memory or semaphores? RemoveIPC takes them away with its last session."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence, some
from setright.surfaces.linux.transport import Ask

HELD = Ask(
    "run",
    """for f in shm sem msg; do awk -v f=$f 'NR == 1 {for (i = 1; i <= NF; i++) if ($i == "uid") c = i}
NR > 1 && $c >= 1000 {print f " of " $c}' /proc/sysvipc/$f; done | sort -u; find /dev/shm -type f -uid +999 2>/dev/null; true""",
)


def asks(argument: str) -> Sequence[Ask]:
    return (HELD, UPTIME)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where one does now."""
    source = "/proc/sysvipc, /dev/shm"
    if not evidence.text(UPTIME) or not evidence.ran(HELD):
        return Answer(None, "who holds shared memory cannot be told here", source)
    found = evidence.lines(HELD)
    if found:
        return Answer(True, f"there is {some(found)}", source)
    return Answer(False, "no account of a person holds shared memory or semaphores", source)

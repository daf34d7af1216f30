"""Do programs of different accounts share a file or pipe in a folder for everybody? Evidence: open files, their owners."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence, some
from setright.surfaces.linux.transport import Ask

SHARED = Ask(
    "run",
    r"""[ -r /proc/1/maps ] || exit 13
find /proc/[0-9]*/fd -maxdepth 1 ! -uid 0 \( -lname '/tmp/*' -o -lname '/var/tmp/*' -o -lname '/dev/shm/*' \) \
  -printf '%U\t%l\n' 2>/dev/null | sort -u | while IFS='	' read -r u file; do
  [ -f "$file" ] || [ -p "$file" ] || continue
  [ "$u" = "$(stat -c %u -- "$file" 2>/dev/null)" ] || printf '%s\n' "$file"
done | sort -u
find /tmp /var/tmp /dev/shm -maxdepth 2 -type p 2>/dev/null; true""",
)


def asks(argument: str) -> Sequence[Ask]:
    return (SHARED, UPTIME)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where an account that is not root has another's file open, or a pipe lies there."""
    source = "/proc/PID/fd, find"
    if not evidence.text(UPTIME) or not evidence.ran(SHARED) or evidence.failed(SHARED):
        return Answer(None, "who shares files in /tmp cannot be told here", source)
    found = evidence.lines(SHARED)
    if found:
        return Answer(True, f"{some(found)} is shared", source)
    return Answer(False, "no program has another account's file in /tmp, /var/tmp or /dev/shm open, and no pipe is there", source)

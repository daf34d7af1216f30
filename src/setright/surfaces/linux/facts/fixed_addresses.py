"""Did a program ask for addresses that do not change? Evidence: ADDR_NO_RANDOMIZE in /proc/PID/personality (personality(2))."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence, some
from setright.surfaces.linux.transport import Ask

FIXED = Ask(
    "run",
    r"""[ -r /proc/1/personality ] || exit 13
for f in $(grep -lsE '^[0-9a-f]{2}[0-9a-f]?[4-7c-f][0-9a-f]{4}$' /proc/[0-9]*/personality); do
  cat "${f%personality}comm"; done | sort -u; true""",
)


def asks(argument: str) -> Sequence[Ask]:
    return (FIXED, UPTIME)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where one runs with it, which it also would where the kernel moves all others about."""
    if not evidence.text(UPTIME) or not evidence.ran(FIXED) or evidence.failed(FIXED):
        return Answer(None, "how programs were started cannot be told here", "/proc/PID/personality")
    found = evidence.lines(FIXED)
    said = f"{some(found)} asked for fixed addresses" if found else "no program that runs asked for fixed addresses"
    return Answer(bool(found), said, "/proc/PID/personality")

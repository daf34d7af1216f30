"""Is an account's password older than a year, so that a limit on its age would end it at once? Evidence: shadow(5), field 3."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import SHADOW, Evidence
from setright.surfaces.linux.transport import Ask

TODAY = Ask("run", "echo $(($(date +%s) / 86400))")
A_YEAR_DAYS = 365


def asks(argument: str) -> Sequence[Ask]:
    return (SHADOW, TODAY)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds for a password that is older, or of which nobody knows how old it is."""
    row = next((row for row in evidence.rows(SHADOW) if row[0] == argument and len(row) > 2), None)
    today = evidence.text(TODAY).strip()
    if row is None or not today.isdecimal():
        return Answer(None, f"how old {argument or 'whose'}'s password is cannot be told here", "/etc/shadow")
    if not row[2].isdecimal():
        return Answer(True, f"nobody knows how old {argument}'s password is", "/etc/shadow")
    days = int(today) - int(row[2])
    return Answer(days > A_YEAR_DAYS, f"{argument}'s password is {days} days old", "/etc/shadow")

"""A comment in a source file that leaves a finding open: which controls, why, and until when. Pure.

# setright:ignore aws/s3/versioning until 2027-01-31: replicated elsewhere
"""

from __future__ import annotations

from datetime import date
from re import IGNORECASE, split
from typing import NamedTuple

from setright.patterns import late

MARK = "setright:ignore"
FORM = f"{MARK} CONTROL[, CONTROL] [until YYYY-MM-DD]: reason"
MEANT = late(r"setright\s*[:_-]+\s*ignore\b", IGNORECASE)


class Suppression(NamedTuple):
    """What a comment says; `until` is the last day on which it holds, None: no day was named. `wrong`: why it cannot hold."""

    controls: tuple[str, ...]
    reason: str = ""
    until: date | None = None
    wrong: str = ""


def parse_suppression(comment: str) -> Suppression | None:
    """A comment's words without its signs; None for a comment about something else."""
    if not comment.startswith(MARK):
        meant = MEANT.match(comment)
        return Suppression((), wrong=f"it begins with {meant[0]!r}; write `{FORM}`") if meant else None
    head, colon, reason = comment[len(MARK) :].partition(":")
    words = [word for word in split(r"[\s,]+", head) if word]
    until, wrong = None, ""
    if "until" in words:
        at = words.index("until")
        until, wrong = _day(words[at + 1 :])
        words = words[:at]
    if unclear := next((word for word in words if word.startswith("until")), ""):
        wrong = f"{unclear}: give one day as `until 2027-01-31`"
    if not words:
        wrong = f"it names no control; write `{FORM}`"
    elif not colon or not reason.strip():
        wrong = f"it gives no reason; write `{FORM}`"
    return Suppression(tuple(words), reason.strip(), until, wrong)


def why_not_honoured(said: Suppression, today: date) -> str:
    """Why it is not honoured today; empty where it is."""
    if not said.wrong and said.until and today > said.until:
        return f"it ended on {said.until}; put the finding right, or give it a new day"
    return said.wrong


def _day(words: list[str]) -> tuple[date | None, str]:
    try:
        return date.fromisoformat(" ".join(words)), ""
    except ValueError:
        return None, f"until {' '.join(words) or 'what'}: give one day as 2027-01-31"

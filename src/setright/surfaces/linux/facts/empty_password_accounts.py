"""Are there accounts that anybody can enter with no password at all? shadow(5): an empty second field."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import PASSWD, SHADOW, Evidence, some
from setright.surfaces.linux.transport import Ask

OFTEN = True


def asks(argument: str) -> Sequence[Ask]:
    return (PASSWD, SHADOW)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where such an account has a shell, and names it."""
    barred = evidence.barred(PASSWD, SHADOW)
    if barred or not evidence.rows(PASSWD):
        return Answer(None, f"cannot be told: {barred or 'there is no /etc/passwd'}", "/etc/shadow")
    open_doors = [row[0] for row in (*evidence.rows(SHADOW), *evidence.rows(PASSWD)) if len(row) > 1 and not row[1]]
    names = sorted(set(open_doors) & evidence.shells().keys())
    if names:
        return Answer(True, f"{some(names)} can be entered without a password", "/etc/passwd, /etc/shadow")
    return Answer(False, "no account with a shell has an empty password", "/etc/passwd, /etc/shadow")

"""Is there nothing that could send a mail from here? Evidence: a sendmail program (FHS 3.0)."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import PASSWD, Evidence
from setright.surfaces.linux.transport import Ask

PROGRAMS = (Ask("list", "/usr/sbin/sendmail"), Ask("list", "/usr/lib/sendmail"))


def asks(argument: str) -> Sequence[Ask]:
    return (*PROGRAMS, PASSWD)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where there is no program for it. One that is there may still have nobody who takes its mail."""
    if not evidence.rows(PASSWD):
        return Answer(None, "cannot be told: there is no system here", "/usr/sbin/sendmail")
    found = evidence.names(*PROGRAMS)
    if found:
        return Answer(None, f"{found[0]} is there; whether its mail arrives cannot be told", found[0])
    return Answer(True, "there is no sendmail program", "/usr/sbin/sendmail")

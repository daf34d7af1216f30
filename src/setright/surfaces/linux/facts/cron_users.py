"""Who besides root has jobs of their own? cron.allow must name them, or they can no longer change those jobs."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.transport import Ask

OFTEN = True
TABLES = (Ask("list", "/var/spool/cron/crontabs/*"), Ask("list", "/var/spool/cron/*"))
FOLDERS = ("crontabs", "atjobs", "atspool", "lastrun", "tabs")


def asks(argument: str) -> Sequence[Ask]:
    return TABLES


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where anybody but root has a table, and names them."""
    barred = evidence.barred(*TABLES)
    if barred:
        return Answer(None, f"cannot be told: {barred}", "/var/spool/cron")
    users = sorted({name.rpartition("/")[2] for name in evidence.names(*TABLES)} - {*FOLDERS, "root"})
    if users:
        return Answer(True, f"{some(users, 20)} have a crontab", "/var/spool/cron")
    return Answer(False, "nobody but root has a crontab", "/var/spool/cron")

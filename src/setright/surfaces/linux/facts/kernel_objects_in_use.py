"""Does a program hold a kernel object of a sort? `linux/kernel-objects-in-use:io_uring`. Evidence: /proc/PID/fd, proc(5)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence, some
from setright.surfaces.linux.transport import Ask

OFTEN = True
A_DAY_S = 86400


def _holders(sort: str) -> Ask:
    """Of root's programs only for io_uring: the others are closed to accounts without rights alone."""
    whose = "" if sort == "io_uring" else "! -uid 0"
    return Ask(
        "run",
        f"""[ -r /proc/1/maps ] || exit 13
p=$(find /proc -mindepth 1 -maxdepth 1 -name '[0-9]*' {whose} -printf '%p/fd ')
[ -z "$p" ] || for f in $(find $p -maxdepth 1 -lname 'anon_inode:*{sort}*' 2>/dev/null | cut -d/ -f3 | sort -u); do
cat "/proc/$f/comm"; done | sort -u; true""",
    )


def asks(argument: str) -> Sequence[Ask]:
    return (_holders(argument), UPTIME)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where one does now; a host that has run for less than a day may not have started everything yet."""
    if not re.fullmatch(r"[a-z_-]+", argument):
        return Answer(None, "which objects? write linux/kernel-objects-in-use:io_uring")
    ask, source = _holders(argument), "/proc/PID/fd"
    if not evidence.ran(ask) or evidence.failed(ask):
        return Answer(None, "what programs hold cannot be told here", source)
    holders = evidence.lines(ask)
    if holders:
        return Answer(True, f"{some(holders)} holds {argument} now", source)
    runs_s = float((evidence.text(UPTIME).split() or ["0"])[0])
    text = f"no program holds {argument} now, {evidence.since_boot().replace('since the start', 'and the host started')}"
    return Answer(False if runs_s >= A_DAY_S else None, text, source)

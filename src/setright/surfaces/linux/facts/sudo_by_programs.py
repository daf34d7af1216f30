"""Do programs use sudo, where nobody can give a password? sudo(8) logs `TTY=unknown` or no TTY for them, with what they ran."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux import logins
from setright.surfaces.linux.evidence import Evidence, count, some
from setright.surfaces.linux.transport import Ask

LOGS = (Ask("grep", "/var/log/auth.log*", " COMMAND="), Ask("grep", "/var/log/secure*", " COMMAND="))
JOURNAL = Ask("run", "journalctl -q --no-pager -o short-iso -t sudo --since=-30d 2>/dev/null | grep -F ' COMMAND='; true")
USE = re.compile(r"\bsudo(?:\[\d+\])?:\s+(\S+) : (?:.*?\bTTY=(\S+))?.* COMMAND=(\S+)")


def asks(argument: str) -> Sequence[Ask]:
    return (*LOGS, JOURNAL, *logins.ASKS)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds with a use without terminal; none seen tells as far as the logs reach back, which logins are measured by."""
    barred = evidence.barred(*LOGS)
    if barred:
        return Answer(None, f"cannot be told: {barred}", "auth.log")
    uses = [match for ask in (*LOGS, JOURNAL) for line in evidence.lines(ask) if (match := USE.search(line))]
    silent = [match for match in uses if match[2] in (None, "unknown")]
    if silent:
        names = sorted({match[1] for match in silent})
        return Answer(True, f"{count(len(silent), 'use')} of sudo without a terminal, by {some(names)}", "auth.log, journal")
    reach = logins.reach(evidence)
    if reach.holds is False:
        return Answer(False, f"{count(len(uses), 'use')} of sudo, all at a terminal; {reach.text}", reach.source)
    return Answer(None, f"no use of sudo without a terminal was seen; {reach.text}", reach.source)

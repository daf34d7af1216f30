"""Do people who are not root use su? The logs say `su: (to root) alice on pts/0`. Source: su(1) of util-linux and of shadow."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux import logins
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.transport import Ask

LOGS = (Ask("grep", "/var/log/auth.log*", "(to "), Ask("grep", "/var/log/secure*", "(to "))
JOURNAL = Ask("run", "journalctl -q --no-pager -o short-iso -t su -t su-l --since=-30d 2>/dev/null | grep -F '(to '; true")
USE = re.compile(r"\bsu(?:-l)?(?:\[\d+\])?: (?:pam_unix\S* )?\(to (\S+)\) (\S+) on ")


def asks(argument: str) -> Sequence[Ask]:
    return (*LOGS, JOURNAL, *logins.ASKS)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where somebody but root did, and names them; none seen tells where the logs reach back far enough."""
    source = ", ".join([*evidence.names(*LOGS)[:3], "journal"])
    barred = evidence.barred(*LOGS)
    if barred:
        return Answer(None, f"cannot be told: {barred}", source)
    uses = [match for ask in (*LOGS, JOURNAL) for line in evidence.lines(ask) if (match := USE.search(line))]
    people = sorted({match[2] for match in uses} - {"root"})
    if people:
        return Answer(True, f"{some(people)} used su", source)
    reach = logins.reach(evidence)
    if reach.holds is None:
        return Answer(None, f"nobody but root was seen to use su; {reach.text}", reach.source)
    return Answer(False, f"nobody but root used su; {reach.text}", source)

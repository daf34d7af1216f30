"""Do people who are not root use su? The logs say `su: (to root) alice on pts/0`. Source: su(1) of util-linux and of shadow."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import NEVER_BOOTED, Evidence, some
from setright.surfaces.linux.transport import Ask

LOGS = (Ask("grep", "/var/log/auth.log*", "(to "), Ask("grep", "/var/log/secure*", "(to "))
JOURNAL = Ask("run", "journalctl -q --no-pager -o short-iso -t su -t su-l --since=-30d 2>/dev/null | grep -F '(to '; true")
USE = re.compile(r"\bsu(?:-l)?(?:\[\d+\])?: (?:pam_unix\S* )?\(to (\S+)\) (\S+) on ")


def asks(argument: str) -> Sequence[Ask]:
    return (*LOGS, JOURNAL, *NEVER_BOOTED)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where somebody but root did, and names them. No log at all tells nothing."""
    source = ", ".join([*evidence.names(*LOGS)[:3], "journal"])
    barred = evidence.barred(*LOGS)
    if barred:
        return Answer(None, f"cannot be told: {barred}", source)
    uses = [match for ask in (*LOGS, JOURNAL) for line in evidence.lines(ask) if (match := USE.search(line))]
    people = sorted({match[2] for match in uses} - {"root"})
    if people:
        return Answer(True, f"{some(people)} used su", source)
    if evidence.never_booted():
        return Answer(False, "nobody used su: this image has never been started", "/etc/machine-id, /var/log/wtmp")
    if not evidence.names(*LOGS) and not evidence.ran(JOURNAL):
        return Answer(None, "cannot be told: there is no log of logins", source)
    return Answer(False, "nobody but root used su as far as the logs reach back (30 days of the journal)", source)

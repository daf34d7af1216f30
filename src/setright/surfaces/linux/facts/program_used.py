"""Is a program still used? `linux/program-used:telnet`. Evidence: scripts that call it, processes, when its file was last read."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence, some
from setright.surfaces.linux.transport import Ask

DAYS = 30


def _called(name: str) -> Ask:
    folders = "/etc/cron* /etc/init.d /etc/systemd/system /etc/network /usr/local/bin /usr/local/sbin /var/spool/cron /root/bin"
    return Ask(
        "run",
        f"""timeout 5 grep -rsIlE --exclude-dir=.git --exclude-dir=node_modules \\
'(^|[^a-zA-Z0-9_./-]|/s?bin/){name}([[:space:]|;]|$)' \
{folders} /home/*/bin /home/*/*.sh /root/*.sh 2>/dev/null | head -n 20
ps -eo comm= 2>/dev/null | grep -xF {name}; true""",
    )


def _read(name: str) -> Ask:
    """Seconds since its file was read, and since it was put there; nothing where the mount does not note it."""
    return Ask(
        "run",
        f"""f=$(command -v {name}) || exit 0; f=$(readlink -f "$f"); now=$(date +%s)
findmnt -no OPTIONS -T "$f" | grep -q noatime && exit 14
stat -c "%X %Z" "$f" | while read -r a c; do echo $((now - a)) $((now - c)); done""",
    )


def asks(argument: str) -> Sequence[Ask]:
    return (_called(argument), _read(argument), UPTIME)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where a script calls it or it runs; not where its file lay unread for 30 days, or since it was put there."""
    if not re.fullmatch(r"[a-z][\w.+-]*", argument):
        return Answer(None, "which program? write linux/program-used:NAME")
    called, read = _called(argument), _read(argument)
    source = "scripts in /etc, /usr/local and homes; ps; access times"
    if not evidence.text(UPTIME) or not evidence.ran(called):
        return Answer(None, f"whether {argument} is used cannot be told here", source)
    if evidence.lines(called):
        return Answer(True, f"{some(evidence.lines(called))} calls {argument}", source)
    if evidence.failed(read):
        return Answer(None, f"no script calls {argument}; when it was last read is not noted on this mount", source)
    ages = [int(word) for word in evidence.text(read).split()]
    if not ages:
        return Answer(False, f"{argument} is not installed, and no script calls it", source)
    if ages[0] >= min(DAYS * 86400, ages[1]):
        return Answer(False, f"no script calls {argument}, and nobody ran it for {ages[0] // 86400} days", source)
    return Answer(None, f"no script calls {argument}, but its file was read {ages[0] // 86400} days ago", source)

"""SSH logins of the last 30 days, from auth.log, secure and the journal. Pure.

sshd writes `Accepted METHOD for USER from ADDRESS` for every login; rsyslog with the classic or the RFC 3339 time stamp.
No login seen is evidence only for as long as the logs reach back, or as long as the host exists.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from setright.model import Answer
from setright.surfaces.linux.evidence import NEVER_BOOTED, Evidence, age, count
from setright.surfaces.linux.transport import Ask

DAYS = 30
NOW = Ask("run", "date +%s")
JOURNAL = Ask(
    "run", f"journalctl -q --no-pager -o short-iso -t sshd -t sshd-session --since=-{DAYS}d 2>/dev/null | grep -F 'Accepted '; true"
)
FIRST = Ask(
    "run",
    'for f in /var/log/auth.log* /var/log/secure*; do [ -r "$f" ] && zcat -f -- "$f" | head -n 1; done\n'
    "journalctl -q --no-pager -o short-iso 2>/dev/null | head -n 1",
)
LOGS = (Ask("grep", "/var/log/auth.log*", "Accepted "), Ask("grep", "/var/log/secure*", "Accepted "))
HOST_KEY = Ask("inode", "/etc/ssh/ssh_host_ed25519_key")
ASKS = (NOW, JOURNAL, FIRST, HOST_KEY, *LOGS, *NEVER_BOOTED)
STAMP = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\S*?([+-]\d\d:?\d\d|Z)?\s|^([A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d)\s")
LOGIN = re.compile(r"Accepted (\S+) for (\S+) from (\S+)")


def answer(evidence: Evidence, what: str, methods: Sequence[str] = (), user: str = "") -> Answer:
    """Whether there were logins by one of the methods (none: any) as the user (``""``: any). `what` names them in the text."""
    now = now_of(evidence)
    lines = [line for ask in (*LOGS, JOURNAL) for line in evidence.lines(ask)]
    hits = {written_at(line, now): match for line in lines if (match := LOGIN.search(line)) and _is(match, methods, user)}
    recent = [when for when in hits if when is None or now is None or now - when <= timedelta(days=DAYS)]
    source = _source(evidence)
    if recent:
        newest = max((when for when in recent if when), default=None)
        last = f", the last {age((now - newest).total_seconds())} ago" if now and newest else ""
        return Answer(True, f"{count(len(recent), what)} in the last {DAYS} days{last}", source)
    back = reach(evidence)
    return Answer(back.holds, f"0 {what}s seen; {back.text}" if back.holds is None else f"0 {what}s; {back.text}", back.source)


def reach(evidence: Evidence) -> Answer:
    """How far back the logs of logins reach; does not hold where that is long enough for what they do not show not to be so."""
    if evidence.never_booted():
        return Answer(False, "this image has never been started", "/etc/machine-id, /var/log/wtmp")
    now, source, barred = now_of(evidence), _source(evidence), evidence.barred(*LOGS)
    starts = [when for line in evidence.lines(FIRST) if (when := written_at(line, now))]
    if barred or now is None or not starts:
        return Answer(None, barred or "there is no log of logins that says when it begins", source)
    back = now - min(starts)
    if back >= timedelta(days=DAYS):
        return Answer(False, f"the logs reach back {age(back.total_seconds())}", source)
    if back >= _host_age(evidence, now):
        return Answer(False, f"the logs reach back {age(back.total_seconds())}, as far as the host itself", source)
    return Answer(None, f"the logs reach back only {age(back.total_seconds())}", source)


def _is(match: re.Match[str], methods: Sequence[str], user: str) -> bool:
    return (not methods or match[1].startswith(tuple(methods))) and (not user or match[2] == user)


def now_of(evidence: Evidence) -> datetime | None:
    text = evidence.text(NOW).strip()
    return datetime.fromtimestamp(int(text), UTC) if text.isdecimal() else None


def written_at(line: str, now: datetime | None) -> datetime | None:
    """The line's time; the classic stamp has no year: the latest that is not in the future. None where there is no stamp."""
    match = STAMP.match(line)
    if match is None:
        return None
    if match[1]:
        zone = (match[2] or "+00:00").replace("Z", "+00:00")
        return datetime.fromisoformat(match[1] + (zone if ":" in zone else f"{zone[:3]}:{zone[3:]}"))
    if now is None:
        return None
    try:
        when = datetime.strptime(f"{now.year} {match[3]}", "%Y %b %d %H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None  # 29 February of another year
    return when if when <= now + timedelta(days=1) else when.replace(year=now.year - 1)


def _host_age(evidence: Evidence, now: datetime) -> timedelta:
    """How long this host has had its host key, less a day; longer than any log where it has none."""
    text = evidence.text(HOST_KEY)
    made = json.loads(text).get("mtime_ns") if text else None
    if made is None:
        return timedelta.max
    return now - datetime.fromtimestamp(made / 10**9, UTC) - timedelta(days=1)


def _source(evidence: Evidence) -> str:
    names = [name for ask in LOGS for name in evidence.names(ask)]
    return ", ".join([*names[:3], *(["journal"] if evidence.text(JOURNAL) else [])]) or "no log found"

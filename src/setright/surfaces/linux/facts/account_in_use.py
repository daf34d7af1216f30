"""Does somebody or something use this account? `linux/account-in-use:backup`. Evidence: wtmp, ps, crontabs, scripts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import PASSWD, Evidence, count
from setright.surfaces.linux.transport import Ask

LOGS = ("auth.log", "secure")


def _sessions(name: str) -> Ask:
    return Ask("run", f"command -v last >/dev/null || exit 127; last -w -n 50 -- {name} | grep -c '^{name} '; true")


def _processes(name: str) -> Ask:
    """Shells that run as it: a service's own program needs no shell in passwd."""
    return Ask("run", f"ps -o comm= -u {name} 2>/dev/null | grep -cE '^-?(ba|da|z|k|c|tc)?sh$'; true")


def _called(name: str) -> Ask:
    """Jobs and scripts that become it by a shell: ``su NAME``, which starts the shell of passwd."""
    return Ask(
        "run",
        f"""grep -rsIlE '(^|[^a-z])(su|runuser)( +-[a-z-]*)* +(- +)?{name}([^a-z0-9_-]|$)' \
/etc/cron* /etc/init.d /etc/systemd/system /usr/local/bin /usr/local/sbin /var/spool/cron /etc/logrotate.d 2>/dev/null; true""",
    )


def _became(name: str) -> tuple[Ask, ...]:
    """What the logs say of those who became it: a session of su, or a shell by sudo; each starts the shell of passwd."""
    journal = (
        f"journalctl -q --no-pager -o short-iso -t su -t su-l -t runuser -t sudo -t login --since=-30d | grep -wF {name}; true"
    )
    return (
        Ask("run", journal),
        *(Ask("grep", f"/var/log/{log}*", f"{word}{name}") for log in LOGS for word in ("for user ", "USER=")),
    )


def asks(argument: str) -> Sequence[Ask]:
    return (
        PASSWD,
        _sessions(argument),
        _processes(argument),
        _called(argument),
        *_became(argument),
        Ask("list", "/var/spool/cron/crontabs/*"),
    )


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds with a session, a shell, a key, a crontab, or a script that uses su; where nothing runs it cannot be told."""
    if not re.fullmatch(r"[A-Za-z_][\w.-]*", argument):
        return Answer(None, "which account? write linux/account-in-use:NAME")
    source = "last, ps, crontabs, scripts in /etc and /usr/local"
    scripts = evidence.lines(_called(argument))
    if scripts:
        return Answer(True, f"{scripts[0]} becomes {argument} by su", source)
    became = re.compile(
        rf"\((su|runuser|login)(-l)?:session\): session opened for user {argument}\b|USER={argument} ; .*COMMAND=\S*sh$"
    )
    if uses := [line for ask in _became(argument) for line in evidence.lines(ask) if became.search(line.rstrip())]:
        return Answer(
            True,
            f"people or jobs became {argument} by su or sudo, {count(len(uses), 'time')} in the last logs",
            "auth.log, journal",
        )
    if f"/var/spool/cron/crontabs/{argument}" in evidence.names(Ask("list", "/var/spool/cron/crontabs/*")):
        return Answer(None, f"{argument} has a crontab, whose jobs say by SHELL what runs them", source)
    shells = _number(evidence, _processes(argument))
    if shells:
        return Answer(True, f"{argument} runs {count(shells, 'shell')} now", source)
    if not evidence.ran(_sessions(argument)):
        return Answer(None, "who logged in cannot be told here", source)
    sessions = _number(evidence, _sessions(argument))
    if sessions:
        return Answer(True, f"{argument} has {count(sessions, 'session')} in wtmp", source)
    return Answer(False, f"{argument} has no session in wtmp, no shell and no crontab, and no script becomes it", source)


def _number(evidence: Evidence, ask: Ask) -> int:
    words = evidence.text(ask).split()
    return int(words[0]) if words and words[0].isdecimal() else 0

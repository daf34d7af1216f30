"""Does somebody or something use this account? `linux/account-in-use:backup`. Evidence: wtmp, logs, keys, ps, crontabs, scripts."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux import logins
from setright.surfaces.linux.evidence import PASSWD, SHADOW, Evidence, count, some
from setright.surfaces.linux.login_keys import KEY_FILES
from setright.surfaces.linux.transport import Ask

LOGS = ("auth.log", "secure")
KEYED = Ask("run", f"{KEY_FILES}key_files")
JOBS = Ask(
    "run",
    """awk '!/^[[:space:]]*(#|[A-Za-z_]+[[:space:]]*=|$)/ {print ($1 ~ /^@/ ? $2 : $6) "\t" FILENAME}' \
/etc/crontab /etc/cron.d/* 2>/dev/null | sort -u; true""",
)
# sshd's own sftp asks for no shell, nor does a tunnel by `ssh -N`; what has PAM in it checks passwords for something else.
FILES_ONLY = tuple(
    Ask("grep", file, word)
    for file in ("/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf")
    for word in ("internal-sftp", "ForceCommand")
)
CHECKS = Ask(
    "run",
    """[ -r /proc/1/maps ] || exit 13
grep -ls '/libpam\\.so' /proc/[0-9]*/maps | sed 's/maps$/comm/' | xargs -r cat 2>/dev/null | sort -u; true""",
)
LOGIN_ONLY = re.compile(
    r"sshd|sshd-session|sshd-auth|systemd|\(sd-pam\)|login|agetty|cron|crond|atd|su|sudo|runuser|polkitd|fail2ban.*|setright.*"
)


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
        SHADOW,
        _sessions(argument),
        _processes(argument),
        _called(argument),
        *_became(argument),
        Ask("list", "/var/spool/cron/crontabs/*"),
        KEYED,
        JOBS,
        CHECKS,
        *FILES_ONLY,
        *logins.ASKS,
    )


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds with a session, a login over SSH, a shell, a script that uses su, or a key where that is the only way in.

    A key beside a password, a job, and a password that services check leave it open, as does a log that begins later than a month
    ago. Where nothing runs it cannot be told."""
    if not re.fullmatch(r"[A-Za-z_][\w.-]*", argument):
        return Answer(None, "which account? write linux/account-in-use:NAME")
    source = "last, logs of logins, ps, crontabs, scripts in /etc and /usr/local"
    if told := _used(argument, evidence):
        return Answer(True, told, source)
    if not evidence.ran(_sessions(argument)):
        return Answer(None, "who logged in cannot be told here", source)
    if told := _may_be_used(argument, evidence):
        return Answer(None, told, source)
    reach = logins.reach(evidence)
    if reach.holds is None:
        return Answer(None, f"no use of {argument} was seen; {reach.text}", reach.source)
    seen = "no session in wtmp, no login over SSH, no shell, no key and no job, and no script becomes it"
    return Answer(False, f"{argument} has {seen}; {reach.text}", source)


def _used(name: str, evidence: Evidence) -> str:
    """What shows that it is used; empty where nothing does."""
    if scripts := evidence.lines(_called(name)):
        return f"{scripts[0]} becomes {name} by su"
    became = re.compile(rf"\((su|runuser|login)(-l)?:session\): session opened for user {name}\b|USER={name} ; .*COMMAND=\S*sh$")
    if uses := [line for ask in _became(name) for line in evidence.lines(ask) if became.search(line.rstrip())]:
        return f"people or jobs became {name} by su or sudo, {count(len(uses), 'time')} in the last logs"
    over_ssh = logins.answer(evidence, "SSH login", user=name)
    if over_ssh.holds:
        return f"{name} has {over_ssh.text}"
    if shells := _number(evidence, _processes(name)):
        return f"{name} runs {count(shells, 'shell')} now"
    if sessions := _number(evidence, _sessions(name)):
        return f"{name} has {count(sessions, 'session')} in wtmp"
    keys = _keys(name, evidence)
    return (
        f"{name} was given keys to log in with, and nothing else, in {some(keys)}" if keys and not _secret(name, evidence) else ""
    )


def _may_be_used(name: str, evidence: Evidence) -> str:
    """Ways that leave no trace, or none that is kept for long."""
    if f"/var/spool/cron/crontabs/{name}" in evidence.names(Ask("list", "/var/spool/cron/crontabs/*")):
        return f"{name} has a crontab, whose jobs say by SHELL what runs them"
    if jobs := [where for who, _, where in (line.partition("\t") for line in evidence.lines(JOBS)) if who == name]:
        return f"{name} has jobs in {some(jobs)}, and what they run is not known"
    if keys := _keys(name, evidence):
        return f"{name} can log in with the keys of {some(keys)}"
    if not _secret(name, evidence) or name in evidence.shells():
        return ""
    if any(not line.strip().startswith("#") for ask in FILES_ONLY for line in evidence.lines(ask)):
        return f"sshd serves files to accounts without a shell, and {name} has a password"
    others = [each for each in evidence.lines(CHECKS) if not LOGIN_ONLY.fullmatch(each)]
    return f"{some(others)} may check its password by PAM" if others else ""


def _keys(name: str, evidence: Evidence) -> list[str]:
    return [where for who, _, where in (line.partition("\t") for line in evidence.lines(KEYED)) if who == name]


def _secret(name: str, evidence: Evidence) -> bool:
    """Whether it has a password that works."""
    return any(row[0] == name and row[1] and row[1][0] not in "!*" for row in evidence.rows(SHADOW))


def _number(evidence: Evidence, ask: Ask) -> int:
    words = evidence.text(ask).split()
    return int(words[0]) if words and words[0].isdecimal() else 0

"""Who still comes by TLS older than 1.2, or by a broken cipher? `linux/old-tls-clients:nginx`, or of all programs that log it.

Evidence: access logs of nginx, Apache and HAProxy where their format holds the protocol, mail logs of Postfix and Dovecot, of 30
days. What a log does not record is not told to be nobody: the answer then says how it can be made known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from setright.model import Answer
from setright.patterns import late
from setright.surfaces.linux import logins
from setright.surfaces.linux.evidence import NEVER_BOOTED, Evidence, age, count, some
from setright.surfaces.linux.states.firewall import LOCAL
from setright.surfaces.linux.tls_logs import HINTS, Server, Use, servers, use
from setright.surfaces.linux.transport import Ask

DAYS = 30
SHOWN = 300  # lines of a log that tell of old clients; the newest count
CONFIGURATIONS = {
    "nginx": ("/etc/nginx/nginx.conf", "/etc/nginx/conf.d/*.conf", "/etc/nginx/sites-enabled/*"),
    "apache": (
        "/etc/apache2/apache2.conf",
        "/etc/apache2/conf-enabled/*.conf",
        "/etc/apache2/mods-enabled/*.conf",
        "/etc/apache2/sites-enabled/*",
        "/etc/httpd/conf/httpd.conf",
        "/etc/httpd/conf.d/*.conf",
    ),
    "haproxy": ("/etc/haproxy/haproxy.cfg", "/etc/haproxy/conf.d/*.cfg"),
    "postfix": ("/etc/postfix/main.cf",),
    "dovecot": ("/etc/dovecot/dovecot.conf", "/etc/dovecot/conf.d/*.conf"),
}
STAMP = late(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}")
ISO = late(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
FILES = {name: tuple(Ask("file", path) for path in paths) for name, paths in CONFIGURATIONS.items()}
LOGS = Ask(
    "walk",
    rf"""old='SSLv[23]|TLSv1([^.]|$)|TLSv1[.][01]([^0-9]|$)|(^|[^A-Za-z0-9])((EXP|ADH|AECDH|NULL|RC4|DES|3DES)-|[A-Z0-9-]*-(RC4|DES|NULL)-)'
seen() {{ awk -v f="$1" -v old="$old" '
  /^cut short$/ {{ print "C\t" f; next }} !/SSLv[23]|TLSv1/ {{ next }} !n++ {{ print "A\t" f "\t" $0 }}
  $0 ~ old {{ kept[o++ % {SHOWN}] = $0 }} END {{ print "N\t" f "\t" n + 0; for (i in kept) print "O\t" f "\t" kept[i] }}'; }}
cd /etc && more=$(sed -n -e 's/^[^#]*access_log[[:space:]]\{{1,\}}\(\/[^[:space:];$]*\).*/\1/p' \
  -e 's/^[[:space:]]*CustomLog[[:space:]]\{{1,\}}"\{{0,1\}}\(\/[^[:space:]"$]*\).*/\1/p' \
  nginx/nginx.conf nginx/conf.d/*.conf nginx/sites-enabled/* apache2/sites-enabled/* httpd/conf.d/*.conf 2>/dev/null | sort -u)
for f in /var/log/nginx/* /var/log/apache2/* /var/log/httpd/* /var/log/haproxy* /var/log/mail.* /var/log/maillog* \
    $(for m in $more; do case $m in /var/log/nginx/* | /var/log/apache2/* | /var/log/httpd/*) ;; *) echo "$m*" ;; esac; done); do
  [ -f "$f" ] && [ -n "$(find "$f" -mtime -{DAYS + 2} 2>/dev/null)" ] || continue
  [ -r "$f" ] || {{ printf 'C\t%s\n' "$f"; continue; }}
  {{ timeout 30 zcat -f -- "$f" || echo "cut short"; }} 2>/dev/null | seen "$f"
done
command -v journalctl >/dev/null && {{ timeout 30 journalctl -q --no-pager -o short-iso --since=-{DAYS + 2}d -t haproxy -t dovecot \
  -t postfix/smtpd -t postfix/smtps/smtpd -t postfix/submission/smtpd || echo "cut short"; }} 2>/dev/null | seen journal; true""",
)


LISTENERS = Ask("run", "ss -Hltnp 2>/dev/null | awk '{print $4, $6}' | sort -u; true")
NO_TLS = ("sshd", "systemd", "systemd-resolve", "systemd-resolved", "rpcbind", "chronyd", "dnsmasq", "init")
PROGRAMS = {
    "nginx": ("nginx",),
    "apache": ("apache2", "httpd"),
    "haproxy": ("haproxy",),
    "postfix": ("master",),
    "dovecot": ("dovecot",),
}


def asks(argument: str) -> Sequence[Ask]:
    return (
        LOGS,
        LISTENERS,
        logins.NOW,
        *NEVER_BOOTED,
        *(ask for name, files in FILES.items() if argument in ("", name) for ask in files),
    )


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where one came. Does not where all that serve TLS record it, and none came for as long as 30 days."""
    now, rows = logins.now_of(evidence), [line.split("\t", 2) for line in evidence.lines(LOGS)]
    texts = dict.fromkeys(FILES, "") | {
        name: "\n".join(evidence.text(ask) for ask in files).strip() for name, files in FILES.items() if argument in ("", name)
    }
    known = servers(**texts)
    mine = [row for row in rows if row[0] == "A" and (not argument or use(row[2], known))]
    source = ", ".join(dict.fromkeys(row[1] for row in mine)) or "configuration of servers"
    old = [(row[2], told) for row in rows if row[0] == "O" and (told := use(row[2], known)) and told.is_old]
    recent = [(line, told) for line, told in old if _is_recent(line, now)]
    if recent:
        return Answer(True, _seen(recent, now), source)
    if evidence.never_booted():
        return Answer(False, "nobody came: this image has never been started", "/etc/machine-id, /var/log/wtmp")
    if not known:
        return Answer(None, f"cannot be told: no {argument or 'program'} here serves TLS and keeps a log that could tell", source)
    if not argument and (others := _others(evidence, known)):
        return Answer(None, f"cannot be told: {some(others)} listens too, and keeps no log that could tell", "ss -ltnp")
    return _none_seen(known, rows, now, source)


def _others(evidence: Evidence, known: Sequence[Server]) -> list[str]:
    """Programs that others can reach by TCP and of whose clients nothing is known."""
    mine = {program for server in known for program in PROGRAMS[server.name]}
    open_to_others = (line for line in evidence.lines(LISTENERS) if not LOCAL.match(line))
    return sorted({name for line in open_to_others for name in re.findall(r'\("([^"]+)"', line) or ["?"]} - {*NO_TLS, *mine})


def _seen(recent: Sequence[tuple[str, Use]], now: datetime | None) -> str:
    """``2 connections by TLSv1 (nginx) from 192.0.2.7 in the last 30 days, the last 3 days ago``."""
    by = ", ".join(sorted({f"{told.protocol} {told.cipher}".strip() for _, told in recent}))
    whence = some(sorted({told.client for _, told in recent}))
    times = [when for line, _ in recent if (when := _when(line, now))]
    last = f", the last {age((now - max(times)).total_seconds())} ago" if now and times else ""
    names = ", ".join(sorted({told.server for _, told in recent}))
    return f"{count(len(recent), 'connection')} by {by} ({names}) from {whence} in the last {DAYS} days{last}"


def _none_seen(known: Sequence[Server], rows: Sequence[Sequence[str]], now: datetime | None, source: str) -> Answer:
    """Nobody old is in the logs: does that tell anything?"""
    if silent := [server for server in known if server.silent]:
        how = "; ".join(
            f"{server.name} does not record it in {some(list(server.silent), 2)}: {HINTS[server.name]}" for server in silent
        )
        return Answer(None, f"cannot be told: {how}, and let it run for {DAYS} days", source)
    if cut := [row[1] for row in rows if row[0] == "C"]:
        return Answer(None, f"cannot be told: {some(cut)} could not be read to its end", source)
    logs = {row[1] for row in rows if row[0] == "A" and use(row[2], known)}
    total = sum(int(row[2]) for row in rows if row[0] == "N" and row[1] in logs)
    for server in known:
        starts = [when for row in rows if row[0] == "A" and use(row[2], [server]) and (when := _when(row[2], now))]
        if now is None or not starts:
            return Answer(None, f"cannot be told: no connection to {server.name} by TLS is in its logs yet", source)
        if (reach := now - min(starts)) < timedelta(days=DAYS):
            said = f"no old client seen, but what {server.name} records reaches back only {age(reach.total_seconds())}"
            return Answer(None, f"{said}; it takes {DAYS} days", source)
    names = ", ".join(server.name for server in known)
    return Answer(
        False, f"0 of {count(total, 'connection')} by TLS to {names} older than 1.2 or by a broken cipher in {DAYS} days", source
    )


def _is_recent(line: str, now: datetime | None) -> bool:
    when = _when(line, now)
    return when is None or now is None or now - when <= timedelta(days=DAYS)


def _when(line: str, now: datetime | None) -> datetime | None:
    """When a line was written: by the stamp of an access log, else by that of syslog."""
    if match := STAMP.search(line):
        return datetime.strptime(match[0], "%d/%b/%Y:%H:%M:%S %z").astimezone(UTC)
    if match := ISO.search(line):
        return datetime.fromisoformat(match[0].replace("Z", "+00:00")).astimezone(UTC)
    return logins.written_at(line, now)

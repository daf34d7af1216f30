"""What was changed last of what a host trusts, when, and by whom as far as the host tells: `changed-last:sudo`, or of one file.

When is the inode's own time, which whoever copies or touches a file cannot choose. Who is what auditd recorded, else what sudo
logged in the ten minutes around it, else who was logged in then: evidence to go on from, and no more. Source: stat(1),
journalctl(1), ausearch(8), last(1), dpkg-query(1).
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.login_keys import KEY_FILES
from setright.surfaces.linux.states.trust import FILES
from setright.surfaces.linux.transport import Ask

PLACES = {
    "accounts": "/etc/passwd /etc/shadow /etc/group",
    "files": FILES,
    "jobs": "/etc/crontab /etc/anacrontab /etc/cron.*/* /var/spool/cron/* /var/spool/cron/crontabs/*",
    "keys": "$(key_files | cut -f 2 | sort -u)",
    "packets": "/etc/nftables.conf /etc/nftables.d/* /etc/ufw/*.rules /etc/firewalld/zones/*.xml /etc/iptables/*",
    "services": "/etc/systemd/system/*.wants/* /etc/systemd/system/*.requires/* /etc/systemd/system/*.service",
    "setuid": "$(find / -xdev -type f -perm /6000 -not -path '/proc/*' 2>/dev/null)",
    "sudo": "/etc/sudoers /etc/sudoers.d/*",
}
SOURCE = "stat, auditd, journal, wtmp"
SCRIPT = """FUNCTIONS[ "$(id -u)" = 0 ] || exit 13
export LC_ALL=C TZ=UTC
row=$(stat -c '%Z %U %n' -- PLACES 2>/dev/null | sort -rn | head -n 1); [ -n "$row" ] || exit 0
at=${row%% *}; rest=${row#* }; f=${rest#* }
echo "F $f"; echo "T $(date -d "@$at" '+%Y-%m-%d %H:%M:%S')"
if command -v dpkg-query >/dev/null; then dpkg-query -S "$f" 2>/dev/null | sed 's/:.*//; s/^/P /'
elif command -v rpm >/dev/null; then rpm -qf "$f" 2>/dev/null | grep -v ' ' | sed 's/^/P /'; fi | head -n 1
if command -v ausearch >/dev/null; then ausearch -i -f "$f" 2>/dev/null | grep -o ' auid=[^ ]*' | tail -n 1 | sed 's/.*=/A /'; fi
from=$(date -d "@$((at - 300))" '+%Y-%m-%d %H:%M:%S'); to=$(date -d "@$((at + 300))" '+%Y-%m-%d %H:%M:%S')
journalctl -q --no-pager -o cat -t sudo --since "$from" --until "$to" 2>/dev/null |
  sed -n 's/^ *\\([^ ]*\\) : .*COMMAND=.*/S \\1/p' | sort -u
last -w -F -s "$from" -t "$to" 2>/dev/null |
  sed -n 's/^\\([a-z_][^ ]*\\) .*/L \\1/p' |
  grep -v '^L \\(reboot\\|wtmp\\|shutdown\\|runlevel\\)' | sort -u
true"""


def asks(argument: str) -> Sequence[Ask]:
    one = shlex.quote(argument) if argument.startswith("/") else ""
    places = one or (PLACES.get(argument, "") if argument else " ".join(PLACES.values()))
    return (Ask("run", SCRIPT.replace("PLACES", places).replace("FUNCTIONS", KEY_FILES if "key_files" in places else "")),)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Never an answer to whether it may stay: who changed it must be asked."""
    told: dict[str, list[str]] = {}
    for line in evidence.lines(asks(argument)[0]):
        told.setdefault(line[:1], []).append(line[2:].strip())
    if "F" not in told:
        return Answer(None, "cannot be told: its files cannot be read")
    package = f"; it belongs to the package {told['P'][0]}" if "P" in told else ""
    return Answer(None, f"{told['F'][0]} was changed last, at {told['T'][0]} UTC{_by(told)}{package}", SOURCE)


def _by(told: dict[str, list[str]]) -> str:
    if "A" in told:
        return f", by {told['A'][0]} (auditd)"
    if "S" in told:
        return f"; sudo was used then by {', '.join(told['S'])}"
    return f"; logged in then: {', '.join(told['L'])}" if "L" in told else "; who was logged in then is not recorded"

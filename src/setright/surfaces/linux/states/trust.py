"""Who and what is trusted on a host, as lists that can be approved: sudo rules, login keys, scheduled jobs, services, packet rules.

    {"sudo-rules": ["%sudo ALL=(ALL:ALL) ALL"], "keys": ["ops SHA256:... ssh-ed25519"], "jobs": ["/etc/cron.d/backup 0 3 ..."],
     "services": ["ssh.service"], "packet-rules": ["sha256:...", "inet filter sha256:..."]}

Each entry is one line, so that a new one shows by itself (``NOPASSWD`` without its colon, which would make the
rest a secret). Packet rules have one for all, and one for each table, which names what changed. Source: sudoers(5), sshd(8),
crontab(5), systemd.unit(5), nft(8).
"""

from __future__ import annotations

from setright.model import Tree
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

SUDO = Ask(
    "run",
    r"""[ "$(id -u)" = 0 ] || exit 13
parts=$(ls -d /etc/sudoers.d/* 2>/dev/null | grep -Ev 'sudoers[.]d/([^/]*[.]|[^/]*~$)')
cat /etc/sudoers $parts 2>/dev/null | sed -e ':a' -e '/\\$/N; s/\\\n/ /; ta' |
sed -e 's/[[:space:]]\{1,\}/ /g; s/^ //; s/ $//; s/PASSWD: */PASSWD /g' |
grep -Ev '^(#([^0-9i]|$)|#include|@include|Defaults|$)' | sort -u; true""",
)
KEYS = Ask(
    "run",
    r"""command -v ssh-keygen >/dev/null || exit 127
while IFS=: read -r n _ _ _ _ h _; do
  for f in "$h/.ssh/authorized_keys" "$h/.ssh/authorized_keys2" "/etc/ssh/authorized_keys/$n"; do
    [ -f "$f" ] && ssh-keygen -lf "$f" 2>/dev/null | awk -v n="$n" '{print n, $2, $NF}'
  done
done </etc/passwd | sort -u; true""",
)
JOBS = Ask(
    "run",
    r"""for f in /etc/crontab /etc/anacrontab /etc/cron.d/* /var/spool/cron/crontabs/* /var/spool/cron/*; do
  [ -f "$f" ] && sed -e 's/[[:space:]]\{1,\}/ /g; s/^ //' "$f" | grep -E '^[0-9*@]' | sed "s,^,$f ,"
done | sort -u; ls -d /etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/* 2>/dev/null; true""",
)
SERVICES = Ask("run", "cd /etc/systemd/system && ls -d *.wants/* *.requires/* 2>/dev/null | sed 's,.*/,,' | sort -u; true")
PACKETS = Ask(
    "run",
    """[ "$(id -u)" = 0 ] && command -v nft >/dev/null || exit 127
digest() { sha256sum | sed 's/^/sha256:/; s/ .*//'; }
nft -s list ruleset | digest
nft list tables | while read -r _ family name; do echo "$family $name $(nft -s list table "$family" "$name" | digest)"; done""",
)
PARTS = {"sudo-rules": SUDO, "keys": KEYS, "jobs": JOBS, "services": SERVICES, "packet-rules": PACKETS}
ASKS = tuple(PARTS.values())


def tell(evidence: Evidence) -> Tree | None:
    """None where nothing runs. What could not be asked has no key."""
    if not evidence.ran(SERVICES):
        return None
    told: Tree = {"host": "/"}
    for name, ask in PARTS.items():
        lines = sorted({line.strip() for line in evidence.lines(ask)})
        if lines and not evidence.failed(ask):
            told[name] = lines
    return told

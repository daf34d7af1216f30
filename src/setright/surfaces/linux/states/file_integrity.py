"""Has AIDE a database to compare the host's files with? Source: aide(1), aideinit(8) of Debian, systemd.timer(5).

    {"tool": "aide", "database": false}

One that is to be made counts: it takes minutes, so a unit of its own makes it, ten minutes later, when what is put right now is
right, and with what the host has to spare. A restart in between begins the ten minutes anew; the unit goes when its work is done.
Only root sees the database, and only systemd makes one in the background.
"""

from __future__ import annotations

from setright.model import Tree
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

UNIT = "setright-aide"
FILES = f"/etc/systemd/system/{UNIT}"
DATABASES = "/var/lib/aide/aide.db /var/lib/aide/aide.db.gz"
SEEN = Ask(
    "run",
    rf"""command -v aide >/dev/null && [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ] || exit 0
echo aide
for f in {DATABASES}; do [ ! -s "$f" ] || echo database; done
for u in {UNIT}.timer {UNIT}.service; do
  case $(systemctl show -P SubState $u) in waiting | start*) echo database ;; esac
done; true""",
)
ASKS = (SEEN,)
MAKE = f"""systemctl reset-failed {UNIT}.service 2>/dev/null
cat >{FILES}.service <<'UNIT' || exit 1
[Unit]
Description=first database of AIDE
[Service]
Type=oneshot
Nice=19
IOSchedulingClass=idle
ExecStart=/bin/sh -c 'if command -v aideinit >/dev/null; then exec aideinit -y -f; fi; \
  aide --init && mv -f /var/lib/aide/aide.db.new.gz /var/lib/aide/aide.db.gz'
ExecStartPost=/bin/sh -c 'systemctl -q disable --now {UNIT}.timer; rm -f {FILES}.timer {FILES}.service; systemctl daemon-reload'
UNIT
cat >{FILES}.timer <<'UNIT' || exit 1
[Timer]
OnActiveSec=10min
[Install]
WantedBy=timers.target
UNIT
chmod 644 {FILES}.service {FILES}.timer && systemctl daemon-reload && systemctl -q enable --now {UNIT}.timer >&2 || exit 1"""
DROP = f"""systemctl -q disable --now {UNIT}.timer 2>/dev/null; systemctl stop {UNIT}.service 2>/dev/null
rm -f -- {FILES}.timer {FILES}.service {DATABASES} /var/lib/aide/aide.db.new /var/lib/aide/aide.db.new.gz
systemctl daemon-reload"""


def tell(evidence: Evidence) -> Tree | None:
    lines = evidence.lines(SEEN)
    return {"tool": "aide", "database": "database" in lines} if "aide" in lines else None


def deeds(before: Tree, after: Tree) -> str:
    if before["database"] == after["database"]:
        return ""
    return MAKE if after["database"] else DROP

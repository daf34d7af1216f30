"""Has AIDE a database to compare the host's files with? Source: aide(1), aideinit(8) of Debian, systemd-run(1).

    {"tool": "aide", "database": false}

One that is being made counts: it takes minutes, so a unit of its own makes it, ten minutes later, when what is put right now is
right, and with what the host has to spare. Only root sees the database, and only systemd makes one in the background.
"""

from __future__ import annotations

from setright.model import Tree
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

UNIT = "setright-aide"
DATABASES = "/var/lib/aide/aide.db /var/lib/aide/aide.db.gz"
SEEN = Ask(
    "run",
    rf"""command -v aide >/dev/null && [ "$(id -u)" = 0 ] && [ -d /run/systemd/system ] || exit 0
echo aide
for f in {DATABASES}; do [ ! -s "$f" ] || echo database; done
for u in {UNIT}.timer {UNIT}.service; do case $(systemctl is-active $u) in active|activating) echo database ;; esac; done; true""",
)
ASKS = (SEEN,)
MAKE = f"""systemctl reset-failed {UNIT}.service 2>/dev/null
systemd-run -q --unit={UNIT} --on-active=10min --description="first database of AIDE" -p Nice=19 -p IOSchedulingClass=idle \
  /bin/sh -c 'if command -v aideinit >/dev/null; then exec aideinit -y -f; fi
aide --init && mv -f /var/lib/aide/aide.db.new.gz /var/lib/aide/aide.db.gz' >&2 || exit 1"""
DROP = f"""systemctl stop {UNIT}.timer {UNIT}.service 2>/dev/null
rm -f -- {DATABASES} /var/lib/aide/aide.db.new /var/lib/aide/aide.db.new.gz"""


def tell(evidence: Evidence) -> Tree | None:
    lines = evidence.lines(SEEN)
    return {"tool": "aide", "database": "database" in lines} if "aide" in lines else None


def deeds(before: Tree, after: Tree) -> str:
    if before["database"] == after["database"]:
        return ""
    return MAKE if after["database"] else DROP

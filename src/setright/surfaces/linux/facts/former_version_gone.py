"""Could an update not be taken back, since no source has any more what is installed now? Evidence: apt-cache(8)."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.states import updates
from setright.surfaces.linux.transport import Ask

# A version stands in the table with five blanks or `***` before it, and its sources below; the host's own record is none.
TABLES = Ask(
    "run",
    """command -v apt-cache >/dev/null || exit 0
dpkg-query -W -f='${db:Status-Status} ${Package}\\n' | sed -n 's/^installed //p' |
  LC_ALL=C xargs apt-cache -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= policy | awk '
    /^[^ ]/ { name = $1; sub(/:$/, "", name); mine = 0 }
    /^ [*][*][*] / { mine = 1; next }
    /^     [^ ]/ { mine = 0 }
    mine && $2 != "/var/lib/dpkg/status" { print name }' | sort -u""",
)


def asks(argument: str) -> Sequence[Ask]:
    return (*updates.ASKS, TABLES)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where one is named that cannot be had again."""
    told = updates.tell(evidence) or {}
    security, had = told.get("security"), set(evidence.lines(TABLES))
    if told.get("manager") != "apt" or not isinstance(security, dict):
        return Answer(None, "which versions can still be had cannot be told here", "apt-cache policy")
    gone = [f"{name} {versions['from']}" for name, versions in security.items() if name not in had]
    if gone:
        return Answer(True, f"{some(gone)} can be had nowhere any more", "apt-cache policy")
    return Answer(False, "each of them can still be had as it is now", "apt-cache policy")

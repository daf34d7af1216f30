"""Which programs listen for other hosts, of which service, as whom and since when; latest first. Source: ss(8), ps(1), proc(5)."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.transport import Ask

SOURCE = "ss, ps, /proc"
LISTENERS = Ask(
    "run",
    r"""[ "$(id -u)" = 0 ] && command -v ss >/dev/null || exit 13
export LC_ALL=C TZ=UTC
ss -Hltunp | grep -Ev '[[:space:]](127[.][^[:space:]]*|\[::1\]|\[::ffff:127[^[:space:]]*):[0-9]+[[:space:]]' |
sed -n 's/^\([^ ]*\) .*[:]\([0-9][0-9]*\) .*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1\/\2 \3 \4/p' | sort -u |
while read -r port name pid; do
  at=$(ps -o lstart= -p "$pid") || continue
  unit=$(sed -n 's,.*/\([^/]*[.]service\)$,\1,p' "/proc/$pid/cgroup" | head -n 1)
  echo "$(date -d "$at" '+%Y-%m-%d %H:%M:%S') $port $name ${unit:--} $(ps -o user= -p "$pid")"
done | sort -r""",
)


def asks(argument: str) -> Sequence[Ask]:
    return (LISTENERS,)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Never an answer to whether others use it: that is for its owner."""
    rows = [line.split() for line in evidence.lines(LISTENERS)]
    told = [_told(row) for row in rows if len(row) == 6]
    if not told:
        return Answer(None, "only its owner can tell")
    return Answer(None, some(told), SOURCE)


def _told(row: list[str]) -> str:
    day, time, port, program, unit, user = row
    of = "" if unit == "-" else f" of {unit}"
    return f"{port} is {program}{of}, as {user}, since {day} {time} UTC"

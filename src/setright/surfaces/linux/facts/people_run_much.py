"""Do the sessions of people work so hard that recording what they do would slow the host? Evidence: /proc/PID/{loginuid,stat}."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence, age
from setright.surfaces.linux.transport import Ask

MUCH_PERCENT, A_DAY_S = 5, 86400
WORK = Ask(
    "run",
    r"""[ -r /proc/1/loginuid ] || exit 13
for p in /proc/[0-9]*; do
  read -r u <"$p/loginuid" || continue
  [ "$u" -ge 1000 ] && [ "$u" != 4294967295 ] && sed 's/.*) //' "$p/stat"
done 2>/dev/null |
awk -v hz="$(getconf CLK_TCK 2>/dev/null || echo 100)" '{s += $12 + $13 + $14 + $15} END {print int(s / hz), NR}'""",
)


def asks(argument: str) -> Sequence[Ask]:
    return (WORK, UPTIME)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Rules with ``auid>=1000`` record nothing but what people start: jobs and services have no login."""
    source = "/proc/PID/loginuid, /proc/PID/stat"
    words = evidence.text(WORK).split()
    runs_s = float((evidence.text(UPTIME).split() or ["0"])[0])
    if len(words) != 2 or not runs_s or evidence.failed(WORK):
        return Answer(None, "what people's sessions do cannot be told here", source)
    work_s, processes = map(int, words)
    text = f"{processes} processes of people's sessions took {age(work_s)} of processor time {evidence.since_boot()}"
    if work_s * 100 >= runs_s * MUCH_PERCENT:
        return Answer(True, text, source)
    return Answer(False if runs_s >= A_DAY_S else None, text, source)

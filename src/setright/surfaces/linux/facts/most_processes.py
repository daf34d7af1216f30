"""Does somebody come near a limit on processes? `linux/most-processes:1000`. Evidence: threads by account now (ps(1))."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence
from setright.surfaces.linux.transport import Ask

OFTEN = True
MOST = Ask(
    "run",
    """ps -eLo uid=,user= 2>/dev/null |
awk '$1 >= 1000 && $1 != 65534 {n[$2]++} END {for (u in n) print n[u], u}' | sort -rn | head -n 1""",
)


def asks(argument: str) -> Sequence[Ask]:
    return (MOST, UPTIME)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds over half of it. Far below now, a busy hour may still come near: a fifth is proof enough."""
    if not argument.isdecimal():
        return Answer(None, "which limit? write linux/most-processes:NUMBER")
    if not evidence.text(UPTIME) or not evidence.ran(MOST):
        return Answer(None, "who runs how much cannot be told here", "ps")
    words = evidence.text(MOST).split()
    have, limit = int(words[0]) if words else 0, int(argument)
    text = f"{words[1]} runs {have} threads, the most of all people" if words else "no person runs anything"
    return Answer(True if have * 2 >= limit else False if have * 5 <= limit else None, text, "ps")

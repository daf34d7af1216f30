"""Does a program of 32 bits run here? Evidence: the class byte of the files behind /proc/PID/exe (elf(5))."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence, some
from setright.surfaces.linux.transport import Ask

OFTEN = True
OLD = Ask(
    "run",
    r"""[ -r /proc/1/maps ] || exit 13
files=$(find /proc -mindepth 2 -maxdepth 2 -path '/proc/[0-9]*/exe' -printf '%l\n' 2>/dev/null | sort -u); set --
IFS='
'; for f in $files; do [ ! -f "$f" ] || set -- "$@" "$f"; done
head -qc 5 -- "$@" 2>/dev/null | od -An -v -tu1 -w5 | awk '$5 == 1 {print NR}' |
while read -r n; do eval "printf '%s\n' \"\${$n}\""; done
true""",
)


def asks(argument: str) -> Sequence[Ask]:
    return (OLD, UPTIME)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where one does now."""
    if not evidence.text(UPTIME) or not evidence.ran(OLD) or evidence.failed(OLD):
        return Answer(None, "what runs cannot be told here", "/proc/PID/exe")
    found = evidence.lines(OLD)
    return Answer(bool(found), f"{some(found)} has 32 bits" if found else "no program of 32 bits runs", "/proc/PID/exe")

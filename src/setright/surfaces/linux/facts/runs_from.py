"""Does a program run from a folder, or lie there ready to? `linux/runs-from:/tmp`. Evidence: /proc/PID/{exe,maps}, find."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.transport import Ask

LIMIT_S = 20


def _running(folder: str) -> Ask:
    """Programs and libraries that processes have loaded from there, anything executable they have mapped."""
    at = shlex.quote(folder.rstrip("/"))
    return Ask(
        "run",
        f"""[ -r /proc/1/maps ] || exit 13
{{ find /proc/[0-9]*/exe -prune -printf '%l\\n'; grep -hsF -e \\ {at}/ /proc/[0-9]*/maps |
sed -n 's/^[^ ]* ..x. [^/]* \\(\\/.*\\)/\\1/p'; }} |
awk -v at={at}/ 'index($0, at) == 1' | sort -u | head -n 20; true""",
    )


def _lying(folder: str) -> Ask:
    """The first that are found. Ends with 14 where it takes too long to tell that there is none."""
    at = shlex.quote(folder)
    return Ask(
        "walk",
        f"""found=$({{ timeout {LIMIT_S} find {at} -xdev -type f -perm /111; [ $? -le 1 ] || echo cut; }} 2>/dev/null |
head -n 20); [ "$found" != cut ] || exit 14; printf '%s\\n' "$found" | grep -vx cut; true""",
    )


def asks(argument: str) -> Sequence[Ask]:
    return (_running(argument), _lying(argument))


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where something runs from there; executable files that nobody runs now leave it open."""
    if not argument.startswith("/"):
        return Answer(None, "which folder? write linux/runs-from:FOLDER")
    running, lying = evidence.lines(_running(argument)), evidence.lines(_lying(argument))
    if not evidence.ran(_running(argument)) or evidence.failed(_running(argument)):
        return Answer(None, f"what runs from {argument} cannot be told here", "/proc")
    if running:
        return Answer(True, f"{some(running)} in use now", "/proc/PID/exe, /proc/PID/maps")
    if evidence.failed(_lying(argument)):
        return Answer(None, f"nothing runs from {argument}; {LIMIT_S} s did not suffice to look for executable files there", "find")
    if lying:
        return Answer(None, f"executable files lie there, none in use now: {some(lying)}", "find")
    return Answer(False, f"nothing runs from {argument}, and no executable file lies there", "/proc/PID/exe, find")

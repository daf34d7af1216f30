"""Does anything here look into running processes? proc(5): TracerPid names who does."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.transport import Ask

OFTEN = True
TRACED = Ask("run", "grep -lE '^TracerPid:[[:space:]]*[1-9]' /proc/[0-9]*/status 2>/dev/null; true")
TOOLS = tuple(Ask("list", f"/usr/bin/{name}") for name in ("gdb", "gdbserver", "strace", "ltrace", "rr", "delve", "lldb"))


def asks(argument: str) -> Sequence[Ask]:
    return (TRACED, *TOOLS)


def answer(argument: str, evidence: Evidence) -> Answer:
    """An installed debugger that traces nothing now may be used tomorrow: cannot be told."""
    traced, tools = evidence.lines(TRACED), evidence.names(*TOOLS)
    if traced:
        return Answer(True, f"{len(traced)} traced now: {some(traced)}", "/proc/*/status")
    if tools:
        return Answer(None, f"nothing is traced now, but {some(tools)} is installed", "/proc/*/status, /usr/bin")
    return Answer(False, "no debugger is installed", "/usr/bin")

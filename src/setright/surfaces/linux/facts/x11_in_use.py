"""Does anybody use X11 here, on a screen or through ssh? sshd cannot forward X11 without xauth."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import NEVER_BOOTED, Evidence, some
from setright.surfaces.linux.transport import Ask

OFTEN = True
SOCKETS = "/tmp/.X11-unix"  # noqa: S108 - read, never made
DISPLAYS = Ask("list", f"{SOCKETS}/*")
FORWARDED = Ask("run", "ss -Hltnp 2>/dev/null | grep -E ':60[0-9][0-9] ' | grep sshd; true")
PROGRAMS = (Ask("list", "/usr/bin/xauth"), Ask("list", "/usr/bin/Xorg"), Ask("list", "/usr/bin/Xwayland"))
COOKIES = Ask("list", "/home/*/.Xauthority")


def asks(argument: str) -> Sequence[Ask]:
    return (DISPLAYS, FORWARDED, *PROGRAMS, COOKIES, *NEVER_BOOTED)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Does not hold where nothing is installed that X11 needs."""
    shown = evidence.names(DISPLAYS) + evidence.lines(FORWARDED)
    if shown:
        return Answer(True, f"{some(shown)} is open now", f"{SOCKETS}, ss")
    programs = evidence.names(*PROGRAMS)
    if not programs:
        return Answer(False, "no X11 can work: neither xauth nor an X server is installed", "/usr/bin")
    if evidence.never_booted():
        return Answer(False, "this image has never been started", "/etc/machine-id, /var/log/wtmp")
    cookies = evidence.names(COOKIES)
    if cookies:
        return Answer(True, f"{some(cookies)} holds what X11 logs in with", ".Xauthority")
    return Answer(None, f"nothing is open now, but {some(programs)} is installed", f"{SOCKETS}, ss")

"""Do people own what services read in these folders? `linux/people-own-in:/srv+/var/www`. Evidence: find."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence, some
from setright.surfaces.linux.transport import Ask

DEPTH = 3


def _owned(argument: str) -> Ask:
    folders = " ".join(shlex.quote(folder) for folder in argument.split("+"))
    return Ask("walk", f"timeout 10 find {folders} -xdev -maxdepth {DEPTH} -uid +999 ! -uid 65534 2>/dev/null | head -n 20; true")


def asks(argument: str) -> Sequence[Ask]:
    return (_owned(argument), UPTIME)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where there is one such file: what they write next would be closed to the service."""
    if not all(folder.startswith("/") for folder in argument.split("+")):
        return Answer(None, "which folders? write linux/people-own-in:/srv+/var/www")
    if not evidence.text(UPTIME) or not evidence.ran(_owned(argument)):
        return Answer(None, "who owns what cannot be told here", "find")
    found, folders = evidence.lines(_owned(argument)), argument.replace("+", ", ")
    return Answer(
        bool(found), f"people own {some(found)}" if found else f"no account of a person owns anything in {folders}", "find"
    )

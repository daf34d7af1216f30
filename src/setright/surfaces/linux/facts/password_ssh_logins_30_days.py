"""Does anybody log in by ssh with a password? Keyboard-interactive is how PAM asks for one."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux import logins
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask


def asks(argument: str) -> Sequence[Ask]:
    return logins.ASKS


def answer(argument: str, evidence: Evidence) -> Answer:
    """See `logins.answer`."""
    return logins.answer(evidence, "password login", methods=("password", "keyboard-interactive"))

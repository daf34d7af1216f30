"""Is the file of a PAM module (named behind the colon) missing? A stack that calls it would fail. pam.d(5)."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

FOLDERS = ("/lib/security", "/lib64/security", "/lib/*/security", "/usr/lib/security", "/usr/lib64/security", "/usr/lib/*/security")


def asks(argument: str) -> Sequence[Ask]:
    return [Ask("list", f"{folder}/{argument}.so") for folder in FOLDERS]


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where no folder of modules has it."""
    found = evidence.names(*asks(argument))
    if found:
        return Answer(False, f"{argument}.so is there", found[0])
    return Answer(True, f"there is no {argument}.so; install its package first", "the folders of PAM modules")

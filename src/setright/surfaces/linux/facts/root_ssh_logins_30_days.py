"""Does anybody or anything log in as root by ssh?"""

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
    return logins.answer(evidence, "root login", user="root")

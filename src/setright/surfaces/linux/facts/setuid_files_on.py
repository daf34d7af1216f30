"""Are there setuid or setgid programs on a mount? `linux/setuid-files-on:/home`. Evidence: find."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.transport import Ask


def _found(folder: str) -> Ask:
    return Ask("walk", f"timeout 20 find {shlex.quote(folder)} -xdev -type f -perm /6000 -print || exit 1")


def asks(argument: str) -> Sequence[Ask]:
    return (_found(argument),)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where there are some, since nosuid takes their rights from them."""
    ask = _found(argument)
    if not argument.startswith("/") or not evidence.ran(ask) or evidence.failed(ask):
        return Answer(None, f"setuid programs on {argument} could not be looked for", "find")
    files = evidence.lines(ask)
    if files:
        return Answer(True, f"{some(files)} would run with their caller's rights only", "find")
    return Answer(False, f"no setuid or setgid program is on {argument}", "find")

"""Are there device files on a mount? `linux/devices-on:/home`. Evidence: find."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.transport import Ask


def _found(folder: str) -> Ask:
    """Overlay file systems mark removed files by devices 0:0, which open nothing."""
    return Ask("run", f"timeout 20 find {shlex.quote(folder)} -xdev \\( -type b -o -type c \\) -printf '%p\\n' || exit 1")


def asks(argument: str) -> Sequence[Ask]:
    return (_found(argument),)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where there are some, as in a chroot or a build root: nodev makes them unusable."""
    ask = _found(argument)
    if not argument.startswith("/") or not evidence.ran(ask) or evidence.failed(ask):
        return Answer(None, f"device files on {argument} could not be looked for", "find")
    files = evidence.lines(ask)
    if files:
        return Answer(True, f"{some(files)} could not be opened any more", "find")
    return Answer(False, f"no device file is on {argument}", "find")

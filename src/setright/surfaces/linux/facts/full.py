"""Is a file system short of room? `linux/full:/var/log`. Evidence: df."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import NEVER_BOOTED, Evidence
from setright.surfaces.linux.transport import Ask

OFTEN = True
MANY_PERCENT, FEW_KIB = 80, 8 << 20


def _used(folder: str) -> Ask:
    return Ask("run", f"df -P -- {shlex.quote(folder)} | awk 'NR == 2 {{sub(/%/, \"\", $5); print $5, $4}}'")


def asks(argument: str) -> Sequence[Ask]:
    return (_used(argument), *NEVER_BOOTED)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where four fifths are used and little is left: what grows slowly has room in the rest of a large disk."""
    if evidence.never_booted():
        return Answer(False, "the disk is still to come: this image has never been started", "/etc/machine-id, /var/log/wtmp")
    words = evidence.text(_used(argument)).split()
    if not argument.startswith("/") or len(words) != 2 or not all(word.isdecimal() for word in words):
        return Answer(None, f"how full {argument or 'it'} is cannot be told here", "df")
    percent, free_kib = map(int, words)
    text = f"{percent} % of the file system of {argument} is used, {free_kib // 1024} MiB are free"
    return Answer(percent >= MANY_PERCENT and free_kib < FEW_KIB, text, "df")

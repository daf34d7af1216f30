"""Does anything use this kernel module? `linux/module-in-use:usb-storage`. /proc/modules: name, size, uses, users."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import NEVER_BOOTED, UPTIME, Evidence
from setright.surfaces.linux.transport import Ask

OFTEN = True
MODULES, MOUNTS, FSTAB = Ask("file", "/proc/modules"), Ask("file", "/proc/mounts"), Ask("file", "/etc/fstab")
LISTED = (Ask("file", "/etc/modules"), Ask("file", "/etc/modules-load.d/*.conf"))


def asks(argument: str) -> Sequence[Ask]:
    return (MODULES, MOUNTS, FSTAB, UPTIME, *LISTED, *NEVER_BOOTED)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where it is loaded and used, mounted, or asked for by name at every start."""
    name = argument.replace("-", "_")
    if not name:
        return Answer(None, "which module? write linux/module-in-use:NAME")
    mounted = [row[1] for row in _rows(evidence, MOUNTS, FSTAB) if len(row) > 2 and row[2].replace("-", "_") == name]
    if mounted:
        return Answer(True, f"{mounted[0]} is a {argument} file system", "/proc/mounts, /etc/fstab")
    wanted = [each for ask in LISTED for each in evidence.lines(ask) if each.strip().replace("-", "_") == name]
    if wanted:
        return Answer(True, f"{argument} is loaded at every start", "/etc/modules, /etc/modules-load.d")
    return _running(argument, name, evidence)


def _running(argument: str, name: str, evidence: Evidence) -> Answer:
    loaded = {row[0]: row[2:4] for row in _rows(evidence, MODULES) if len(row) > 3}
    if name in loaded:
        uses, users = loaded[name]
        by = f" by {users.strip(',')}" if users != "-" else ""
        return Answer(uses != "0", f"{argument} is loaded and used {uses} times{by}", "/proc/modules")
    if not evidence.text(UPTIME):
        if evidence.never_booted():
            return Answer(False, f"nothing asks for {argument}, and this image has never been started", "/etc/fstab, /etc/modules")
        return Answer(None, f"nothing asks for {argument} by name; what was loaded cannot be told here", "/etc/fstab, /etc/modules")
    return Answer(
        False,
        f"{argument} is not loaded; whether it was loaded {evidence.since_boot()} and removed is not recorded",
        "/proc/modules",
    )


def _rows(evidence: Evidence, *asks: Ask) -> list[list[str]]:
    return [line.split() for ask in asks for line in evidence.lines(ask) if not line.startswith("#")]

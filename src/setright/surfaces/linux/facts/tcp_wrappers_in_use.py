"""Does a running program ask hosts.allow and hosts.deny? Those that do have libwrap loaded. Evidence: /proc/PID/maps."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.transport import Ask

LOADED = Ask(
    "run",
    """[ -r /proc/1/maps ] || exit 13
for p in $(grep -lsF /libwrap.so /proc/[0-9]*/maps); do cat "${p%maps}comm"; done | sort -u; true""",
)
ALLOWED = Ask("file", "/etc/hosts.allow")


def asks(argument: str) -> Sequence[Ask]:
    return (LOADED, ALLOWED)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where one is not named in hosts.allow, since nobody would reach it any more."""
    if not evidence.ran(LOADED) or evidence.failed(LOADED):
        return Answer(None, "which programs ask these files cannot be told here", "/proc/PID/maps")
    loaded = [line.strip() for line in evidence.lines(LOADED)]
    rules = [line.split(":")[0] for line in evidence.lines(ALLOWED) if not line.startswith("#")]
    named = {word for rule in rules for word in rule.replace(",", " ").split()}
    missing = [name for name in loaded if name not in named and "ALL" not in named]
    if missing:
        return Answer(True, f"{some(missing)} asks these files and is not named in hosts.allow", "/proc/PID/maps, /etc/hosts.allow")
    said = f"all that asks these files is named in hosts.allow: {some(loaded)}" if loaded else "no running program asks these files"
    return Answer(False, said, "/proc/PID/maps, /etc/hosts.allow")

"""Are accounts kept elsewhere, too? `linux/names-from:nis`, or `linux/names-from:` for any. Evidence: /etc/nsswitch.conf."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.transport import Ask

SWITCH = Ask("file", "/etc/nsswitch.conf")
HERE = ("files", "compat", "systemd", "altfiles", "db", "mymachines")


def asks(argument: str) -> Sequence[Ask]:
    return (SWITCH,)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where a source besides the host's own files is asked for accounts."""
    rows = [line.partition("#")[0].partition(":") for line in evidence.lines(SWITCH)]
    sources = {
        word for key, _, words in rows if key.strip() in ("passwd", "group", "shadow") for word in words.split() if word[0] != "["
    }
    if not sources:
        return Answer(None, "cannot be told: /etc/nsswitch.conf names no source of accounts", "/etc/nsswitch.conf")
    other = sorted(sources - set(HERE)) if not argument else sorted(sources & {argument})
    if other:
        return Answer(True, f"accounts come from {some(other)}", "/etc/nsswitch.conf")
    return Answer(False, f"accounts come from {some(sorted(sources))} only", "/etc/nsswitch.conf")

"""Has nobody said yet where the journal is to be sent? Evidence: the files of journal-upload.conf(5)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

FOLDERS = ("/etc", "/run", "/usr/local/lib", "/usr/lib")
FILES = (
    Ask("file", "/etc/systemd/journal-upload.conf"),
    *(Ask("file", f"{folder}/systemd/journal-upload.conf.d/*.conf") for folder in FOLDERS),
)
NAMED = re.compile(rb"^[ \t]*URL[ \t]*=[ \t]*\S", re.MULTILINE)


def asks(argument: str) -> Sequence[Ask]:
    return FILES


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where no file names a receiver: what sends would fail at each start."""
    if barred := evidence.barred(*FILES):
        return Answer(None, f"cannot be told: {barred}", "journal-upload.conf")
    named = next((each.name for ask in FILES for each in evidence.all(ask) if NAMED.search(each.data or b"")), "")
    return Answer(not named, f"{named} names a receiver" if named else "no file names a receiver", named or "journal-upload.conf")

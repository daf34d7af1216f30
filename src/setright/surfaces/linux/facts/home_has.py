"""Is there a file of this name in somebody's home? `linux/home-has:.ssh/rc`. Evidence: the homes of /etc/passwd, find."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import PASSWD, Evidence, some
from setright.surfaces.linux.transport import Ask


def _found(name: str) -> Ask:
    return Ask(
        "run",
        f"""[ "$(id -u)" = 0 ] || exit 13
cut -d: -f6 /etc/passwd | sort -u | while IFS= read -r h; do [ -e "$h/{name}" ] && printf '%s\\n' "$h/{name}"; done; true""",
    )


def asks(argument: str) -> Sequence[Ask]:
    return (_found(argument), PASSWD)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where one is there, and names it."""
    if not re.fullmatch(r"[\w.][\w./-]*", argument):
        return Answer(None, "which file? write linux/home-has:NAME")
    ask = _found(argument)
    if not evidence.ran(ask) or evidence.failed(ask):
        return Answer(None, "what lies in homes cannot be told here", "find")
    files = evidence.lines(ask)
    return Answer(bool(files), f"there is {some(files)}" if files else f"no home holds {argument}", "the homes of /etc/passwd")

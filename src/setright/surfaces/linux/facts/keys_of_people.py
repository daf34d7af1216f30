"""What is special about the keys people log in with? `linux/keys-of-people:short` or `:environment`. Evidence: authorized_keys."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.login_keys import KEY_FILES
from setright.surfaces.linux.transport import Ask

FILES = f"""{KEY_FILES}[ "$(id -u)" = 0 ] || exit 13
set --; IFS='
'; for f in $(key_files | cut -f 2 | sort -u); do set -- "$@" "$f"; done; unset IFS
[ $# -gt 0 ] || exit 0
"""
LOOKS = {
    "short": Ask(
        "run",
        FILES
        + """for f do ssh-keygen -lf "$f" 2>/dev/null |
awk -v f="$f" '/[(]RSA[)]$/ && $1 < 3072 {print f " (RSA " $1 ")"}'; done; true""",
    ),
    "environment": Ask("run", FILES + """grep -lE '^[^#]*environment=' "$@"; true"""),
}


def asks(argument: str) -> Sequence[Ask]:
    return tuple(LOOKS[argument] for _ in [0] if argument in LOOKS)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where there is one, and names the file."""
    if argument not in LOOKS:
        return Answer(None, f"what of keys? write linux/keys-of-people:{' or :'.join(LOOKS)}")
    ask = LOOKS[argument]
    if not evidence.ran(ask) or evidence.failed(ask):
        return Answer(None, "keys cannot be looked at here", "authorized_keys")
    found = evidence.lines(ask)
    what = "an RSA key shorter than 3072 bits" if argument == "short" else "an `environment=` option"
    return Answer(bool(found), f"{some(found)} has {what}" if found else f"no authorized_keys has {what}", "authorized_keys")

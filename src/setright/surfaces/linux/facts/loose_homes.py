"""Would sshd turn somebody's keys away for who may write there? sshd_config(5), StrictModes. Evidence: stat of homes and .ssh."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.login_keys import KEY_FILES
from setright.surfaces.linux.transport import Ask

LOOSE = Ask(
    "run",
    rf"""{KEY_FILES}[ "$(id -u)" = 0 ] || exit 13
key_files | while IFS='	' read -r n f; do
  e=$(getent passwd "$n"); h=$(echo "$e" | cut -d: -f6); set -- "$f"
  case $f in "$h"/*) d=$f; while [ "$d" != "$h" ]; do d=${{d%/*}}; set -- "$d" "$@"; done ;; *) set -- "${{f%/*}}" "$f" ;; esac
  find "$@" -maxdepth 0 \( -perm /022 -o ! \( -uid "$(echo "$e" | cut -d: -f3)" -o -uid 0 \) \) 2>/dev/null
done | sort -u; true""",
)


def asks(argument: str) -> Sequence[Ask]:
    return (LOOSE,)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where a home with keys, its .ssh or the file may be written by others."""
    if not evidence.ran(LOOSE) or evidence.failed(LOOSE):
        return Answer(None, "the modes of homes cannot be told here", "stat")
    found = evidence.lines(LOOSE)
    return Answer(
        bool(found), f"others may write to {some(found)}" if found else "nobody else may write to a home with keys", "stat"
    )

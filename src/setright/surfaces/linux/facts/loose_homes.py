"""Would sshd turn somebody's keys away for who may write there? sshd_config(5), StrictModes. Evidence: stat of homes and .ssh."""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence, some
from setright.surfaces.linux.transport import Ask

LOOSE = Ask(
    "run",
    r"""[ "$(id -u)" = 0 ] || exit 13
while IFS=: read -r n _ u _ _ h _; do
  [ -f "$h/.ssh/authorized_keys" ] || continue
  find "$h" "$h/.ssh" "$h/.ssh/authorized_keys" -maxdepth 0 \( -perm /022 -o ! \( -uid "$u" -o -uid 0 \) \) 2>/dev/null
done </etc/passwd; true""",
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

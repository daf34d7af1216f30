"""Would systemd pass a unit over, since a condition of it is not met here? `linux/unit-would-not-start:apparmor.service`.

Evidence: systemd-analyze(1), which looks at the conditions as they are now.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask


def _unmet(unit: str) -> Ask:
    return Ask(
        "run", f"systemd-analyze condition --unit={shlex.quote(unit)} 2>&1 | sed -n 's/^.*: \\(Condition.*\\) failed.*$/\\1/p'"
    )


def asks(argument: str) -> Sequence[Ask]:
    return (_unmet(argument),)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where one is named that is not met; a systemd that cannot tell names none, and then the start itself tells."""
    unmet = evidence.lines(_unmet(argument))
    if unmet:
        return Answer(True, f"{argument}: {unmet[0]} is not met", "systemd-analyze condition")
    return Answer(False, f"no condition of {argument} is known to be unmet", "systemd-analyze condition")

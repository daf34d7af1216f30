"""Would systemd pass a unit over, since a condition of it is not met here? `linux/unit-would-not-start:apparmor.service`.

Evidence: systemd-analyze(1), which looks at the conditions as they are now; systemd-detect-virt(1), since a container has no
audit of its own, which auditd has no condition for.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask

OWN_KERNEL = ("auditd.service",)
CONTAINER = Ask("run", "cat /run/systemd/container 2>/dev/null || systemd-detect-virt -c 2>/dev/null | grep -vx none; true")


def _unmet(unit: str) -> Ask:
    return Ask(
        "run", f"systemd-analyze condition --unit={shlex.quote(unit)} 2>&1 | sed -n 's/^.*: \\(Condition.*\\) failed.*$/\\1/p'"
    )


def asks(argument: str) -> Sequence[Ask]:
    return (_unmet(argument), CONTAINER) if argument in OWN_KERNEL else (_unmet(argument),)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Holds where one is named that is not met; a systemd that cannot tell names none, and then the start itself tells."""
    if argument in OWN_KERNEL and (sort := evidence.lines(CONTAINER)):
        return Answer(
            True, f"{argument} speaks to a kernel's only audit, and this is a container ({sort[0]})", "systemd-detect-virt"
        )
    unmet = evidence.lines(_unmet(argument))
    if unmet:
        return Answer(True, f"{argument}: {unmet[0]} is not met", "systemd-analyze condition")
    return Answer(False, f"no condition of {argument} is known to be unmet", "systemd-analyze condition")

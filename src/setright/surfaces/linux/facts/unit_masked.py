"""Did somebody forbid that a unit is ever started? `linux/unit-masked:auditd.service`. Evidence: its link to /dev/null.

systemctl(1) `mask`: no package does it to what it brings, and nothing starts it until it is unmasked by hand.
"""

from __future__ import annotations

from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask
from setright.surfaces.linux.units import ETC, full, states


def asks(argument: str) -> Sequence[Ask]:
    return (Ask("unit", full(argument)),)


def answer(argument: str, evidence: Evidence) -> Answer:
    unit = full(argument)
    found = states(unit, evidence.text(Ask("unit", unit)).encode())
    if not found:
        return Answer(False, f"{unit} is not installed", "unit files")
    if found[0].enabled.startswith("masked"):
        where = f"{ETC if found[0].enabled == 'masked' else '/run/systemd/system'}/{unit}"
        return Answer(True, f"{unit} is masked: {where} leads to /dev/null, so that nothing starts it", where)
    return Answer(False, f"{unit} is {found[0].enabled}, not masked", "unit files")

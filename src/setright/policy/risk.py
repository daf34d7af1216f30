"""How much hangs on a finding left open, and on its fix. Pure; both are 0 to 100, and say what they are made of.

Leaving it open: severity x exposure x importance x exploit. Changing it: what may break, how the service is disturbed,
whether there is a way back, who depends on it, and how often this control's fixes were taken back before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from setright.model import Answer, Effect
from setright.policy.estate import Subject

SEVERITY = {"info": 5, "low": 20, "medium": 40, "high": 70, "critical": 100}
EXPOSURE = {"internet": 1.0, "partner": 0.8, "": 0.8, "internal": 0.6, "isolated": 0.3}
IMPORTANCE = {"critical": 1.0, "high": 0.9, "medium": 0.75, "": 0.75, "low": 0.5}
EXPLOIT = {"exploited": 1.5, "likely": 1.25, "": 1.0}
HOLDS, OPEN, OPEN_AT_MOST = 50, 15, 45
RESTART = {"none": 0, "reload": 5, "service": 20, "host": 35, "replace": 50}
DISRUPTION = {"low": 0, "medium": 10, "high": 25}
NO_WAY_BACK = 40
DEPENDANT, DEPENDANTS_AT_MOST = 2, 20
REVERT, REVERTS_AT_MOST = 10, 30


class Risk(NamedTuple):
    """0 to 100, and the sum in words."""

    score: int
    why: str


class Past(NamedTuple):
    """What is known of a change beyond its own words: resources that refer to this one, and fixes of the control taken back."""

    dependants: int = 0
    reverts: int = 0


@lru_cache(maxsize=4096)
def of_leaving(severity: str, subject: Subject, exploit: str = "", because: str = "") -> Risk:
    """`exploit`: ``exploited`` where it is known to be used in attacks, ``likely`` where that is expected, empty otherwise.

    `because` says who knows that.

    What nobody declared counts as it most often is: exposure between partner and internet, importance medium.
    """
    product = SEVERITY[severity] * EXPOSURE[subject.exposure] * IMPORTANCE[subject.importance] * EXPLOIT[exploit]
    words = [
        f"severity {severity} ({SEVERITY[severity]})",
        f"exposure {subject.exposure or 'not declared'}{_because(subject)} (x {EXPOSURE[subject.exposure]:g})",
        f"importance {subject.importance or 'not declared'} (x {IMPORTANCE[subject.importance]:g})",
        *([f"{exploit} in attacks{f': {because}' if because else ''} (x {EXPLOIT[exploit]:g})"] if exploit else []),
    ]
    return Risk(min(100, round(product)), ", ".join(words))


def of_changing(fears: Sequence[tuple[str, str, Answer]], effect: Effect, past: Past = Past()) -> Risk:  # noqa: B008 - immutable
    """0 where every fear is ruled out and nothing is disturbed."""
    return _of_changing(_count(fears, True), _count(fears, None), effect, past)


@lru_cache(maxsize=4096)
def _of_changing(broken: int, doubtful: int, effect: Effect, past: Past) -> Risk:
    often = "once" if past.reverts == 1 else f"{past.reverts} times"
    parts: Mapping[str, int] = {
        f"{broken} would break here": HOLDS * broken,
        f"{doubtful} not ruled out": min(OPEN_AT_MOST, OPEN * doubtful),
        f"restarts the {effect.restart}" if effect.restart != "replace" else "replaces it": RESTART[effect.restart],
        f"{effect.disruption} disruption": DISRUPTION[effect.disruption],
        "no way back": NO_WAY_BACK if effect.undo == "none" else 0,
        f"{past.dependants} depend on it": min(DEPENDANTS_AT_MOST, DEPENDANT * past.dependants),
        f"taken back {often} before": min(REVERTS_AT_MOST, REVERT * past.reverts),
    }
    words = [f"{what} (+ {points})" for what, points in parts.items() if points]
    return Risk(min(100, sum(parts.values())), ", ".join(words) or "nothing stands against it")


def _because(subject: Subject) -> str:
    declared = subject.exposure_why in ("", "the target's own")
    return "" if declared else f": {subject.exposure_why}"


def _count(fears: Sequence[tuple[str, str, Answer]], holds: bool | None) -> int:
    return sum(answer.holds is holds for _, _, answer in fears)

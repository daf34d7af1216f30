"""Rounds of a run: what its plans brought to a target is looked for there, planned, and put right in the same run.

A package has services, files and settings of its own, which nobody could judge before it was there. Nobody was shown these plans
either: one that needs a yes runs only where the caller gave one to all there is.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from setright.engine.plan import PlanOptions, plan
from setright.engine.runs import left_by_all
from setright.engine.scan import Scan
from setright.engine.scope import ScanOptions
from setright.engine.times import moment
from setright.model import Plan
from setright.policy.rules import Policy
from setright.surfaces.base import Surface

if TYPE_CHECKING:
    from setright.engine.consent import Consent
    from setright.engine.store import Run

MOST = 3  # rounds of a run, the first among them
BRINGS = "brings"  # what a binding says of a kind whose change brings what can be judged only then, or the value that does


class Further(NamedTuple):
    """What a run may plan by itself: what was asked for at first. `approves`: the caller's yes to all there is; `by` is the caller.

    `left` are the findings that were planned and were not to run: they are no news.
    """

    ask: ScanOptions
    approves: bool
    by: str = ""
    left: tuple[str, ...] = ()

    def but(self, left: Sequence[Plan], by: str) -> str:
        """As it is kept with a run by somebody, of whose plans those `left` are not to run."""
        whole = self._replace(ask=self.ask.to_plan(), by=by, left=tuple(i for plan in left for i in plan.findings))
        return msgspec.json.encode(whole).decode()


def further(text: str) -> Further | None:
    """What `Further.but` wrote; None: the run does what was shown and no more."""
    return msgspec.json.decode(text, type=Further) if text else None


class Rounds:
    """Plans the rounds after the first as the first was planned. `foreseen` tells of plans that would not run now, and why."""

    def __init__(
        self,
        look: Callable[[Surface, ScanOptions], Scan],
        options: Callable[[Surface, ScanOptions, bool], PlanOptions],
        consent: Consent,
        foreseen: Callable[[Sequence[Plan]], dict[str, tuple[str, str]]],
        policy: Policy,
    ) -> None:
        self._look = look
        self._options = options
        self._consent = consent
        self._foreseen = foreseen
        self._policy = policy

    def planned(self, surface: Surface, wanted: Further, known: Collection[str]) -> tuple[Plan, ...]:
        """The plans for findings that are not known. They must be kept before the next is asked."""
        scan = self._look(surface, wanted.ask)
        new = tuple(each for each in scan.found if each.finding.id not in known)
        options = self._options(surface, wanted.ask, wanted.approves)
        return plan(scan._replace(found=new), surface, options).plans if new else ()

    def not_to_run(self, run: Run, plans: Sequence[Plan], wanted: Further) -> dict[str, tuple[str, str]]:
        """Outcome and reason of those that do not run, by hash. The caller's yes to all is recorded for each plan it takes in.

        It was given when the run began, so it is used up with this run.
        """
        waiting = [each for each in plans if each.lane == "ask" and not left_by_all(each, wanted.ask.controls)]
        if wanted.approves and waiting:
            self._consent.give(waiting, run.id, wanted.by, "run", moment(run.started_at))
        left = self._foreseen(plans)
        ready = [each for each in plans if each.hash not in left]
        beyond = self._policy.refuses(1, len(run.plans) + len(ready))
        return left | {each.hash: ("refused", beyond) for each in ready if beyond}

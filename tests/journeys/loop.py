"""The loop walked once on one surface, and the promises that hold wherever it is walked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from setright.app import App, RunOutcome, ScanOptions
from setright.engine.configuration import Configuration
from setright.model import Plain, Plan
from tests.content import warm
from tests.evidence import check_proof

Look = Mapping[str, object]  # everything of the target that may move, by name


class Told(NamedTuple):
    """One walk. `looks` are the target as it was first, after the automatic fixes, after all, and after both rollbacks."""

    state: Path
    automatic: RunOutcome
    left: tuple[Plan, ...]  # what a second automatic run would find
    everything: RunOutcome
    left_at_last: tuple[Plan, ...]
    back: tuple[RunOutcome, RunOutcome]
    looks: tuple[Look, Look, Look, Look]


class Journey:
    """An App of its own on some targets."""

    def __init__(self, home: Path, *targets: str, params: Mapping[str, Plain] | None = None, controls: Sequence[str] = ()) -> None:
        self.state = warm(home / "state")
        self.targets = targets
        self.app = App(Configuration(state=str(self.state), parameters=dict(params or {})))
        self._ask = ScanOptions(controls=tuple(controls))

    def plans(self, *, together: bool = False) -> tuple[Plan, ...]:
        results = list(self.app.plan(self.targets, self._ask, together=together))
        assert not [r.error for r in results if r.error], results
        return tuple(plan for result in results for plan in result.plans)

    def fix(self, *, everything: bool = False) -> RunOutcome:
        plans = self.plans(together=everything)
        return self.app.apply(plans, lambda plan: everything, lambda plan, outcome: None)

    def rollback(self, run: RunOutcome) -> RunOutcome:
        return self.app.rollback(run.id, lambda plan, outcome: None)

    def walk(self, look: Callable[[], Look]) -> Told:
        first = look()
        automatic = self.fix()
        second, left = look(), self.plans()
        everything = self.fix(everything=True)
        third, left_at_last = look(), self.plans(together=True)
        back = (self.rollback(everything), self.rollback(automatic))
        return Told(self.state, automatic, left, everything, left_at_last, back, (first, second, third, look()))


class Promises:
    """Inherited by the tests of each surface, whose module says what `told` is."""

    def test_every_automatic_fix_is_verified(self, told: Told) -> None:
        ended = {plan.lane: set[str]() for plan, _ in told.automatic.plans}
        for plan, outcome in told.automatic.plans:
            ended[plan.lane].add(outcome.outcome)
        assert ended["auto"] == {"verified"}, failures(told.automatic)
        assert ended.get("ask", {"refused"}) == {"refused"}
        assert differences(told.looks[0], told.looks[1])

    def test_a_second_run_has_nothing_automatic_to_do(self, told: Told) -> None:
        assert [plan.document for plan in told.left if plan.lane == "auto"] == []

    def test_every_approved_fix_is_verified(self, told: Told) -> None:
        assert {outcome.outcome for _, outcome in told.everything.plans} <= {"verified", "hand"}, failures(told.everything)
        assert differences(told.looks[1], told.looks[2])

    def test_then_only_work_by_hand_is_left(self, told: Told) -> None:
        assert {(plan.document, plan.lane) for plan in told.left_at_last if plan.lane != "hand"} == set()

    def test_going_back_is_verified(self, told: Told) -> None:
        for run in told.back:
            assert run.plans
            assert {outcome.outcome for _, outcome in run.plans} == {"reverted"}, failures(run)

    def test_going_back_restores_the_target_exactly(self, told: Told) -> None:
        assert differences(told.looks[0], told.looks[3]) == {}

    def test_the_ledger_tells_every_outcome_and_no_snapshot_is_lost(self, told: Told) -> None:
        check_proof(told.state)


def failures(run: RunOutcome) -> list[tuple[str, str, str]]:
    return [(p.document, o.outcome, o.why) for p, o in run.plans if o.outcome not in ("verified", "hand")]


def differences(before: Look, after: Look) -> dict[str, tuple[object, object]]:
    return {
        name: (before.get(name), after.get(name)) for name in before.keys() | after.keys() if before.get(name) != after.get(name)
    }

"""The safe-change protocol for many plans at once, where they are documents of their own and nothing runs on the target.

Each step is done for all of them, so the disk is waited for once and the target is read again once. A plan that does not
pass is told apart, for the protocol of one (see `execute`) to go on with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from itertools import islice

from setright.engine.change import Lapsed
from setright.engine.execute import Execution
from setright.engine.scan import SOURCE_FAMILIES, Scan
from setright.engine.snapshots import Snapshots
from setright.model import Kept, Plain, Plan, Steps
from setright.surfaces.base import Surface, SurfaceError

Rescan = Callable[[Surface, Sequence[Plan]], Scan]


class Batch:
    """Plans of one target. Every step may be repeated after a crash."""

    def __init__(self, executions: Sequence[Execution], snapshots: Snapshots, rescan: Rescan) -> None:
        self._executions = {each.plan.hash: each for each in executions}
        self._snapshots = snapshots
        self._rescan = rescan

    def snapshot(self) -> dict[str, list[str]]:
        """Addresses of each plan's prior state, all durable when this returns. A plan that cannot begin is not in it."""
        prior: dict[str, list[Kept]] = {}
        for plan_hash, execution in self._executions.items():
            with suppress(Lapsed, SurfaceError):
                prior[plan_hash] = execution.prior()
        addresses = iter(self._snapshots.put_all([kept for each in prior.values() for kept in each]))
        return {plan_hash: list(islice(addresses, len(each))) for plan_hash, each in prior.items()}

    def write(self, plan_hash: str, addresses: Sequence[str], first: bool) -> tuple[str, bool]:
        """Why the plan is not written, or nothing; and whether it surely wrote nothing."""
        try:
            self._executions[plan_hash].write(addresses, first)
        except Lapsed as error:
            return str(error), first
        except SurfaceError as error:
            return str(error), False
        return "", False

    def right(self, hashes: Sequence[str]) -> list[str]:
        """The plans whose documents are as written and whose findings are gone."""
        plans = [self._executions[plan_hash].plan for plan_hash in hashes]
        if not plans:
            return []
        surface = self._executions[hashes[0]].surface
        now = surface.again([change.locator for plan in plans for change in plan.changes])
        still = {found.finding.id for found in self._rescan(surface, plans).found}
        return [
            plan.hash
            for plan in plans
            if still.isdisjoint(plan.findings) and all(now[change.locator].digest == change.after for change in plan.changes)
        ]


def batches(plans: Sequence[Plan]) -> list[list[Plan]]:
    """The plans in order, those together that may run at once: none builds on another of its batch."""
    made: list[list[Plan]] = []
    taken: set[str] = set()
    params: dict[str, Plain] = {}
    for plan in plans:
        mine = {change.locator for change in plan.changes}
        apart = not made or not _can_join(plan) or not _can_join(made[-1][0])
        if apart or mine & taken or any(params.get(name, value) != value for name, value in plan.params.items()):
            made.append([])
            taken, params = set(), {}
        made[-1].append(plan)
        taken |= mine
        params |= plan.params
    return made


def _can_join(plan: Plan) -> bool:
    return plan.family in SOURCE_FAMILIES and bool(plan.changes) and plan.steps == Steps() and not plan.keys


def params_of(plans: Sequence[Plan]) -> Mapping[str, Plain]:
    """The parameters of a batch's plans, which agree."""
    return {name: value for plan in plans for name, value in plan.params.items()}

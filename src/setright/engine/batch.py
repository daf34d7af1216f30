"""The safe-change protocol for many plans at once, where they are documents of their own and nothing that runs depends on them.

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
from setright.model import Change, Document, Kept, Plan, digest
from setright.surfaces.base import Surface, SurfaceError

Rescan = Callable[[Surface, Sequence[Plan]], Scan]


class Batch:
    """Plans of one target. Every step may be repeated after a crash."""

    def __init__(self, executions: Sequence[Execution], snapshots: Snapshots, rescan: Rescan) -> None:
        self._executions = {each.plan.hash: each for each in executions}
        self._snapshots = snapshots
        self._rescan = rescan
        self._seen: Mapping[str, Document] = {}

    def snapshot(self) -> dict[str, list[str]]:
        """Addresses of each plan's prior state, all durable when this returns. A plan that cannot begin is not in it."""
        prior: dict[str, list[Kept]] = {}
        kept = self._kept_at_once()
        for plan_hash, execution in self._executions.items():
            with suppress(Lapsed, SurfaceError):
                prior[plan_hash] = execution.prior(kept)
        addresses = iter(self._snapshots.put_all([kept for each in prior.values() for kept in each]))
        return {plan_hash: list(islice(addresses, len(each))) for plan_hash, each in prior.items()}

    def look(self, hashes: Sequence[str]) -> None:
        """Looks once at the documents of plans that are to be written now, where each look is a way to the target and back."""
        mine = [self._executions[plan_hash] for plan_hash in hashes]
        if mine and mine[0].plan.family not in SOURCE_FAMILIES:
            self._seen = mine[0].surface.again([change.locator for each in mine for change in each.plan.changes])

    def ready(self, kept: Mapping[str, Sequence[str]]) -> frozenset[str]:
        """Does at once what the target can do of many writes at once; each is made, and told, by itself all the same.

        Gives the plans that may be in force by that, none of which has lapsed.
        """
        return self._at_once(kept, lambda execution, addresses: execution.made(addresses, self._seen))

    def ready_to_restore(self, kept: Mapping[str, Sequence[str]]) -> None:
        """The same on the way back."""
        self._at_once(kept, Execution.inverse)

    def _at_once(
        self, kept: Mapping[str, Sequence[str]], made: Callable[[Execution, Sequence[str]], Sequence[Change]]
    ) -> frozenset[str]:
        mine = next(iter(self._executions.values()), None)
        at_once: Callable[[Sequence[Change]], None] | None = getattr(mine.surface, "ready", None) if mine else None
        changes: dict[str, Sequence[Change]] = {}
        for plan_hash, addresses in kept.items() if at_once else ():
            with suppress(Lapsed):
                changes[plan_hash] = made(self._executions[plan_hash], addresses)
        if at_once is None or not changes:
            return frozenset()
        with suppress(SurfaceError):
            at_once([change for each in changes.values() for change in each])
        return frozenset(changes)

    def write(self, plan_hash: str, addresses: Sequence[str], first: bool) -> tuple[str, bool]:
        """Why the plan is not written, or nothing; and whether it surely wrote nothing."""
        try:
            self._executions[plan_hash].write(addresses, first, self._seen)
        except Lapsed as error:
            return str(error), first
        except SurfaceError as error:
            return str(error), False
        return "", False

    def restore(self, plan_hash: str, addresses: Sequence[str]) -> str:
        """Why the plan's prior state could not be put back, or nothing."""
        try:
            self._executions[plan_hash].restore(addresses)
        except SurfaceError as error:
            return str(error)
        return ""

    def restored(self, kept: Mapping[str, Sequence[str]]) -> list[str]:
        """The plans of these snapshots whose documents are exactly as they were."""
        before = {plan_hash: [self._snapshots.get(each) for each in addresses] for plan_hash, addresses in kept.items()}
        locators = [each.locator for some in before.values() for each in some]
        now = next(iter(self._executions.values())).surface.again(locators) if locators else {}
        return [h for h, some in before.items() if all(now[each.locator].digest == digest(each.data) for each in some)]

    def _kept_at_once(self) -> dict[str, Kept]:
        """What all documents hold now, where the target can tell it of all of them."""
        some = [*self._executions.values()]
        locators = [change.locator for each in some for change in each.plan.changes]
        try:
            return {kept.locator: kept for kept in some[0].surface.keep(locators)}
        except SurfaceError:
            return {}

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

"""The safe-change protocol for several plans for files of a host that programs read: each step once for all of them.

One dead-man's switch holds what all of them change. What is not right takes all of them back, and each goes on alone then, by
the protocol of one (see `execute`): so nothing but time is lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from setright.engine.batch import Batch
from setright.engine.execute import STEADY, patience_s, until_right
from setright.model import Steps

Kept = Mapping[str, Sequence[str]]  # addresses of the prior state, by plan
LONGER, MOST = 1 / 30, 15  # how much longer a switch waits for each plan more, and for how many


class Served(Batch):
    """Plans of one target of which none reloads what another does."""

    def health(self, hashes: Sequence[str]) -> dict[str, dict[str, str]]:
        """What the probes of each plan see."""
        return {plan_hash: self._executions[plan_hash].health() for plan_hash in hashes}

    def arm(self, kept: Kept, within_s: float) -> bool:
        """Sets one switch where any of them could cut us off and the surface has one."""
        first, *others = [self._executions[plan_hash] for plan_hash in kept]
        steps = [each.plan.steps for each in (first, *others)]
        if not (any(each.arm for each in steps) and first.surface.arms):
            return False
        prior = [self._snapshots.get(address) for addresses in kept.values() for address in addresses]
        merged = Steps(reload=tuple(name for each in steps for name in each.reload), arm=True)
        return first.surface.arm(prior, merged, within_s * (1 + LONGER * min(len(others), MOST)), self._token(kept))

    def confirm(self, hashes: Iterable[str]) -> None:
        """Keeps the changes: the switch is disarmed. Raises SurfaceError where it fired already."""
        next(iter(self._executions.values())).surface.disarm(self._token(hashes))

    def _token(self, hashes: Iterable[str]) -> str:
        return f"{self._executions[next(iter(hashes))].token}-all"

    def validate(self, kept: Kept) -> None:
        """Each checker sees all that it is for at once. Raises Rejected."""
        mine = {plan_hash: self._executions[plan_hash] for plan_hash in kept}
        for name in dict.fromkeys(name for each in mine.values() for name in each.plan.steps.validate):
            made = [change for h, each in mine.items() if name in each.plan.steps.validate for change in each.made(kept[h])]
            next(iter(mine.values())).surface.validate(made, Steps(validate=(name,)))

    def reload(self, hashes: Sequence[str]) -> dict[str, list[str]]:
        """What of each plan the target cannot make hold before it starts again."""
        mine = [self._executions[plan_hash] for plan_hash in hashes]
        return {each.plan.hash: each.reload() for each in mine if each.plan.steps.reload}

    def verify(self, kept: Kept, health: Mapping[str, Mapping[str, str]]) -> dict[str, list[str]]:
        """What is not as it must be, by plan, as `Execution.verify` says it; a plan that is right is not in it."""
        mine = {plan_hash: self._executions[plan_hash] for plan_hash in kept}
        plans = [each.plan for each in mine.values()]
        surface = next(iter(mine.values())).surface
        if any(plan.steps.arm for plan in plans):
            surface.reconnect()

        def look() -> tuple[dict[str, list[str]], bool]:
            seen = surface.again([change.locator for plan in plans for change in plan.changes])
            scan = cache(lambda: self._rescan(surface, plans))
            told = {h: each.amiss(kept[h], health.get(h, {}), seen, scan) for h, each in mine.items()}
            wrong = {plan_hash: why for plan_hash, (why, _) in told.items() if why}
            return wrong, all(told[plan_hash][1] for plan_hash in wrong)

        return until_right(look, STEADY if any(plan.steps.reload for plan in plans) else 1, patience_s(surface))

"""What a run starts from: its id, which plans it takes, and in which order they go. Pure but for the clock."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from setright.engine.error import EngineError
from setright.engine.lots import batches
from setright.engine.times import now
from setright.model import Plan
from setright.policy.approvals import ANYBODYS

if TYPE_CHECKING:
    from setright.engine.store.runs import Run, RunPlan

WAITS = "waits for approval"  # so begins the reason of a plan that nobody has agreed to yet
LEFT = ("verified", "unverified")  # outcomes that leave something behind


def new_run() -> str:
    """A short id that sorts by time and is typed easily."""
    return f"r{now():%y%m%d-%H%M%S}-{os.urandom(2).hex()}"


def not_now(plan: Plan, lacks: str, frozen: str) -> tuple[str, str] | None:
    """Outcome and reason of a plan that does not run now; None: it runs.

    `lacks`: whose approval it still needs; `frozen`: why nothing runs on its target, which may be so only since it was planned.
    """
    if plan.lane == "hand":
        return "hand", plan.reason
    if frozen and plan.lane != "hold":
        return "refused", frozen
    if plan.lane in ("hold", "source", "shield"):
        return "refused", plan.reason
    if lacks:
        whose = "" if lacks == ANYBODYS else f" ({lacks})"
        return "refused", f"{WAITS}: {plan.reason}{whose}"
    return None


def left_by_all(plan: Plan, named: Collection[str]) -> str:
    """Why a yes to all there is does not take a plan in: evidence says what it would break. Empty: it does, as one to its controls.

    A fear that nobody could answer is no evidence.
    """
    if plan.lane != "ask" or set(plan.controls) <= set(named):
        return ""
    return "; ".join(dict.fromkeys(f"{sentence} ({answer.text})" for sentence, _, answer in plan.breaks_if if answer.holds))


def to_undo(parts: Sequence[RunPlan], plan_of: Callable[[str], Plan]) -> list[Plan]:
    """The plans of a run that left something, the last first. What others did for a plan comes back with them."""
    left = [(part, plan_of(part.hash)) for part in reversed(parts) if part.outcome in LEFT]
    return [plan for part, plan in left if part.kept or not plan.changes]


def last_by(runs: Iterable[Run], hashes: Iterable[str]) -> str:
    """The id of the latest run that changed something by one of these plans. Raises EngineError where none did."""
    wanted = frozenset(hashes)
    for run in runs:
        if run.kind == "apply" and any(part.hash in wanted and part.outcome in LEFT for part in run.plans):
            return run.id
    raise EngineError("no run changed anything by these plans; `setright runs list` shows what there is")


def in_order(plans: Sequence[Plan]) -> list[Plan]:
    """The plans as they will run: a rollback goes the same way backwards."""
    return [plan for batch in batches(plans) for plan in batch]


def by_target(plans: Sequence[Plan]) -> dict[str, list[str]]:
    """The plans' hashes for each target, in order: later ones may build on earlier ones."""
    grouped: dict[str, list[str]] = {}
    for each in plans:
        grouped.setdefault(each.target, []).append(each.hash)
    return grouped

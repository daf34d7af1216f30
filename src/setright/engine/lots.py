"""Which plans of a target run at once, and in which order the lots go. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.engine.scan import SOURCE_FAMILIES
from setright.model import Plain, Plan, Steps

INSTALLS, REMOVALS = "installs", "removals"
SERVED = "served"  # files that programs read, with owners and modes: checked, reloaded, or able to cut us off


def batches(plans: Sequence[Plan], *, together: bool = True) -> list[list[Plan]]:
    """The plans in the order they run in, those together that may run at once: none builds on another of its batch.

    With `together` a plan joins an earlier batch where nothing in between shares a document with it; else its neighbours only.
    """
    made: list[_Lot] = []
    for plan in plans:
        lot = _Lot(plan, together)
        home = _home(made, lot) if together else made[-1] if made and made[-1].takes(lot) else None
        if home is None:
            made.append(lot)
        else:
            home.join(lot)
    return [lot.plans for lot in made]


class _Lot:
    """Plans that run at once, the documents that they are about, and the parameters that they agree on."""

    def __init__(self, plan: Plan, together: bool) -> None:
        self.plans = [plan]
        self.sort = _sort(plan) or (SERVED if together and _is_served(plan) else "")
        self.reloads = set(plan.steps.reload)
        self.documents = {change.locator.removeprefix("stat:") for change in plan.changes}
        self.params = dict(plan.params)

    def takes(self, other: _Lot) -> bool:
        if not self.sort or self.sort != other.sort or self.documents & other.documents or self.reloads & other.reloads:
            return False
        return all(self.params.get(name, value) == value for name, value in other.params.items())

    def join(self, other: _Lot) -> None:
        self.plans += other.plans
        self.documents |= other.documents
        self.reloads |= other.reloads
        self.params |= other.params


def _home(made: Sequence[_Lot], lot: _Lot) -> _Lot | None:
    """The first lot that takes it and after which nothing touches its documents. What goes does not go before what comes."""
    home = None
    for each in reversed(made):
        if each.takes(lot):
            home = each
        if each.documents & lot.documents or (lot.sort, each.sort) == (REMOVALS, INSTALLS):
            break
    return home


def _sort(plan: Plan) -> str:
    """What plans have in common that may run at once; nothing where one runs alone."""
    if not plan.changes or plan.steps != Steps() or plan.keys:
        return ""
    if plan.family in SOURCE_FAMILIES:
        return "source"
    if plan.family != "linux" or plan.effect.restart in ("service", "host"):
        return ""
    return "files" if _is_files(plan) else _sort_of_packages(plan)


def _is_served(plan: Plan) -> bool:
    """Whether a plan for a host is about files that programs read, and neither restarts nor disrupts much."""
    return (
        plan.family == "linux"
        and bool(plan.changes)
        and not plan.keys
        and plan.effect.restart not in ("service", "host")
        and plan.effect.disruption != "high"
        and _is_files(plan)
    )


def _is_files(plan: Plan) -> bool:
    """Whether a plan for a host is about files alone, and holds as soon as they are written."""
    return all(change.locator.startswith(("/", "stat:/")) for change in plan.changes)


def _sort_of_packages(plan: Plan) -> str:
    values = {edit.value for change in plan.changes for edits in change.edits for edit in edits}
    if not all(change.locator.startswith("package:") for change in plan.changes):
        return ""
    return INSTALLS if values == {True} else REMOVALS if values == {False} else ""


def params_of(plans: Sequence[Plan]) -> Mapping[str, Plain]:
    """The parameters of a batch's plans, which agree."""
    return {name: value for plan in plans for name, value in plan.params.items()}

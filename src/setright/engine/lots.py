"""Which plans of a target run at once, and in which order the lots go. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.engine.scan import SOURCE_FAMILIES
from setright.model import Plain, Plan, Steps


def batches(plans: Sequence[Plan], *, together: bool = True) -> list[list[Plan]]:
    """The plans in the order they run in, those together that may run at once: none builds on another of its batch.

    With `together` a plan joins an earlier batch where nothing in between shares a document with it; else its neighbours only.
    """
    made: list[_Lot] = []
    for plan in plans:
        lot = _Lot(plan)
        home = _home(made, lot) if together else made[-1] if made and made[-1].takes(lot) else None
        if home is None:
            made.append(lot)
        else:
            home.join(lot)
    return [lot.plans for lot in made]


class _Lot:
    """Plans that run at once, the documents that they are about, and the parameters that they agree on."""

    def __init__(self, plan: Plan) -> None:
        self.plans = [plan]
        self.documents = {change.locator.removeprefix("stat:") for change in plan.changes}
        self.params = dict(plan.params)

    def takes(self, other: _Lot) -> bool:
        if not (_can_join(self.plans[0]) and _can_join(other.plans[0])) or self.documents & other.documents:
            return False
        return all(self.params.get(name, value) == value for name, value in other.params.items())

    def join(self, other: _Lot) -> None:
        self.plans += other.plans
        self.documents |= other.documents
        self.params |= other.params


def _home(made: Sequence[_Lot], lot: _Lot) -> _Lot | None:
    """The first lot that takes it and after which nothing touches its documents."""
    home = None
    for each in reversed(made):
        if each.takes(lot):
            home = each
        if each.documents & lot.documents:
            break
    return home


def _can_join(plan: Plan) -> bool:
    quiet = bool(plan.changes) and plan.steps == Steps() and not plan.keys
    return quiet and (plan.family in SOURCE_FAMILIES or _is_files(plan))


def _is_files(plan: Plan) -> bool:
    """Whether a plan for a host is about files alone, and holds as soon as they are written."""
    files = all(change.locator.startswith(("/", "stat:/")) for change in plan.changes)
    return plan.family == "linux" and files and plan.effect.restart not in ("service", "host")


def params_of(plans: Sequence[Plan]) -> Mapping[str, Plain]:
    """The parameters of a batch's plans, which agree."""
    return {name: value for plan in plans for name, value in plan.params.items()}

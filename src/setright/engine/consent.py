"""Who has agreed to a plan, and who must still: the approvals kept, under the needs that the configuration lays down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from setright.engine.catalogue import Catalogue
from setright.engine.configuration import Configuration, Target
from setright.engine.error import EngineError
from setright.engine.organisation import subject_of
from setright.engine.times import moment, now
from setright.model import Plan
from setright.policy.approvals import Given, Need, missing
from setright.policy.estate import Person
from setright.policy.risk import of_changing
from setright.policy.ruling import Case, speaks

if TYPE_CHECKING:
    from setright.engine.ledger import Ledger
    from setright.engine.store import Approval, Store

ANYBODY = Need()


class Consent:
    """Approvals of plans, asked for when one is to run. `target` finds what the configuration says of a plan's target."""

    def __init__(
        self, configuration: Configuration, store: Store, ledger: Ledger, catalogue: Catalogue, target: Callable[[str], Target]
    ) -> None:
        self._configuration = configuration
        self._store = store
        self._ledger = ledger
        self._catalogue = catalogue
        self._target = target

    def give(self, plans: Sequence[Plan], run: str = "", by: str = "", via: str = "", at: datetime | None = None) -> None:
        """A yes, bound to each plan's hash: that of `by`, whom a channel (`via`) knows, else of whoever runs this. `at`: now, else.

        Raises EngineError for a plan that holds no more.
        """
        for plan in plans:
            if plan.expires_at and now() >= moment(plan.expires_at):
                raise EngineError(f"{plan.hash[:12]}: the plan held until {plan.expires_at}; plan again")
        self._store.approve([plan.hash for plan in plans], by or self._ledger.actor, at or now())
        said = ({"run": run} if run else {}) | ({"by": by, "via": via} if by else {})
        self._ledger.append_all(
            [("approved", said | {"plan": plan.hash, "target": plan.target, "document": plan.document}) for plan in plans]
        )

    def waiting(self) -> list[Plan]:
        """The plans that somebody asked for and that may still run, the newest first."""
        kept = self._store.plans(state="made")
        return [each.plan for each in kept if each.plan.lane == "ask" and moment(each.plan.expires_at) > now()]

    def first(self, plan: Plan) -> Plan | None:
        """The kept plan on whose outcome this one was made, while it has not run; None: there is none."""
        begins = {(change.locator, change.before) for change in plan.changes}
        return next(
            (
                each.plan
                for each in self._store.plans(state="made", target=plan.target)
                if each.plan.hash != plan.hash and any((c.locator, c.after) in begins for c in each.plan.changes)
            ),
            None,
        )

    def lacking(self, plans: Sequence[Plan]) -> dict[str, str]:
        """Whose yes each plan still needs, by hash; empty where it may run."""
        hashes = [plan.hash for plan in plans]
        given, asked_by, at = self._store.approvals(hashes), self._store.asked_by(hashes), now()
        return {plan.hash: self._missing(plan, given[plan.hash], asked_by.get(plan.hash, ""), at) for plan in plans}

    def may_approve(self, plan: Plan) -> list[Person]:
        """Whose yes would count and has not been given; where nobody is known by name, empty."""
        given = self._store.approvals([plan.hash])[plan.hash]
        asked_by, at = self._store.asked_by([plan.hash]).get(plan.hash, ""), now()
        needs = [need for need in self._needs(plan) if missing(need, _given(given), asked_by, self._configuration.people, at)]
        said = [each.by for each in given if moment(each.at) <= at]
        return [
            person
            for person in self._configuration.people
            if not any(person.is_called(by) for by in said)
            and any(
                (not need.role or need.role in person.roles) and not (need.four_eyes and person.is_called(asked_by))
                for need in needs
            )
        ]

    def _missing(self, plan: Plan, given: Sequence[Approval], asked_by: str, at: datetime) -> str:
        wants = (missing(need, _given(given), asked_by, self._configuration.people, at) for need in self._needs(plan))
        return "; ".join(dict.fromkeys(filter(None, wants)))

    def _needs(self, plan: Plan) -> list[Need]:
        """What each control of a plan needs: the first that speaks of it; one yes of anybody where none does."""
        if not self._configuration.approvals:
            return [ANYBODY]
        subject = subject_of(self._configuration, self._target(plan.target))
        needs = [
            next((n for n in self._configuration.approvals if speaks(n, subject, case, plan.lane)), ANYBODY)
            for case in self.cases(plan)
        ]
        return list(dict.fromkeys(needs))

    def cases(self, plan: Plan) -> list[Case]:
        """What a plan is about, as policy sees it: one case a control."""
        risk = of_changing(plan.breaks_if, plan.effect).score
        controls = map(self._catalogue.control, plan.controls)
        return [Case(control.id, control.kind, control.severity, change_risk=risk) for control in controls]


def _given(approvals: Sequence[Approval]) -> list[Given]:
    return [Given(each.by, moment(each.at)) for each in approvals]

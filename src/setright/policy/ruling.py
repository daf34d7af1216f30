"""An organisation's word on a decision: a freeze, else the first rule that speaks of it. Pure; patterns as in fnmatch(3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import NamedTuple

from setright.policy.decide import Decision
from setright.policy.estate import Subject
from setright.policy.rules import Freeze, Policy, Scope, Window

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Case(NamedTuple):
    """What is to be decided about a subject. `breaks`: evidence says that it breaks something, or there is no way back.

    `costs`: it adds a little to the bill.
    """

    control: str
    kind: str
    severity: str
    breaks: bool = False
    change_risk: int = 0
    costs: bool = False


def ruled(policy: Policy, subject: Subject, case: Case, decision: Decision, now: datetime) -> Decision:
    """The decision under the policy.

    A rule may let run what only might break something, never what evidence says breaks, or cannot be undone.
    """
    if decision.lane == "hand":
        return decision
    if decision.lane == "auto" and case.costs and policy.small_costs == "ask":
        decision = Decision("ask", f"costs a little, which policy wants to be asked for; {decision.reason}")
    if cold := frozen(policy, subject, now):
        return Decision("hold", f"{cold}; {decision.reason}")
    rule = next((r for r in policy.rules if speaks(r, subject, case, decision.lane)), None)
    if rule is None:
        return decision
    if rule.lane == "hold":
        if is_open(policy.windows.get(rule.window, Window()), now) and rule.window:
            return decision
        return Decision("hold", f"the window {rule.window or 'that nobody has named'} is closed; {decision.reason}")
    if rule.lane == "auto" and case.breaks:
        return decision
    return Decision(rule.lane, f"policy says {rule.lane}; {decision.reason}")


def speaks_at_all(policy: Policy) -> bool:
    """Whether `ruled` may change any decision."""
    return bool(policy.rules or policy.freezes or policy.small_costs == "ask")


def frozen(policy: Policy, subject: Subject, now: datetime) -> str:
    """Until when nothing may run on a subject and why; empty: no freeze holds."""
    freeze = next((f for f in policy.freezes if _holds(f, subject, now)), None)
    return f"frozen until {freeze.until:%Y-%m-%d %H:%M %Z} ({freeze.reason})" if freeze else ""


def is_open(window: Window, now: datetime) -> bool:
    """Whether the window is open; one that ends before it starts goes past midnight and counts from the day it starts on."""
    from zoneinfo import ZoneInfo

    local = now.astimezone(ZoneInfo(window.zone))
    minute = local.hour * 60 + local.minute
    start, until = _minute(window.start), _minute(window.until)
    today = DAYS[local.weekday()] in window.days
    if start <= until:
        return today and start <= minute < until
    yesterday = DAYS[local.weekday() - 1] in window.days
    return (today and minute >= start) or (yesterday and minute < until)


def _minute(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)


def _holds(freeze: Freeze, subject: Subject, now: datetime) -> bool:
    return (
        freeze.start <= now < freeze.until
        and _any(freeze.environments, (subject.environment,))
        and _any(freeze.organisations, subject.organisations)
        and _any(freeze.targets, subject.names)
    )


def speaks(scope: Scope, subject: Subject, case: Case, lane: str) -> bool:
    """Whether a rule or a need speaks of a case."""
    return case.change_risk <= scope.change_risk_at_most and all(
        _any(patterns, texts)
        for patterns, texts in (
            (scope.environments, (subject.environment,)),
            (scope.organisations, subject.organisations),
            (scope.importances, (subject.importance,)),
            (scope.exposures, (subject.exposure,)),
            (scope.targets, subject.names),
            (scope.tags, subject.tags),
            (scope.owners, (subject.owner,)),
            (scope.kinds, (case.kind,)),
            (scope.controls, (case.control,)),
            (scope.severities, (case.severity,)),
            (scope.lanes, (lane,)),
        )
    )


def _any(patterns: Sequence[str], texts: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(text, pattern) for pattern in patterns for text in texts)

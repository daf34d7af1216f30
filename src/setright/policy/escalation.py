"""Whom to tell of a finding, and when: before it is due, and after, one rung of the ladder at a time. Pure.

Only the rung that a finding has reached now counts: what was missed while nothing ran is not told afterwards. Nobody is
disturbed outside the working days and hours of where they are; what would be told then waits for the next working hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from setright.policy.rules import Window
from setright.policy.ruling import is_open

OWNER, LEAD = "owner", "lead"


class RiskDue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From what risk on (0 to 100) so many days are given."""

    risk_at_least: int
    days: int


class Rung(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is told from so many days after the due date: ``owner``, ``lead``, or ``role:NAME`` for all who have that role."""

    after_days: int
    tell: str


LADDER = (Rung(0, OWNER), Rung(7, LEAD), Rung(14, "role:ciso"))
OFFICE = Window(("mon", "tue", "wed", "thu", "fri"), "08:00", "18:00", "")


class Escalation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`due` gives days by risk, before `due_days` by severity; `remind_days` says how long before that day the owner hears of it.

    `hours` are the working days and hours in which anybody is told; their zone is each owner's own, else the one here.
    """

    due: tuple[RiskDue, ...] = ()
    remind_days: tuple[int, ...] = (7, 1)
    ladder: tuple[Rung, ...] = LADDER
    hours: Window = OFFICE


class Reached(NamedTuple):
    """The rung that a finding stands on: its name (stable), and who is told."""

    name: str
    tell: str
    days: int  # from the due date; below zero: still to come


def days_given(rules: Escalation, risk: int | None, severity: str, by_severity: dict[str, int]) -> int | None:
    """Days from when a finding was first seen; None where nothing is laid down for it."""
    fit = [each for each in rules.due if risk is not None and risk >= each.risk_at_least]
    if fit:
        return max(fit, key=lambda each: each.risk_at_least).days
    return by_severity.get(severity)


def reached(rules: Escalation, due: datetime, now: datetime) -> Reached | None:
    """None: it is too early to say anything."""
    days = (now - due) // timedelta(days=1)
    if now >= due:
        late = [rung for rung in rules.ladder if rung.after_days <= days]
        rung = max(late, key=lambda each: each.after_days, default=None)
        return Reached(f"late {rung.after_days}", rung.tell, days) if rung else None
    near = [number for number in rules.remind_days if due - now <= timedelta(days=number)]
    return Reached(f"before {min(near)}", OWNER, days) if near else None


def may_tell(rules: Escalation, zone: str, now: datetime) -> bool:
    """Whether somebody who works in that zone may be told now."""
    return is_open(msgspec.structs.replace(rules.hours, zone=zone or rules.hours.zone or "UTC"), now)


def told_to(tell: str, owner: str, lead: str, people: Sequence[tuple[str, tuple[str, ...]]]) -> tuple[str, ...]:
    """Names or addresses for a rung; `people` are names with their roles. Where nobody is the lead, the owner hears it again."""
    if tell == LEAD:
        return (lead or owner,)
    role = tell.removeprefix("role:") if tell.startswith("role:") else ""
    return tuple(name for name, roles in people if role in roles) or (lead or owner,) if role else (owner,)

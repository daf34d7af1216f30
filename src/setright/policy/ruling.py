"""An organisation's word on a decision: the first rule that speaks of it. Pure; patterns as in fnmatch(3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from typing import NamedTuple
from zoneinfo import ZoneInfo

from setright.policy.decide import Decision
from setright.policy.rules import Policy, Rule, Window

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Subject(NamedTuple):
    """The target that a plan is for."""

    names: tuple[str, ...]  # its name and its URL
    environment: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


def ruled(policy: Policy, subject: Subject, control: str, decision: Decision, breaks: bool, now: datetime) -> Decision:
    """The decision under the policy.

    A rule may let run what only might break something, never what evidence says breaks, or cannot be undone.
    """
    rule = next((r for r in policy.rules if _speaks(r, subject, control)), None)
    if rule is None:
        return decision
    if rule.lane == "hold":
        if is_open(policy.windows.get(rule.window, Window()), now) and rule.window:
            return decision
        return Decision("hold", f"policy: waits for the window {rule.window or 'that nobody has named'}; {decision.reason}")
    if rule.lane == "auto" and breaks:
        return decision
    return Decision(rule.lane, f"policy says {rule.lane}; {decision.reason}")


def is_open(window: Window, now: datetime) -> bool:
    """Whether the window is open; one that ends before it starts goes past midnight and counts from the day it starts on."""
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


def _speaks(rule: Rule, subject: Subject, control: str) -> bool:
    return (
        _any(rule.environments, (subject.environment,))
        and _any(rule.targets, subject.names)
        and _any(rule.tags, subject.tags)
        and _any(rule.owners, (subject.owner,))
        and _any(rule.controls, (control,))
    )


def _any(patterns: Sequence[str], texts: Sequence[str]) -> bool:
    return not patterns or any(fnmatchcase(text, pattern) for pattern in patterns for text in texts)

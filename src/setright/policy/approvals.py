"""Whose yes a plan needs before it runs, and whether it has it. Pure: the caller says what time it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from setright.policy.estate import Person
from setright.policy.rules import Scope

ANYBODYS = "needs 1 approval"  # what a plan lacks where anybody's will do


class Need(Scope, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which plans it speaks of (an empty list: any), and how many must agree, of which role, for how long that holds.

    `four_eyes`: whoever asked for the plan does not count.
    """

    needs: int = 1
    role: str = ""
    four_eyes: bool = False
    valid_h: int = 24


class Given(NamedTuple):
    """One person's yes to exactly one plan."""

    by: str
    at: datetime


def missing(need: Need, given: Iterable[Given], asked_by: str, people: Sequence[Person], now: datetime) -> str:
    """What a plan still lacks, in words; empty where enough have agreed."""
    requester = _named(asked_by, people)
    names = {
        _named(each.by, people)
        for each in given
        if each.at <= now < each.at + timedelta(hours=need.valid_h) and (not need.role or need.role in _roles(each.by, people))
    }
    counted = sorted(names - {requester} if need.four_eyes else names)
    if len(counted) >= need.needs:
        return ""
    whose = f" of role {need.role}" if need.role else ""
    others = f", other than {requester}, who asked for it" if need.four_eyes and requester else ""
    has = f"; has {', '.join(counted)}" if counted else ""
    lacks = f"needs {need.needs} {'approval' if need.needs == 1 else 'approvals'}{whose}{others}{has}"
    return lacks + _too_few(need, requester, people)


def _too_few(need: Need, requester: str, people: Sequence[Person]) -> str:
    """What to do where fewer people of the role can agree than must."""
    able = [each.name for each in people if need.role in each.roles and not (need.four_eyes and each.name == requester)]
    if not need.role or len(able) >= need.needs:
        return ""
    return f"; {'only ' + ' and '.join(able) if able else 'nobody'} can agree: give the role to more [[people]]"


def _named(login: str, people: Sequence[Person]) -> str:
    return next((person.name for person in people if person.is_called(login)), login)


def _roles(login: str, people: Sequence[Person]) -> tuple[str, ...]:
    return next((person.roles for person in people if person.is_called(login)), ())

"""What an organisation lays down in `setright.toml` about who may run what, and when; data only."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from setright.policy.estate import Environment, Exposure, Importance
from setright.policy.exceptions import ExceptionRules

Lane = Literal["auto", "ask", "hold", "source", "shield", "hand"]
Severity = Literal["info", "low", "medium", "high", "critical"]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When plans on `hold` may run: on these days from one time to another (``22:00``); past midnight where `until` is earlier."""

    days: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    start: str = "00:00"
    until: str = "24:00"
    zone: str = "UTC"


class Freeze(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A time in which nothing runs, by itself or on approval; both moments bear a zone. Empty lists: everywhere."""

    start: datetime
    until: datetime
    reason: str
    environments: tuple[Environment, ...] = ()
    organisations: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()


class Scope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which plans something speaks of (an empty list: any; globs allowed).

    `organisations` speaks of those below them too; `lanes` of the lane that the facts gave; `change_risk_at_most` of plans
    whose risk of changing is not above it.
    """

    environments: tuple[Environment, ...] = ()
    organisations: tuple[str, ...] = ()
    importances: tuple[Importance, ...] = ()
    exposures: tuple[Exposure, ...] = ()
    targets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    lanes: tuple[Lane, ...] = ()
    change_risk_at_most: int = 100


class Rule(Scope, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which plans it speaks of (an empty list: any; globs allowed) and the lane they take; `window` is for lane ``hold``."""

    lane: Lane
    window: str = ""


class Waves(Scope, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """In which portions a run takes the targets it speaks of: so many, a part of all (``10%``), at last the ``rest``.

    The last size goes on for what is left. After each wave, and `soak_s` later, every target of it must be as healthy as before.
    """

    sizes: tuple[int | str, ...] = (1, "10%", "rest")
    soak_s: int = 0


class RateLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How often the API behind these targets (globs of names or URLs) may be called, by all processes on one store together."""

    targets: tuple[str, ...]
    calls_per_s: float


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first rule that speaks of a plan decides; none: the plan keeps the lane it was given. A freeze goes before every rule.

    The first of `waves` that speaks of a target says how runs go on from it to others. A run beyond `max_targets` or
    `max_plans` does not begin (0: any number). What adds a little to the bill and else breaks nothing runs by itself, unless
    `small_costs` has it asked for. `due_days` says by severity how many days after
    it was first seen a finding should be put right.
    """

    rules: tuple[Rule, ...] = ()
    windows: dict[str, Window] = {}
    freezes: tuple[Freeze, ...] = ()
    exceptions: ExceptionRules = ExceptionRules()
    small_costs: Literal["agreed", "ask"] = "agreed"
    due_days: dict[Severity, int] = {}
    plan_life_h: int = 24
    waves: tuple[Waves, ...] = ()
    error_budget: int = 1  # this many targets that had to be taken back stop a run in waves
    max_targets: int = 0
    max_plans: int = 0
    limits: tuple[RateLimit, ...] = ()

    @property
    def due(self) -> dict[str, int]:
        """`due_days` by plain texts."""
        return {str(severity): days for severity, days in self.due_days.items()}

    def refuses(self, targets: int, plans: int) -> str:
        """Why a run of so many does not begin; empty: it may."""
        for most, count, what in ((self.max_targets, targets, "targets"), (self.max_plans, plans, "plans")):
            if most and count > most:
                return f"the run would touch {count} {what}, and policy lets it touch {most}; name fewer targets or controls"
        return ""

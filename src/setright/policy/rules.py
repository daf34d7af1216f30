"""What an organisation lays down in `setright.toml` about who may run what, and when; data only."""

from __future__ import annotations

from typing import Literal

import msgspec

Lane = Literal["auto", "ask", "hold", "source", "shield", "hand"]
Environment = Literal["production", "staging", "test", "development", ""]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class Window(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When plans on `hold` may run: on these days from one time to another (``22:00``); past midnight where `until` is earlier."""

    days: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    start: str = "00:00"
    until: str = "24:00"
    zone: str = "UTC"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which plans it speaks of (an empty list: any; globs allowed) and the lane they take; `window` is for lane ``hold``."""

    lane: Lane
    environments: tuple[Environment, ...] = ()
    targets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    window: str = ""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first rule that speaks of a plan decides; none: the plan keeps the lane it was given."""

    rules: tuple[Rule, ...] = ()
    windows: dict[str, Window] = {}
    plan_life_h: int = 24
    error_budget: int = 1  # this many runs that had to be rolled back stop a wave

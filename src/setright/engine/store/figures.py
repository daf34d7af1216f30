"""What metrics are counted from: how long findings lived, how plans ended. Rows come one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from setright.engine.store.database import Database

LIVES = """SELECT severity, target, first_seen_at, resolved_at, reopened_count,
    COALESCE((SELECT owner FROM standings WHERE finding = findings.id), '') FROM findings WHERE verdict = 'fail'"""
PASSES = "SELECT target, SUM(passed) FROM looks GROUP BY target"
OPEN = """SELECT target, verdict, aside, COUNT(*) FROM findings
    WHERE resolved_at IS NULL GROUP BY verdict, aside, target"""
ENDS = """SELECT runs.kind, run_plans.outcome, plans.target, COUNT(*) FROM run_plans
    JOIN runs ON runs.id = run_plans.run JOIN plans ON plans.hash = run_plans.hash
    WHERE run_plans.outcome IS NOT NULL GROUP BY runs.kind, run_plans.outcome, plans.target"""


class Life(NamedTuple):
    """A finding from when it was first seen to when a later look no longer found it; `resolved_at` None: it is open."""

    severity: str
    target: str
    first_seen_at: str
    resolved_at: str | None
    reopened_count: int
    owner: str


class End(NamedTuple):
    """So many plans of runs of a kind (apply, rollback) that ended so on a target."""

    kind: str
    outcome: str
    target: str
    number: int


class Figures(Database):
    """The metrics' part of the store."""

    def lives(self) -> Iterator[Life]:
        with self.reading() as connection:
            yield from map(Life._make, connection.each(LIVES))

    def ends(self) -> Iterator[End]:
        with self.reading() as connection:
            yield from (End(*row) for row in connection.each(ENDS))

    def passes(self) -> Iterator[tuple[str, int]]:
        """By target, the judgements that held at the last looks."""
        with self.reading() as connection:
            yield from ((target, int(number)) for target, number in connection.each(PASSES))

    def open_by_target(self) -> Iterator[tuple[str, str, str, int]]:
        """Target, verdict, where the source leaves it open (or empty), and how many."""
        with self.reading() as connection:
            yield from connection.each(OPEN)

"""Plans as they were shown, who approved which, and how far each has come."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Row, select, update

from setright.engine.error import EngineError
from setright.engine.store.database import Database, as_json
from setright.engine.store.schema import approvals, plans
from setright.engine.times import stamp
from setright.model import Plain, Plan

STATES = ("made", "running", "verified", "unverified", "reverted", "refused", "hand", "lapsed")
AT_ONCE = 500  # hashes in one query
BEYOND_HEX = "g"


class Approval(msgspec.Struct, frozen=True):
    """Someone's yes to exactly one plan."""

    hash: str
    by: str
    at: str


class PlanState(msgspec.Struct, frozen=True):
    """A plan and how far it has come: one of `STATES`, the last outcome once it ran."""

    plan: Plan
    state: str


class KeptPlans(Database):
    """The plans' part of the store."""

    def keep_plans(self, made: Iterable[Plan]) -> None:
        """Plans known already stay as they are: a hash is one plan, whatever it was made by."""
        rows = [_row(plan) for plan in made]
        if rows:
            with self.writing() as connection:
                connection.execute(self.insert(plans).on_conflict_do_nothing(index_elements=["hash"]), rows)

    def plan(self, hash_: str) -> Plan:
        return self.plan_state(hash_).plan

    def plan_state(self, hash_: str) -> PlanState:
        """By its hash or the unmistakable start of one. Raises EngineError where there is none, or more than one."""
        found = self._plans(plans.c.hash.between(hash_, hash_ + BEYOND_HEX), limit=2)
        if len(found) != 1:
            why = "begins more than one plan's hash; give more of it" if found else "is no plan of ours; `setright plan` makes them"
            raise EngineError(f"{hash_!r} {why}")
        return found[0]

    def plans_of(self, hashes: Sequence[str]) -> list[Plan]:
        """In that order. Raises EngineError where one is none of ours."""
        found: dict[str, Plan] = {}
        for start in range(0, len(hashes), AT_ONCE):
            some = self._plans(plans.c.hash.in_(hashes[start : start + AT_ONCE]))
            found |= {each.plan.hash: each.plan for each in some}
        if missing := [hash_ for hash_ in hashes if hash_ not in found]:
            raise EngineError(f"{missing[0]!r} is no plan of ours; `setright plan` makes them")
        return [found[hash_] for hash_ in hashes]

    def plans(self, state: str | None = None, target: str | None = None) -> list[PlanState]:
        """The newest first."""
        wanted = [column == value for column, value in ((plans.c.state, state), (plans.c.target, target)) if value is not None]
        return self._plans(*wanted)

    def move_plan(self, hash_: str, to: str, at: Sequence[str] = STATES) -> bool:
        """Takes a plan from one of the states `at` to another; False where it is in none of them (someone else was first)."""
        move = update(plans).where(plans.c.hash == hash_, plans.c.state.in_(at)).values(state=to)
        with self.writing() as connection:
            return connection.execute(move).rowcount == 1

    def approve(self, hash_: str, by: str, at: datetime) -> None:
        """Asking twice changes nothing: the first yes counts."""
        row = {"hash": self.plan(hash_).hash, "by": by, "at": stamp(at)}
        with self.writing() as connection:
            connection.execute(self.insert(approvals).values(row).on_conflict_do_nothing(index_elements=["hash", "by"]))

    def approvals(self, hash_: str) -> list[Approval]:
        query = select(approvals).where(approvals.c.hash == hash_).order_by(approvals.c.at)
        with self.reading() as connection:
            return [Approval(**row) for row in connection.execute(query).mappings()]

    def _plans(self, *wanted: Plain, limit: int | None = None) -> list[PlanState]:
        query = select(plans.c.body, plans.c.state).where(*wanted).order_by(plans.c.made_at.desc(), plans.c.hash).limit(limit)
        with self.reading() as connection:
            return [_read(row) for row in connection.execute(query)]


def _row(plan: Plan) -> dict[str, Plain]:
    return {
        "hash": plan.hash,
        "target": plan.target,
        "lane": plan.lane,
        "state": "made",
        "body": as_json(plan),
        "made_at": plan.made_at,
        "expires_at": plan.expires_at,
    }


def _read(row: Row[*tuple[Plain, ...]]) -> PlanState:
    return PlanState(msgspec.json.decode(row.body, type=Plan), row.state)

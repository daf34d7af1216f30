"""Plans as they were shown, who approved which, and how far each has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Row, func, or_, select, update

from setright.engine.error import EngineError
from setright.engine.store.database import Database, as_json
from setright.engine.store.schema import approvals, plans, requests, run_plans, runs
from setright.engine.times import stamp
from setright.model import Plain, Plan

AT_ONCE = 500  # hashes in one statement
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

    def keep_plans(self, made: Iterable[Plan], by: str = "") -> None:
        """Plans known already stay as they are: a hash is one plan, whatever it was made by. `by`: who asks for them."""
        rows = [_row(plan) for plan in made]
        asked = [{"hash": row["hash"], "by": by, "at": row["made_at"]} for row in rows if by]
        if rows:
            with self.writing() as connection:
                connection.execute(self.insert(plans).on_conflict_do_nothing(index_elements=["hash"]), rows)
                if asked:
                    connection.execute(self.insert(requests).on_conflict_do_nothing(index_elements=["hash"]), asked)

    def asked_by(self, hashes: Sequence[str]) -> dict[str, str]:
        """Who first asked for each plan; those of which nobody said are not there."""
        query = select(requests.c.hash, requests.c.by)
        with self.reading() as connection:
            rows = [row for some in batched(hashes) for row in connection.execute(query.where(requests.c.hash.in_(some)))]
        return {row.hash: row.by for row in rows}

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

    def approve(self, hashes: Sequence[str], by: str, at: datetime) -> None:
        """One person's yes to each plan counts once, from when it was last given."""
        rows = [{"hash": hash_, "by": by, "at": stamp(at)} for hash_ in hashes]
        insert = self.insert(approvals)
        anew = insert.on_conflict_do_update(index_elements=["hash", "by"], set_={"at": insert.excluded.at})
        if rows:
            with self.writing() as connection:
                connection.execute(anew, rows)

    def approvals(self, hashes: Sequence[str]) -> dict[str, list[Approval]]:
        """Those given since each plan last began to run: a yes is for one run."""
        begun = select(func.max(runs.c.started_at)).join(run_plans, run_plans.c.run == runs.c.id)
        last = begun.where(run_plans.c.hash == approvals.c.hash).scalar_subquery()
        query = select(approvals).where(or_(last.is_(None), approvals.c.at > last)).order_by(approvals.c.at)
        found: dict[str, list[Approval]] = {hash_: [] for hash_ in hashes}
        with self.reading() as connection:
            for some in batched(hashes):
                for row in connection.execute(query.where(approvals.c.hash.in_(some))).mappings():
                    found[row["hash"]].append(Approval(**row))
        return found

    def _plans(self, *wanted: Plain, limit: int | None = None) -> list[PlanState]:
        query = select(plans.c.body, plans.c.state).where(*wanted).order_by(plans.c.made_at.desc(), plans.c.hash).limit(limit)
        with self.reading() as connection:
            return [_read(row) for row in connection.execute(query)]


def batched(hashes: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many at a time as one statement of any database takes."""
    for start in range(0, len(hashes), AT_ONCE):
        yield hashes[start : start + AT_ONCE]


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

"""Plans as they were shown, who approved which, and how far each has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from setright.engine.error import EngineError
from setright.engine.store.database import Database, Row, inserted, stored_json
from setright.engine.times import stamp
from setright.model import Plain, Plan

AT_ONCE = 500  # hashes in one query
BEYOND_HEX = "g"
REQUEST = ("hash", "by", "at")
SINCE_LAST_BEGUN = """SELECT hash, "by", at FROM approvals WHERE at > COALESCE((
    SELECT MAX(runs.started_at) FROM runs JOIN run_plans ON run_plans.run = runs.id WHERE run_plans.hash = approvals.hash), '')"""


class Approval(msgspec.Struct, frozen=True):
    """Someone's yes to exactly one plan."""

    hash: str
    by: str
    at: str


class PlanState(msgspec.Struct, frozen=True):
    """A plan and how far it has come: `made`, and the last outcome once it ran."""

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
                connection.change_each(inserted("plans", rows[0], "ON CONFLICT DO NOTHING"), rows)
                connection.change_each(inserted("requests", REQUEST, "ON CONFLICT DO NOTHING"), asked)

    def asked_by(self, hashes: Sequence[str]) -> dict[str, str]:
        """Who first asked for each plan; those of which nobody said are not there."""
        query = 'SELECT hash, "by" FROM requests WHERE hash IN'
        with self.reading() as connection:
            rows = [row for names, values in among(hashes) for row in connection.rows(f"{query} {names}", values)]
        return {row["hash"]: row["by"] for row in rows}

    def plan(self, hash_: str) -> Plan:
        return self.plan_state(hash_).plan

    def plan_state(self, hash_: str) -> PlanState:
        """By its hash or the unmistakable start of one. Raises EngineError where there is none, or more than one."""
        found = self._plans("hash BETWEEN :hash AND :beyond", {"hash": hash_, "beyond": hash_ + BEYOND_HEX}, limit=2)
        if len(found) != 1:
            why = "begins more than one plan's hash; give more of it" if found else "is no plan of ours; `setright plan` makes them"
            raise EngineError(f"{hash_!r} {why}")
        return found[0]

    def plans_of(self, hashes: Sequence[str]) -> list[Plan]:
        """In that order. Raises EngineError where one is none of ours."""
        found: dict[str, Plan] = {}
        for names, values in among(hashes):
            found |= {each.plan.hash: each.plan for each in self._plans(f"hash IN {names}", values)}
        if missing := [hash_ for hash_ in hashes if hash_ not in found]:
            raise EngineError(f"{missing[0]!r} is no plan of ours; `setright plan` makes them")
        return [found[hash_] for hash_ in hashes]

    def plans(self, state: str | None = None, target: str | None = None) -> list[PlanState]:
        """The newest first."""
        wanted = {name: value for name, value in (("state", state), ("target", target)) if value is not None}
        return self._plans(" AND ".join(f"{name} = :{name}" for name in wanted) or "TRUE", wanted)

    def approve(self, hashes: Sequence[str], by: str, at: datetime) -> None:
        """One person's yes to each plan counts once, from when it was last given."""
        rows = [{"hash": hash_, "by": by, "at": stamp(at)} for hash_ in hashes]
        with self.writing() as connection:
            connection.change_each(inserted("approvals", REQUEST, 'ON CONFLICT (hash, "by") DO UPDATE SET at = excluded.at'), rows)

    def approvals(self, hashes: Sequence[str]) -> dict[str, list[Approval]]:
        """Those given since each plan last began to run: a yes is for one run."""
        found: dict[str, list[Approval]] = {hash_: [] for hash_ in hashes}
        with self.reading() as connection:
            for names, values in among(hashes):
                for row in connection.rows(f"{SINCE_LAST_BEGUN} AND hash IN {names} ORDER BY at", values):
                    found[row["hash"]].append(Approval(**row))
        return found

    def every_approval(self, hashes: Sequence[str]) -> dict[str, list[Approval]]:
        """All ever given, those of runs that are over too."""
        found: dict[str, list[Approval]] = {hash_: [] for hash_ in hashes}
        with self.reading() as connection:
            for names, values in among(hashes):
                query = f'SELECT hash, "by", at FROM approvals WHERE hash IN {names} ORDER BY at'  # noqa: S608 - names of ours
                for row in connection.rows(query, values):
                    found[row["hash"]].append(Approval(**row))
        return found

    def _plans(self, wanted: str, values: Mapping[str, Plain], limit: int | None = None) -> list[PlanState]:
        query = f"SELECT body, state FROM plans WHERE {wanted} ORDER BY made_at DESC, hash"  # noqa: S608 - names of ours
        with self.reading() as connection:
            return [_read(row) for row in connection.rows(f"{query} LIMIT {limit}" if limit else query, values)]


def among(hashes: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """The hashes as lists of values, so many at a time as one statement of any database takes, and those values."""
    for start in range(0, len(hashes), AT_ONCE):
        values = {f"h{n}": hash_ for n, hash_ in enumerate(hashes[start : start + AT_ONCE])}
        yield f"(:{', :'.join(values)})", values


def _row(plan: Plan) -> dict[str, Plain]:
    return {
        "hash": plan.hash,
        "target": plan.target,
        "lane": plan.lane,
        "state": "made",
        "body": stored_json(plan),
        "made_at": plan.made_at,
        "expires_at": plan.expires_at,
    }


def _read(row: Row) -> PlanState:
    return PlanState(msgspec.json.decode(row["body"], type=Plan), row["state"])

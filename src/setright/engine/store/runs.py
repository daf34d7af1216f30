"""Runs: which plans each ran in which order, how each ended, and the snapshots that lead back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from setright.engine.error import EngineError
from setright.engine.store.database import Connection, Database, Row, inserted, stored_json
from setright.engine.store.jobs import Job, add_jobs
from setright.engine.times import stamp

PART = ("run", "hash", "position", "kept", "error", "job")
END = "UPDATE run_plans SET outcome = :outcome, kept = :kept, error = :error WHERE run = :run AND hash = :hash"
SAID = "SELECT 1 FROM run_plans WHERE run = :run AND hash = :hash AND outcome = :outcome"
KEPT = """SELECT kept FROM run_plans
    WHERE hash = :hash AND run = COALESCE((SELECT "of" FROM runs WHERE id = :run), :run)"""
JOIN = """INSERT INTO run_plans (run, hash, position, outcome, kept, error, job, round)
    SELECT run, :new, :last + :place, :outcome, '[]', :error, job, :number FROM run_plans WHERE run = :run AND hash = :beside
    ON CONFLICT DO NOTHING"""
ROUND = """SELECT * FROM run_plans WHERE run = :run AND round = :number
    AND job = (SELECT job FROM run_plans WHERE run = :run AND hash = :beside) ORDER BY position"""
TAKEN_BACK = """SELECT plans.body FROM run_plans JOIN plans ON plans.hash = run_plans.hash
    WHERE run_plans.outcome = 'reverted' ORDER BY run_plans.run DESC LIMIT :limit"""
LOOKED_AT = 500  # of the plans that were taken back, the latest


class Ended(Protocol):
    """How one plan of a run ended (`workflow.Outcome`): `kept` are the addresses of its snapshots."""

    @property
    def plan(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def why(self) -> str: ...
    @property
    def kept(self) -> tuple[str, ...]: ...


class RunPlan(msgspec.Struct, frozen=True):
    """One plan's part in a run. `outcome` None: not ended. `round` counts from 1; 0: planned in the place of another."""

    hash: str
    outcome: str | None
    kept: tuple[str, ...]
    error: str
    round: int = 1


class Run(msgspec.Struct, frozen=True):
    """A run of kind ``apply``, or ``rollback`` of the run `of`; `state` is ``running`` until it ended.

    It is at wave `wave` of `waves`; `why` says what stopped it before its end.
    """

    id: str
    kind: str
    of: str | None
    state: str
    started_at: str
    ended_at: str | None
    plans: tuple[RunPlan, ...]
    wave: int = 1
    waves: int = 1
    why: str = ""


class Work(msgspec.Struct, frozen=True):
    """What a run is to do: a job for each target, and the job of each plan; how many targets taken back stop it.

    `worker` is the process that serves it alone; None: whatever worker comes. `further`: what it may plan by itself (`rounds`).
    """

    jobs: tuple[Job, ...] = ()
    places: Mapping[str, int] = {}
    budget: int = 1
    worker: str | None = None
    further: str = ""


class Runs(Database):
    """The runs' part of the store."""

    def reverts(self) -> dict[str, int]:
        """How often a plan of each control was taken back lately: because it did not hold, or because somebody asked for it."""
        with self.reading() as connection:
            rows = connection.rows(TAKEN_BACK, {"limit": LOOKED_AT})
        return dict(Counter(control for row in rows for control in msgspec.json.decode(row["body"])["controls"]))

    def begin_run(
        self,
        id_: str,
        hashes: Sequence[str],
        at: datetime,
        rolls_back: str | None = None,
        work: Work = Work(),  # noqa: B008 - immutable
    ) -> None:
        """The plans must be kept already. A run of that id that began before stays as it is."""
        row = {
            "id": id_,
            "kind": "rollback" if rolls_back else "apply",
            "of": rolls_back,
            "state": "running",
            "started_at": stamp(at),
            "waves": max((job.wave for job in work.jobs), default=1),
            "budget": work.budget,
            "worker": work.worker,
            "further": work.further,
        }
        part = {"run": id_, "kept": "[]", "error": ""}
        parts = [part | {"hash": h, "position": place, "job": work.places.get(h, 0)} for place, h in enumerate(hashes)]
        with self.writing() as connection:
            connection.change(inserted("runs", row, "ON CONFLICT DO NOTHING"), row)
            connection.change_each(inserted("run_plans", PART, "ON CONFLICT DO NOTHING"), parts)
            add_jobs(connection, work.jobs)

    def join_run(self, run: str, beside: str, hashes: Sequence[str]) -> None:
        """Plans that a run made itself, in the place of one of its own. They must be kept already."""
        query = f"INSERT INTO run_plans ({', '.join(PART)}, round) SELECT run, :new, position, '[]', '', job, 0 FROM run_plans"  # noqa: S608
        rows = [{"run": run, "beside": beside, "new": hash_} for hash_ in hashes]
        with self.writing() as connection:
            connection.change_each(f"{query} WHERE run = :run AND hash = :beside ON CONFLICT DO NOTHING", rows)

    def further(self, run: str) -> str:
        """What a run may plan by itself; empty: nothing, or nothing more since it was stopped."""
        with self.reading() as connection:
            (row,) = connection.rows("SELECT further, why FROM runs WHERE id = :run", {"run": run})
        return "" if row["why"] else str(row["further"])

    def join_round(self, run: str, beside: str, number: int, made: Mapping[str, tuple[str | None, str]]) -> None:
        """The plans of another round on the target of one of the run's, after all there are: by hash, outcome (None: it runs), why.

        They must be kept already. One that the run has had stays as it is.
        """
        rows = [
            {"run": run, "beside": beside, "new": hash_, "outcome": outcome, "error": why, "number": number, "place": place}
            for place, (hash_, (outcome, why)) in enumerate(made.items())
        ]
        with self.writing() as connection:
            (row,) = connection.rows("SELECT MAX(position) AS last FROM run_plans WHERE run = :run", {"run": run})
            connection.change_each(JOIN, [each | {"last": row["last"] + 1} for each in rows])

    def round_of(self, run: str, beside: str, number: int) -> list[RunPlan]:
        """The plans of a round on the target of one of the run's, in order."""
        with self.reading() as connection:
            return [_part(row) for row in connection.rows(ROUND, {"run": run, "beside": beside, "number": number})]

    def end_plans(self, run: str, ended: Sequence[Ended]) -> bool:
        """Plans' outcomes, on the run and on the plans. Saying it again changes nothing more: True then."""
        ends = [{"run": run, "hash": e.plan, "outcome": e.outcome, "kept": stored_json(e.kept), "error": e.why} for e in ended]
        with self.writing() as connection:
            before = [row for each in ends[:1] for row in connection.rows(SAID, each)]  # they were all said, or none
            for each in ends:
                if connection.change(END, each) != 1:
                    raise EngineError(f"run {run} has no plan {each['hash']}; begin_run comes first")
            connection.change_each("UPDATE plans SET state = :outcome WHERE hash = :hash", ends)
        return bool(before)

    def end_run(self, id_: str, state: str, at: datetime) -> None:
        end = "UPDATE runs SET state = :state, ended_at = :at WHERE id = :id"
        with self.writing() as connection:
            connection.change(end, {"id": id_, "state": state, "at": stamp(at)})

    def run(self, id_: str) -> Run:
        """Raises EngineError where there is none."""
        with self.reading() as connection:
            found = connection.rows("SELECT * FROM runs WHERE id = :id", {"id": id_})
            if not found:
                raise EngineError(f"{id_!r} is no run of ours; `setright apply` and `setright fix` name theirs")
            return _read(connection, found[0])

    def runs(self, state: str | None = None, limit: int = 100) -> list[Run]:
        """The newest first."""
        only = "" if state is None else "WHERE state = :state"
        query = f"SELECT * FROM runs {only} ORDER BY started_at DESC, id LIMIT :limit"  # noqa: S608 - names of ours
        with self.reading() as connection:
            return [_read(connection, row) for row in connection.rows(query, {"state": state, "limit": limit})]

    def plans_of_job(self, run: str, number: int) -> list[tuple[str, str | None, dict[str, str]]]:
        """Hash, outcome so far and health before of each plan of a job, in order."""
        query = "SELECT hash, outcome, health FROM run_plans WHERE run = :run AND job = :number ORDER BY position"
        with self.reading() as connection:
            rows = connection.rows(query, {"run": run, "number": number})
        return [(row["hash"], row["outcome"], msgspec.json.decode(row["health"])) for row in rows]

    def note_health(self, run: str, plan: str, health: Mapping[str, str]) -> None:
        """How the target was before the plan, for those who look at it after the wave."""
        note = "UPDATE run_plans SET health = :health WHERE run = :run AND hash = :hash"
        with self.writing() as connection:
            connection.change(note, {"run": run, "hash": plan, "health": stored_json(health)})

    def kept(self, run: str, plan: str) -> Sequence[str]:
        """The snapshots of the state before: for a rollback, those of the run it turns round."""
        with self.reading() as connection:
            found = connection.rows(KEPT, {"run": run, "hash": plan})
        return tuple(msgspec.json.decode(found[0]["kept"], type=tuple[str, ...])) if found else ()


def _read(connection: Connection, row: Row) -> Run:
    parts = connection.rows("SELECT * FROM run_plans WHERE run = :id ORDER BY position", {"id": row["id"]})
    read = tuple(map(_part, parts))
    told = {name: row[name] for name in ("wave", "waves", "why")}
    return Run(row["id"], row["kind"], row["of"], row["state"], row["started_at"], row["ended_at"], read, **told)


def _part(row: Row) -> RunPlan:
    return RunPlan(row["hash"], row["outcome"], tuple(msgspec.json.decode(row["kept"])), row["error"], row["round"])

"""Runs: which plans each ran in which order, how each ended, and the snapshots that lead back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from setright.engine.error import EngineError
from setright.engine.store.database import Connection, Database, Row, as_json, inserted
from setright.engine.times import stamp

PART = ("run", "hash", "position", "kept", "error")
END = "UPDATE run_plans SET outcome = :outcome, kept = :kept, error = :error WHERE run = :run AND hash = :hash"
KEPT = """SELECT kept FROM run_plans
    WHERE hash = :hash AND run = COALESCE((SELECT "of" FROM runs WHERE id = :run), :run)"""


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
    """One plan's part in a run. `outcome` None: not ended."""

    hash: str
    outcome: str | None
    kept: tuple[str, ...]
    error: str


class Run(msgspec.Struct, frozen=True):
    """A run of kind ``apply``, or ``rollback`` of the run `of`; `state` is ``running`` until it ended."""

    id: str
    kind: str
    of: str | None
    state: str
    started_at: str
    ended_at: str | None
    plans: tuple[RunPlan, ...]


class Runs(Database):
    """The runs' part of the store."""

    def begin_run(self, id_: str, hashes: Sequence[str], at: datetime, rolls_back: str | None = None) -> None:
        """The plans must be kept already. A run of that id that began before stays as it is."""
        row = {
            "id": id_,
            "kind": "rollback" if rolls_back else "apply",
            "of": rolls_back,
            "state": "running",
            "started_at": stamp(at),
        }
        parts = [{"run": id_, "hash": hash_, "position": place, "kept": "[]", "error": ""} for place, hash_ in enumerate(hashes)]
        with self.writing() as connection:
            connection.change(inserted("runs", row, "ON CONFLICT DO NOTHING"), row)
            connection.change_each(inserted("run_plans", PART, "ON CONFLICT DO NOTHING"), parts)

    def join_run(self, run: str, beside: str, hashes: Sequence[str]) -> None:
        """Plans that a run made itself, in the place of one of its own. They must be kept already."""
        query = f"INSERT INTO run_plans ({', '.join(PART)}) SELECT run, :new, position, '[]', '' FROM run_plans"  # noqa: S608
        rows = [{"run": run, "beside": beside, "new": hash_} for hash_ in hashes]
        with self.writing() as connection:
            connection.change_each(f"{query} WHERE run = :run AND hash = :beside ON CONFLICT DO NOTHING", rows)

    def end_plans(self, run: str, ended: Sequence[Ended]) -> None:
        """Plans' outcomes, on the run and on the plans. Saying it again changes nothing more."""
        ends = [{"run": run, "hash": e.plan, "outcome": e.outcome, "kept": as_json(e.kept), "error": e.why} for e in ended]
        with self.writing() as connection:
            for each in ends:
                if connection.change(END, each) != 1:
                    raise EngineError(f"run {run} has no plan {each['hash']}; begin_run comes first")
            connection.change_each("UPDATE plans SET state = :outcome WHERE hash = :hash", ends)

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

    def kept(self, run: str, plan: str) -> Sequence[str]:
        """The snapshots of the state before: for a rollback, those of the run it turns round."""
        with self.reading() as connection:
            found = connection.rows(KEPT, {"run": run, "hash": plan})
        return tuple(msgspec.json.decode(found[0]["kept"], type=tuple[str, ...])) if found else ()


def _read(connection: Connection, row: Row) -> Run:
    parts = connection.rows("SELECT * FROM run_plans WHERE run = :id ORDER BY position", {"id": row["id"]})
    read = tuple(RunPlan(p["hash"], p["outcome"], tuple(msgspec.json.decode(p["kept"])), p["error"]) for p in parts)
    return Run(row["id"], row["kind"], row["of"], row["state"], row["started_at"], row["ended_at"], read)

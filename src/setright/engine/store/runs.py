"""Runs: which plans each ran in which order, how each ended, and the snapshots that lead back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import msgspec
from sqlalchemy import Connection, Row, select

from setright.engine.error import EngineError
from setright.engine.store.database import Database, as_json
from setright.engine.store.schema import plans, run_plans, runs
from setright.engine.times import stamp
from setright.model import Plain


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
            connection.execute(self.insert(runs).values(row).on_conflict_do_nothing(index_elements=["id"]))
            if parts:
                connection.execute(self.insert(run_plans).on_conflict_do_nothing(index_elements=["run", "hash"]), parts)

    def end_plans(self, run: str, ended: Sequence[Ended]) -> None:
        """Plans' outcomes, on the run and on the plans. Saying it again changes nothing more."""
        with self.writing() as connection:
            for each in ended:
                outcome = {"outcome": each.outcome, "kept": as_json(each.kept), "error": each.why}
                of_run = (run_plans.c.run == run) & (run_plans.c.hash == each.plan)
                if connection.execute(run_plans.update().where(of_run).values(outcome)).rowcount != 1:
                    raise EngineError(f"run {run} has no plan {each.plan}; begin_run comes first")
                connection.execute(plans.update().where(plans.c.hash == each.plan).values(state=each.outcome))

    def end_run(self, id_: str, state: str, at: datetime) -> None:
        with self.writing() as connection:
            connection.execute(runs.update().where(runs.c.id == id_).values(state=state, ended_at=stamp(at)))

    def run(self, id_: str) -> Run:
        """Raises EngineError where there is none."""
        with self.reading() as connection:
            row = connection.execute(select(runs).where(runs.c.id == id_)).one_or_none()
            if row is None:
                raise EngineError(f"{id_!r} is no run of ours; `setright apply` and `setright fix` name theirs")
            return _read(connection, row)

    def runs(self, state: str | None = None, limit: int = 100) -> list[Run]:
        """The newest first."""
        query = select(runs).order_by(runs.c.started_at.desc(), runs.c.id).limit(limit)
        if state is not None:
            query = query.where(runs.c.state == state)
        with self.reading() as connection:
            return [_read(connection, row) for row in connection.execute(query).all()]

    def kept(self, run: str, plan: str) -> Sequence[str]:
        """The snapshots of the state before: for a rollback, those of the run it turns round."""
        with self.reading() as connection:
            whose = connection.execute(select(runs.c.of).where(runs.c.id == run)).scalar_one_or_none() or run
            part = select(run_plans.c.kept).where(run_plans.c.run == whose, run_plans.c.hash == plan)
            kept = connection.execute(part).scalar_one_or_none()
        return tuple(msgspec.json.decode(kept, type=tuple[str, ...])) if kept else ()


def _read(connection: Connection, row: Row[*tuple[Plain, ...]]) -> Run:
    parts = connection.execute(select(run_plans).where(run_plans.c.run == row.id).order_by(run_plans.c.position))
    read = tuple(RunPlan(part.hash, part.outcome, tuple(msgspec.json.decode(part.kept)), part.error) for part in parts)
    return Run(row.id, row.kind, row.of, row.state, row.started_at, row.ended_at, read)

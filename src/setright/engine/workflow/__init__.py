"""Runs of plans that outlive a crash: which plans go when, each step journalled by DBOS (docs.dbos.dev).

Only this room knows the library. A run that can no longer be recorded stops where it is, as if the process had died: the
next start goes on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import sqlalchemy
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from sqlalchemy.exc import SQLAlchemyError

from setright.engine.change import Lapsed
from setright.engine.error import EngineError
from setright.engine.workflow.protocol import Desk, Outcome, Unrecorded, apply_plan, desk, recorded, rollback_plan, serve, standing
from setright.engine.workflow.together import apply_together, rollback_together
from setright.model import Plain
from setright.surfaces.base import Moved, Rejected

SCHEMA = "setright-runs-3"  # raised when the order or the meaning of steps changes


@contextlib.contextmanager
def launched(state: Path, url: str, at: Desk) -> Iterator[list[Outcome]]:
    """Runs can be submitted inside. First, what an earlier process left unfinished is finished or rolled back.

    Gives the outcomes of those. One process at a time works on a state directory; another waits for it.
    """
    with _alone(state):
        serve(at, _unsynced(url))
        DBOS(config=_config(state, url))
        try:
            with _said():
                DBOS.launch()
                recovered = _recovered()
            yield recovered
        finally:
            DBOS.destroy(destroy_registry=False)
            serve(None)


def submit(run: str, targets: Mapping[str, Sequence[str]], tell: Callable[[Outcome], None], kind: str = "apply") -> list[Outcome]:
    """Runs the plans (hashes) of each target in order, targets side by side; gives their outcomes. `tell` hears each target's."""
    handles = []
    for number, (target, hashes) in enumerate(targets.items()):
        with _said(), SetWorkflowID(f"{run}.{number}"):
            handles.append(DBOS.start_workflow(run_target, run, target, list(hashes), kind))
    outcomes = []
    for handle in handles:
        with _said():
            ended = handle.get_result()
        for raw in ended:
            outcomes.append(_outcome(raw))
            tell(outcomes[-1])
    return outcomes


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """What stopped the runs, as an error with what to do."""
    try:
        yield
    except (SQLAlchemyError, Unrecorded) as error:
        why = str(getattr(error, "orig", None) or error)
        raise EngineError(f"{why}; the run stops where it is, and the next start finishes it or takes it back") from error


@DBOS.workflow()
@recorded
def run_target(run: str, target: str, hashes: list[str], kind: str) -> list[list[Plain]]:
    """The plans of one target in order, at once those that do not build on each other."""
    ended: list[list[Plain]] = []
    batches = desk().batches(hashes, kind)
    if kind != "apply":
        for batch in batches:
            ended += rollback_together(run, batch) if len(batch) > 1 else [rollback_plan(run, batch[0])]
        return ended
    stood = standing(hashes) if len(batches) > 1 else []
    for batch in batches:
        ended += apply_together(run, batch, stood) if len(batch) > 1 else [apply_plan(run, batch[0], batch[0] in stood)]
    return ended


def _recovered() -> list[Outcome]:
    """Waits for what `DBOS.launch` took up again: runs that an earlier process left unfinished."""
    outcomes = []
    for status in DBOS.list_workflows(status=["PENDING", "ENQUEUED"], name=run_target.__qualname__):
        outcomes += [_outcome(raw) for raw in _result(status.workflow_id)]
    return outcomes


def _result(workflow_id: str) -> list[list[Plain]]:
    result: list[list[Plain]] = DBOS.retrieve_workflow(workflow_id).get_result()
    return result


def _outcome(raw: Sequence[Plain]) -> Outcome:
    plan_hash, outcome, why, kept = raw
    return Outcome(plan_hash, outcome, why, tuple(kept))


def _config(state: Path, url: str) -> DBOSConfig:
    config = DBOSConfig(
        name="setright",
        application_version=SCHEMA,
        executor_id="local",
        system_database_url=url,
        serializer=DBOSPortableJSONSerializer(),
        log_level="CRITICAL",
        run_migrations=True,
    )
    if url.startswith("sqlite"):
        config["system_database_engine"] = _wal(url)
    return config


def _unsynced(url: str) -> Path | None:
    """The file of a journal on SQLite that commits go to without waiting for the disk (sqlite.org/wal.html)."""
    place = sqlalchemy.make_url(url)
    return Path(f"{place.database}-wal") if place.drivername.startswith("sqlite") else None


def _wal(url: str) -> sqlalchemy.Engine:
    """The library sets no write-ahead log on SQLite. A power cut may lose the journal's last steps: they are repeated then."""
    engine = sqlalchemy.create_engine(url)

    @sqlalchemy.event.listens_for(engine, "connect")
    def settings(connection: Plain, _: Plain) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("busy_timeout=30000", "foreign_keys=ON", "journal_mode=WAL", "synchronous=NORMAL"):
            connection.execute(f"PRAGMA {pragma}")

    return engine


@contextlib.contextmanager
def _alone(state: Path) -> Iterator[None]:
    """One process at a time works on a state directory; the lock goes with the process, however it ends."""
    handle = os.open(state / "runs.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


__all__ = ["Desk", "Lapsed", "Moved", "Outcome", "Rejected", "launched", "submit"]

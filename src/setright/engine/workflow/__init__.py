"""Runs of plans that outlive a crash: which plans go when, each step journalled by DBOS (docs.dbos.dev).

Only this room knows the library. A run that can no longer be recorded stops where it is, as if the process had died: the
next start goes on.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Container, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import sqlalchemy
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from sqlalchemy.exc import SQLAlchemyError

from setright.engine.change import Lapsed
from setright.engine.error import EngineError
from setright.engine.rounds import MOST
from setright.engine.workflow.protocol import (
    Desk,
    Outcome,
    Unrecorded,
    apply_plan,
    desk,
    look_further,
    recorded,
    set_desk,
    standing,
)
from setright.engine.workflow.served import apply_served
from setright.engine.workflow.together import apply_together, rollback_all
from setright.model import Plain
from setright.surfaces.base import Moved, Rejected

SCHEMA = "setright-runs-7"  # raised when the order or the meaning of steps changes
LOOK_S = 0.1
NEWS_S = 0.05  # the library looks for messages this often, which we send none of; so long its end waits for that look


@contextlib.contextmanager
def launched(state: Path, url: str, at: Desk, worker: str) -> Iterator[None]:
    """Plans can be run inside, by the worker of that name. On SQLite one process at a time works; another waits for it."""
    with _alone(state) if is_local(url) else contextlib.nullcontext():
        set_desk(at, _unsynced(url))
        DBOS(config=_config(url, worker))
        try:
            with stop_explained():
                DBOS.launch()
            yield
        finally:
            DBOS.destroy(destroy_registry=False)
            set_desk(None)


def is_local(url: str) -> bool:
    """Whether the journal is a file, which one process at a time works with."""
    return url.startswith("sqlite")


class Task(NamedTuple):
    """Plans (hashes) of a run to be run on one target in order, under an id of their own; `kind` apply, or rollback and `why`."""

    id: str
    run: str
    target: str
    hashes: tuple[str, ...]
    kind: str = "apply"
    why: str = "asked for"


def carry_out(task: Task, living: Callable[[], Container[str]]) -> list[Outcome]:
    """The outcomes of the plans. What a worker began that is not `living` any more is finished or taken back."""
    with stop_explained():
        if not has_begun(task):
            with SetWorkflowID(task.id):
                return [_outcome(raw) for raw in run_target(task.run, task.target, list(task.hashes), task.kind, task.why)]
        return [_outcome(raw) for raw in _taken_over(task.id, living)]


def has_begun(task: Task) -> bool:
    """Whether any worker has begun with it, whatever became of that."""
    with stop_explained():
        return DBOS.get_workflow_status(task.id) is not None


@contextlib.contextmanager
def stop_explained() -> Iterator[None]:
    """What stopped the runs, as an error with what to do."""
    try:
        yield
    except (SQLAlchemyError, Unrecorded) as error:
        why = str(getattr(error, "orig", None) or error)
        raise EngineError(f"{why}; the run stops where it is, and the next start finishes it or takes it back") from error


@DBOS.workflow()
@recorded
def run_target(run: str, target: str, hashes: list[str], kind: str, why: str) -> list[list[Plain]]:
    """The plans of one target in order, at once those that do not build on each other; then what they brought (`rounds`)."""
    ended: list[list[Plain]] = []
    batches = desk().batches(hashes, kind)
    if kind != "apply":
        return rollback_all(run, batches, why)
    for number in range(2, MOST + 2):
        stood = standing(hashes) if len(batches) > 1 else []
        for batch in batches:
            ended += _applied(run, batch, stood)
        hashes = look_further(run, hashes, number) if number <= MOST else []
        batches = desk().batches(hashes, kind)
    return ended


def _applied(run: str, batch: list[str], stood: list[str]) -> list[list[Plain]]:
    if len(batch) == 1:
        return [apply_plan(run, batch[0], batch[0] in stood)]
    return (apply_served if desk().is_served(batch) else apply_together)(run, batch, stood)


def _taken_over(id_: str, living: Callable[[], Container[str]]) -> list[list[Plain]]:
    """The library gives what is resumed to any worker; where that one dies too, it is resumed again."""
    while (status := DBOS.get_workflow_status(id_)) and status.status in ("PENDING", "ENQUEUED"):
        if status.status == "PENDING" and status.executor_id not in living():
            DBOS.resume_workflow(id_)
        time.sleep(LOOK_S)
    result: list[list[Plain]] = DBOS.retrieve_workflow(id_).get_result()
    return result


def _outcome(raw: Sequence[Plain]) -> Outcome:
    plan_hash, outcome, why, kept = raw
    return Outcome(plan_hash, outcome, why, tuple(kept))


def _config(url: str, worker: str) -> DBOSConfig:
    config = DBOSConfig(
        name="setright",
        application_version=SCHEMA,
        executor_id=worker,
        system_database_url=url,
        serializer=DBOSPortableJSONSerializer(),
        log_level="CRITICAL",
        run_migrations=True,
        notification_listener_polling_interval_sec=NEWS_S,
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


__all__ = [
    "Desk",
    "Lapsed",
    "Moved",
    "Outcome",
    "Rejected",
    "Task",
    "Unrecorded",
    "carry_out",
    "has_begun",
    "is_local",
    "launched",
    "stop_explained",
]

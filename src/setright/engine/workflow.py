"""Runs of plans that outlive a crash: the order of the protocol's steps, each journalled by DBOS (docs.dbos.dev).

Only this module knows the library. A step that was cut off is repeated at the next start, so every step is
idempotent (see `execute`); what a step returns is small plain data without secrets, since it is stored.
A run that can no longer be recorded stops where it is, as if the process had died: the next start goes on.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, ParamSpec, Protocol, TypeVar

import sqlalchemy
from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from sqlalchemy.exc import SQLAlchemyError

from setright.engine.change import Lapsed
from setright.engine.error import EngineError
from setright.engine.execute import Execution
from setright.model import Plain
from setright.surfaces.base import Moved, Rejected, SurfaceError

SCHEMA = "setright-runs-1"  # raised when the order or the meaning of steps changes
ARMED_FOR_S = 30.0
RETRY_S = 1.0
P = ParamSpec("P")
T = TypeVar("T")


class Unrecorded(BaseException):
    """The journal, the store or the ledger takes nothing more. No `Exception`: the library would close the workflow with it."""


class Outcome(NamedTuple):
    """How one plan ended: verified, unverified, reverted, refused or hand; why; and the snapshots kept."""

    plan: str
    outcome: str
    why: str
    kept: tuple[str, ...] = ()


class Desk(Protocol):
    """What a workflow needs of the rest, given once at `launch`."""

    def execution(self, run: str, plan_hash: str) -> Execution: ...
    def forget(self, plan_hash: str) -> None: ...
    def kept(self, run: str, plan_hash: str) -> Sequence[str]: ...
    def record(self, event: str, body: Mapping[str, Plain]) -> None: ...
    def ended(self, run: str, outcome: Outcome) -> None: ...
    def stopped(self) -> bool: ...
    def at(self, boundary: str) -> None: ...


_desk: Desk | None = None
_begun: set[tuple[str, str]] = set()  # (run, plan) whose protocol began in this process: no earlier one wrote anything of it


def desk() -> Desk:
    if _desk is None:
        raise EngineError("no runs here: launch() comes first")
    return _desk


@contextlib.contextmanager
def launched(state: Path, url: str, at: Desk) -> Iterator[list[Outcome]]:
    """Runs can be submitted inside. First, what an earlier process left unfinished is finished or rolled back.

    Gives the outcomes of those. One process at a time works on a state directory; another waits for it.
    """
    global _desk
    with _alone(state):
        _desk = at
        DBOS(config=_config(state, url))
        try:
            with _said():
                DBOS.launch()
                recovered = _recovered()
            yield recovered
        finally:
            DBOS.destroy(destroy_registry=False)
            _begun.clear()
            _desk = None


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


def _recorded(workflow: Callable[P, T]) -> Callable[P, T]:
    """A workflow that stops where it is when the journal takes nothing more."""

    @functools.wraps(workflow)
    def recorded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return workflow(*args, **kwargs)
        except SQLAlchemyError as error:
            raise Unrecorded(str(getattr(error, "orig", None) or error)) from error

    return recorded


def _record(event: str, body: Mapping[str, Plain]) -> None:
    try:
        desk().record(event, body)
    except EngineError as error:
        raise Unrecorded(str(error)) from error


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """What stopped the runs, as an error with what to do."""
    try:
        yield
    except (SQLAlchemyError, Unrecorded) as error:
        why = str(getattr(error, "orig", None) or error)
        raise EngineError(f"{why}; the run stops where it is, and the next start finishes it or takes it back") from error


@DBOS.workflow()
@_recorded
def run_target(run: str, target: str, hashes: list[str], kind: str) -> list[list[Plain]]:
    """The plans of one target, one after the other: several may build on each other."""
    work = apply_plan if kind == "apply" else rollback_plan
    return [work(run, plan_hash) for plan_hash in hashes]


@DBOS.workflow()
@_recorded
def apply_plan(run: str, plan_hash: str) -> list[Plain]:
    """Snapshot, arm, validate, write, reload, verify; then keep or roll back. The outcome as plain data."""
    kept: list[str] = []
    health: dict[str, str] = {}
    armed = written = False
    try:
        kept, health = begin(run, plan_hash)
        armed = arm(run, plan_hash, kept)
        validate(run, plan_hash, kept)
        written = True
        lapsed = write(run, plan_hash, kept, armed)
        if lapsed:
            return refuse(run, plan_hash, kept, armed, lapsed)
        reload(run, plan_hash)
        wrong = verify(run, plan_hash, kept, health)
        if not wrong:
            confirm(run, plan_hash, armed)
            waits = pending(run, plan_hash)
            return end(run, plan_hash, "unverified" if waits else "verified", "; ".join(waits), kept)
        why = "; ".join(wrong)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - the one place: whatever went wrong is recorded and undone
        why = str(error) or type(error).__name__
        if not written:
            return refuse(run, plan_hash, kept, armed, why)
    return go_back(run, plan_hash, kept, armed, why)


@DBOS.workflow()
@_recorded
def refuse(run: str, plan_hash: str, kept: list[str], armed: bool, why: str) -> list[Plain]:
    """Nothing was written: only the switch is to be taken off, or it would undo somebody's later change."""
    if armed:
        confirm_quietly(run, plan_hash)
    return end(run, plan_hash, "refused", why, kept)


@DBOS.workflow()
@_recorded
def rollback_plan(run: str, plan_hash: str) -> list[Plain]:
    """The prior state of an applied plan, put back and verified."""
    kept = list(snapshots_of(run, plan_hash))
    return go_back(run, plan_hash, kept, False, "asked for")


@DBOS.workflow()
@_recorded
def go_back(run: str, plan_hash: str, kept: list[str], armed: bool, why: str) -> list[Plain]:
    """Restore, verify the rollback, and say so."""
    try:
        restore(run, plan_hash, kept, armed)
        left = restored(run, plan_hash, kept)
        if armed:
            confirm_quietly(run, plan_hash)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - recorded: the prior state is kept, a person must look
        return end(run, plan_hash, "unverified", f"{why}; the way back failed: {error}", kept)
    if left:
        return end(run, plan_hash, "unverified", f"{why}; not all came back: {'; '.join(left)}", kept)
    return end(run, plan_hash, "reverted", why, kept)


@DBOS.step()
def begin(run: str, plan_hash: str) -> tuple[list[str], dict[str, str]]:
    """Stale? Then the snapshot, then health as it is before."""
    desk().at("snapshot")
    if desk().stopped():
        raise EngineError("stopped: the kill switch is on; `setright stop --off` lets runs go on")
    execution = desk().execution(run, plan_hash)
    _begun.add((run, plan_hash))
    kept = execution.snapshot()
    _record("snapshot", {"run": run, "plan": plan_hash, "kept": kept})
    return kept, execution.health()


@DBOS.step()
def arm(run: str, plan_hash: str, kept: list[str]) -> bool:
    desk().at("arm")
    armed = desk().execution(run, plan_hash).arm(kept, ARMED_FOR_S)
    if armed:
        _record("armed", {"run": run, "plan": plan_hash, "within_s": ARMED_FOR_S})
    return armed


@DBOS.step()
def validate(run: str, plan_hash: str, kept: list[str]) -> None:
    desk().at("validate")
    desk().execution(run, plan_hash).validate(kept)


@DBOS.step()
def write(run: str, plan_hash: str, kept: list[str], armed: bool) -> str:
    """Why nothing was written, or nothing. Repeated after a crash, it first sets the switch anew: it may have fired since."""
    desk().at("write")
    _record("writing", {"run": run, "plan": plan_hash})
    execution = desk().execution(run, plan_hash)
    first = (run, plan_hash) in _begun
    if armed and not first:
        execution.arm(kept, ARMED_FOR_S)
    try:
        execution.write(kept, first)
    except Lapsed as error:
        if first:
            return str(error)
        raise
    desk().at("written")
    return ""


@DBOS.step()
def reload(run: str, plan_hash: str) -> None:
    desk().at("reload")
    desk().execution(run, plan_hash).reload()
    desk().at("reloaded")


@DBOS.step()
def verify(run: str, plan_hash: str, kept: list[str], health: dict[str, str]) -> list[str]:
    desk().at("verify")
    return desk().execution(run, plan_hash).verify(kept, health)


@DBOS.step()
def confirm(run: str, plan_hash: str, armed: bool) -> None:
    desk().at("confirm")
    desk().execution(run, plan_hash).confirm(armed)


@DBOS.step()
def pending(run: str, plan_hash: str) -> list[str]:
    return desk().execution(run, plan_hash).pending()


@DBOS.step()
def confirm_quietly(run: str, plan_hash: str) -> None:
    """The prior state stands, so the switch has nothing to restore; whether it fired first does not matter."""
    with contextlib.suppress(SurfaceError):
        desk().execution(run, plan_hash).confirm(True)


@DBOS.step()
def snapshots_of(run: str, plan_hash: str) -> list[str]:
    return list(desk().kept(run, plan_hash))


@DBOS.step()
def restore(run: str, plan_hash: str, kept: list[str], armed: bool) -> None:
    """Over a new connection where the old one is gone; where we may be locked out, until the dead-man's switch has let us in."""
    desk().at("restore")
    _record("restoring", {"run": run, "plan": plan_hash})
    until = time.monotonic() + (2 * ARMED_FOR_S if armed else 3 * RETRY_S)
    while True:
        try:
            desk().execution(run, plan_hash).restore(kept)
            break
        except SurfaceError:
            desk().forget(plan_hash)
            if time.monotonic() > until:
                raise
            time.sleep(RETRY_S)
    desk().at("restored")


@DBOS.step()
def restored(run: str, plan_hash: str, kept: list[str]) -> list[str]:
    desk().at("verify-restored")
    return desk().execution(run, plan_hash).restored(kept)


@DBOS.step()
def end(run: str, plan_hash: str, outcome: str, why: str, kept: list[str]) -> list[Plain]:
    """The outcome, in the store and the ledger."""
    desk().at("end")
    try:
        desk().ended(run, Outcome(plan_hash, outcome, why, tuple(kept)))
    except EngineError as error:
        raise Unrecorded(str(error)) from error
    desk().at("ended")
    return [plan_hash, outcome, why, kept]


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

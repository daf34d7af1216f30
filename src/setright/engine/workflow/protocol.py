"""The safe-change protocol as a durable workflow of one plan: the order of its steps, each journalled (docs.dbos.dev).

A step that was cut off is repeated at the next start, so every step is idempotent (see `execute`); what a step returns is
small plain data without secrets, since it is stored.
"""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, ParamSpec, Protocol, TypeVar

from dbos import DBOS
from sqlalchemy.exc import SQLAlchemyError

from setright.engine.anew import Anew
from setright.engine.batch import Batch
from setright.engine.change import Lapsed
from setright.engine.durable import sync_file
from setright.engine.error import EngineError
from setright.engine.execute import Execution
from setright.engine.served import Served
from setright.model import Plain
from setright.surfaces.base import Cut, Moved, SurfaceError

ARMED_FOR_S = 30.0
RETRY_S = 1.0
STOPPED = "stopped: the kill switch is on; `setright stop --off` lets runs go on"
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
    def note_health(self, run: str, plan_hash: str, health: Mapping[str, str]) -> None: ...
    def batches(self, hashes: Sequence[str], kind: str) -> list[list[str]]: ...
    def batch(self, run: str, hashes: Sequence[str]) -> Batch: ...
    def served(self, run: str, hashes: Sequence[str]) -> Served: ...
    def is_served(self, hashes: Sequence[str]) -> bool: ...
    def standing(self, hashes: Sequence[str]) -> list[str]: ...
    def anew(self, run: str, plan_hash: str, stood: bool) -> Anew: ...
    def further(self, run: str, hashes: Sequence[str], number: int) -> list[str]: ...
    def record(self, event: str, *bodies: Mapping[str, Plain]) -> None: ...
    def ended(self, run: str, *outcomes: Outcome) -> None: ...
    def stopped(self) -> bool: ...
    def holds(self) -> bool: ...
    def at(self, boundary: str) -> None: ...


_desk: Desk | None = None
_journal: Path | None = None
begun: set[tuple[str, str]] = set()  # (run, plan) whose protocol began in this process: no earlier one wrote anything of it


def set_desk(at: Desk | None, journal: Path | None = None) -> None:
    """The desk of all runs from now on; None: there are none. `journal` is the file whose commits a power cut could lose."""
    global _desk, _journal
    _desk, _journal = at, journal
    begun.clear()


def desk() -> Desk:
    if _desk is None:
        raise EngineError("no runs here: launch() comes first")
    return _desk


def recorded(workflow: Callable[P, T]) -> Callable[P, T]:
    """A workflow that stops where it is when the journal takes nothing more."""

    @functools.wraps(workflow)
    def stopping(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return workflow(*args, **kwargs)
        except SQLAlchemyError as error:
            raise Unrecorded(str(getattr(error, "orig", None) or error)) from error

    return stopping


def at(boundary: str) -> None:
    """A step begins or has ended. Raises Unrecorded where others may have taken this process for dead, and its work over."""
    if not desk().holds():
        raise Unrecorded("this process was not heard of for too long, so others go on with its work")
    desk().at(boundary)


def before_writing(run: str, hashes: Iterable[str]) -> None:
    """From here on the journal outlives a power cut: a run that did not know its snapshots could not go back."""
    try:
        if _journal and _journal.exists():
            sync_file(_journal)
    except OSError as error:
        raise Unrecorded(f"{_journal}: {error.strerror}") from error
    record("writing", *({"run": run, "plan": plan_hash} for plan_hash in hashes))


def record(event: str, *bodies: Mapping[str, Plain]) -> None:
    try:
        desk().record(event, *bodies)
    except EngineError as error:
        raise Unrecorded(str(error)) from error


def note_health(run: str, plan_hash: str, health: Mapping[str, str]) -> None:
    try:
        desk().note_health(run, plan_hash, health)
    except EngineError as error:
        raise Unrecorded(str(error)) from error


def ended(run: str, *outcomes: Outcome) -> None:
    try:
        desk().ended(run, *outcomes)
    except EngineError as error:
        raise Unrecorded(str(error)) from error


def apply_plan(run: str, plan_hash: str, stood: bool = False, last: bool = False) -> list[Plain]:
    """Snapshot, arm, validate, write, reload, verify; then keep or roll back. The outcome as plain data.

    `stood`: its documents were as planned when the run began. `last`: it is not planned again where they moved since.
    """
    kept: list[str] = []
    late: list[str] = []
    armed = written = False
    try:
        kept, health, lapsed = begin(run, plan_hash)
        if lapsed:
            return refuse(run, plan_hash, kept, armed, lapsed) if last else overtaken(run, plan_hash, lapsed, stood)
        armed = arm(run, plan_hash, kept)
        validate(run, plan_hash, kept)
        written = True
        lapsed = write(run, plan_hash, kept, armed)
        if lapsed:
            return refuse(run, plan_hash, kept, armed, lapsed)
        late = reload(run, plan_hash)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - the one place: whatever went wrong is recorded and undone
        why = str(error) or type(error).__name__
        return (go_back if written else refuse)(run, plan_hash, kept, armed, why)
    return settle(run, plan_hash, kept, health, armed, late)


def settle(run: str, plan_hash: str, kept: list[str], health: dict[str, str], armed: bool, late: Sequence[str] = ()) -> list[Plain]:
    """What is written, verified; then kept or taken back. `late`: what the reload could not make hold."""
    try:
        wrong = verify(run, plan_hash, kept, health)
        if not wrong:
            confirm(run, plan_hash, armed)
            waits = [*(late or ()), *pending(run, plan_hash)]
            return end(run, plan_hash, "unverified" if waits else "verified", "; ".join(waits), kept)
        why = "; ".join(wrong)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - as above
        why = str(error) or type(error).__name__
    return go_back(run, plan_hash, kept, armed, why)


def overtaken(run: str, plan_hash: str, why: str, stood: bool) -> list[Plain]:
    """A plan whose documents moved: by other plans of this run? Then it holds already, or what is left of it is planned again."""
    because, hashes = look_again(run, plan_hash, stood)
    if not because:
        return refuse(run, plan_hash, [], False, why)
    ended = [apply_plan(run, each, False, True) for each in hashes]
    amiss = [each for each in ended if each[1] != "verified"]
    outcome = amiss[0][1] if amiss else "verified"
    return end(run, plan_hash, outcome, "; ".join([because, *(each[2] for each in amiss if each[2])]), [])


def refuse(run: str, plan_hash: str, kept: list[str], armed: bool, why: str) -> list[Plain]:
    """Nothing was written: only the switch is to be taken off, or it would undo somebody's later change."""
    if armed:
        confirm_quietly(run, plan_hash)
    return end(run, plan_hash, "refused", why, kept)


def go_back(run: str, plan_hash: str, kept: list[str], armed: bool, why: str) -> list[Plain]:
    """Restore, verify the rollback, and say so."""
    return end(run, *way_back(run, plan_hash, kept, armed, why))


def rollback_plan(run: str, plan_hash: str, why: str) -> list[Plain]:
    """The prior state of an applied plan, put back and verified; how it stands then, which is not its end yet."""
    kept = list(snapshots_of(run, plan_hash))
    return [*way_back(run, plan_hash, kept, False, why)]


def way_back(run: str, plan_hash: str, kept: list[str], armed: bool, why: str) -> tuple[str, str, str, list[str]]:
    """Restore and verify: the plan, ``reverted`` or ``unverified``, why, and the snapshots."""
    try:
        late = restore(run, plan_hash, kept, armed)
        left = restored(run, plan_hash, kept)
        if armed:
            confirm_quietly(run, plan_hash)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001 - recorded: the prior state is kept, a person must look
        return plan_hash, "unverified", f"{why}; the way back failed: {error}", kept
    if left:
        return plan_hash, "unverified", f"{why}; not all came back: {'; '.join(left)}", kept
    if late:
        return plan_hash, "unverified", f"{why}; {'; '.join(late)}", kept
    return plan_hash, "reverted", why, kept


@DBOS.step()
def begin(run: str, plan_hash: str) -> tuple[list[str], dict[str, str], str]:
    """Stale? Then why, and no more. The snapshot, then health as it is before."""
    at("snapshot")
    if desk().stopped():
        raise EngineError(STOPPED)
    execution = desk().execution(run, plan_hash)
    begun.add((run, plan_hash))
    try:
        kept = execution.snapshot()
    except Lapsed as error:
        return [], {}, str(error)
    record("snapshot", {"run": run, "plan": plan_hash, "kept": kept})
    health = execution.health()
    if health:
        note_health(run, plan_hash, health)
    return kept, health, ""


@DBOS.step()
def standing(hashes: list[str]) -> list[str]:
    """The plans whose documents may move with others and are as planned now that the run begins."""
    return desk().standing(hashes)


@DBOS.step()
def look_again(run: str, plan_hash: str, stood: bool) -> tuple[str, list[str]]:
    """Why other plans of this run moved its documents, and the plans for what is left; no reason where somebody else did."""
    at("look-again")
    anew = desk().anew(run, plan_hash, stood)
    if anew.hashes:
        record("planned again", {"run": run, "plan": plan_hash, "as": list(anew.hashes)})
    return anew.because, list(anew.hashes)


@DBOS.step()
def look_further(run: str, hashes: list[str], number: int) -> list[str]:
    """The plans of the next round: for what those of the last one, `hashes`, brought to their target."""
    at("look-further")
    try:
        made = desk().further(run, hashes, number) if hashes and not desk().stopped() else []
        at("looked-further")
        return made
    except SurfaceError as error:
        record("not looked further", {"run": run, "round": number, "why": str(error)})
        return []


@DBOS.step()
def arm(run: str, plan_hash: str, kept: list[str]) -> bool:
    at("arm")
    armed = desk().execution(run, plan_hash).arm(kept, ARMED_FOR_S)
    if armed:
        record("armed", {"run": run, "plan": plan_hash, "within_s": ARMED_FOR_S})
    return armed


@DBOS.step()
def validate(run: str, plan_hash: str, kept: list[str]) -> None:
    at("validate")
    desk().execution(run, plan_hash).validate(kept)


@DBOS.step()
def write(run: str, plan_hash: str, kept: list[str], armed: bool) -> str:
    """Why nothing was written, or nothing. Repeated after a crash, it first sets the switch anew: it may have fired since."""
    at("write")
    first = (run, plan_hash) in begun
    if first and desk().stopped():
        return STOPPED
    before_writing(run, [plan_hash])
    execution = desk().execution(run, plan_hash)
    if armed and not first:
        execution.arm(kept, ARMED_FOR_S)
    try:
        execution.write(kept, first)
    except Lapsed as error:
        if first:
            return str(error)
        raise
    at("written")
    return ""


def again_if_cut(work: Callable[[], T]) -> T:
    """What may be done twice, over a new connection where the first was cut: that says nothing of the change itself."""
    try:
        return work()
    except Cut:
        return work()


@DBOS.step()
def reload(run: str, plan_hash: str) -> list[str]:
    """What it could not make hold."""
    at("reload")
    late = again_if_cut(lambda: desk().execution(run, plan_hash).reload())
    at("reloaded")
    return late


@DBOS.step()
def verify(run: str, plan_hash: str, kept: list[str], health: dict[str, str]) -> list[str]:
    at("verify")
    wrong = again_if_cut(lambda: desk().execution(run, plan_hash).verify(kept, health))
    record("checked", {"run": run, "plan": plan_hash, "health": health, "wrong": wrong})
    return wrong


@DBOS.step()
def confirm(run: str, plan_hash: str, armed: bool) -> None:
    at("confirm")
    again_if_cut(lambda: desk().execution(run, plan_hash).confirm(armed))


@DBOS.step()
def pending(run: str, plan_hash: str) -> list[str]:
    return again_if_cut(lambda: desk().execution(run, plan_hash).pending())


@DBOS.step()
def confirm_quietly(run: str, plan_hash: str) -> None:
    """The prior state stands, so the switch has nothing to restore; whether it fired first does not matter."""
    with contextlib.suppress(SurfaceError):
        desk().execution(run, plan_hash).confirm(True)


@DBOS.step()
def snapshots_of(run: str, plan_hash: str) -> list[str]:
    return list(desk().kept(run, plan_hash))


@DBOS.step()
def restore(run: str, plan_hash: str, kept: list[str], armed: bool) -> list[str]:
    """Over a new connection where the old one is gone; where we may be locked out, until the dead-man's switch has let us in.
    What could not be made to hold."""
    at("restore")
    record("restoring", {"run": run, "plan": plan_hash})
    until = time.monotonic() + (2 * ARMED_FOR_S if armed else 3 * RETRY_S)
    while True:
        try:
            late = desk().execution(run, plan_hash).restore(kept)
            break
        except SurfaceError as error:
            desk().forget(plan_hash)
            is_anothers = isinstance(error, Moved) and not armed  # who changed it since will not take that back while we wait
            if is_anothers or time.monotonic() > until:
                raise
            time.sleep(RETRY_S)
    at("restored")
    return late


@DBOS.step()
def restored(run: str, plan_hash: str, kept: list[str]) -> list[str]:
    at("verify-restored")
    left = again_if_cut(lambda: desk().execution(run, plan_hash).restored(kept))
    record("checked back", {"run": run, "plan": plan_hash, "wrong": left})
    return left


@DBOS.step()
def end(run: str, plan_hash: str, outcome: str, why: str, kept: list[str]) -> list[Plain]:
    """The outcome, in the store and the ledger."""
    at("end")
    ended(run, Outcome(plan_hash, outcome, why, tuple(kept)))
    at("ended")
    return [plan_hash, outcome, why, kept]

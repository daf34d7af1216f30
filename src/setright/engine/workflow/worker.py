"""A worker: takes jobs of runs out of the store, carries them out, and takes the runs on from wave to wave.

On PostgreSQL many work side by side. Each says that it lives by beats; what a dead one had begun, another finishes. A worker
that was not heard of for too long stops by itself at its next step, since others may have taken over what it was doing.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from setright.engine.error import EngineError
from setright.engine.store import Job, Store
from setright.engine.times import now
from setright.engine.workflow import Task, carry_out, has_begun
from setright.engine.workflow.protocol import Outcome
from setright.surfaces.base import SurfaceError

if TYPE_CHECKING:
    from setright.engine.desk import RunDesk

BEAT_S = 1.0
DEAD_AFTER_S = 12.0  # without a beat
FENCED_AFTER_S = 8.0  # without a beat of one's own: before others may think one dead
IDLE_S = 0.2
AT_ONCE = 500  # outcomes told in one go
WAITING = "after a restart"  # why a plan is unverified although nothing went wrong

Tell = Callable[[Job, list[Outcome]], None]


def new_name() -> str:
    """Of a process on this host, told apart from all others."""
    return f"{os.uname().nodename}-{os.getpid()}-{secrets.token_hex(3)}"


class Worker:
    """One process's worker. `only`: the runs that it takes jobs of; None: of all. `frozen` says why nothing runs on a target."""

    def __init__(self, store: Store, desk: RunDesk, name: str, frozen: Callable[[str], str], tell: Tell) -> None:
        self.name = name
        self.only: set[str] | None = None
        self._store = store
        self._desk = desk
        self._frozen = frozen
        self._tell = tell
        self._over, self._gone = threading.Event(), threading.Event()
        self._beaten_at = self._look_at = time.monotonic()
        self._seen: dict[str, tuple[int, float]] = {}  # by worker: beats, and since when so many
        desk.holds = self.holds

    def holds(self) -> bool:
        """Whether nobody can have taken this process for dead."""
        return self._store.is_sqlite or time.monotonic() - self._beaten_at < FENCED_AFTER_S

    def begin(self) -> list[str]:
        """Says that it lives. The runs that nobody cares for any more, as far as can be told at once."""
        if self._store.is_sqlite:  # the lock on the journal says that all others are gone
            return self._store.bury(None, self.name)
        self._store.beat(self.name, _host())
        self._beaten_at = time.monotonic()
        threading.Thread(target=self._live, name="beats", daemon=True).start()
        here = [w for w, (host, _) in self._store.workers().items() if host == _host() and w != self.name]
        return self._store.bury(["", *(worker for worker in here if not _lives(worker))], self.name)

    def stop(self) -> None:
        """Takes no other job; those under way end."""
        self._over.set()

    def end(self) -> None:
        """What is still under way is another's now."""
        self._over.set()
        self._gone.set()
        with suppress(EngineError):
            self._store.bury([self.name], self.name)

    def serve(self, at_once: int, done: Callable[[], bool], patiently: bool = False) -> None:
        """Works until it is `done` or told to stop. `patiently`: while the kill switch is on, jobs wait and are not refused.

        Raises EngineError where the store, the journal or the ledger takes nothing more.
        """
        running: set[Future[None]] = set()
        with ThreadPoolExecutor(at_once) as pool:
            try:
                while not self._over.is_set() and not done():
                    while len(running) < at_once and (job := self._claimed(patiently)):
                        running.add(pool.submit(self._work, job))
                    if not running or time.monotonic() >= self._look_at:
                        self._look_at = time.monotonic() + BEAT_S
                        self._advance_all()
                    running = self._waited(running)
            finally:
                self._end(running)

    def _end(self, running: set[Future[None]]) -> None:
        while running:
            running = self._waited(running)

    def _waited(self, running: set[Future[None]]) -> set[Future[None]]:
        """Those not done a moment later. Raises what went wrong in one that is."""
        if not running:
            self._over.wait(IDLE_S)
            return running
        ended, going = wait(running, IDLE_S, FIRST_COMPLETED)
        for each in ended:
            each.result()
        return going

    def _claimed(self, patiently: bool) -> Job | None:
        if self._over.is_set() or not self.holds() or (patiently and self._desk.stopped()):
            return None
        return self._store.claim(self.name, self.only)

    def _work(self, job: Job) -> None:
        plans = self._store.plans_of_job(job.run, job.number)
        if job.stage == "check":
            note = self._relapsed(job, [(plan, health) for plan, outcome, health in plans if outcome == "verified"])
            self._store.end_job(job, self.name, note=note)
        else:
            outcomes = self._carried_out(job, [(plan, outcome) for plan, outcome, _ in plans])
            self._tell(job, outcomes)
            self._store.end_job(job, self.name, bad=job.stage == "apply" and any(map(_is_bad, outcomes)))
        self._desk.leave(job.target)
        self._advance(job.run)

    def _carried_out(self, job: Job, plans: list[tuple[str, str | None]]) -> list[Outcome]:
        if job.stage == "revert":
            written = tuple(plan for plan, outcome in reversed(plans) if outcome in ("verified", "unverified"))
            why = self._store.progress(job.run).why
            return carry_out(Task(f"{job.run}.{job.number}.back", job.run, job.target, written, "rollback", why), self._living)
        task = Task(f"{job.run}.{job.number}", job.run, job.target, tuple(plan for plan, _ in plans), job.stage)
        if job.stage == "apply" and (cold := self._frozen(job.target)) and not has_begun(task):
            return self._refused(job.run, list(task.hashes), cold)
        return carry_out(task, self._living)

    def _relapsed(self, job: Job, plans: list[tuple[str, dict[str, str]]]) -> str:
        try:
            return "; ".join(wrong for plan, health in plans for wrong in self._desk.relapsed(job.run, plan, health))
        except SurfaceError as error:
            return str(error)

    def _advance(self, run: str) -> None:
        while self._store.advance(run, now()):
            why = self._store.progress(run).why
            self._refused(run, self._store.called_off(run, self.name), why)
            self._store.refused(run, self.name)

    def _advance_all(self) -> None:
        """What a crash left between two stages, and what has soaked."""
        for run in self._store.under_way():
            if self.only is None or run in self.only:
                self._advance(run)

    def _refused(self, run: str, plans: list[str], why: str) -> list[Outcome]:
        outcomes = [Outcome(plan, "refused", why) for plan in plans]
        for start in range(0, len(outcomes), AT_ONCE):
            self._desk.ended(run, *outcomes[start : start + AT_ONCE])
        return outcomes

    def _living(self) -> Collection[str]:
        return {self.name} if self._store.is_sqlite else self._store.workers().keys()

    def _live(self) -> None:
        """Beats, and looks who does not any more."""
        while not self._gone.wait(BEAT_S):
            with suppress(EngineError):
                self._store.beat(self.name, _host())
                self._beaten_at = time.monotonic()
                self._store.bury(self._dead(), self.name)

    def _dead(self) -> list[str]:
        at = time.monotonic()
        known = self._store.workers()
        counts = {worker: beats for worker, (_, beats) in known.items() if worker != self.name}
        since = {worker: when for worker, (beats, when) in self._seen.items() if counts.get(worker) == beats}
        self._seen = {worker: (beats, since.get(worker, at)) for worker, beats in counts.items()}
        return [worker for worker, (_, began) in self._seen.items() if at - began > DEAD_AFTER_S]


def _host() -> str:
    """This machine, or rather what of it sees the same process ids (pid_namespaces(7))."""
    try:
        return f"{os.uname().nodename} {Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return os.uname().nodename


def _lives(worker: str) -> bool:
    """Of a worker on this host."""
    pid = worker.split("-")[-2]
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_bad(outcome: Outcome) -> bool:
    return outcome.outcome == "reverted" or (outcome.outcome == "unverified" and WAITING not in outcome.why)

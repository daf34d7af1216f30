"""Runs begun, served, finished after a crash, or left for workers: what stands between `app` and the durable workflows."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import FrameType

from msgspec.structs import replace

from setright.engine.abreast import AT_ONCE
from setright.engine.configuration import Configuration
from setright.engine.desk import RunDesk
from setright.engine.error import EngineError
from setright.engine.store import Job, Progress, Store, Work
from setright.engine.times import now
from setright.engine.waves import Cases, laid_out, taken_back
from setright.engine.workflow import Outcome, is_local, launched
from setright.engine.workflow.worker import IDLE_S, Worker, new_name
from setright.model import Plan
from setright.policy.estate import Subject
from setright.policy.ruling import frozen

KEY = "snapshots key"

Ended = tuple[dict[str, Outcome], list[Outcome]]
Tell = Callable[[Plan, Outcome], None]
Watch = Callable[[Progress], None]


@contextmanager
def _interrupted_once() -> Iterator[threading.Event]:
    """Set by the first interrupt (Ctrl-C), which stops nothing half-way. The second one kills the process at once, since nothing
    here would let it end before its threads do; the next run ends what was begun, as after any crash."""
    heard = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # no other hears signals
        yield heard
        return

    def hear(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        heard.set()

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield heard
    finally:
        signal.signal(signal.SIGINT, before)


class Runner:
    """Serves runs in this process. `subject` is what is declared of a target."""

    def __init__(
        self,
        state: Path,
        store: Store,
        configuration: Configuration,
        desk: Callable[[], RunDesk],
        subject: Callable[[str], Subject],
    ) -> None:
        self._state = state
        self._store = store
        self._url = configuration.runs_url
        self._policy = configuration.policy
        self._desk = desk
        self._subject = subject
        self.on_interrupt: Callable[[], None] = lambda: None

    def apply(self, run: str, plans: Sequence[Plan], cases: Cases, tell: Tell, watch: Watch, further: str = "") -> Ended:
        """The outcomes by plan, and those of what an earlier process had left unfinished, which is finished first."""
        work = replace(laid_out(run, plans, self._policy, self._subject, cases), further=further)
        return self._run(run, plans, work, tell, watch)

    def roll_back(self, run: str, of: str, plans: Sequence[Plan], tell: Tell) -> Ended:
        """The same of a run that turns another round."""
        return self._run(run, plans, taken_back(run, plans, self._subject), tell, of=of)

    def _run(
        self, run: str, plans: Sequence[Plan], work: Work, tell: Tell, watch: Watch = lambda _: None, of: str | None = None
    ) -> Ended:
        by_hash = {plan.hash: plan for plan in plans}
        threads = threading.Lock()

        def told(job: Job, outcomes: list[Outcome]) -> None:
            if job.run == run:
                with threads:
                    watch(self._store.progress(run))
                    for outcome in outcomes:
                        tell(by_hash.get(outcome.plan) or self._store.plan(outcome.plan), outcome)

        with self._worker(told) as (worker, recovered):
            self._store.begin_run(run, [p.hash for p in plans], now(), of, replace(work, worker=worker.name))
            if not plans:
                self._store.end_run(run, "ended", now())
            self._serve(worker, {run})
            return self._outcomes(run), recovered

    def queue(self, run: str, plans: Sequence[Plan], cases: Cases, further: str = "") -> None:
        """Leaves a run for whatever worker comes."""
        work = replace(laid_out(run, plans, self._policy, self._subject, cases), further=further)
        self._store.begin_run(run, [p.hash for p in plans], now(), None, work)
        if not plans:
            self._store.end_run(run, "ended", now())

    def recover(self) -> list[Outcome]:
        """Finishes or takes back what an earlier process left unfinished."""
        with self._worker(lambda job, outcomes: None) as (_, recovered):
            return recovered

    def work(self, at_once: int, tell: Callable[[Job, list[Outcome]], None], over: Callable[[], bool]) -> None:
        """Serves what was left for workers until it is `over`. On SQLite other processes may work while there is nothing to do."""

        def idle() -> bool:
            return is_local(self._url) and not self._store.under_way()

        while not over():
            with self._worker(tell, finishing=False) as (worker, _):
                worker.serve(at_once, lambda: over() or idle(), patiently=True)
            while idle() and not over():
                time.sleep(IDLE_S)

    def _serve(self, worker: Worker, runs: set[str]) -> bool:
        """Until these runs have ended, and whether somebody interrupted it: then what had begun ends, and nothing else begins."""
        worker.only = runs
        with _interrupted_once() as interrupted:

            def over() -> bool:
                if interrupted.is_set():
                    self.on_interrupt()
                return interrupted.is_set() or not self._store.any_under_way(runs)

            worker.serve(AT_ONCE, over)
            if interrupted.is_set():
                for run in runs:
                    self._store.call_off(run, "interrupted before it began")
                worker.serve(AT_ONCE, lambda: not self._store.any_under_way(runs))
        return interrupted.is_set()

    @contextmanager
    def _worker(self, tell: Callable[[Job, list[Outcome]], None], finishing: bool = True) -> Iterator[tuple[Worker, list[Outcome]]]:
        """A worker that serves, and the outcomes of what it finished first."""
        name = new_name()
        with closing(self._desk()) as desk, launched(self._state, self._url, desk, name):
            if not self._store.is_sqlite:
                self._refuse_other_keys(desk.snapshots.tag)
            worker = Worker(self._store, desk, name, self._frozen, tell)
            try:
                left = worker.begin()
                self._close_abandoned()
                yield worker, self._finished(worker, left) if finishing else []
            finally:
                worker.end()

    def _finished(self, worker: Worker, left: Sequence[str]) -> list[Outcome]:
        unended = {plan.hash: run for run in left for plan in self._store.run(run).plans if plan.outcome is None}
        if self._serve(worker, set(left)):
            raise KeyboardInterrupt
        return [outcome for run in left for plan, outcome in self._outcomes(run).items() if unended.get(plan) == run]

    def _outcomes(self, run: str) -> dict[str, Outcome]:
        ended = self._store.run(run).plans
        return {plan.hash: Outcome(plan.hash, plan.outcome, plan.error, plan.kept) for plan in ended if plan.outcome}

    def _close_abandoned(self) -> None:
        """Runs that an older version left, which knew no jobs."""
        known = set(self._store.under_way())
        for run in self._store.runs(state="running"):
            if run.id not in known:
                self._store.end_run(run.id, "ended" if all(p.outcome for p in run.plans) else "abandoned", now())

    def _frozen(self, target: str) -> str:
        return frozen(self._policy, self._subject(target), now())

    def _refuse_other_keys(self, tag: str) -> None:
        """Machines that share a store read each other's snapshots, so they must have one key."""
        said = self._store.said(KEY)
        if said and said != tag:
            raise EngineError(
                f"{self._state}/keys/snapshots.key is not that of the others on this store; copy theirs, so that each can go back"
            )
        if not said:
            self._store.say(KEY, tag)

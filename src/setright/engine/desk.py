"""What runs need while they go: the plan, its surface, its controls, and where outcomes are written."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from setright.bindings.error import BindingError
from setright.controls.derive import resolve
from setright.controls.error import ControlError
from setright.engine.anew import AGAIN, HELD, Anew, followers, follows, left, moved_by_us, standing
from setright.engine.batch import Batch
from setright.engine.catalogue import Catalogue, content_root, load_catalogue
from setright.engine.execute import Execution
from setright.engine.keys import secret_key
from setright.engine.learn import snapshots_of
from setright.engine.ledger import Ledger
from setright.engine.lots import batches, params_of
from setright.engine.plan import PlanOptions
from setright.engine.rounds import BRINGS, Further, Rounds, further
from setright.engine.scan import Scan, bindings_for, judge_reading, wants
from setright.engine.served import Served
from setright.engine.stop import why_stopped
from setright.engine.store import Store
from setright.engine.workflow import Outcome
from setright.engine.world import Slot
from setright.model import Binding, Control, Plain, Plan, Steps, Want
from setright.surfaces.base import Surface, SurfaceError

STILL_THERE = re.compile(r"\S+ still fail on .+")  # as `Execution.verify` says it


class RunDesk:
    """Serves the workflow's steps. Surfaces are opened when first needed and shared by the plans of a target.

    The catalogue is asked for only where something is judged: going back must work when content cannot be read.
    """

    def __init__(
        self,
        state: Path,
        store: Store,
        ledger: Ledger,
        catalogue: Callable[[], Catalogue],
        open_surface: Callable[[str], Surface],
        rounds: Callable[[], Rounds] | None = None,
    ) -> None:
        self.holds: Callable[[], bool] = lambda: True  # whether nobody can have taken this process for dead
        self._state = state
        self._store = store
        self._ledger = ledger
        self._catalogue = catalogue
        self._open = open_surface
        self._rounds = rounds
        self.snapshots = snapshots_of(state, store)
        self._surfaces: dict[str, Surface] = {}
        self._executions: dict[tuple[str, str], Execution] = {}  # those that go on now
        self._introduced: set[tuple[int, str]] = set()
        self._threads = threading.Lock()

    def execution(self, run: str, plan_hash: str) -> Execution:
        if (run, plan_hash) not in self._executions:
            plan = self._store.plan(plan_hash)
            token = f"{run}-{plan_hash[:12]}"
            surface = self._surface(plan.target)
            try:
                self._introduce(surface, plan)
            except (ControlError, BindingError):
                if not self._store.kept(run, plan_hash):
                    raise
                with suppress(ControlError, BindingError):  # what the program brings may do to go back
                    self._introduce(surface, plan, load_catalogue((content_root(),)))
            self._executions[run, plan_hash] = Execution(plan, surface, self.snapshots, token, self.rescan)
        return self._executions[run, plan_hash]

    def rescan(self, surface: Surface, plan: Plan) -> Scan:
        """The plan's controls again, read fresh; of a source tree only what lies near the plan's documents."""
        controls, bindings = self._content(surface, plan)
        return judge_reading(surface.target, surface.read(_wants(plan, bindings, controls)), bindings, controls)

    def rescan_all(self, surface: Surface, plans: Sequence[Plan]) -> Scan:
        """As `rescan`, of the plans of a batch in one reading."""
        ids, changes = {i for plan in plans for i in plan.controls}, tuple(c for plan in plans for c in plan.changes)
        return self.rescan(surface, replace(plans[0], controls=tuple(sorted(ids)), changes=changes, params=params_of(plans)))

    def forget(self, plan_hash: str) -> None:
        """The connection to the plan's target is of no use any more; the next step opens a new one."""
        with self._threads:
            gone = self._surfaces.pop(self._store.plan(plan_hash).target, None)
            for key in [key for key, each in [*self._executions.items()] if each.surface is gone]:
                self._executions.pop(key)
        if gone:
            gone.close()

    def leave(self, target: str) -> None:
        """Nothing is to be done on a target any more."""
        with self._threads:
            gone = self._surfaces.pop(target, None)
            self._introduced -= {each for each in self._introduced if each[0] == id(gone)}
            for key in [key for key, each in [*self._executions.items()] if each.surface is gone]:
                self._executions.pop(key)
        if gone:
            gone.close()

    def relapsed(self, run: str, plan_hash: str, health: Mapping[str, str]) -> list[str]:
        """What is no longer as it was when the plan was verified."""
        return self.execution(run, plan_hash).relapsed(health)

    def note_health(self, run: str, plan_hash: str, health: Mapping[str, str]) -> None:
        self._store.note_health(run, plan_hash, health)

    def kept(self, run: str, plan_hash: str) -> Sequence[str]:
        return self._store.kept(run, plan_hash)

    def batches(self, hashes: Sequence[str], kind: str) -> list[list[str]]:
        """Going back keeps to the order turned round; on the way there a plan may join an earlier batch."""
        return [[p.hash for p in batch] for batch in batches(self._store.plans_of(hashes), together=kind == "apply")]

    def standing(self, hashes: Sequence[str]) -> list[str]:
        """Those of one target's plans whose documents may move with others and are as planned now."""
        plans = followers(self._store.plans_of(hashes))
        if not plans:
            return []
        try:
            surface = self._surface(plans[0].target)
            for plan in plans:
                self._introduce(surface, plan)
            now = surface.again([c.locator for plan in plans for c in plan.changes if follows(c.locator)])
        except SurfaceError:
            return []  # each plan's own protocol says what is wrong
        return standing(plans, now)

    def anew(self, run: str, plan_hash: str, stood: bool) -> Anew:
        """Whether the run itself moved a plan's documents, and the plans for what is left of it, kept as the run's own."""
        plan = self._store.plan(plan_hash)
        ended = [p.hash for p in self._store.run(run).plans if p.outcome and p.hash != plan_hash]
        others = [each for each in self._store.plans_of(ended) if each.target == plan.target]
        surface = self._surface(plan.target)
        if not moved_by_us(plan, others, surface.again([c.locator for c in plan.changes]), stood):
            return Anew("")
        options = PlanOptions(together=True, key=secret_key(self._state, "fingerprints"), params=plan.params)
        made = left(plan, self.rescan(surface, plan), surface, options)
        if made is None:
            return Anew("")
        self._store.keep_plans(made)
        self._store.join_run(run, plan_hash, [each.hash for each in made])
        return Anew(AGAIN if made else HELD, tuple(each.hash for each in made))

    def further(self, run: str, hashes: Sequence[str], number: int) -> list[str]:
        """Those plans of the next round on a target that run, kept as the run's own; none where the last one brought nothing."""
        wanted = further(self._store.further(run))
        if wanted is None or self._rounds is None:
            return []
        parts = self._store.round_of(run, hashes[0], number)
        if not parts:
            self._join_round(run, hashes, number, wanted, self._rounds)
            parts = self._store.round_of(run, hashes[0], number)
        if left := [Outcome(part.hash, part.outcome, part.error) for part in parts if part.outcome]:
            self.ended(run, *left)
        return [part.hash for part in parts if part.outcome is None]

    def _join_round(self, run: str, hashes: Sequence[str], number: int, wanted: Further, at: Callable[[], Rounds]) -> None:
        whole = self._store.run(run)
        had = {part.hash: part.outcome for part in whole.plans}
        verified = self._store.plans_of([plan_hash for plan_hash in hashes if had[plan_hash] == "verified"])
        brought = [plan for plan in verified if self._brings(plan)]
        if not brought:
            return
        amiss = self._store.plans_of(
            [p.hash for p in whole.plans if p.outcome != "verified" and not found_more(p.outcome, p.error)]
        )
        known, rounds = {i for plan in amiss for i in plan.findings}.union(wanted.left), at()
        plans = rounds.planned(self._surface(brought[0].target), wanted, known)
        new = [plan for plan in plans if plan.hash not in had]
        if not new:
            return
        self._store.keep_plans(new, wanted.by)
        left = rounds.not_to_run(whole, new, wanted)
        self._store.join_round(run, hashes[0], number, {plan.hash: left.get(plan.hash, (None, "")) for plan in new})
        told = {"run": run, "round": number, "brought by": [plan.document for plan in brought], "plans": [p.hash for p in new]}
        self._ledger.append("planned further", told)

    def _brings(self, plan: Plan) -> bool:
        """Whether what the plan changes brings with it what could not be judged before."""
        _, bindings = self._content(self._surface(plan.target), plan)
        said = {binding.layouts[family].get(BRINGS) for (_, family), binding in bindings.items()}
        values = {edit.value for change in plan.changes for edits in change.edits for edit in edits if isinstance(edit.value, str)}
        return True in said or not said.isdisjoint(values)

    def batch(self, run: str, hashes: Sequence[str]) -> Batch:
        return Batch([self.execution(run, plan_hash) for plan_hash in hashes], self.snapshots, self.rescan_all)

    def served(self, run: str, hashes: Sequence[str]) -> Served:
        return Served([self.execution(run, plan_hash) for plan_hash in hashes], self.snapshots, self.rescan_all)

    def is_served(self, hashes: Sequence[str]) -> bool:
        """Whether programs read what the plans of a batch change."""
        return any(plan.steps != Steps() for plan in self._store.plans_of(hashes))

    def record(self, event: str, *bodies: Mapping[str, Plain]) -> None:
        self._ledger.append_all([(event, body) for body in bodies])

    def ended(self, run: str, *outcomes: Outcome) -> None:
        """A crash may have come after the store, or the ledger too, had the outcome: neither gets it twice."""
        again = self._store.end_plans(run, outcomes)
        plans = self._store.plans_of([outcome.plan for outcome in outcomes])
        said = self._ledger.said(run) if again else ()
        new = [each for each in zip(outcomes, plans, strict=True) if (each[0].outcome, each[0].plan) not in said]
        self._ledger.append_all([_ending(run, *each) for each in new])
        for outcome in outcomes:
            self._executions.pop((run, outcome.plan), None)

    def stopped(self) -> bool:
        """Raises EngineError where nobody can tell: then nothing begins."""
        return bool(why_stopped(self._state, self._store))

    def at(self, boundary: str) -> None:
        """A step begins or has ended; tests end the process here."""

    def close(self) -> None:
        with self._threads:
            for surface in self._surfaces.values():
                surface.close()
            self._surfaces.clear()

    def _introduce(self, surface: Surface, plan: Plan, catalogue: Catalogue | None = None) -> None:
        """Where documents hold only what was asked for, a new connection learns what that was: it reads them once."""
        if plan.keys and (id(surface), plan.hash) not in self._introduced:
            controls, bindings = self._content(surface, plan, catalogue)
            surface.read(_wants(plan, bindings, controls))
            self._introduced.add((id(surface), plan.hash))

    def _content(
        self, surface: Surface, plan: Plan, catalogue: Catalogue | None = None
    ) -> tuple[list[Control], dict[Slot, Binding]]:
        known = catalogue or self._catalogue()
        controls = [resolve(known.control(i), dict(plan.params)) for i in plan.controls]
        return controls, bindings_for(known.bindings, surface.families, controls)

    def _surface(self, target: str) -> Surface:
        with self._threads:
            if target not in self._surfaces:
                self._surfaces[target] = self._open(target)
            return self._surfaces[target]


def found_more(outcome: str | None, why: str | None) -> bool:
    """Whether a plan went back since its findings were still there, all else being right: what was brought meanwhile may be of
    their kind. It is planned anew, then; what comes out the same is no new plan."""
    return outcome == "reverted" and all(STILL_THERE.fullmatch(each) for each in (why or "").split("; "))


def _ending(run: str, outcome: Outcome, plan: Plan) -> tuple[str, Plain]:
    body = {"run": run, "plan": outcome.plan, "target": plan.target, "document": plan.document, "why": outcome.why}
    return outcome.outcome, body | {"controls": plan.controls, "kept": outcome.kept}


def _wants(plan: Plan, bindings: Mapping[Slot, Binding], controls: Sequence[Control]) -> list[Want]:
    """What the plan's documents need, as the scan asked for them."""
    asked = wants(bindings, controls, tuple(c.locator for c in plan.changes))
    return [replace(want, keys=plan.keys.get(want.kind, want.keys)) for want in asked]

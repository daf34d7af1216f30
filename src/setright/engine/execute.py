"""The safe-change protocol, step by step, for one plan on one surface. Every step may be repeated after a crash.

Nothing is needed between steps but what they return: the bytes to write follow from the snapshot and the plan's edits,
in whatever process, and every write is compare-and-set, so a repeated step finds its work done.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from setright.engine.change import Lapsed, changes
from setright.engine.scan import Scan
from setright.engine.snapshots import Snapshots
from setright.engine.times import moment, now
from setright.lenses import LensError, get
from setright.model import Change, Document, Kept, Plain, Plan, Verdict, digest
from setright.surfaces.base import Moved, Surface, SurfaceError

PATIENCE_S = 12.0  # how long a change may take to show: some APIs and reloads answer old and new in turns
LASTING_S = 2.0  # and what of files that are as written is judged wrong
PAUSE_S = 0.3
STEADY = 2  # readings in a row that must be right where something reloads
ABSENT = object()
STATE = "state:"  # what a host says of itself as a whole
HALF = (STATE, "package:")
NOTHING: Mapping[str, Any] = {}
Rescan = Callable[[Surface, Plan], Scan]
TreePath = tuple[Plain, ...]
Wrong = TypeVar("Wrong", list[str], dict[str, list[str]])
Follows = Callable[[str, TreePath], bool]  # whether a document's value at a path may be another than was meant


class Execution:
    """One plan being put into force. `token` names it on the target (dead-man's switch); the same after a restart."""

    def __init__(self, plan: Plan, surface: Surface, snapshots: Snapshots, token: str, rescan: Rescan) -> None:
        self.plan = plan
        self.surface = surface
        self.token = token
        self._snapshots = snapshots
        self._rescan = rescan
        self._made: tuple[list[str], list[Change]] = ([], [])  # the changes, and the digests that they were made on

    def snapshot(self) -> list[str]:
        """Addresses of the prior state, durable before anything is touched.

        Raises Lapsed where the plan has expired or the target has moved.
        """
        return [self._snapshots.put(kept) for kept in self.prior()]

    def prior(self, known: Mapping[str, Kept] = NOTHING) -> list[Kept]:
        """The state before, which nothing keeps yet. Raises Lapsed where the plan has expired or the target has moved.

        `known` is what was seen just now, of many plans at once.
        """
        if self.plan.expires_at and now() >= moment(self.plan.expires_at):
            raise Lapsed(f"the plan held until {self.plan.expires_at}; plan again")
        locators = [c.locator for c in self.plan.changes]
        kept = [known[each] for each in locators] if known else self.surface.keep(locators)
        self._changes(kept)
        return kept

    def health(self) -> dict[str, str]:
        """What the probes see."""
        return dict(self.surface.probe(self.plan.steps))

    def arm(self, addresses: Sequence[str], within_s: float) -> bool:
        """Sets the dead-man's switch where the change could cut us off and the surface has one."""
        if not (self.plan.steps.arm and self.surface.arms):
            return False
        return self.surface.arm(self._kept(addresses), self.plan.steps, within_s, self.token)

    def validate(self, addresses: Sequence[str]) -> None:
        """Raises Rejected where the target's own checker refuses the staged copies."""
        self.surface.validate(self._changes(self._kept(addresses)), self.plan.steps)

    def made(self, addresses: Sequence[str], seen: Mapping[str, Document] = NOTHING) -> list[Change]:
        """The plan's changes of the state that was kept. Raises Lapsed where that is not what was `seen` just now."""
        if seen:
            self._changes_of(seen)
        return self._changes(self._kept(addresses))

    def write(self, addresses: Sequence[str], first: bool = False, seen: Mapping[str, Document] = NOTHING) -> None:
        """Raises change.Lapsed where the target is no longer as it was: then this call wrote nothing.

        `first` tells that nothing of the plan can stand there yet: what is as planned already is somebody else's work; `seen`
        is what was seen just now, of many plans at once.
        Raises Moved or SurfaceError later on; the documents before that one are written then, and must be restored.
        """
        if first:
            self._changes_of(seen or self.surface.again([c.locator for c in self.plan.changes]))
        for number, change in enumerate(self._changes(self._kept(addresses))):
            try:
                self.surface.write(change)
            except Moved as error:
                if number:
                    raise
                raise Lapsed(str(error)) from error

    def reload(self) -> list[str]:
        """What the target cannot make hold before it starts again."""
        self.surface.reload(self.plan.steps)
        late: Callable[[], Sequence[str]] = getattr(self.surface, "late", tuple)
        return list(late())

    def verify(self, addresses: Sequence[str], health: Mapping[str, str]) -> list[str]:
        """What is not as it must be; empty when the control holds, nothing else moved, and health is as before.

        Looks again until it is right (twice in a row where a program reloads), for as long as PATIENCE_S, or LASTING_S.
        """
        if self.plan.steps.arm:
            self.surface.reconnect()
        enough = STEADY if self.plan.steps.reload else 1
        return until_right(lambda: self._wrong(addresses, health), enough, patience_s(self.surface))

    def relapsed(self, health: Mapping[str, str]) -> list[str]:
        """What is no longer as it was when the plan was verified. Looks again for as long as PATIENCE_S."""
        until = time.monotonic() + patience_s(self.surface)
        while True:
            wrong = [f"{name}: was {was!r}, is {now!r}" for name, was, now in _moved(health, self.health())]
            found = self._rescan(self.surface, self.plan).found
            mine = [f for f in found if f.finding.id in self.plan.findings and f.finding.verdict is Verdict.FAIL]
            wrong += [f"{f.control.id} fails again on {f.resource.name}" for f in mine]
            if not wrong or time.monotonic() >= until:
                return wrong
            time.sleep(PAUSE_S)

    def pending(self) -> list[str]:
        """What is written and will hold only after a restart, which is never done by stealth; empty where nothing waits."""
        if not self._waits_for_restart():
            return []
        scan = self._rescan(self.surface, self.plan)
        mine = set(self.plan.findings)
        failing = (f for f in scan.found if f.finding.verdict is Verdict.FAIL)  # what cannot be told waits for nothing
        waiting = sorted({f.control.id for f in failing if f.finding.id in mine})
        return [f"{control} holds after a restart of the {self.plan.effect.restart}" for control in waiting]

    def confirm(self, armed: bool) -> None:
        """Keeps the change: the dead-man's switch is disarmed. Raises SurfaceError where it fired already."""
        if armed:
            self.surface.disarm(self.token)

    def restore(self, addresses: Sequence[str]) -> list[str]:
        """Puts the prior state back, last written first, and makes it hold; what of it cannot yet. Raises SurfaceError naming what
        could not be put back.

        What cannot be put back is tried again for as long as others can: neither of two units may start before the other may.
        """
        left = self.inverse(addresses)
        while left:
            refused = [(change, error) for change in left if (error := self._refusal(change))]
            if len(refused) == len(left):
                if self._stand([change for change, _ in refused]):
                    break  # it was never written
                raise refused[0][1]
            left = [change for change, _ in refused]
        return self.reload()

    def inverse(self, addresses: Sequence[str]) -> list[Change]:
        """What puts the prior state back, in the order that it goes in."""
        kept = self._kept(addresses)
        metas = {k.locator: k.meta for k in kept}
        return [change.inverse(metas[change.locator]) for change in reversed(self._changes(kept))]

    def _refusal(self, change: Change) -> SurfaceError | None:
        """What the target says to a change; None where it takes it."""
        try:
            self.surface.write(change)
        except SurfaceError as error:
            return error
        return None

    def restored(self, addresses: Sequence[str]) -> list[str]:
        """What is not as it was before the plan; empty when the rollback is verified. Looks for as long as PATIENCE_S.

        Of what a host says of itself as a whole, only what the plan changed: ports come and go, others mount.
        """
        until = time.monotonic() + patience_s(self.surface)
        kept = self._kept(addresses)
        mine = {c.locator: _moved_paths(c) for c in self._changes(kept) if c.locator.startswith(STATE)}
        while True:
            seen = self.surface.again([k.locator for k in kept])
            wrong = _differences([(k, k.data) for k in kept], seen, lambda locator, path: path not in mine.get(locator, (path,)))
            if not wrong or time.monotonic() >= until:
                return wrong
            time.sleep(PAUSE_S)

    def _kept(self, addresses: Sequence[str]) -> list[Kept]:
        return [self._snapshots.get(address) for address in addresses]

    def _changes(self, kept: Sequence[Kept]) -> list[Change]:
        return self._changes_of({k.locator: Document(k.locator, k.data, k.lens) for k in kept})

    def _changes_of(self, documents: Mapping[str, Document]) -> list[Change]:
        """Made once for the same documents: each step asks for them again."""
        digests = [documents[c.locator].digest for c in self.plan.changes]
        if self._made[0] != digests:
            self._made = digests, changes(self.plan, documents, self._snapshots.get)
        return self._made[1]

    def _wrong(self, addresses: Sequence[str], health: Mapping[str, str]) -> tuple[list[str], bool]:
        seen = self.surface.again([change.locator for change in self.plan.changes])
        return self.amiss(addresses, health, seen, lambda: self._rescan(self.surface, self.plan))

    def amiss(
        self, addresses: Sequence[str], health: Mapping[str, str], seen: Mapping[str, Document], scan: Callable[[], Scan]
    ) -> tuple[list[str], bool]:
        """What is not as it must be now, by what was `seen` and what a `scan` finds.

        And whether it is wrong in files which are as written, so that no program's reload can heal it.
        """
        made = self._changes(self._kept(addresses))
        wrong = _differences([(c, c.after) for c in made], seen, self._follows)
        wrong += [f"{name}: was {was!r}, is {now!r}" for name, was, now in _moved(health, self.health())]
        still, lasting = self._still_found(made, scan())
        return wrong + still, lasting and not wrong and all(change.locator.startswith("/") for change in made)

    def _stand(self, changes: Sequence[Change]) -> bool:
        """Whether all that changes lead to stands there already. A package, or what is told of many things, may be half there."""
        try:
            return not any(change.locator.startswith(HALF) for change in changes) and self._exact(changes)
        except SurfaceError:
            return False

    def _exact(self, made: Sequence[Change]) -> bool:
        now = self.surface.again([change.locator for change in made])
        return all(now[change.locator].digest == digest(change.after) for change in made)

    def _follows(self, locator: str, path: TreePath) -> bool:
        """After an edit an API's other values may follow it: those of the same last key (a running value its setting)."""
        edited = {str(e.path[-1]) for c in self.plan.changes if c.locator == locator for edits in c.edits for e in edits}
        return not edited.isdisjoint(map(str, path))

    def _waits_for_restart(self) -> bool:
        return self.plan.effect.restart in ("service", "host")

    def _still_found(self, made: Sequence[Change], scan: Scan) -> tuple[list[str], bool]:
        """Findings of the plan that are still there, and whether one is so by what holds after a restart.

        Where all is exactly as planned, what cannot be told never could.
        """
        mine = [f for f in scan.found if f.finding.id in self.plan.findings]
        if any(f.finding.verdict is Verdict.UNKNOWN for f in mine) and not scan.problems and self._exact(made):
            mine = [f for f in mine if f.finding.verdict is not Verdict.UNKNOWN]
        if self._waits_for_restart():
            mine = [f for f in mine if not all(m.live for m in f.finding.mismatches)]
        told = [f"{f.control.id} still {f.finding.verdict.value} on {f.resource.name}" for f in mine]
        unread = [f"{p.locator}: {p.why}" for p in scan.problems] if told else []
        lasting = any(m for f in mine if f.finding.verdict is Verdict.FAIL for m in f.finding.mismatches if not m.live)
        return told + unread, lasting


def patience_s(surface: Surface) -> float:
    """How long a change of this surface may take to show, in seconds: none where nothing happens but what is written."""
    return 0.0 if getattr(surface, "settled", False) else PATIENCE_S


def until_right(look: Callable[[], tuple[Wrong, bool]], enough: int, patience: float) -> Wrong:
    """What is wrong, looked for again until nothing is, `enough` times in a row, or for as long as `patience` in seconds;
    `look` also says whether that will last, which is waited for LASTING_S."""
    begun, steady = time.monotonic(), 0
    while True:
        wrong, lasting = look()
        steady = 0 if wrong else steady + 1
        if steady >= enough or (wrong and time.monotonic() >= begun + min(patience, LASTING_S if lasting else patience)):
            return wrong
        time.sleep(PAUSE_S)


def _differences(expected: Sequence[tuple[Change | Kept, bytes | None]], now: Mapping[str, Document], let: Follows) -> list[str]:
    """Documents that are not as they must be, but for values that are `let` be what they are."""
    return [
        words
        for each, want in expected
        if digest(want) != now[each.locator].digest
        for words in _unlike(each, want, now[each.locator], let)
    ]


def _moved(before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, str, str]]:
    return [(name, was, after.get(name, "nothing")) for name, was in before.items() if after.get(name) != was]


def _unlike(each: Change | Kept, want: bytes | None, now: Document, let: Follows) -> list[str]:
    """How a document differs from what it must be. Resources of an API may follow an edit with values of their own."""
    if each.locator.startswith("/") or want is None or now.data is None or each.lens != "json":
        return [f"{each.locator}: is not as written"]
    try:
        wrong = [path for path in _unequal(want, now.data) if not let(each.locator, path)]
    except LensError as error:
        return [f"{each.locator}: {error}"]
    return [f"{each.locator}: {'/'.join(map(str, path))} is not as it must be" for path in wrong]


def _moved_paths(change: Change) -> set[TreePath]:
    """Where a change of a document of JSON changes it."""
    return _unequal(change.before or b"{}", change.after or b"{}")


def _unequal(one: bytes, other: bytes) -> set[TreePath]:
    """The places where two documents of JSON have not the same."""
    here, there = dict(_leaves(get("json", one))), dict(_leaves(get("json", other)))
    return {path for path in here.keys() | there.keys() if here.get(path, ABSENT) != there.get(path, ABSENT)}


def _leaves(node: Plain, path: TreePath = ()) -> list[tuple[TreePath, Plain]]:
    if isinstance(node, dict):
        return [leaf for key, value in node.items() for leaf in _leaves(value, (*path, key))]
    if isinstance(node, list):
        return [leaf for i, value in enumerate(node) for leaf in _leaves(value, (*path, i))]
    return [(path, node)]

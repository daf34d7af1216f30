"""Many fixes into one change a document. Pure.

Fixes are made in rounds: all that do not get in each other's way at once, then everything is seen and judged
again, until nothing is left to do. A fix that its lens or binding refuses, that does not help, or that makes
something else fail is left out and says why.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from setright.bindings.error import BindingError
from setright.bindings.view import edit as edits_on_documents
from setright.controls.derive import NoRemedy, derive
from setright.controls.judge import applies, judge
from setright.engine.carry import light
from setright.engine.scan import Found
from setright.engine.world import World
from setright.lenses import LensError, put
from setright.model import Control, Document, Edit, Path, Resource, Verdict

MAX_ROUNDS = 30  # every new flag of a database takes one: they follow each other in a list
Placed = list[tuple[str, Edit]]  # locator, edit


class Composed:
    """What came of the fixes: the world after, each document's edits in order, and why some were left out."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.edits: dict[str, list[tuple[Edit, ...]]] = {}  # in rounds
        self.touched: dict[str, set[str]] = {}  # finding id -> locators
        self.refused: dict[str, str] = {}  # finding id -> why

    def copy(self) -> Composed:
        """One to try another fix on."""
        new = Composed(self.world)
        new.edits = {locator: list(edits) for locator, edits in self.edits.items()}
        new.touched = {finding: set(locators) for finding, locators in self.touched.items()}
        new.refused = dict(self.refused)
        return new


def compose(world: World, fixes: Sequence[Found], controls: Sequence[Control]) -> Composed:
    """The fixes made on the world. What was right before stays right; `refused` tells of fixes that would not keep that."""
    done = _composed(Composed(world), fixes)
    broken = _right(world, controls) - _right(done.world, controls)
    flipped = [f for f in fixes if f.finding.id not in done.refused and not _holds(done.world, f)]
    if not broken and not flipped:
        return done
    homes = {home for _, _, _, home in broken}.union(*(done.touched.get(f.finding.id, ()) for f in flipped))
    suspects = [f for f in fixes if done.touched.get(f.finding.id, set()) & homes or f.resource.home[0] in homes]
    kept = _composed(Composed(world), [f for f in fixes if f not in suspects])
    return _one_by_one(kept, suspects, controls, homes)


def _composed(done: Composed, fixes: Sequence[Found]) -> Composed:
    left = list(fixes)
    for _ in range(MAX_ROUNDS):
        left = _round(done, left)
        if not left:
            break
    for found in left:
        if current(done.world, found) is not None:
            done.refused.setdefault(found.finding.id, "still wrong after its fix")
    return done


def _round(done: Composed, left: list[Found]) -> list[Found]:
    """One round; gives what is still to do. What is not there yet (another fix adds it) waits while there is anything to do."""
    batch: list[tuple[Found, Placed]] = []
    taken = _Taken()
    later: list[Found] = []
    absent = [found for found in left if current(done.world, found) is None]
    for found in left:
        placed = _placed(done, found)
        if placed is None:
            continue
        if taken.clashes(placed):
            later.append(found)
        else:
            taken.add(placed)
            batch.append((found, placed))
    _put_all(done, batch)
    to_do = [f for f in [*(f for f, _ in batch), *later] if f.finding.id not in done.refused and not _holds(done.world, f)]
    return [*to_do, *(absent if batch else [f for f in absent if not _holds(done.world, f)])]


def _placed(done: Composed, found: Found) -> Placed | None:
    """The edits that this fix needs now; None where it needs none any more, or has none."""
    resource = current(done.world, found)
    if resource is None:
        return None
    judgement = judge(found.control, resource)
    if judgement.verdict is not Verdict.FAIL:
        return None
    binding = done.world.bindings[found.slot]
    try:
        remedy = derive(found.control, judgement.mismatches)
        return edits_on_documents(binding, found.slot[1], resource, (remedy.edits, remedy.live), done.world.sources)
    except (NoRemedy, BindingError) as error:
        done.refused[found.finding.id] = str(error)
        return None


def current(world: World, found: Found) -> Resource | None:
    """The finding's resource as it is in this world."""
    return world.find(found.slot, found.resource.name, found.resource.home)


def _holds(world: World, found: Found) -> bool:
    """Whether the persistent state holds now; a running value that only a reload can mend does not keep a fix from being done."""
    resource = current(world, found)
    if resource is None or applies(found.control, resource) is False:
        return True
    judgement = judge(found.control, resource)
    return judgement.verdict is Verdict.PASS or (judgement.verdict is Verdict.FAIL and all(m.live for m in judgement.mismatches))


def _put_all(done: Composed, batch: Sequence[tuple[Found, Placed]]) -> None:
    """All at once; where that is refused, one by one, so that only the culprit is left out."""
    try:
        done.world = _put(done, [pair for _, placed in batch for pair in placed])
    except LensError as error:
        if len(batch) == 1:
            done.refused[batch[0][0].finding.id] = str(error)
            return
        half = len(batch) // 2
        _put_all(done, batch[:half])
        _put_all(done, batch[half:])
        return
    for found, placed in batch:
        done.touched.setdefault(found.finding.id, set()).update(locator for locator, _ in placed)


def _put(done: Composed, placed: Placed) -> World:
    """The world with these edits made. Raises LensError before anything is noted."""
    by_locator: dict[str, list[Edit]] = {}
    for locator, edit in placed:
        mine = by_locator.setdefault(locator, [])
        if edit not in mine:
            mine.append(edit)
    changed, made = {}, {}
    for locator, edits in by_locator.items():
        document = done.world.documents.get(locator) or Document(locator, None, _lens_of_new(done.world, locator))
        ordered = _removals_last(edits)
        changed[locator] = Document(locator, put(document.lens, document.data, ordered), document.lens)
        source = done.world.sources.get(locator)
        made[locator] = light(ordered, source.tree if source else {})
    world = done.world.after(changed)
    for locator, kept in made.items():
        done.edits.setdefault(locator, []).append(kept)
    return world


def _lens_of_new(world: World, locator: str) -> str:
    """The lens for a document that a binding's `new:` (or `closing:`) names."""
    for (_, family), binding in world.bindings.items():
        layout = binding.layouts[family]
        if locator in (layout.get("new"), layout.get("closing")):
            return str(layout["lens"])
    raise LensError(f"{locator}: no binding says what format a new document here has")


def _removals_last(edits: list[Edit]) -> list[Edit]:
    """Sets first, in the given order; then removals from the back, so that indexes stay true."""
    gone = sorted((e for e in edits if e.remove), key=lambda e: [(isinstance(k, int), k) for k in e.path], reverse=True)
    return [e for e in edits if not e.remove] + gone


class _Taken:
    """The places that a batch's edits use, so that the next fix is asked in one step whether it may join."""

    def __init__(self) -> None:
        self._edits: dict[tuple[str, Path], Edit] = {}
        self._above: set[tuple[str, Path]] = set()
        self._lists: dict[tuple[str, Path], bool] = {}  # a list whose items are set or removed -> only removed?

    def clashes(self, placed: Placed) -> bool:
        """Whether one place would get two values, one edit stand inside another, or a list change under another's index."""
        return any(self._meets(locator, edit) for locator, edit in placed)

    def add(self, placed: Placed) -> None:
        for locator, edit in placed:
            self._edits[locator, edit.path] = edit
            self._above.update((locator, edit.path[:i]) for i in range(1, len(edit.path)))
            if isinstance(edit.path[-1], int):
                parent = (locator, edit.path[:-1])
                self._lists[parent] = self._lists.get(parent, True) and edit.remove

    def _meets(self, locator: str, edit: Edit) -> bool:
        if (locator, edit.path) in self._edits:
            return self._edits[locator, edit.path] != edit
        if (locator, edit.path) in self._above:
            return True
        if any((locator, edit.path[:i]) in self._edits for i in range(1, len(edit.path))):
            return True
        only_removed = self._lists.get((locator, edit.path[:-1]))
        return isinstance(edit.path[-1], int) and only_removed is not None and not (only_removed and edit.remove)


def _right(world: World, controls: Sequence[Control], homes: Set[str] | None = None) -> set[tuple[str, str, str, str]]:
    """What passes, as (control, family, resource by its first name, document); with `homes` only of these documents."""
    renamed = world.renamed()
    return {
        (control.id, slot[1], renamed.get((slot, resource.name), resource.name), resource.home[0])
        for control, slot, resource, judgement in world.judged(controls)
        if judgement.verdict is Verdict.PASS and (homes is None or resource.home[0] in homes)
    }


def _one_by_one(kept: Composed, fixes: Sequence[Found], controls: Sequence[Control], homes: Set[str]) -> Composed:
    """The fixes each on top of the others, leaving out one that makes what is right wrong: two that want opposites end here."""
    for found in fixes:
        trial = _composed(kept.copy(), [found])
        broken = _right(kept.world, controls, homes) - _right(trial.world, controls, homes)
        if broken:
            kept.refused[found.finding.id] = f"its fix would break {', '.join(sorted({b[0] for b in broken}))}"
        else:
            kept = trial
    return kept

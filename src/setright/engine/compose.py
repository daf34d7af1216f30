"""Many fixes into one change a document. Pure.

Fixes are made in rounds: all that do not get in each other's way at once, then everything is seen and judged
again, until nothing is left to do. A fix that its lens or binding refuses, that does not help, or that makes
something else fail is left out and says why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from fnmatch import fnmatchcase
from functools import partial
from typing import NamedTuple

from setright.bindings.error import BindingError, Missing
from setright.bindings.view import Beside, beside
from setright.controls.derive import NoRemedy, NoValue
from setright.controls.judge import applies
from setright.engine.carry import light
from setright.engine.change import PRIVATE
from setright.engine.removals import as_wholes, removals_last
from setright.engine.scan import Found
from setright.engine.taken import Place, Placed, Taken
from setright.engine.world import World
from setright.lenses import LensError, get, put
from setright.model import Control, Document, Edit, Mismatch, Resource, Tree, Verdict

MAX_ROUNDS = 30  # every new flag of a database takes one: they follow each other in a list
STILL_WRONG = "still wrong after its fix"
Made = tuple[Document, tuple[Edit, ...]]  # a document after edits, and the edits as they are kept
Right = tuple[str, str, str, str]  # control, family, resource by its first name, document


class Passing(str):
    """Why a fix has no edits as its resource stands now; what another fix writes there may end that."""


class _Fix(NamedTuple):
    """A fix in a batch, with its edits as they join it."""

    found: Found
    placed: Placed
    is_moved: bool  # behind what the batch adds to the same list


class Tried:
    """What came of edits on a document's bytes, and which edits each fix begins with on the first world, so far."""

    def __init__(self, first: World) -> None:
        self.first = first
        self.made: dict[tuple[str, bytes | None, str], Made | LensError] = {}
        self._begun: dict[int, tuple[Found, Placed | str | None]] = {}  # by the id of the finding that each holds

    def edits(self, found: Found) -> Placed | str | None:
        """As `_edits`, on the first world."""
        if id(found) not in self._begun:
            self._begun[id(found)] = found, _edits(self.first, found)
        return self._begun[id(found)][1]


class Composed:
    """What came of the fixes: the world after, each document's edits in order, and why some were left out."""

    def __init__(self, world: World, tried: Tried) -> None:
        self.world = world
        self.tried = tried
        self.edits: dict[str, list[tuple[Edit, ...]]] = {}  # in rounds
        self.touched: dict[str, set[str]] = {}  # finding id -> locators
        self.refused: dict[str, str] = {}  # finding id -> why
        self.met: dict[str, Resource | None] = {}  # finding id -> its resource, whose values leave it no fix

    def copy(self) -> Composed:
        """One to try another fix on."""
        new = Composed(self.world, self.tried)
        new.edits = {locator: list(edits) for locator, edits in self.edits.items()}
        new.touched = {finding: set(locators) for finding, locators in self.touched.items()}
        new.refused, new.met = dict(self.refused), dict(self.met)
        return new


def compose(world: World, fixes: Sequence[Found], controls: Sequence[Control], tried: Tried | None = None) -> Composed:
    """The fixes made on the world. What was right before stays right; `refused` tells of fixes that would not keep that.

    `tried` gathers what edits make of documents, so that fixes composed anew with others cost little.
    """
    tried = tried or Tried(world)
    done = _composed(Composed(world, tried), fixes)
    trouble = _trouble(done, fixes, _lost(_right(world, controls), done.world, controls))
    if not trouble:
        return done
    suspects = _touching(done, fixes, trouble) or fixes
    doubted = {id(f) for f in suspects}
    kept = _composed(Composed(world, tried), [f for f in fixes if id(f) not in doubted])
    return _sifted(kept, suspects, controls, trouble)


def _trouble(done: Composed, fixes: Sequence[Found], lost: set[Right]) -> set[str]:
    """The documents in which these fixes broke something, did not last, or did not help."""
    flipped = [f for f in fixes if f.finding.id not in done.refused and _fails(done.world, f)]
    useless = [f for f in fixes if done.refused.get(f.finding.id) == STILL_WRONG and f.finding.id in done.touched]
    homes = {home for _, _, _, home in _unlike(lost, _taken_away(done, fixes))}
    return homes.union(*({f.resource.home[0], *done.touched.get(f.finding.id, ())} for f in [*flipped, *useless]))


def _touching(done: Composed, fixes: Sequence[Found], homes: Set[str]) -> list[Found]:
    """The fixes whose edits or resources stand in these documents."""
    return [f for f in fixes if done.touched.get(f.finding.id, set()) & homes or f.resource.home[0] in homes]


def _composed(done: Composed, fixes: Sequence[Found]) -> Composed:
    left = list(fixes)
    for _ in range(MAX_ROUNDS):
        before = done.world, len(done.refused)
        left = _round(done, left) or _taken_up_again(done, fixes)
        if not left or before == (done.world, len(done.refused)):  # what changed nothing now never will
            break
    for found in left:
        if current(done.world, found) is not None:
            done.refused.setdefault(found.finding.id, STILL_WRONG)
    return done


def _round(done: Composed, left: list[Found]) -> list[Found]:
    """One round; gives what is still to do. What is not there yet (another fix adds it) waits while there is anything to do."""
    batch: list[_Fix] = []
    taken = Taken()
    later: list[Found] = []
    absent = [found for found in left if current(done.world, found) is None]
    wanted = [(found, placed) for found in left if (placed := _placed(done, found)) is not None]
    added = partial(_added, done.world)
    asked = {(at, edit.path) for _, placed in wanted for at, edit in placed}
    for found, placed in sorted(wanted, key=lambda fix: (any(added(fix[0], edit) for _, edit in fix[1]), _brings_more(fix))):
        if _is_said_wider(placed, asked) or (joined := taken.joined(placed, partial(added, found))) is None:
            later.append(found)
        else:
            batch.append(_Fix(found, joined, is_moved=joined != placed))
    _put_all(done, batch)
    to_do = [f for f in [*(fix.found for fix in batch), *later] if f.finding.id not in done.refused and not _holds(done.world, f)]
    return [*to_do, *(absent if batch else [f for f in absent if not _holds(done.world, f)])]


def _taken_up_again(done: Composed, fixes: Sequence[Found]) -> list[Found]:
    """The fixes that had no right value by what stood on their resource, and have one since others changed it."""
    met = [f for f in fixes if f.finding.id in done.met and current(done.world, f) is not done.met[f.finding.id]]
    again = [f for f in met if isinstance(_edits(done.world, f), list)]
    for found in again:
        del done.refused[found.finding.id], done.met[found.finding.id]
    return again


def _added(world: World, found: Found, edit: Edit) -> Beside | None:
    """What an edit of a fix adds beside its resource."""
    return beside(world.bindings[found.slot], found.slot[1], found.resource, edit)


def _brings_more(wanted: tuple[Found, Placed]) -> bool:
    """Whether a fix edits more than what it found wrong: that gives way to what another fix is there for."""
    found, placed = wanted
    return len(placed) > len(found.finding.mismatches)


def _is_said_wider(placed: Placed, asked: Set[Place]) -> bool:
    """Whether another fix says the same key further out, as a workflow does for its jobs: that may be enough."""
    if len(placed) != 1:
        return False
    [(at, edit)] = placed
    *scope, key = edit.path
    return any((at, (*scope[:i], key)) in asked for i in range(len(scope)))


def _placed(done: Composed, found: Found) -> Placed | None:
    """The edits that this fix needs now; None where it needs none any more, or has none."""
    placed = done.tried.edits(found) if done.world is done.tried.first else _edits(done.world, found)
    if isinstance(placed, str):
        done.refused[found.finding.id] = str(placed)
        if isinstance(placed, Passing):
            done.met[found.finding.id] = current(done.world, found)
        return None
    return placed


def _edits(world: World, found: Found) -> Placed | str | None:
    """The edits that a fix needs in a world, or why it has none; None where it needs none."""
    resource = current(world, found)
    if resource is None:
        return None
    judgement = world.judgement(found.control, resource)
    mismatches = found.left(judgement)
    if judgement.verdict is not Verdict.FAIL or not mismatches:
        return None
    try:
        return world.edits(found.control, found.slot, resource, mismatches)
    except (NoValue, Missing) as error:
        return Passing(error)
    except (NoRemedy, BindingError) as error:  # by evidence, which another fix may take away and which was true all the same
        return str(error)


def current(world: World, found: Found) -> Resource | None:
    """The finding's resource as it is in this world."""
    return world.find(found.slot, found.resource.name, found.resource.home)


def _holds(world: World, found: Found) -> bool:
    """Whether the persistent state holds now; a running value that only a reload can mend does not keep a fix from being done."""
    resource = current(world, found)
    if resource is None or applies(found.control, resource) is False:
        return True
    judgement = world.judgement(found.control, resource)
    return _stands(judgement.verdict, found.left(judgement))


def _fails(world: World, found: Found) -> bool:
    """Whether what was found is surely wrong still; what nobody can tell beside it does not count."""
    resource = current(world, found)
    if resource is None or applies(found.control, resource) is False:
        return False
    judgement = world.judgement(found.control, resource)
    return judgement.verdict is Verdict.FAIL and not _stands(judgement.verdict, found.left(judgement))


def _stands(verdict: Verdict, mismatches: Sequence[Mismatch]) -> bool:
    """Whether all is right but for what runs: in a world that is only thought of nothing was loaded yet."""
    return verdict is Verdict.PASS or (verdict is Verdict.FAIL and all(m.live for m in mismatches))


def _put_all(done: Composed, batch: Sequence[_Fix]) -> None:
    """The documents of a batch, then the world once."""
    documents = _Documents(done.world, done.tried)
    _put_documents(done, batch, documents)
    if changed := {d.locator: d for d in documents.changed.values() if d != done.world.documents.get(d.locator)}:
        done.world = done.world.after(changed)


def _put_documents(done: Composed, batch: Sequence[_Fix], documents: _Documents) -> None:
    """All at once; where that is refused, one by one, so that only the culprit is left out."""
    try:
        made = documents.put([fix.placed for fix in batch])
    except LensError as error:
        if len(batch) == 1:
            if not batch[0].is_moved:  # else what it stands behind may be what was refused
                done.refused[batch[0].found.finding.id] = str(error)
            return
        half = len(batch) // 2
        _put_documents(done, batch[:half], documents)
        _put_documents(done, batch[half:], documents)
        return
    for locator, kept in made.items():
        done.edits.setdefault(locator, []).append(kept)
    for fix in batch:
        done.touched.setdefault(fix.found.finding.id, set()).update(locator for locator, _ in fix.placed)


class _Documents:
    """The documents of a world while edits are made on them, before anything is seen anew."""

    def __init__(self, world: World, tried: Tried) -> None:
        self.changed: dict[str, Document] = {}
        self._world = world
        self._tried = tried

    def put(self, fixes: Sequence[Placed]) -> dict[str, tuple[Edit, ...]]:
        """The edits of several fixes made, by document. Raises LensError before anything is changed."""
        by_locator: dict[str, dict[str, Edit]] = {}
        beside: dict[str, set[str]] = {}  # the documents of the same fixes
        for placed in fixes:
            for locator, edit in placed:
                by_locator.setdefault(locator, {}).setdefault(repr(edit), edit)
                beside.setdefault(locator, set()).update(other for other, _ in placed)
        made = {at: self._made(at, removals_last([*edits.values()]), beside[at]) for at, edits in by_locator.items()}
        self.changed |= {locator: document for locator, (document, _) in made.items()}
        return {locator: edits for locator, (_, edits) in made.items()}

    def _made(self, locator: str, edits: list[Edit], beside: Set[str]) -> Made:
        """A document with edits; tried once, however a batch is halved around it."""
        document = self.changed.get(locator) or self._world.documents.get(locator)
        document = document or Document(locator, None, _lens_of_new(self._world, locator))
        others = self._others(document, beside)
        key = locator, document.data, repr((edits, [*others]))
        if key not in self._tried.made:
            self._tried.made[key] = self._try(document, edits, others)
        made = self._tried.made[key]
        if isinstance(made, LensError):
            raise made
        return made

    def _try(self, document: Document, edits: list[Edit], others: Mapping[str, Tree]) -> Made | LensError:
        source = self._world.sources.get(document.locator)
        tree = get(document.lens, document.data) if document.locator in self.changed else source.tree if source else {}
        ways = [edits, whole] if (whole := as_wholes(edits, tree)) != edits else [edits]
        for way in ways:
            try:
                made = Document(document.locator, put(document.lens, document.data, way), document.lens)
                return made, light(way, tree, others)
            except LensError as error:
                why = error
        return why

    def _others(self, document: Document, beside: Set[str]) -> dict[str, Tree]:
        """The documents that a file of secrets gets its secrets from, as they were at first."""
        sources = self._tried.first.sources
        named = sorted(beside - {document.locator}) if document.lens in PRIVATE else ()
        return {each: sources[each].tree for each in named if each in sources}


def _lens_of_new(world: World, locator: str) -> str:
    """The lens for a document that a binding's `new:` (or `closing:`) names, by a pattern too."""
    for (_, family), binding in world.bindings.items():
        layout = binding.layouts[family]
        if any(fnmatchcase(locator, layout[key]) for key in ("new", "closing") if key in layout):
            return str(layout["lens"])
    raise LensError(f"{locator}: no binding says what format a new document here has")


def _taken_away(done: Composed, fixes: Sequence[Found]) -> set[tuple[str, str, str]]:
    """The resources, as (family, name, document), that their own fixes took away: a rule that lets everybody in."""
    touched = [f for f in fixes if f.finding.id in done.touched]
    now = [current(done.world, found) for found in touched]
    gone = [f for f, there in zip(touched, now, strict=True) if there is None or there.home[0] != f.resource.home[0]]
    return {(f.slot[1], f.resource.name, f.resource.home[0]) for f in gone}


def _unlike(right: set[Right], gone: Set[tuple[str, str, str]]) -> set[Right]:
    """What was right, but for what is said of resources that are gone."""
    return {each for each in right if each[1:] not in gone}


def _right(world: World, controls: Sequence[Control], homes: Set[str] | None = None) -> set[Right]:
    """What stands, as (control, family, resource by its first name, document); with `homes` only of these documents."""
    return {right for right, stands in _said(world, controls, homes).items() if stands}


def _lost(right: set[Right], world: World, controls: Sequence[Control], homes: Set[str] | None = None) -> set[Right]:
    """What was right and is not now; of what is there still, only where the control still speaks of it, or cannot tell."""
    said = _said(world, controls, homes)
    renamed = world.renamed()
    there = {
        (slot[1], renamed.get((slot, each.name), each.name), each.home[0])
        for slot, resources in world.resources.items()
        for each in resources
    }
    return {each for each in right if not said.get(each, each[1:] in there)}


def _said(world: World, controls: Sequence[Control], homes: Set[str] | None) -> dict[Right, bool]:
    """Of all that the controls speak of, whether it stands."""
    renamed = world.renamed()
    said: dict[Right, bool] = {}
    for control, slot, resource, judgement in world.judged(controls, homes):
        right = (control.id, slot[1], renamed.get((slot, resource.name), resource.name), resource.home[0])
        said[right] = said.get(right, False) or _stands(judgement.verdict, judgement.mismatches)
    return said


def _sifted(kept: Composed, suspects: Sequence[Found], controls: Sequence[Control], homes: Set[str]) -> Composed:
    """The fixes on top of the others, without those that do not help or make what is right wrong: opposites end here.

    Many at once, and where there is trouble by halves of each document's, so that few culprits among many cost few tries.
    """
    right = _right(kept.world, controls, homes)
    waiting = _halves(suspects)
    while waiting:
        batch = waiting.pop()
        trial = _composed(kept.copy(), batch)
        lost = _lost(right, trial.world, controls, homes)
        trouble = _trouble(trial, batch, lost)
        if not trouble:
            kept, right = trial, _right(trial.world, controls, homes)
        elif len(batch) > 1:
            mine = {id(f) for f in _touching(trial, batch, trouble)}
            others = [f for f in batch if id(f) not in mine]
            if mine:
                waiting += [*_halves([f for f in batch if id(f) in mine]), *([others] if others else [])]
            else:  # what they break stands where none of them edits
                waiting += [batch[len(batch) // 2 :], batch[: len(batch) // 2]]
        else:
            kept.refused[batch[0].finding.id] = _why(batch[0], _unlike(lost, _taken_away(trial, batch)))
    return kept


def _why(found: Found, broken: Set[Right]) -> str:
    return f"its fix would break {', '.join(sorted({b[0] for b in broken}))}" if broken else STILL_WRONG


def _halves(fixes: Sequence[Found]) -> list[Sequence[Found]]:
    """The later halves of each document's fixes, then the first, where the next is taken from; each alone where none has two."""
    by_home: dict[str, list[Found]] = {}
    for found in fixes:
        by_home.setdefault(found.resource.home[0], []).append(found)
    if all(len(mine) == 1 for mine in by_home.values()):
        return [[found] for found in reversed(fixes)]
    cut = [(mine, (len(mine) + 1) // 2) for mine in by_home.values()]
    return [[f for mine, at in cut for f in mine[at:]], [f for mine, at in cut for f in mine[:at]]]

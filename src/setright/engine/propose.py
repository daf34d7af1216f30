"""A tree of sources in, the commits of a pull request out: plans stacked on each other, and judged again on the result.

The documents are read once; every commit is planned on what the ones before it gave.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from setright.engine.change import PRIVATE, changes
from setright.engine.compose import Tried
from setright.engine.error import EngineError
from setright.engine.plan import PlanOptions, by_hand, plan
from setright.engine.scan import Found, Scan
from setright.engine.world import Slot
from setright.model import Change, Document, Plan, Verdict
from setright.surfaces.base import Surface

ITSELF = ("auto", "source")  # the lanes that need nobody before the reviewer
UNSEEN = (
    "its fix keeps secrets in a file that is not committed, so no pull request can bring it; run `setright fix` where it is started"
)


class PlannedCommit(NamedTuple):
    """One commit: the plans it makes in their order, and the bytes that come of them."""

    plans: tuple[Plan, ...]
    changes: tuple[Change, ...]


class Draft(NamedTuple):
    """What a pull request would do to one tree, whose paths are its own.

    `hands` and `waiting` are plans that are not made, with the reason.
    """

    target: str
    scan: Scan
    steps: tuple[PlannedCommit, ...]
    hands: tuple[Plan, ...]
    waiting: tuple[Plan, ...]
    revealed: tuple[Found, ...] = ()  # wrong in the result, where nobody could ask before
    inside: str = ""  # where the tree is in its repository: empty, or ``infra/``

    @property
    def plans(self) -> tuple[Plan, ...]:
        return tuple(each for step in self.steps for each in step.plans)

    @property
    def found(self) -> tuple[Found, ...]:
        """The findings that it puts right, in the order of the scan."""
        done = {finding for each in self.plans for finding in each.findings}
        return tuple(found for found in self.scan.found if found.finding.id in done)

    @property
    def files(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(change.locator for step in self.steps for change in step.changes))


def draft(scan: Scan, surface: Surface, options: PlanOptions, per: str = "control") -> Draft:
    """The steps of a draft, one commit a control, a file, or one in all.

    `options.together` takes what waits for an owner's word, too: the reviewer gives it.
    """
    first = plan(scan, surface, options).plans
    lanes = (*ITSELF, "ask") if options.together else ITSELF
    private = _private(scan)
    mine = {finding for each in first if each.lane in lanes for finding in each.findings} - private.keys()
    hands = [each for each in first if each.lane == "hand"] + [by_hand(scan, found, UNSEEN) for found in private.values()]
    steps, world = [], scan.world
    for group in _groups([found for found in scan.found if found.finding.id in mine], per):
        made = plan(scan._replace(world=world, found=tuple(group)), surface, options._replace(together=True))
        hands += [each for each in made.plans if each.lane == "hand"]
        doing = tuple(each for each in made.plans if each.lane != "hand")
        if doing:
            steps.append(PlannedCommit(doing, _bytes(doing, world.documents)))
            world = made.world
    waiting = tuple(each for each in first if each.lane not in (*lanes, "hand"))
    return Draft(scan.target, scan, tuple(steps), tuple(hands), waiting)


def _private(scan: Scan) -> dict[str, Found]:
    """The findings whose fix writes what nobody may commit."""
    tried = Tried(scan.world)
    secret = [found for found in scan.found if found.control.secret and found.control.fix]
    edits = [(found, tried.edits(found)) for found in secret]
    private = {locator for locator, document in scan.world.documents.items() if document.lens in PRIVATE}
    return {f.finding.id: f for f, placed in edits if isinstance(placed, list) and private & {locator for locator, _ in placed}}


def verify_draft(draft: Draft, after: Scan) -> Draft:
    """The draft with what its result brings into view: findings of controls that did not apply before.

    Raises EngineError where the result, read and judged anew, is not what the draft says, or something right became wrong.
    """
    was = {found.finding.id for found in draft.scan.everything}
    now = {found.finding.id: found for found in after.everything}
    still = [f for f in draft.found if f.finding.id in now]
    new = [found for finding, found in now.items() if finding not in was]
    right = _right(draft.scan) if new else set()
    broken = [f for f in new if (f.control.id, f.slot, f.resource.name, f.resource.home[0]) in right]
    if still or broken:
        bad = (still or broken)[0]
        why = "is still wrong after its fix" if still else "is wrong only after the fixes"
        raise EngineError(f"{bad.finding.location.path}: {bad.control.id} {why}; nothing was pushed. Leave it out with --control")
    return draft._replace(revealed=tuple(new))


def _right(scan: Scan) -> set[tuple[str, Slot, str, str]]:
    """What passes, as (control, slot, resource, document)."""
    return {
        (control.id, slot, resource.name, resource.home[0])
        for control, slot, resource, judgement in scan.world.judged(scan.controls)
        if judgement.verdict is Verdict.PASS
    }


def _groups(found: Sequence[Found], per: str) -> list[list[Found]]:
    """The findings of each commit; worst first, as the scan has them."""
    groups: dict[str, list[Found]] = {}
    for each in found:
        key = {"control": each.control.id, "file": each.finding.location.path, "all": ""}[per]
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def _bytes(plans: Sequence[Plan], documents: Mapping[str, Document]) -> tuple[Change, ...]:
    """One change a document, from before the first plan to after the last."""
    now = dict(documents)
    first: dict[str, Change] = {}
    for each in plans:
        absent = {p.locator: Document(p.locator, None, p.lens) for p in each.changes if p.locator not in now}
        for change in changes(each, {**now, **absent}):
            now[change.locator] = Document(change.locator, change.after, change.lens)
            before = first.get(change.locator, change).before
            first[change.locator] = Change(change.locator, change.lens, before, change.after)
    return tuple(first.values())

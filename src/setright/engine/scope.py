"""Which findings count: what comments, exceptions and the adopted list leave open, and what lies outside a branch's change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from setright.engine.adopted import ListPlace, adopted_apart, find, load_adopted
from setright.engine.carried import Measure, without_carried
from setright.engine.extent import extents
from setright.engine.scan import Excepted, Found, Scan, set_aside
from setright.engine.world import World
from setright.model import Problem
from setright.policy.estate import Person, Subject
from setright.policy.exceptions import ExceptionRules, FindingException
from setright.surfaces.base import SurfaceError
from setright.surfaces.iac.git import Lines, touched


class ScanScope(NamedTuple):
    """What was asked. `adopted` is a list's file (empty: the tree's own); `adopted_too` has adopted findings planned."""

    adopted: str = ""
    no_adopted: bool = False
    adopted_too: bool = False
    diff_base: str = ""
    whole_files: bool = False


class ScanOptions(NamedTuple):
    """What of the catalogue a scan shall use. `controls` are ids or globs; empty: the baseline's.

    `baseline` empty: those of the configuration, which are `recommended` where it says nothing.
    """

    baseline: str = ""
    controls: tuple[str, ...] = ()
    min_severity: str = "info"
    scope: ScanScope = ScanScope()

    def to_plan(self) -> ScanOptions:
        """Adopted findings are planned where their control was named, or all were asked for."""
        return self._replace(scope=self.scope._replace(no_adopted=True)) if self.controls or self.scope.adopted_too else self


def adopted_place(scope: ScanScope, root: Path | None) -> ListPlace | None:
    """The adopted list in force for a target with its sources at `root`; None: there is none. Raises EngineError."""
    if scope.no_adopted:
        return None
    file = Path(scope.adopted) if scope.adopted else find(root) if root else None
    return ListPlace(file, root, load_adopted(file)) if file else None


class Honoured(NamedTuple):
    """The exceptions ever made, the last of each finding, and what they are held against: a target, the rules, people and time."""

    exceptions: Mapping[str, FindingException]
    subject: Subject
    rules: ExceptionRules
    people: Sequence[Person]
    at: datetime


def without_exceptions(scan: Scan, honoured: Honoured, root: Path | None) -> Scan:
    """The scan with the findings set aside that the store or the repository excepts; what ended, ends soon or is void is a notice.

    `root` is where a source tree's files are.
    """
    made = [(f, honoured.exceptions[f.finding.id]) for f in scan.found if f.finding.id in honoured.exceptions]
    holding = [(f, e) for f, e in made if e.holds(honoured.at) and not e.void(honoured.subject)]
    left = set_aside(scan, [Excepted(f, "exception", e.reason, e.until.isoformat(timespec="seconds")) for f, e in holding])
    told = [(f, why) for f, e in made if (why := _notice(e, honoured))]
    left = left._replace(notices=(*left.notices, *(Problem(f.finding.resource, f"{f.finding.id}: {why}") for f, why in told)))
    return without_carried(left, root, Measure(honoured.rules, honoured.people, honoured.at))


def _notice(made: FindingException, honoured: Honoured) -> str:
    """What people should know of an exception: it ended a while ago, ends soon, or is of no force."""
    near = timedelta(days=honoured.rules.warn_days)
    if not made.holds(honoured.at):
        ended = honoured.at - made.until < near
        return f"its exception ended on {made.until:%Y-%m-%d}; it counts again" if ended else ""
    if void := made.void(honoured.subject):
        return f"its exception is void: {void}; `setright except` makes another"
    if made.until - honoured.at < near:
        return f"its exception ({made.reason}) ends on {made.until:%Y-%m-%d}"
    return ""


def without_adopted(scan: Scan, scope: ScanScope, root: Path | None) -> Scan:
    """The scan with adopted findings set aside. Raises EngineError for a list that is none."""
    place = adopted_place(scope, root)
    return adopted_apart(scan, place) if place else scan


def within_change(scan: Scan, scope: ScanScope, root: Path | None) -> Scan:
    """The scan of what the branch changed. Raises SurfaceError where that cannot be told."""
    if not scope.diff_base:
        return scan
    if root is None:
        raise SurfaceError(f"{scan.target}: --diff-base is for source trees in git; leave it out here")
    changed = touched(root, scope.diff_base)
    kinds = {kind for kind, _ in scan.world.bindings}
    by_file = sorted((*scan.found, *(e.found for e in scan.excepted)), key=lambda found: found.resource.home[0])
    inside = {id(found) for found in by_file if _touched(found, scan.world, changed, scope.whole_files)}
    return scan._replace(
        found=tuple(f for f in scan.found if id(f) in inside),
        excepted=tuple(e for e in scan.excepted if id(e.found) in inside),
        outside=tuple(f for f in by_file if id(f) not in inside),
        problems=tuple(p for p in scan.problems if p.locator in changed or p.locator in kinds),
    )


def _touched(found: Found, world: World, changed: Mapping[str, Sequence[Lines]], whole_files: bool) -> bool:
    if found.finding.location.path not in changed and found.resource.home[0] not in changed:
        return False
    return whole_files or any(
        lines.touch(extent.first, extent.last) for extent in extents(found, world) for lines in changed.get(extent.locator, ())
    )

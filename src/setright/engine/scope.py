"""Which findings count: what comments, exceptions and the adopted list leave open, and what lies outside a branch's change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from setright.engine.adopted import Place, find, leave, load
from setright.engine.extent import extents
from setright.engine.scan import Excepted, Found, Scan, set_aside
from setright.engine.world import World
from setright.policy.exceptions import FindingException
from setright.surfaces.base import SurfaceError
from setright.surfaces.iac.git import Lines, touched


class Scope(NamedTuple):
    """What was asked. `adopted` is a list's file (empty: the tree's own); `adopted_too` has adopted findings planned."""

    adopted: str = ""
    no_adopted: bool = False
    adopted_too: bool = False
    diff_base: str = ""
    whole_files: bool = False


def place_of(scope: Scope, root: Path | None) -> Place | None:
    """The adopted list in force for a target with its sources at `root`; None: there is none. Raises EngineError."""
    if scope.no_adopted:
        return None
    file = Path(scope.adopted) if scope.adopted else find(root) if root else None
    return Place(file, root, load(file)) if file else None


def without_exceptions(scan: Scan, exceptions: Mapping[str, FindingException]) -> Scan:
    """The scan with the findings set aside that the store excepts."""
    holding = [(found, exceptions[found.finding.id]) for found in scan.found if found.finding.id in exceptions]
    return set_aside(scan, [Excepted(f, "exception", e.reason, e.until.isoformat(timespec="seconds")) for f, e in holding])


def without_adopted(scan: Scan, scope: Scope, root: Path | None) -> Scan:
    """The scan with adopted findings set aside. Raises EngineError for a list that is none."""
    place = place_of(scope, root)
    return leave(scan, place) if place else scan


def within_change(scan: Scan, scope: Scope, root: Path | None) -> Scan:
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

"""What a target is now, as values of parameters and documents kept: the approved state that later scans are held against."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from setright.controls.baselines import Learned
from setright.controls.paths import leaves
from setright.engine.scan import Scan
from setright.engine.times import now
from setright.model import Binding, Control, Kept, Param, Plain, Resource, Unknown
from setright.surfaces.base import Locked, Surface

if TYPE_CHECKING:
    from setright.engine.catalogue import Catalogue
    from setright.engine.snapshots import Snapshots
    from setright.engine.store import Store

ITEMS = frozenset({"members", "services", "setuid"})  # lists whose items go back one by one
PLACES = "places"  # of a resource: by list, the documents that it comes from


class Approved(NamedTuple):
    """Approved states that a target may go back to, their snapshots, and every kind's binding: whose steps make files hold."""

    learned: Sequence[Learned]
    snapshot: Callable[[str], Kept]
    bindings: Mapping[str, Binding]

    def of(self, target: str) -> Learned | None:
        """The state that was approved of this very target; another one's documents are none of its own."""
        return next((each for each in reversed(self.learned) if each.target == target), None)

    def back(self, target: str, control: Control) -> str:
        """To what drift from a control's list goes back; empty where a person must see to it."""
        state = self.of(target)
        known = state and (list_of(control) in ITEMS or list_of(control) in state.kept)
        return f"goes back to what {state.by} approved at {state.at[:16]}Z" if state and known else ""


def learned_from(catalogue: Catalogue, baselines: Iterable[str], snapshots: Callable[[], Snapshots]) -> Approved | None:
    """What the baselines of these names were learned of; None where none was."""
    taught = [each.learned for each in catalogue.named(baselines) if each.learned]
    return Approved(taught, lambda address: snapshots().get(address), catalogue.bindings) if taught else None


def snapshots_of(state: Path, store: Store) -> Snapshots:
    """The snapshots of a state directory, and of the database that it shares with other machines."""
    from setright.engine.snapshots import Snapshots

    return Snapshots(state, None if store.is_sqlite else store)


def learnable(controls: Iterable[Control]) -> list[Control]:
    """Those that hold a list against an approved one."""
    return [c for c in controls if list_of(c)]


def list_of(control: Control) -> str:
    """The list that a control holds against an approved one, whether its value stands there yet; empty where it does not."""
    return next((str(r.path[0]) for r in control.require if r.op == "subset-of" and control.params), "")


def learned(scan: Scan) -> dict[str, list[Plain]]:
    """The parameters of the scan's learnable controls, each with what is there now; none for what could not be told."""
    found: dict[str, list[Plain]] = {}
    for control in learnable(scan.controls):
        for requirement in control.require:
            if isinstance(requirement.want, Param) and requirement.op == "subset-of":
                there = _there(scan, control, requirement.path)
                if there is not None:
                    found[requirement.want.name] = sorted({*found.get(requirement.want.name, ()), *there}, key=str)
    return found


def keep(scan: Scan, surface: Surface, snapshots: Snapshots, by: str) -> Learned:
    """Keeps the documents behind the scan's lists, sealed, but for those that nothing could be written back to.

    Raises SurfaceError for what cannot be read.
    """
    lists: dict[str, set[str]] = {}
    for control in learnable(scan.controls):
        lists.setdefault(list_of(control), set()).update(*(places(r, list_of(control)) for r in _resources(scan, control)))
    kept = kept_of(surface, sorted(set().union(*lists.values())))
    addresses = dict(zip((each.locator for each in kept), snapshots.put_all(kept), strict=True))
    whole = {name: sorted(locators) for name, locators in lists.items() if locators and locators <= addresses.keys()}
    held = {name: {locator: addresses[locator] for locator in locators} for name, locators in whole.items()}
    return Learned(scan.target, now().isoformat(timespec="seconds"), by, held)


def kept_of(surface: Surface, locators: Sequence[str]) -> list[Kept]:
    """What can be kept; only where something is locked is each asked for by itself."""
    try:
        return surface.keep(locators)
    except Locked:
        kept: list[Kept] = []
        for locator in locators:
            with suppress(Locked):
                kept += surface.keep([locator])
        return kept


def places(resource: Resource, name: str) -> list[str]:
    """The documents that a list of a resource comes from, as they are now."""
    return list(resource.tree.get(PLACES, {}).get(name, ()))


def _resources(scan: Scan, control: Control) -> list[Resource]:
    return [r for (kind, _), seen in scan.world.resources.items() if kind == control.kind for r in seen]


def _there(scan: Scan, control: Control, path: tuple[str | int, ...]) -> list[Plain] | None:
    """All items of all resources of the control's kind; None where there is no resource, or one keeps its own unknown."""
    values = [value for resource in _resources(scan, control) for _, value in leaves(resource.tree, path)]
    if not values or any(isinstance(value, Unknown) for value in values):
        return None
    return [item for value in values for item in (value if isinstance(value, list) else [value] if value is not None else [])]

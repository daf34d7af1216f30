"""What a target is now, as values of parameters: the approved state that later scans are held against. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from setright.controls.paths import leaves
from setright.engine.scan import Scan
from setright.model import Control, Param, Plain, Unknown


def learnable(controls: Iterable[Control]) -> list[Control]:
    """Those that hold a list against an approved one."""
    return [c for c in controls if any(r.op == "subset-of" and isinstance(r.want, Param) for r in c.require)]


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


def _there(scan: Scan, control: Control, path: tuple[str | int, ...]) -> list[Plain] | None:
    """All items of all resources of the control's kind; None where there is no resource, or one keeps its own unknown."""
    resources = [r for (kind, _), seen in scan.world.resources.items() if kind == control.kind for r in seen]
    values = [value for resource in resources for _, value in leaves(resource.tree, path)]
    if not values or any(isinstance(value, Unknown) for value in values):
        return None
    return [item for value in values for item in (value if isinstance(value, list) else [value] if value is not None else [])]

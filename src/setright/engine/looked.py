"""What a scan says of itself beyond its findings: of each control how often it held, and how much hid from it. Pure."""

from __future__ import annotations

from fnmatch import fnmatchcase

from setright.bindings.view import reads
from setright.engine.scan import Scan
from setright.engine.store.looks import Seeing
from setright.engine.world import Slot, World
from setright.model import Problem


def seeing(scan: Scan) -> Seeing:
    """Every control that was asked about is in `passed`, with 0 where nothing there is for it to speak of."""
    hidden = _hidden(scan.world)
    kinds = {kind for kind, _ in scan.world.bindings}
    asked = [(id_, kind) for id_, kind in scan.controls.names if kind in kinds]
    return Seeing(
        {id_: scan.passes.get(id_, 0) for id_, _ in asked},
        {id_: number for id_, kind in asked if (number := hidden.get(kind, 0))},
        {e.finding.id: (e.kind, e.reason, e.until) for e in scan.excepted if e.kind != "exception"},
    )


def _hidden(world: World) -> dict[str, int]:
    """By kind, how many documents that it may speak of could not be read or understood."""
    hidden: dict[str, int] = {}
    for problem in world.problems:
        for kind in _kinds(world, problem):
            hidden[kind] = hidden.get(kind, 0) + 1
    return hidden


def _kinds(world: World, problem: Problem) -> set[str]:
    """The kinds that a problem may hide something of; all where nothing tells."""
    if any(problem.locator == kind for kind, _ in world.bindings):
        return {problem.locator}
    met = {slot[0] for slot in world.bindings if _may_speak(world, slot, problem.locator)}
    return met or {kind for kind, _ in world.bindings}


def _may_speak(world: World, slot: Slot, locator: str) -> bool:
    binding = world.bindings[slot]
    patterns = binding.layouts[slot[1]].get("documents")
    if patterns:
        return any(fnmatchcase(locator, pattern) for pattern in ([patterns] if isinstance(patterns, str) else patterns))
    document = world.documents.get(locator)
    return document is None or reads(binding, slot[1], document.lens)

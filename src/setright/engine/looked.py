"""What a scan says of itself beyond its findings: of each control how often it held, and how much hid from it. Pure."""

from __future__ import annotations

from collections import Counter
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
    hidden: Counter[str] = Counter()
    speakers = _Speakers(world)
    for problem in world.problems:
        hidden.update(speakers.kinds(problem))
    return dict(hidden)


class _Speakers:
    """Which kinds may speak of a document. Those that name their documents are asked of each; the others once a lens."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._all = {kind for kind, _ in world.bindings}
        self._named = [(slot[0], patterns) for slot in world.bindings if (patterns := _patterns(world, slot))]
        self._by_lens: dict[str | None, set[str]] = {}

    def kinds(self, problem: Problem) -> set[str]:
        """The kinds that a problem may hide something of; all where nothing tells."""
        if problem.locator in self._all:
            return {problem.locator}
        document = self._world.documents.get(problem.locator)
        met = {kind for kind, patterns in self._named if any(fnmatchcase(problem.locator, each) for each in patterns)}
        return met | self._reading(document.lens if document else None) or self._all

    def _reading(self, lens: str | None) -> set[str]:
        """The kinds that name no documents and read that lens; None: of a document of which nothing is known."""
        if lens not in self._by_lens:
            bindings = {slot: each for slot, each in self._world.bindings.items() if not _patterns(self._world, slot)}
            self._by_lens[lens] = {slot[0] for slot, each in bindings.items() if lens is None or reads(each, slot[1], lens)}
        return self._by_lens[lens]


def _patterns(world: World, slot: Slot) -> list[str]:
    patterns = world.bindings[slot].layouts[slot[1]].get("documents") or []
    return [patterns] if isinstance(patterns, str) else patterns

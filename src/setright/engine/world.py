"""What was read of one target, parsed and seen as resources; and what it becomes when documents change. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.source import Source
from setright.bindings.view import view
from setright.controls.compile import Compiled
from setright.controls.judge import Judgement
from setright.lenses import LensError, get
from setright.model import Binding, Control, Document, Path, Problem, Resource, Verdict

Slot = tuple[str, str]  # kind, family
Judged = tuple[Control, Slot, Resource, Judgement]
CANNOT_TELL = Judgement(Verdict.UNKNOWN, (), "whether the control applies cannot be told")


class World:
    """The documents of one target and every resource that the bindings see in them.

    A document that its lens refuses, or a kind that its layout refuses, is a problem and no more: the rest goes on.
    """

    def __init__(
        self, documents: Mapping[str, Document], bindings: Mapping[Slot, Binding], problems: Sequence[Problem] = ()
    ) -> None:
        self.documents = dict(documents)
        self.bindings = dict(bindings)
        self.problems = list(problems)
        self.sources: dict[str, Source] = {}
        self.resources: dict[Slot, list[Resource]] = {}
        self._index: dict[Slot, _Index] = {}
        self._first = self
        for document in self.documents.values():
            self._parse(document)
        for slot in self.bindings:
            self._view(slot)

    def after(self, changed: Mapping[str, Document]) -> World:
        """The same world with these documents instead; only they are parsed again. Raises LensError where one cannot be."""
        new = World.__new__(World)
        new.documents = self.documents | dict(changed)
        new.bindings, new.problems = self.bindings, list(self.problems)
        new.sources = dict(self.sources)
        for document in changed.values():
            new.sources[document.locator] = _source(document)
        new.resources, new._index, new._first = {}, {}, self._first
        for slot in new.bindings:
            new._view(slot)
        return new

    def find(self, slot: Slot, name: str, home: tuple[str, Path]) -> Resource | None:
        """The resource of that name, at that place if there are several; None where it is gone.

        Where a change gave it another name (a pod moves to a namespace) it is the one that stands at its place now.
        """
        index = self._indexed(slot)
        return index.exact.get((name, home)) or index.named.get(name) or self._new_at(slot, home)

    def renamed(self) -> dict[tuple[Slot, str], str]:
        """What resources were called in the world as it was read, by the name that changes gave them."""
        if self is self._first:
            return {}
        names = {}
        for slot, resources in self.resources.items():
            first, now = self._first._indexed(slot), self._indexed(slot)
            for resource in resources:
                there = None if resource.name in first.named else first.alone.get(resource.home)
                if there is not None and there.name not in now.named:
                    names[slot, resource.name] = there.name
        return names

    def judged(self, controls: Sequence[Control]) -> Iterator[Judged]:
        """Every control against every resource that it speaks of."""
        slots: dict[str, list[Slot]] = {}
        for slot in self.resources:
            slots.setdefault(slot[0], []).append(slot)
        for control in controls:
            compiled = Compiled(control)
            for slot in slots.get(control.kind, ()):
                for resource in self.resources[slot]:
                    told = compiled.applies(resource)
                    if told is not False:
                        yield control, slot, resource, compiled.judge(resource) if told else CANNOT_TELL

    def _new_at(self, slot: Slot, home: tuple[str, Path]) -> Resource | None:
        there = self._indexed(slot).alone.get(home)
        return there if there is not None and there.name not in self._first._indexed(slot).named else None

    def _indexed(self, slot: Slot) -> _Index:
        if slot not in self._index:
            self._index[slot] = _Index(self.resources[slot])
        return self._index[slot]

    def _parse(self, document: Document) -> None:
        try:
            self.sources[document.locator] = _source(document)
        except LensError as error:
            self.problems.append(Problem(document.locator, str(error)))

    def _view(self, slot: Slot) -> None:
        kind, family = slot
        try:
            self.resources[slot] = view(self.bindings[slot], family, self.sources)
        except BindingError as error:
            self.problems.append(Problem(kind, str(error)))
            self.resources[slot] = []


class _Index:
    """The resources of one slot by name, by place, and by both. `alone` has None for a place that several share."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self.named: dict[str, Resource] = {}
        self.exact: dict[tuple[str, tuple[str, Path]], Resource] = {}
        self.alone: dict[tuple[str, Path], Resource | None] = {}
        for resource in resources:
            self.named.setdefault(resource.name, resource)
            self.exact[resource.name, resource.home] = resource
            self.alone[resource.home] = None if resource.home in self.alone else resource


def _source(document: Document) -> Source:
    return Source(document.locator, document.lens, get(document.lens, document.data), document.data is not None)

"""What was read of one target, parsed and seen as resources; and what it becomes when documents change. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import suppress

from msgspec.structs import replace

from setright.bindings.error import BindingError
from setright.bindings.families import TOLD, held
from setright.bindings.source import Source
from setright.bindings.view import edit as edits_on_documents
from setright.bindings.view import module_of, reads, view
from setright.controls.chosen import chosen
from setright.controls.compile import Compiled
from setright.controls.derive import derive
from setright.controls.judge import Judgement
from setright.engine import written_elsewhere
from setright.engine.unread import doubtful
from setright.lenses import LensError, get, lens
from setright.model import Binding, Control, Document, Edit, Mismatch, Path, Problem, Resource, Verdict
from setright.trees import same

HOST = "linux"
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
        self._verdicts: dict[int, tuple[Control, _Verdicts]] = {}  # by the id of the control
        self._judged: dict[int, Resource] = {}
        self._parsed: dict[int, tuple[Document, Source]] = {}  # by the id of the document
        self._meant: dict[str, str] = {}  # by the document: why somebody is asked for its fixes, or nothing
        for document in self.documents.values():
            self._parse(document)
        self._held = held(self.sources.values())
        for slot in self.bindings:
            self._view(slot)

    def after(self, changed: Mapping[str, Document]) -> World:
        """The same world with these documents instead; only they are parsed again. Raises LensError where one cannot be."""
        new = World.__new__(World)
        new.documents = self.documents | dict(changed)
        new.bindings, new.problems = self.bindings, list(self.problems)
        new.sources = dict(self.sources)
        for document in changed.values():
            new.sources[document.locator] = self._source_of(document)
        new._held = self._held | held(new.sources[locator] for locator in changed)
        new.resources, new._index, new._first = {}, {}, self._first
        new._verdicts, new._judged, new._parsed, new._meant = self._verdicts, self._judged, self._parsed, self._meant
        lenses = {document.lens for document in changed.values()}
        for slot, binding in new.bindings.items():
            if any(reads(binding, slot[1], lens) for lens in lenses):
                new._view(slot)
                new.resources[slot] = _kept(self.resources[slot], new.resources[slot])
            else:
                new.resources[slot] = self.resources[slot]
        return new

    def part(self, locators: Set[str], slot: Slot) -> World:
        """These of its documents alone, as one binding sees them; nothing is parsed again."""
        new = World.__new__(World)
        new.documents = {locator: d for locator in sorted(locators) if (d := self.documents.get(locator)) is not None}
        new.bindings, new.problems = {slot: self.bindings[slot]}, []
        new.sources = {locator: self.sources[locator] for locator in new.documents if locator in self.sources}
        new._held = held(new.sources.values())
        new.resources, new._index, new._first = {}, {}, new
        new._verdicts, new._judged, new._parsed, new._meant = self._verdicts, self._judged, self._parsed, self._meant
        new._view(slot)
        return new

    def find(self, slot: Slot, name: str, home: tuple[str, Path]) -> Resource | None:
        """The resource of that name, at that place if there are several; None where it is gone.

        Where a change gave it another name (a pod moves to a namespace) it is the one that stands at its place now.
        """
        index = self._indexed(slot)
        return index.exact.get((name, home)) or index.named.get(name) or self._new_at(slot, home)

    def edits(self, control: Control, slot: Slot, resource: Resource, mismatches: Sequence[Mismatch]) -> list[tuple[str, Edit]]:
        """The edits on documents that end these mismatches. Raises NoRemedy or BindingError where there are none."""
        if resource.unread:
            raise BindingError(f"{resource.unread}; what it says is not known, so whether a change would hold is not either")
        remedy = derive(control, mismatches, resource.tree)
        return edits_on_documents(self.bindings[slot], slot[1], resource, (remedy.edits, remedy.live), self.sources)

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

    def judged(self, controls: Sequence[Control], homes: Set[str] | None = None) -> Iterator[Judged]:
        """Every control against every resource that it speaks of; with `homes` only those of these documents."""
        slots: dict[str, list[tuple[Slot, list[Resource]]]] = {}
        for slot, resources in self.resources.items():
            if mine := resources if homes is None else [each for each in resources if each.home[0] in homes]:
                slots.setdefault(slot[0], []).append((slot, mine))
        for control in chosen(controls).of(slots):
            verdicts = self._verdicts_of(control)
            for slot, resources in slots[control.kind]:
                for resource in resources:
                    judgement = verdicts.on(resource)
                    if judgement is not None:
                        yield control, slot, resource, judgement

    def judgement(self, control: Control, resource: Resource) -> Judgement:
        """What a control says of a resource, be it one that it speaks of or not."""
        return self._verdicts_of(control).judged(resource)

    def _verdicts_of(self, control: Control) -> _Verdicts:
        if id(control) not in self._verdicts:
            self._verdicts[id(control)] = control, _Verdicts(control, self._judged)
        return self._verdicts[id(control)][1]

    def _new_at(self, slot: Slot, home: tuple[str, Path]) -> Resource | None:
        there = self._indexed(slot).alone.get(home)
        return there if there is not None and there.name not in self._first._indexed(slot).named else None

    def _indexed(self, slot: Slot) -> _Index:
        if slot not in self._index:
            self._index[slot] = _Index(self.resources[slot])
        return self._index[slot]

    def _source_of(self, document: Document) -> Source:
        """A changed document's source; parsed once, in however many worlds it stands."""
        if id(document) not in self._parsed:
            self._parsed[id(document)] = document, _source(document)
        return self._parsed[id(document)][1]

    def _parse(self, document: Document) -> None:
        try:
            self.sources[document.locator] = _source(document)
        except LensError as error:
            self.problems.append(Problem(document.locator, str(error)))

    def _as_meant(self, resource: Resource) -> Resource:
        """The resource, for whose fixes somebody is asked where a program or a test has its say on the file."""
        locator = resource.home[0]
        if locator not in self._meant:
            document = self.documents.get(locator)
            self._meant[locator] = written_elsewhere.why(locator, document.data or b"") if document else ""
        why = self._meant[locator]
        return replace(resource, deliberate=why) if why and not resource.deliberate else resource

    def _view(self, slot: Slot) -> None:
        kind, family = slot
        if family in TOLD and family not in self._held:
            self.resources[slot] = []
            return
        try:
            seen = view(self.bindings[slot], family, self.sources)
            self.resources[slot] = [self._as_meant(each) for each in seen] if family in TOLD else seen
        except BindingError as error:
            self.problems.append(Problem(kind, str(error)))
            self.resources[slot] = []
        if family == HOST and self.problems:
            layout = self.bindings[slot].layouts[family]
            self.resources[slot] = doubtful(kind, layout, self.resources[slot], self.problems, self.sources)


class _Verdicts:
    """A control and what it says of each resource; one that a change leaves alone is judged once, in however many worlds."""

    def __init__(self, control: Control, held: dict[int, Resource]) -> None:
        """`held` has every resource that was judged, by its id, which nothing else can have as long as it is there."""
        self._compiled = Compiled(control)
        self._held = held
        self._known: dict[int, Judgement | None] = {}  # by the id of the resource
        self._unasked: dict[int, Judgement] = {}  # of resources that the control does not surely speak of

    def on(self, resource: Resource) -> Judgement | None:
        """None where the control does not speak of the resource."""
        try:
            return self._known[id(resource)]
        except KeyError:
            told = self._compiled.applies(resource)
            judgement = self._compiled.judge(resource) if told else _cannot_tell(resource) if told is None else None
            self._known[id(resource)], self._held[id(resource)] = judgement, resource
            return judgement

    def judged(self, resource: Resource) -> Judgement:
        known = self._known.get(id(resource), CANNOT_TELL)
        if known is not None and known != _cannot_tell(resource):
            return known
        if id(resource) not in self._unasked:
            self._unasked[id(resource)], self._held[id(resource)] = self._compiled.judge(resource), resource
        return self._unasked[id(resource)]


def _cannot_tell(resource: Resource) -> Judgement:
    return CANNOT_TELL._replace(why_unknown=resource.unread) if resource.unread else CANNOT_TELL


def preload(bindings: Mapping[Slot, Binding]) -> None:
    """Loads what their documents are read and seen with; what is not there is told when it is needed."""
    for (_, family), binding in bindings.items():
        with suppress(BindingError, LensError):
            module_of(binding, family)
            lens(str(binding.layouts[family].get("lens", "json")))


def _kept(before: Sequence[Resource], after: list[Resource]) -> list[Resource]:
    """The resources after a change; one that is as it was is the very same as before."""
    if len(before) != len(after):
        known = {(each.name, each.home): each for each in before}
        before = [known.get((each.name, each.home), each) for each in after]
    return [old if _is_same(old, new) else new for old, new in zip(before, after, strict=True)]


def _is_same(old: Resource, new: Resource) -> bool:
    return old is new or (old == new and same(old.tree, new.tree) and same(old.effective, new.effective))


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

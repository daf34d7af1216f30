"""A surface in, findings out."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

from msgspec.structs import replace

from setright.bindings.error import BindingError
from setright.bindings.examples import MAIN
from setright.bindings.view import locate
from setright.controls.chosen import Chosen, chosen
from setright.controls.derive import NoRemedy
from setright.controls.fears import cleared, facts_of, part_places
from setright.controls.judge import Judgement
from setright.controls.paths import show
from setright.engine.catalogue import Catalogue
from setright.engine.world import Judged, Slot, World, preload
from setright.lenses import span
from setright.model import (
    SEVERITIES,
    Binding,
    Control,
    Finding,
    Location,
    Mismatch,
    Path,
    Problem,
    Reading,
    Resource,
    Verdict,
    Want,
)
from setright.surfaces.base import Surface

SOURCE_FAMILIES = frozenset(MAIN)
LONG_BYTES = 65_536  # of a document whose lines are counted once
REACHED = "linux/reached-from-the-internet"  # what hangs on each finding of a host
WHOLE = re.compile(r"\bresource\b")
IN_CHECK = re.compile(r"\bresource\.([A-Za-z_]\w*)")


class Found(NamedTuple):
    """A finding with what planning needs: its control, where its resource is, and the resource as seen."""

    finding: Finding
    control: Control
    slot: Slot
    resource: Resource
    items: tuple[Path, ...] = ()  # the parts of the resource that it is about; none: all

    def left(self, judgement: Judgement) -> tuple[Mismatch, ...]:
        """What of a judgement it is about."""
        return judgement.mismatches if not self.items else _within(judgement, self.items)


class Excepted(NamedTuple):
    """A finding knowingly left open. `kind` is where that is said: exception (of the store), repository (carried by it), comment
    (in the source), adopted.
    """

    found: Found
    kind: str
    reason: str
    until: str = ""  # the day or moment it ends

    @property
    def finding(self) -> Finding:
        return self.found.finding


class Scan(NamedTuple):
    """The outcome for one target. `found` holds what failed or could not be told; `passed` counts the rest."""

    target: str
    world: World
    controls: Chosen
    found: tuple[Found, ...]
    passed: int
    problems: tuple[Problem, ...]
    excepted: tuple[Excepted, ...] = ()  # knowingly left open; they count nowhere else
    outside: tuple[Found, ...] = ()  # beyond what was asked about, as a branch's change; they count nowhere
    passes: Mapping[str, int] = {}  # by control, what it held for
    notices: tuple[Problem, ...] = ()  # what people should know of comments and lists that leave findings open

    @property
    def everything(self) -> tuple[Found, ...]:
        """All that does not hold, whether it counts here or not; each once."""
        parts = (*self.found, *(each.found for each in self.excepted), *self.outside)
        return tuple({each.finding.id: each for each in parts}.values())


def scan(surface: Surface, catalogue: Catalogue, controls: Sequence[Control]) -> Scan:
    """Reads what the controls need and judges it. Raises SurfaceError where the target cannot be read at all."""
    bindings = bindings_for(catalogue.bindings, surface.families, controls)
    meanwhile: Callable[[Callable[[], None]], None] = getattr(surface, "meanwhile", lambda work: None)
    meanwhile(lambda: preload(bindings))
    asked = wants(bindings, controls)
    reading = surface.read(asked if SOURCE_FAMILIES.issuperset(surface.families) else _and_then(asked, controls))
    return judge_reading(surface.target, reading, bindings, controls)


def judge_reading(target: str, reading: Reading, bindings: Mapping[Slot, Binding], controls: Sequence[Control]) -> Scan:
    """The findings in documents already read."""
    world = World({d.locator: d for d in reading.documents}, bindings, reading.problems)
    wrong: list[Judged] = []
    passes: Counter[str] = Counter()
    for judged in world.judged(controls):
        if judged[3].verdict is Verdict.PASS:
            passes[judged[0].id] += 1
        else:
            wrong.append(judged)
    wrong.sort(key=lambda each: (-SEVERITIES.index(each[0].severity), each[2].name, each[0].id))
    found = tuple(_found(target, wrong, world))
    return Scan(target, world, chosen(controls), found, passes.total(), tuple(world.problems), passes=passes)


def come_to_light(scan: Scan, world: World) -> tuple[Found, ...]:
    """What fails in a world after fixes and did not before: a control that speaks of a resource only since."""
    known = {f.finding.id for f in scan.everything}
    new = {f.finding.id: f for f in _failing(scan, world) if f.finding.id not in known}
    if new:
        for found in _failing(scan, scan.world):
            new.pop(found.finding.id, None)
    return tuple(new.values())


def _failing(scan: Scan, world: World) -> Iterator[Found]:
    """What fails, by the names that resources had in the world as it was read."""
    renamed = world.renamed()
    for control, slot, resource, judgement in world.judged(scan.controls):
        if judgement.verdict is Verdict.FAIL:
            known = replace(resource, name=renamed.get((slot, resource.name), resource.name))
            id_ = finding_id(scan.target, control.id, slot, known)
            yield Found(_finding(id_, scan.target, control, judgement, known.name, Location(known.home[0])), control, slot, known)


def set_aside(scan: Scan, excepted: Sequence[Excepted]) -> Scan:
    """The scan with these of its findings left open; one of the same name elsewhere in a file is not meant."""
    aside = {id(each.found) for each in excepted}
    return scan._replace(found=tuple(f for f in scan.found if id(f) not in aside), excepted=(*scan.excepted, *excepted))


def bindings_for(bindings: Mapping[str, Binding], families: Sequence[str], controls: Iterable[Control]) -> dict[Slot, Binding]:
    """The bindings of the controls' kinds, on each family that the surface serves."""
    kinds = chosen(controls).kinds
    return {(k, family): b for k, b in bindings.items() if k in kinds for family in families if family in b.layouts}


def wants(bindings: Mapping[Slot, Binding], controls: Sequence[Control], near: tuple[str, ...] = ()) -> list[Want]:
    """What a surface shall read: each kind's entry, the names and the first path segments that its controls speak of.

    Files of sources are read whole, whatever is asked.
    """
    asked = []
    of_kind: dict[str, list[Control]] = {}
    for control in chosen(controls).of({kind for kind, family in bindings if family not in SOURCE_FAMILIES}):
        of_kind.setdefault(control.kind, []).append(control)
    for (kind, family), binding in bindings.items():
        layout = binding.layouts[family]
        mine = of_kind.get(kind, []) if family not in SOURCE_FAMILIES else []
        names = [_names(c, str(layout.get("name", ""))) for c in mine]
        told = {name for some in names if some is not None for name in some}
        asked.append(Want(kind, layout, () if None in names else tuple(sorted(told)), _keys(mine), near))
    return asked


def _and_then(asked: Sequence[Want], controls: Iterable[Control]) -> list[Want]:
    """The wants, the first with the facts that will be asked of what fails; those of one resource wait until it has a name."""
    mine = chosen(controls).of({want.kind for want in asked})
    facts = {fact for control in mine for fact in facts_of(control) if fact != "ask" and "{" not in fact}
    return [replace(want, facts=tuple(sorted({REACHED, *facts}))) for want in asked[:1]] + [*asked[1:]]


def finding_id(target: str, control: str, slot: Slot, resource: Resource, items: Sequence[Path] = ()) -> str:
    """Stable between runs. In a tree of sources the file counts too, since names repeat there."""
    file = resource.home[0] if slot[1] in SOURCE_FAMILIES else ""
    words = (target, control, slot[0], resource.name, file, *(show(item) for item in items))
    return sha256("\0".join(words).encode()).hexdigest()[:16]


def _found(target: str, wrong: Sequence[Judged], world: World) -> Iterator[Found]:
    """The findings with their lines, which are asked for document by document, so that a lens parses each once."""
    parts = [part for judged in wrong for part in _parted(judged, world)]
    ids = [finding_id(target, control.id, slot, resource, items) for (control, slot, resource, _), items in parts]
    by_document = sorted(zip(ids, parts, strict=True), key=lambda each: each[1][0][2].home[0])
    places = {id_: _place(judged, world) for id_, (judged, _) in by_document}
    for id_, ((control, slot, resource, judgement), items) in zip(ids, parts, strict=True):
        yield Found(_finding(id_, target, control, judgement, resource.name, places[id_]), control, slot, resource, items)


def _parted(judged: Judged, world: World) -> Iterator[tuple[Judged, tuple[Path, ...]]]:
    """What is wrong, apart where some parts can be put right and others cannot, or wait for somebody: those by the usual name."""
    control, slot, resource, judgement = judged
    places = part_places(resource, judgement.mismatches) if judgement.verdict is Verdict.FAIL else ()
    if len(places) < 2:
        yield judged, ()
        return
    sure, able = cleared(control, resource, places), _able(judged, world, places)
    sorts: dict[tuple[bool, bool], list[Path]] = {}
    for place in places:
        sorts.setdefault((place not in sure, place not in able), []).append(place)
    *apart, rest = [tuple(sorts[key]) for key in sorted(sorts)]
    for items in (*apart, rest):
        own = judgement._replace(mismatches=_within(judgement, items))
        yield (control, slot, resource, own), items if items != rest else ()


def _able(judged: Judged, world: World, places: Sequence[Path]) -> Sequence[Path]:
    """Those of the parts for which an edit has a place."""
    control, slot, resource, judgement = judged
    able: list[Path] = []
    for items in (places, *((place,) for place in places)):
        with suppress(NoRemedy, BindingError):
            world.edits(control, slot, resource, _within(judgement, items))
            able += items
        if len(able) == len(places):
            return places
    return able


def _within(judgement: Judgement, items: Sequence[Path]) -> tuple[Mismatch, ...]:
    return tuple(each for each in judgement.mismatches if any(each.path[: len(item)] == item for item in items))


def _finding(id_: str, target: str, control: Control, judgement: Judgement, resource: str, location: Location) -> Finding:
    return Finding(
        id=id_,
        control=control.id,
        title=control.title,
        severity=control.severity,
        verdict=judgement.verdict,
        target=target,
        resource=resource,
        kind=control.kind,
        location=location,
        mismatches=judgement.mismatches,
        why_unknown=judgement.why_unknown,
        frameworks=control.frameworks,
        secret=control.secret,
    )


def _place(judged: Judged, world: World) -> Location:
    _, slot, resource, judgement = judged
    path = judgement.mismatches[0].path if judgement.mismatches else ()
    if resource.unread and resource.home[0] not in world.documents:
        return Location(resource.home[0])
    try:
        locator, inner = locate(world.bindings[slot], slot[1], resource, path, world.sources)
    except BindingError as error:  # what is wrong is told without its line, and the run goes on
        if (told := Problem(resource.home[0], str(error))) not in world.problems:
            world.problems.append(told)
        return Location(resource.home[0])
    document = world.documents.get(locator)
    if document is None or document.data is None or (":" in locator.split("/")[0] and slot[1] not in SOURCE_FAMILIES):
        return Location(locator)
    start, end = span(document.lens, document.data, inner)
    return Location(locator, *line_range(document.data, start, end))


def line_range(data: bytes, start: int, end: int) -> tuple[int, int]:
    """The first and the last line of what stands at a place, from 1."""
    if len(data) > LONG_BYTES:
        ends = _line_ends(data)
        return bisect_left(ends, start) + 1, bisect_left(ends, max(start, end - 1)) + 1
    first = data.count(b"\n", 0, start) + 1
    return first, first + data.count(b"\n", start, max(start, end - 1))


@lru_cache(maxsize=4)
def _line_ends(data: bytes) -> array[int]:
    """Where each line of a long document ends."""
    return array("Q", (found.start() for found in re.finditer(b"\n", data)))


def _names(control: Control, attribute: str) -> set[str] | None:
    """The resources a control asks for by name; None where it speaks of all."""
    for requirement in control.where:
        if attribute and requirement.path == (attribute,):
            if requirement.op == "equals":
                return {str(requirement.want)}
            if requirement.op in ("one-of", "matches"):
                return set(map(str, requirement.want)) if isinstance(requirement.want, list) else {str(requirement.want)}
    return None


def _keys(controls: Sequence[Control]) -> tuple[str, ...]:
    """First path segments that the controls speak of; none where a check speaks of the resource as a whole."""
    requirements = [r for c in controls for r in (*c.require, *c.where)]
    checks = [c.check for c in controls if c.check]
    if any(len(IN_CHECK.findall(check)) != len(WHOLE.findall(check)) for check in checks):
        return ()
    checked = {name for check in checks for name in IN_CHECK.findall(check)}
    fixed = {str(edit.path[0]) for c in controls for edit in c.fix}
    return tuple(sorted({str(r.path[0]) for r in requirements if r.path[0] != "*"} | checked | fixed))

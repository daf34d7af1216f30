"""What a fix may break, where the resource itself tells: `cleared-by` holds the lines under which a fear has no ground."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from setright.controls.evidence import evidence_in_words
from setright.controls.judge import matches
from setright.controls.paths import leaves, show
from setright.controls.words import requirement, value_in_words
from setright.model import Answer, Control, Either, Mismatch, Path, Requirement, Resource, Teller, Tree

MAX_SHOWN = 3
SMALL_COST = "small-cost"  # a teller: it breaks nothing, and is a small part of what there is to pay already
AGREED = Answer(False, "it is a small part of the bill, and nothing breaks by it")


def answered(clears: tuple[Requirement, ...], tree: Tree) -> Answer:
    """Cleared where every line surely holds in the tree; else it cannot be told. The evidence is what stands there."""
    told = " and ".join(_stands(line, tree) for line in clears)
    return Answer(False, told) if matches(clears, tree) else Answer(None, f"what is there does not rule it out ({told})")


def answer_of(teller: Teller, resource: Resource, places: Sequence[Path], facts: Mapping[str, Answer]) -> Answer:
    """What the resource says of a fear, or all the parts of it at these places do; else the fact that is asked for."""
    if teller == SMALL_COST:
        return AGREED
    if isinstance(teller, str):
        return facts[teller]
    if isinstance(teller, Either):
        told = _answer_of(teller.lines, resource, places)
        return facts[teller.fact] if told.holds is None else told
    return _answer_of(teller, resource, places)


def _answer_of(clears: tuple[Requirement, ...], resource: Resource, places: Sequence[Path]) -> Answer:
    whole = answered(clears, resource.tree)
    own = [answered(clears, resource.parts[place]) for place in places]
    if whole.holds is False or not own or any(each.holds is None for each in own):
        return whole
    texts = "; ".join(dict.fromkeys(each.text for each in own))
    return Answer(False, f"{texts} in {', '.join(map(show, places))}")


def part_places(resource: Resource, mismatches: Sequence[Mismatch]) -> tuple[Path, ...]:
    """The places of the parts in which all that does not hold stands; none where some of it stands in no part."""
    places = dict.fromkeys(_place(resource, each.path) for each in mismatches) if resource.parts else {}
    return () if None in places else tuple(place for place in places if place is not None)


def cleared(control: Control, resource: Resource, places: Sequence[Path]) -> Sequence[Path]:
    """Those of the parts at these places of which every fear is cleared by what stands there; all where it is of the resource."""
    tellers = [each.lines if isinstance(each, Either) else each for each in control.breaks_if.values() if each != SMALL_COST]
    lines = [each for each in tellers if not isinstance(each, str)]
    if len(lines) < len(tellers):
        return ()
    if all(matches(each, resource.tree) for each in lines):
        return places
    return [place for place in places if all(matches(each, resource.parts[place]) for each in lines)]


def _place(resource: Resource, path: Path) -> Path | None:
    return next((path[:end] for end in range(1, len(path)) if path[:end] in resource.parts), None)


def facts_of(control: Control) -> list[str]:
    """The facts that its fears ask for."""
    tellers = [teller.fact if isinstance(teller, Either) else teller for teller in control.breaks_if.values()]
    return [teller for teller in tellers if isinstance(teller, str) and teller != SMALL_COST]


def costs(control: Control) -> bool:
    """Whether its fix adds a little to the bill."""
    return SMALL_COST in control.breaks_if.values()


def teller_name(teller: Teller) -> str:
    """What tells, by name: a fact, ``ask``, ``small-cost``, or the paths in the resource."""
    if isinstance(teller, Either):
        return teller.fact
    return teller if isinstance(teller, str) else ", ".join(dict.fromkeys(show(line.path) for line in teller))


def told_by(teller: Teller) -> str:
    """What tells, in words."""
    if teller == "ask":
        return "only its owner can tell"
    if teller == SMALL_COST:
        return "a small part of the bill; `small_costs` of the policy says whether that is asked for"
    if isinstance(teller, Either):
        return f"{told_by(teller.lines)}; else {told_by(teller.fact)}"
    if isinstance(teller, str):
        return f"asked of the target: {teller}"
    return f"not so where {' and '.join(evidence_in_words(requirement(line)) for line in teller)}"


def _stands(line: Requirement, tree: Tree) -> str:
    found = list(dict.fromkeys(value_in_words(have) for _, have in leaves(tree, line.path))) or [value_in_words(None)]
    more = f" and {len(found) - MAX_SHOWN} more" if len(found) > MAX_SHOWN else ""
    return evidence_in_words(f"{show(line.path)} is {', '.join(found[:MAX_SHOWN])}{more}")

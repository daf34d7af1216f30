"""What a fix may break, where the resource itself tells: `cleared-by` holds the lines under which a fear has no ground."""

from __future__ import annotations

from collections.abc import Mapping

from setright.controls.judge import matches
from setright.controls.paths import leaves, show
from setright.controls.words import requirement, value
from setright.model import Answer, Control, Either, Requirement, Teller, Tree

MAX_SHOWN = 3
SMALL_COST = "small-cost"  # a teller: it breaks nothing, and is a small part of what there is to pay already
AGREED = Answer(False, "it is a small part of the bill, and nothing breaks by it")


def answered(clears: tuple[Requirement, ...], tree: Tree) -> Answer:
    """Cleared where every line surely holds in the tree; else it cannot be told. The evidence is what stands there."""
    return Answer(False if matches(clears, tree) else None, " and ".join(_stands(line, tree) for line in clears))


def answer_of(teller: Teller, tree: Tree, facts: Mapping[str, Answer]) -> Answer:
    """What the resource says of a fear, else the fact that is asked for."""
    if teller == SMALL_COST:
        return AGREED
    if isinstance(teller, str):
        return facts[teller]
    if isinstance(teller, Either):
        return answered(teller.lines, tree) if matches(teller.lines, tree) else facts[teller.fact]
    return answered(teller, tree)


def facts_of(control: Control) -> list[str]:
    """The facts that its fears ask for."""
    tellers = [teller.fact if isinstance(teller, Either) else teller for teller in control.breaks_if.values()]
    return [teller for teller in tellers if isinstance(teller, str) and teller != SMALL_COST]


def costs(control: Control) -> bool:
    """Whether its fix adds a little to the bill."""
    return SMALL_COST in control.breaks_if.values()


def named(teller: Teller) -> str:
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
    return f"not so where {' and '.join(map(requirement, teller))}"


def _stands(line: Requirement, tree: Tree) -> str:
    found = list(dict.fromkeys(value(have) for _, have in leaves(tree, line.path))) or [value(None)]
    more = f" and {len(found) - MAX_SHOWN} more" if len(found) > MAX_SHOWN else ""
    return f"{show(line.path)} is {', '.join(found[:MAX_SHOWN])}{more}"

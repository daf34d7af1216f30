"""Whether a resource holds to a control. Verdicts have three values; an Unknown on the way is never a pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from setright.controls.operators import OPERATORS, as_text, every
from setright.controls.paths import leaves, show, value_at, wildcard_items
from setright.model import Control, Layer, Mismatch, Param, Path, Plain, Requirement, Resource, Tree, Unknown, Verdict
from setright.patterns import late


class Judgement(NamedTuple):
    """A verdict, the requirements that do not hold, and why it could not be told; of a failure what could not beside it."""

    verdict: Verdict
    mismatches: tuple[Mismatch, ...] = ()
    why_unknown: str = ""


PASS = Judgement(Verdict.PASS)
NAMED = 3  # instances that a finding names
SURELY_SET = late(
    r"(?:aws|azurerm|google)_\w+\.[\w-]+(?:\[[^\][]*\])?\.(?:id|arn|self_link)"
)  # of a resource that is made beside it


def applies(control: Control, resource: Resource) -> bool | None:
    """Whether the control speaks of this resource; None where its `where` meets an Unknown."""
    if control.kind != resource.kind or not answers_for(control, resource):
        return False
    return matches(control.where, resource.tree)


def is_requirement_known(resource: Resource, requirement: Requirement) -> bool:
    """Whether what a requirement speaks of lies at a path that is known of the resource, or below or around one."""
    want = requirement.path
    return resource.known is None or any(path[: len(want)] == want[: len(path)] for path in resource.known)


def answers_for(control: Control, resource: Resource) -> bool:
    """A resource over another one (a Match block over the global section) answers for the keys it sets itself.

    One of which only some paths are known answers where all that is required is.
    """
    if resource.known is not None and not all(is_requirement_known(resource, requirement) for requirement in control.require):
        return False
    return resource.only is None or any(r.path[0] in resource.only for r in control.require or control.where)


def judge(control: Control, resource: Resource) -> Judgement:
    """The verdict on a resource that the control applies to: persistent state and, where a daemon answers, running state."""
    mismatches = list(_mismatches(control, resource.tree, False))
    if resource.effective is not None:
        mismatches += _mismatches(control, resource.effective, True)
    if control.check:
        mismatches += checked(control, resource)
    if resource.layer:
        mismatches = answered_for(control, resource.layer, mismatches, resource.kind)
    return doubted(concluded(mismatches), resource)


def doubted(judgement: Judgement, resource: Resource) -> Judgement:
    """As told, but where something was not read that has a say: then only what stands there and is wrong is told."""
    if not resource.unread or any(_stands(each, resource) for each in judgement.mismatches):
        return judgement
    return Judgement(Verdict.UNKNOWN, (), resource.unread)


def _stands(mismatch: Mismatch, resource: Resource) -> bool:
    tree = resource.effective if mismatch.live else resource.tree
    return tree is not None and value_at(tree, mismatch.path) is not None


def answered_for(control: Control, layer: Layer, mismatches: Sequence[Mismatch], kind: str) -> list[Mismatch]:
    """What a layer of a thing brings about: what it says itself, or what holds without it; unless later layers mend that or
    say it themselves, in all that is made of it."""
    if layer.before is not None:
        known = _wrong_at(control, layer.before, kind)
        mismatches = [each for each in mismatches if each.path not in known or _is_said(each.path, layer.own)]
    made = [(_wrong_at(control, tree, kind), said) for tree, said in layer.made] if mismatches else []
    return [each for each in mismatches if any(each.path in wrong and not _is_said(each.path, said) for wrong, said in made)]


def _wrong_at(control: Control, tree: Tree, kind: str) -> set[Path]:
    """The paths of what does not hold of a tree that the control may speak of."""
    if matches(control.where, tree) is False:
        return set()
    wrong = [*_mismatches(control, tree, False), *(checked(control, Resource(kind, "", tree, ("", ()))) if control.check else ())]
    return {each.path for each in wrong}


def _is_said(path: Path, said: Sequence[Path]) -> bool:
    return any(path[: len(each)] == each for each in said)


def concluded(mismatches: Sequence[Mismatch]) -> Judgement:
    """The verdict of what does not hold: what fails fails, whatever cannot be told beside it."""
    if not mismatches:
        return PASS
    failed = tuple(m for m in mismatches if not isinstance(m.have, Unknown))
    if failed:
        return Judgement(Verdict.FAIL, failed, _untold(_beside(failed, mismatches)))
    return Judgement(Verdict.UNKNOWN, (), _untold(mismatches))


def _untold(mismatches: Sequence[Mismatch]) -> str:
    return "; ".join(dict.fromkeys(_why(m) for m in mismatches if isinstance(m.have, Unknown)))


def _beside(failed: Sequence[Mismatch], mismatches: Sequence[Mismatch]) -> list[Mismatch]:
    """What is required of other keys of a mapping in which something fails: it belongs together."""
    wrong = {m.path for m in failed}
    around = {path[:-1] for path in wrong}
    others = [m for m in mismatches if m.path and not m.live and m.path not in wrong]
    return [m for m in others if isinstance(m.path[-1], str) and m.path[:-1] in around]


def _why(mismatch: Mismatch) -> str:
    """What cannot be told; a check tells by itself what it lacks."""
    return f"{show(mismatch.path)} is {mismatch.have.text}" if mismatch.path else str(mismatch.have.text)


def matches(where: tuple[Requirement, ...], tree: Plain) -> bool | None:
    """Whether a tree is one that `where` speaks of."""
    if not where:
        return True
    return every(_holds(r, value) for r in where for _, value in _places(tree, r))


def _mismatches(control: Control, tree: Tree, live: bool) -> Iterator[Mismatch]:
    for requirement in control.require:
        if live and requirement.path[0] not in tree:
            continue
        yield from against(requirement, tree, (), live)


def against(requirement: Requirement, tree: Plain, base: Path, live: bool) -> Iterator[Mismatch]:
    """What does not hold of one requirement; what cannot be told comes with an Unknown as `have`."""
    if requirement.op in ("each", "none"):
        yield from _some(requirement, tree, base, live)
        return
    for path, value in _places(tree, requirement):
        told = _holds_in_all(requirement, value)
        if told is not True:
            have = value if value is not None else requirement.default
            if told is False and isinstance(have, Unknown) and have.either:
                have = _wrong(requirement, have)
            if told is False and isinstance(have, Unknown) and requirement.op == "absent" and SURELY_SET.fullmatch(have.text):
                have = have.text
            if told is None and not isinstance(have, Unknown):
                have = Unknown("a list with items that cannot be told")
            yield Mismatch((*base, *path), requirement.want, have, requirement.op, live)


def _places(tree: Plain, requirement: Requirement) -> Iterator[tuple[Path, Plain]]:
    if len(requirement.path) == 1 and requirement.path[0] != "*" and tree.__class__ is dict:
        yield requirement.path, tree.get(requirement.path[0])
    else:
        yield from leaves(tree, requirement.path)


def _holds(requirement: Requirement, value: Plain) -> bool | None:
    have = requirement.default if value is None else value
    if isinstance(have, Unknown) and have.either:
        told = {_holds(requirement, each) for each in have.either}
        return told.pop() if len(told) == 1 else None
    if isinstance(requirement.want, Param):
        return have not in (None, "")
    return OPERATORS[requirement.op].holds(have, requirement.want)


def _holds_in_all(requirement: Requirement, value: Plain) -> bool | None:
    """As `_holds`; of several instances it is False where it is of one."""
    if isinstance(value, Unknown) and value.keys:
        return every(_holds(requirement, each) for each in value.either)
    return _holds(requirement, value)


def _wrong(requirement: Requirement, have: Unknown) -> str:
    """What is wrong of the values that one may have, or of those that instances have."""
    if not have.keys:
        return " or ".join(dict.fromkeys(as_text(each) for each in have.either if each is not None))
    pairs = zip(have.either, have.keys, strict=True)
    failed = [(_said(each), key) for each, key in pairs if _holds(requirement, each) is False]
    wrong = [said if said == key else f"{said} for {key}" for said, key in failed]
    return ", ".join(wrong[:NAMED]) + (f" and {len(wrong) - NAMED} more" if len(wrong) > NAMED else "")


def _said(value: Plain) -> str:
    return "nothing" if value is None else as_text(value)


def _some(requirement: Requirement, tree: Plain, base: Path, live: bool) -> Iterator[Mismatch]:
    for path, value in leaves(tree, requirement.path):
        if isinstance(value, Unknown) and _may_be_meant(requirement, value):
            yield Mismatch((*base, *path), requirement.want, value, requirement.op, live)
        for key, item in wildcard_items(value if value is not None else requirement.default):
            yield from _item(requirement, item, (*base, *path, key), live)


def _may_be_meant(requirement: Requirement, item: Unknown) -> bool:
    """Not where what is meant stands in the sources, and the item is a reference."""
    return not any(r.op == "written" and _holds(r, item) is False for r in requirement.want.where)


def _item(requirement: Requirement, entry: Plain, path: Path, live: bool) -> Iterator[Mismatch]:
    item = entry if not isinstance(path[-1], str) or isinstance(entry, dict | list) else {"name": path[-1], "value": entry}
    meant = None if isinstance(item, Unknown) else matches(requirement.want.where, item)
    if isinstance(item, Unknown) and not _may_be_meant(requirement, item):
        return
    if meant is None:
        why = item if isinstance(item, Unknown) else Unknown("an item with values that cannot be told")
        yield Mismatch(path, requirement.want, why, requirement.op, live)
    elif meant and requirement.op == "none":
        yield Mismatch(path, "none", item, "none", live)
    elif meant:
        for inner in requirement.want.require:
            yield from against(inner, item, path, live)


def checked(control: Control, resource: Resource) -> list[Mismatch]:
    """CEL, where the operators do not suffice; each `fix` path (or the whole resource) stands for what is wrong."""
    from setright.controls.cel import holds

    told = holds(control.check, resource.tree)
    if told is True:
        return []
    if isinstance(told, Unknown):
        return [Mismatch((), control.check, told, "check")]
    places = [(edit.path, value_at(resource.tree, edit.path)) for edit in control.fix] or [((), None)]
    return [Mismatch(path, control.check, have, "check") for path, have in places]

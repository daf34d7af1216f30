"""Controls that cannot all hold: each asks of one value what another's right value is not. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import combinations
from typing import NamedTuple

from setright.controls.operators import OPERATORS
from setright.controls.paths import show
from setright.model import Control, Param, Path, Plain, Requirement
from setright.trees import as_list

RIGHT: dict[str, Callable[[Plain], list[Plain]]] = {  # operator -> values that are right by it
    "equals": lambda want: [want],
    "one-of": list,
    "at-least": lambda want: [want],
    "at-most": lambda want: [want],
    "absent": lambda want: [None] if want else [],
    "written": lambda want: [] if want else [None],
    "includes": lambda want: [as_list(want)],
    "excludes": lambda want: [[]],
    "subset-of": lambda want: [list(want)],
    "bits-within": lambda want: [want, "0000"],
}


TOGETHER = ("includes", "excludes", "at-least", "at-most", "absent", "bits-within")  # two of one can always both hold


class Contradiction(NamedTuple):
    """Two controls and the path of which they want what excludes each other."""

    one: str
    other: str
    path: str

    def __str__(self) -> str:
        return f"{self.one} and {self.other} want different values of {self.path}"


def contradictions(controls: Sequence[Control]) -> list[Contradiction]:
    """All pairs that surely exclude each other. Values of parameters must be filled in; what has none is passed over."""
    places: dict[tuple[str, Path], list[tuple[Control, Requirement]]] = {}
    for control in controls:
        for requirement in control.require:
            places.setdefault((control.kind, requirement.path), []).append((control, requirement))
    found = []
    for (_, path), asked in places.items():
        for (one, mine), (other, theirs) in combinations(asked, 2):
            if one.id != other.id and _exclude(mine, theirs) and _meet(one.where, other.where):
                found.append(Contradiction(one.id, other.id, show(path)))
    return list(dict.fromkeys(found))


def suspects(raw: Mapping[str, Mapping[str, Plain]]) -> list[str]:
    """The ids of controls, as they are written, that speak otherwise of a path than another one does."""
    places: dict[tuple[str, str], list[tuple[str, Plain]]] = {}
    for control_id, written in raw.items():
        for path, value in written.get("require", {}).items():
            places.setdefault((written["kind"], path), []).append((control_id, value))
    return sorted({control_id for asked in places.values() if not _alike([value for _, value in asked]) for control_id, _ in asked})


def _alike(values: Sequence[Plain]) -> bool:
    """Whether all are the same, or of one operator of which two can always both hold."""
    if all(value == values[0] for value in values[1:]):
        return True
    ops = {tuple(value) if isinstance(value, dict) else () for value in values}
    return len(ops) == 1 and all(op in TOGETHER for op in ops.pop() or ("",))


def _exclude(mine: Requirement, theirs: Requirement) -> bool:
    """Whether no value that either asks for is right for both."""
    if mine.op == theirs.op and (mine.op in TOGETHER or mine.want == theirs.want):
        return False
    if any(r.op not in RIGHT or isinstance(r.want, Param) for r in (mine, theirs)):
        return False
    values = [*RIGHT[mine.op](mine.want), *RIGHT[theirs.op](theirs.want)]
    return all(any(OPERATORS[r.op].holds(value, r.want) is False for r in (mine, theirs)) for value in values)


def _meet(one: Sequence[Requirement], other: Sequence[Requirement]) -> bool:
    """Whether some resource is surely meant by both: where one says nothing more, and both allow one value of each path."""
    paths, others = ({requirement.path for requirement in where} for where in (one, other))
    if not (paths <= others or others <= paths):
        return False
    return all(_common([r for r in one if r.path == path], [r for r in other if r.path == path]) for path in paths & others)


def _common(one: Sequence[Requirement], other: Sequence[Requirement]) -> bool:
    if one == other:
        return True
    named = [value for r in (*one, *other) if r.op in ("equals", "one-of") for value in RIGHT[r.op](r.want)]
    return any(all(_fits(value, r) for r in (*one, *other)) for value in named)


def _fits(value: Plain, requirement: Requirement) -> bool:
    if requirement.op == "matches":
        globs = requirement.want if isinstance(requirement.want, list) else [requirement.want]
        return any(fnmatchcase(str(value), str(glob)) for glob in globs)
    return OPERATORS[requirement.op].holds(value, requirement.want) is True if requirement.op in OPERATORS else False

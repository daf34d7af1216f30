"""The edits that make a control hold, from the same lines that judge it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from setright.controls.operators import OPERATORS, REMOVE
from setright.controls.paths import EACH, show
from setright.model import Control, Edit, Mismatch, Param, Path, Plain, Requirement, Some, Tree, Unknown

NOTHING: Tree = {}


class NoRemedy(ValueError):
    """Nothing here can say what the right value is; the message says what is missing."""


class NoValue(NoRemedy):
    """What stands there leaves no right value; beside what another fix writes there may be one."""


class Remedy(NamedTuple):
    """Edits on the kind's tree: on what persists, and on what runs."""

    edits: tuple[Edit, ...]
    live: tuple[Edit, ...] = ()


def derive(control: Control, mismatches: Sequence[Mismatch], tree: Tree = NOTHING) -> Remedy:
    """The smallest edits that end these mismatches. Raises NoRemedy where a person must say the value.

    A parameter without a value that names an offer takes that, where the resource's tree has it as ``template/NAME``.
    """
    if not control.fix and (control.by_hand or control.check):
        raise NoRemedy(control.by_hand or "the control says what is wrong, not what is right")
    edits: list[Edit] = []
    live: list[Edit] = []
    for mismatch in mismatches:
        side = live if mismatch.live else edits
        side += [edit for edit in _edits(control, mismatch, tree) if edit not in side]
    return Remedy(tuple(edits), tuple(live))


def resolve(control: Control, values: dict[str, Plain]) -> Control:
    """The control with its parameters filled in: from `values`, else their defaults; what has neither stays a Param."""
    if not control.params:
        return control
    known = {name: about["default"] for name, about in control.params.items() if "default" in about} | values
    return msgspec.structs.replace(
        control,
        require=tuple(_filled(r, known) for r in control.require),
        where=tuple(_filled(r, known) for r in control.where),
        fix=tuple(Edit(e.path, _value(e.value, known), e.remove) for e in control.fix),
    )


def _filled(requirement: Requirement, known: dict[str, Plain]) -> Requirement:
    want = requirement.want
    if isinstance(want, Some):
        want = Some(tuple(_filled(r, known) for r in want.where), tuple(_filled(r, known) for r in want.require))
    return Requirement(requirement.path, requirement.op, _value(want, known), requirement.default)


def _value(value: Plain, known: dict[str, Plain]) -> Plain:
    return known.get(value.name, value) if isinstance(value, Param) else value


def _edits(control: Control, mismatch: Mismatch, tree: Tree) -> list[Edit]:
    if control.fix:
        return [_given(control, edit, mismatch.path, tree) for edit in control.fix]
    if mismatch.op == "none":
        return [Edit(mismatch.path, remove=True)]
    if isinstance(mismatch.want, Param):
        return [_offered(control, mismatch.want, tree)]
    right = OPERATORS[mismatch.op].remedy(mismatch.have, mismatch.want)
    if isinstance(right, Unknown):
        raise NoValue(f"{show(mismatch.path)} {right.text}")
    if right is REMOVE:
        return [Edit(mismatch.path, remove=True)]
    return [Edit(mismatch.path, right)]


def _given(control: Control, edit: Edit, path: Path, tree: Tree) -> Edit:
    """An explicit edit, with each wildcard standing where the mismatch stands."""
    if isinstance(edit.value, Param):
        return _offered(control, edit.value, tree)
    at = tuple(path[i] if key == EACH and i < len(path) else key for i, key in enumerate(edit.path))
    return Edit(at, edit.value, edit.remove)


def _offered(control: Control, param: Param, tree: Tree) -> Edit:
    """The edit that takes what the resource's source can have besides. Raises NoRemedy where that is nothing."""
    name = control.params[param.name].get("offer")
    offers = tree.get("template")
    if isinstance(offers, dict) and name in offers:
        return Edit(("template", name), offers[name])
    raise NoRemedy(f"needs a value for the parameter {param.name!r}")

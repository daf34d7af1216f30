"""A control's lines as closures, for judging it against very many resources.

A closure says True only where a requirement surely holds; what it does not is judged line by line, so verdicts,
mismatches and unknowns are those of `judge`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate

from setright.controls.judge import PASS, Judgement, against, answered_for, answers_for, checked, concluded, doubted, matches
from setright.controls.operators import OPERATORS, as_text, every
from setright.controls.paths import EACH
from setright.model import Control, Mismatch, Param, Path, Plain, Requirement, Resource, Tree, Unknown

Sure = Callable[[Plain], bool]


class Compiled:
    """One control, ready to be judged against any number of resources of its kind."""

    def __init__(self, control: Control) -> None:
        self.control = control
        self._lines = [(requirement, _sure(requirement)) for requirement in control.require]
        self._meant = [_told(requirement) for requirement in control.where]

    def applies(self, resource: Resource) -> bool | None:
        """As `judge.applies`, for a resource of the control's kind."""
        if resource.only is not None and not answers_for(self.control, resource):
            return False
        return every(told(resource.tree) for told in self._meant) if self._meant else True

    def judge(self, resource: Resource) -> Judgement:
        """As `judge.judge`."""
        mismatches = self._wrong(resource.tree, False)
        if resource.effective is not None:
            mismatches += self._wrong(resource.effective, True)
        if self.control.check:
            mismatches += checked(self.control, resource)
        if mismatches and resource.layer:
            mismatches = answered_for(self.control, resource.layer, mismatches, resource.kind)
        return doubted(concluded(mismatches) if mismatches else PASS, resource)

    def _wrong(self, tree: Tree, live: bool) -> list[Mismatch]:
        wrong: list[Mismatch] = []
        for requirement, sure in self._lines:
            if not sure(tree) and not (live and requirement.path[0] not in tree):
                wrong += against(requirement, tree, (), live)
        return wrong


def _sure(requirement: Requirement) -> Sure:
    """Whether the requirement holds in a tree beyond doubt."""
    if requirement.op in ("each", "none"):
        return _nothing_there(requirement.path) if requirement.default is None else lambda tree: False
    return _along(requirement.path, _test(requirement))


def _told(requirement: Requirement) -> Callable[[Plain], bool | None]:
    """Whether one line of `where` holds; the usual one asks for one key, of which the operator tells all."""
    key, sure = requirement.path[0], _sure(requirement)
    if len(requirement.path) > 1 or key == EACH or isinstance(requirement.want, Param) or requirement.op in ("each", "none"):
        return lambda tree: sure(tree) or matches((requirement,), tree)
    default, want, holds, known = requirement.default, requirement.want, OPERATORS[requirement.op].holds, _of_texts(requirement)

    def told(tree: Plain) -> bool | None:
        if tree.__class__ is not dict:
            return matches((requirement,), tree)
        value = tree.get(key)
        if known is not None and value.__class__ is str:
            return known(value)
        if value.__class__ is Unknown:
            return matches((requirement,), tree)
        return holds(default if value is None else value, want)

    return told


def _of_texts(requirement: Requirement) -> Callable[[str], bool] | None:
    """The operator for a value that is text, where it asks for texts only."""
    want = requirement.want if isinstance(requirement.want, list) else [requirement.want]
    if not want or not all(each.__class__ is str for each in want) or (requirement.op == "equals" and requirement.want is want):
        return None
    if requirement.op in ("equals", "one-of"):
        return frozenset(want).__contains__
    if requirement.op == "matches":
        match = re.compile("|".join(map(translate, want))).match
        return lambda value: match(value) is not None
    return None


def _nothing_there(path: Path) -> Sure:
    """`each` and `none` hold where there is no list; where there is one, it is looked through."""
    if EACH in path:
        return lambda tree: False
    return _along(path, lambda value: value is None)


def _along(path: Path, test: Sure) -> Sure:
    if EACH in path:
        return _each(path, test)
    if len(path) == 1:
        key = path[0]
        return lambda tree: tree.__class__ is dict and test(tree.get(key))
    return _reach(path, test)


def _reach(path: Path, test: Sure) -> Sure:
    def sure(tree: Plain) -> bool:
        node = tree
        for key in path:
            if node.__class__ is dict:
                node = node.get(key)
            elif node is None:
                break
            else:
                return False
        return test(node)

    return sure


def _each(path: Path, test: Sure) -> Sure:
    star = path.index(EACH)
    head, inner = path[:star], _along(path[star + 1 :], test) if path[star + 1 :] else test

    def all_sure(node: Plain) -> bool:
        if node is None:
            return True
        if node.__class__ is list:
            return all(map(inner, node))
        return node.__class__ is dict and all(map(inner, node.values()))

    return _reach(head, all_sure) if head else all_sure


def _test(requirement: Requirement) -> Sure:
    default, want, holds = requirement.default, requirement.want, OPERATORS[requirement.op].holds
    if isinstance(want, Param):
        return lambda value: value.__class__ is not Unknown and (default if value is None else value) not in (None, "")
    if requirement.op == "equals" and isinstance(want, str | int | bool):
        return _equals(default, as_text(want))
    return lambda value: value.__class__ is not Unknown and holds(default if value is None else value, want) is True


def _equals(default: Plain, want: str) -> Sure:
    by_default = default is not None and not isinstance(default, list | dict | Unknown) and as_text(default) == want

    def sure(value: Plain) -> bool:
        if value is None:
            return by_default
        sort = value.__class__
        if sort is str:
            return bool(value == want)
        if sort is bool:
            return ("true" if value else "false") == want
        return sort is int and str(value) == want

    return sure

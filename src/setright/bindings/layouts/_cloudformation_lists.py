"""Lists in a CloudFormation template that the kind sees otherwise: keys with values as a mapping, resources as more items.

AWS CloudFormation resource reference: LoadBalancerAttributes, ClusterSettings; AWS::EC2::SecurityGroupIngress.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import _cloudformation_rules as rules
from setright.bindings.layouts import _cloudformation_values as values
from setright.bindings.layouts._cloudformation_index import is_named
from setright.bindings.layouts._cloudformation_values import parameter_text, properties
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Tree, Unknown

Resources = Sequence[tuple[str, Tree]]  # logical id, properties


def view(listed: Plain, how: Mapping[str, Plain], also: Resources) -> Plain:
    """The list as the kind has it; None where it is nothing."""
    if isinstance(listed, Unknown):
        return listed
    if "keyed" in how:
        key, value = _names(how)
        told = {str(item.get(key)): item.get(value) for _, item in _items(listed)}
        return Unknown("a list with items that cannot be told") if _doubtful(listed, key) else told or None
    more = [{name: inner for name, inner in body.items() if name != how["by"]} for _, body in also]
    items = [*_own(listed), *more]
    return ([_rule(item) for item in items] if "side" in how else items) or None


def _rule(rule: Plain) -> Plain:
    """A rule by its shortest name for everybody; one that says nothing of what it is for can be described by its own values."""
    if not isinstance(rule, dict):
        return rule if isinstance(rule, Unknown) else Unknown(f"{rule}, which is no rule")
    told = {key: rules.EVERYBODY[key] for key in rules.EVERYBODY if rules.is_everybody(rule.get(key))}
    return {**rule, **told} if "Description" in rule else {**rule, **told, rules.WORDS: "offered"}


def placed(own: Plain, how: Mapping[str, Plain], also: Resources, wanted: Edit, depth: int, template: Tree) -> Edit:
    """The edit on the list itself, or, for an item that is a resource, on that: its path then begins with Resources.

    A rule that is open to everybody is narrowed rather than removed; where a parameter opens it, the path begins with Parameters.
    """
    path, rest = wanted.path[:depth], wanted.path[depth:]
    if "keyed" in how:
        return _keyed(own, how, wanted, path, rest)
    if not rest or not isinstance(rest[0], int):
        return wanted
    mine = values.lists_of_choice(own) or values.items(_own(own))
    index = rest[0] - len(mine)
    resource = also[index][0] if 0 <= index < len(also) else None
    rule: Plain = properties(template, resource) if resource else look_up([each for _, each in mine], rest[:1])
    is_whole = wanted.remove and len(rest) == 1
    if is_whole and (narrower := rules.narrowed(rule, template)):
        if narrower.path[0] == "Parameters":
            return narrower
        rest, wanted = (rest[0], *narrower.path), narrower
    elif is_whole and (parameter := rules.opened_by(rule, template)):
        raise BindingError(f"who may come in is said by parameter {parameter}, and more is set by it; give it another default")
    if rest[1:] == (rules.WORDS,):
        rest, wanted = (rest[0], "Description"), Edit(rest, rules.description(rule, how.get("side") == "out"))
    return _on_rule(resource, own, Edit((*path, *rest), wanted.value, wanted.remove), depth, template)


def _on_rule(resource: str | None, own: Plain, wanted: Edit, depth: int, template: Tree) -> Edit:
    path, rest = wanted.path[:depth], wanted.path[depth:]
    if resource is None:
        is_lone = isinstance(own, dict) and values.lists_of_choice(own) is None
        return Edit((*path, *rest[1:]), wanted.value, wanted.remove) if is_lone else wanted
    if len(rest) > 1:
        return Edit(("Resources", resource, "Properties", *rest[1:]), wanted.value, wanted.remove)
    if is_named(template, resource):
        raise BindingError(f"{resource}: other parts of the template name it; take it away by hand")
    return Edit(("Resources", resource), wanted.value, wanted.remove)


def _keyed(own: Plain, how: Mapping[str, Plain], wanted: Edit, path: Path, rest: Path) -> Edit:
    key, value = _names(how)
    if not rest:
        return wanted
    found = next((index for index, item in _items(own) if item.get(key) == rest[0]), None)
    if found is not None:
        return Edit((*path, found) if wanted.remove else (*path, found, value), parameter_text(wanted.value), wanted.remove)
    return Edit((*path, len(_own(own))), {key: rest[0], value: parameter_text(wanted.value)}, wanted.remove)


def one_behind_the_other(edits: Iterable[Edit]) -> list[Edit]:
    """The edits with new items of one list each at a place of its own: all were to stand right behind what is there."""
    found: list[Edit] = []
    taken: set[Path] = set()
    for each in edits:
        path, is_item = each.path, isinstance(each.value, dict) and not each.remove
        while is_item and path in taken and isinstance(path[-1], int):
            path = (*path[:-1], path[-1] + 1)
        taken.add(path)
        found.append(Edit(path, each.value, each.remove, each.remark))
    return found


def _names(how: Mapping[str, Plain]) -> tuple[str, str]:
    key, value = next(iter(how["keyed"].items()))
    return str(key), str(value)


def _own(listed: Plain) -> list[Plain]:
    return listed if isinstance(listed, list) else [] if listed is None else [listed]


def _items(listed: Plain) -> Iterator[tuple[int, Tree]]:
    yield from ((index, item) for index, item in enumerate(_own(listed)) if isinstance(item, dict))


def _doubtful(listed: Plain, key: str) -> bool:
    return any(not isinstance(item, dict) or isinstance(item.get(key), Unknown) for item in _own(listed))

"""Lists in a CloudFormation template that the kind sees otherwise: keys with values as a mapping, resources as more items.

AWS CloudFormation resource reference: LoadBalancerAttributes, ClusterSettings; AWS::EC2::SecurityGroupIngress.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

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
    return [*_own(listed), *more] or None


def placed(own: Plain, how: Mapping[str, Plain], also: Resources, wanted: Edit, depth: int) -> Edit:
    """The edit on the list itself, or, for an item that is a resource, on that: its path then begins with Resources."""
    path, rest = wanted.path[:depth], wanted.path[depth:]
    if "keyed" in how:
        return _keyed(own, how, wanted, path, rest)
    index = rest[0] - len(_own(own)) if rest and isinstance(rest[0], int) else -1
    if not 0 <= index < len(also):
        return wanted
    tail = ("Properties", *rest[1:]) if len(rest) > 1 else ()
    return Edit(("Resources", also[index][0], *tail), wanted.value, wanted.remove)


def _keyed(own: Plain, how: Mapping[str, Plain], wanted: Edit, path: Path, rest: Path) -> Edit:
    key, value = _names(how)
    if not rest:
        return wanted
    found = next((index for index, item in _items(own) if item.get(key) == rest[0]), None)
    if found is not None:
        return Edit((*path, found) if wanted.remove else (*path, found, value), _text(wanted.value), wanted.remove)
    return Edit((*path, len(_own(own))), {key: rest[0], value: _text(wanted.value)}, wanted.remove)


def _names(how: Mapping[str, Plain]) -> tuple[str, str]:
    key, value = next(iter(how["keyed"].items()))
    return str(key), str(value)


def _own(listed: Plain) -> list[Plain]:
    return listed if isinstance(listed, list) else [] if listed is None else [listed]


def _items(listed: Plain) -> Iterator[tuple[int, Tree]]:
    yield from ((index, item) for index, item in enumerate(_own(listed)) if isinstance(item, dict))


def _doubtful(listed: Plain, key: str) -> bool:
    return any(not isinstance(item, dict) or isinstance(item.get(key), Unknown) for item in _own(listed))


def _text(value: Plain) -> Plain:
    """Values of keys are texts in a template."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value

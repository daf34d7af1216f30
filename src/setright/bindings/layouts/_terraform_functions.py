"""Terraform's functions whose result hangs on their arguments alone. developer.hashicorp.com/terraform/language/functions."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence

from setright.bindings.layouts._terraform_values import is_known
from setright.model import Plain
from setright.trees import same

Arguments = Sequence[Plain]


class Untold(Exception):
    """What a part of an expression comes to is not told."""


def truth(value: Plain) -> bool:
    """Raises Untold for what is neither true nor false."""
    known = {True: True, False: False, "true": True, "false": False}
    if isinstance(value, bool | str) and value in known:
        return known[value]
    raise Untold


def _merge(given: Arguments) -> Plain:
    return {key: value for each in given if each is not None for key, value in _mapping(each).items()}


def _concat(given: Arguments) -> Plain:
    return [item for each in given for item in _list(each)]


def _flatten(given: Arguments) -> Plain:
    found: list[Plain] = []
    for item in _list(given[0]):
        found += _list(_flatten([item])) if isinstance(item, list) else [item]
    return found


def _lookup(given: Arguments) -> Plain:
    values = _mapping(given[0])
    if str(given[1]) in values:
        return values[str(given[1])]
    if len(given) < 3:
        raise Untold
    return given[2]


def _distinct(given: Arguments) -> Plain:
    items = _known(_list(given[0]))
    return [each for i, each in enumerate(items) if not any(same(each, other) for other in items[:i])]


def _set(given: Arguments) -> Plain:
    items = _list(_distinct(given))
    return sorted(items) if all(isinstance(each, str) for each in items) else items


def _contains(given: Arguments) -> Plain:
    items = _list(given[0])
    if any(same(each, given[1]) for each in items):
        return True
    return not _known(items) and False


def _length(given: Arguments) -> Plain:
    if not isinstance(given[0], str | list | dict):
        raise Untold
    return len(given[0])


def _element(given: Arguments) -> Plain:
    items, at = _list(given[0]), given[1]
    if not items or not isinstance(at, int):
        raise Untold
    return items[at % len(items)]


def _one(given: Arguments) -> Plain:
    items = _list(given[0])
    if len(items) > 1:
        raise Untold
    return items[0] if items else None


def _tostring(given: Arguments) -> Plain:
    if isinstance(given[0], list | dict):
        raise Untold
    return str(given[0]).lower() if isinstance(given[0], bool) else None if given[0] is None else str(given[0])


def _tonumber(given: Arguments) -> Plain:
    try:
        return int(str(given[0]))
    except ValueError as error:
        raise Untold from error


def _join(given: Arguments) -> Plain:
    return str(given[0]).join(str(each) for part in given[1:] for each in _known(_list(part)))


def _split(given: Arguments) -> Plain:
    return str(given[1]).split(str(given[0])) if given[0] else _no()


def _decoded(given: Arguments) -> Plain:
    try:
        return base64.b64decode(str(given[0]), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Untold from error


def _mapping(value: Plain) -> dict[str, Plain]:
    if not isinstance(value, dict):
        raise Untold
    return value


def _list(value: Plain) -> list[Plain]:
    return value if isinstance(value, list) else _no()


def _known(items: list[Plain]) -> list[Plain]:
    return items if is_known(items) else _no()


def _no() -> list[Plain]:
    raise Untold


FUNCTIONS: Mapping[str, Callable[[Arguments], Plain]] = {
    "merge": _merge,
    "concat": _concat,
    "flatten": _flatten,
    "lookup": _lookup,
    "distinct": _distinct,
    "toset": _set,
    "tolist": lambda given: _list(given[0]),
    "tomap": lambda given: dict(_mapping(given[0])),
    "compact": lambda given: [each for each in _known(_list(given[0])) if each not in (None, "")],
    "contains": _contains,
    "keys": lambda given: sorted(_mapping(given[0])),
    "values": lambda given: [value for _, value in sorted(_mapping(given[0]).items())],
    "length": _length,
    "element": _element,
    "one": _one,
    "tobool": lambda given: None if given[0] is None else truth(given[0]),
    "tostring": _tostring,
    "tonumber": _tonumber,
    "lower": lambda given: str(given[0]).lower(),
    "upper": lambda given: str(given[0]).upper(),
    "trimspace": lambda given: str(given[0]).strip(),
    "join": _join,
    "split": _split,
    "base64encode": lambda given: _tostring(given),  # the text itself: what a machine reads, whatever it travels as
    "base64decode": _decoded,
    "sensitive": lambda given: given[0],
    "nonsensitive": lambda given: given[0],
}

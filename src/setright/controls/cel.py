"""CEL, the escape hatch for what the operators cannot say. Source: github.com/google/cel-spec.

The library's errors are truthy values, so a result counts only when it is a boolean.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache

from cel_expr_python import cel

from setright.controls.error import ControlError
from setright.model import Plain, Tree, Unknown
from setright.patterns import late

NAME = late(r"\w+")
THROUGH = late(r"\[\s*[^\s'\"]|\bin\b")  # a key or an item that the expression does not write itself
HAS = late(r"has\(([\w.\[\]]+)\.(\w+)\)")
UNTOLD = "__untold"  # beside a key whose value cannot be told: has() may be true of it, and what asks for it is an error
OR_UNTOLD = rf"(has(\1.\2) || has(\1.\2{UNTOLD}))"
ABSENT = late(r'Key not found in map : "([^"]+)"')


def holds(expression: str, tree: Tree) -> bool | Unknown:
    """Whether the expression over `resource` is true; Unknown where it cannot be told (absent key, unknown value).

    What hangs on whether there is a value that cannot be told, or on what it is, cannot be told either; what holds of a list
    as far as it can be told may not hold of the rest.
    """
    told = _answer(expression, tree, _plain(tree))
    asked = frozenset(each[2] for each in HAS.finditer(expression))
    hidden = next(_hidden(tree, asked), None) if asked else None
    if hidden and told != _answer(HAS.sub(OR_UNTOLD, expression), tree, _plain(tree, asked)):
        return Unknown(f"{hidden[0]} is {hidden[1].text}")
    if told is not True:
        return told
    named = _named(expression)
    doubtful = next((key for key, value in tree.items() if f"resource.{key}" in expression and _lists_unknown(value, named)), None)
    return Unknown(f"{doubtful} has items that cannot be told") if doubtful else told


@lru_cache(maxsize=1024)
def _named(expression: str) -> frozenset[str]:
    """The keys that an expression asks for; empty where it goes through the keys of a map, whatever they are."""
    return frozenset() if THROUGH.search(expression) else frozenset(NAME.findall(expression))


def _hidden(value: Plain, asked: frozenset[str]) -> Iterator[tuple[str, Unknown]]:
    """The values that cannot be told, wherever they stand, by those of their keys of which has() asks."""
    if isinstance(value, dict):
        yield from ((key, each) for key, each in value.items() if key in asked and isinstance(each, Unknown))
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _hidden(each, asked)


def _lists_unknown(value: Plain, named: frozenset[str]) -> bool:
    """Whether a list that is asked for, somewhere in a value, has an item that cannot be told."""
    if isinstance(value, dict):
        return any(_lists_unknown(each, named) for key, each in value.items() if not named or key in named)
    return isinstance(value, list) and any(isinstance(each, Unknown) or _lists_unknown(each, named) for each in value)


def _answer(expression: str, tree: Tree, plain: Tree) -> bool | Unknown:
    try:
        result = _compiled(expression).eval(data={"resource": plain})
        if result.type() == cel.Type.BOOL:
            return bool(result.value())
        return Unknown(_lacking(str(result.value()), tree))
    except (RuntimeError, ValueError, TypeError) as error:
        return Unknown(f"the check could not be told: {error}")


def _lacking(error: str, tree: Tree) -> str:
    """Why there is no answer: the value that the expression asks for, as it stands in the source where it stands there."""
    named = ABSENT.search(error)
    value = tree.get(named[1]) if named else None
    if named is None:
        return f"the check gave {error!r}"
    return f"{named[1]} is {value.text}" if isinstance(value, Unknown) else f"{named[1]} is not told"


@lru_cache(maxsize=1024)
def _compiled(expression: str) -> Plain:
    try:
        return _environment().compile(expression)
    except (RuntimeError, ValueError, TypeError) as error:
        raise ControlError(f"check: {expression!r} is not CEL: {error}") from error


@cache
def _environment() -> Plain:
    return cel.NewEnv(variables={"resource": cel.Type.DYN})


def _plain(value: Plain, marked: frozenset[str] = frozenset()) -> Plain:
    """The tree without what cannot be told, so that asking for it is an error and so unknown; a mark beside each such key."""
    if isinstance(value, dict):
        marks = {key + UNTOLD: True for key, each in value.items() if key in marked and isinstance(each, Unknown)}
        return {**{key: _plain(each, marked) for key, each in value.items() if not isinstance(each, Unknown)}, **marks}
    if isinstance(value, list):
        return [_plain(each, marked) for each in value if not isinstance(each, Unknown)]
    return value

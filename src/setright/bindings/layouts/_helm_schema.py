"""What a chart lets its values be: its values.schema.json, by which Helm refuses to install it with others. Pure.

helm.sh/docs/topics/charts (Schema Files); json-schema.org (drafts 4 to 2020-12, what charts use of them).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy

from setright.bindings.error import BindingError
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Edit, Plain, Tree, Unknown
from setright.trees import as_list

NAME = "values.schema.json"
TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}
LIMITS: Mapping[type, tuple[str, str]] = {
    str: ("minLength", "maxLength"),
    list: ("minItems", "maxItems"),
    dict: ("minProperties", "maxProperties"),
}
REPEATED = re.compile(r"\)[*+{]")  # what is tried in many ways
DEEPEST = 50  # references that may follow each other


def check_values(placed: Sequence[tuple[str, Edit]], sources: Mapping[str, Source]) -> None:
    """Raises BindingError for edits after which a chart's values would no longer be what its schema lets them be."""
    for locator in {locator for locator, _ in placed if locator.rpartition("/")[2] == "values.yaml"}:
        schema, values = sources.get(locator.removesuffix("values.yaml") + NAME), sources.get(locator)
        if schema is None or values is None:
            continue
        edits = [each for at, each in placed if at == locator]
        before = set(_wrong(schema.tree, look_up(values.tree, ("documents", 0)), schema.tree))
        after = look_up(_edited(values.tree, edits), ("documents", 0))
        if new := next((each for each in _wrong(schema.tree, after, schema.tree) if each not in before), ""):
            raise BindingError(f"{locator}: {new}, as {NAME} has it; set it in the template, or change the schema first")


def _edited(tree: Tree, edits: Sequence[Edit]) -> Tree:
    whole = deepcopy(tree)
    for each in edits:
        node: Plain = whole
        for key, following in zip(each.path, each.path[1:], strict=False):
            node = _below(node, key, [] if isinstance(following, int) else {})
        last = each.path[-1]
        if isinstance(node, list) and isinstance(last, int):
            node[last : last + 1] = [] if each.remove else [each.value]
        elif isinstance(node, dict) and each.remove:
            node.pop(last, None)
        elif isinstance(node, dict):
            node[last] = each.value
    return whole


def _below(node: Plain, key: str | int, fresh: Plain) -> Plain:
    if isinstance(node, list) and isinstance(key, int):
        node.extend({} for _ in range(len(node), key + 1))
        return node[key]
    if isinstance(node, dict) and not isinstance(node.get(key), dict | list):
        node[key] = fresh
    return node[key] if isinstance(node, dict) else {}


def _wrong(schema: Plain, value: Plain, root: Tree, at: str = "", depth: int = 0) -> Iterator[str]:
    """What of a value is not as its schema has it, in words."""
    if schema is False:
        yield f"{at or 'it'} may not be there"
    if not isinstance(schema, dict) or isinstance(value, Unknown):
        return
    if isinstance(ref := schema.get("$ref"), str):
        found = look_up(root, tuple(ref.removeprefix("#/").split("/"))) if ref.startswith("#/") else None
        if found is None or depth > DEEPEST:
            yield f"{at}: {value!r} is judged by {ref}, which is not here"
            return
        yield from _wrong(found, value, root, at, depth + 1)
    yield from _of_kind(schema, value, at)
    if isinstance(value, dict):
        yield from _of_object(schema, value, root, at)
    elif isinstance(value, list):
        for i, each in enumerate(value):
            yield from _wrong(schema.get("items"), each, root, f"{at}/{i}")
    yield from _of_several(schema, value, root, at)


def _of_kind(schema: Tree, value: Plain, at: str) -> Iterator[str]:
    kinds = [kind for kind in as_list(schema.get("type")) if isinstance(kind, str)]
    if kinds and not any(_is_a(value, kind) for kind in kinds):
        yield f"{at} {_shown(value)} is no {' or '.join(kinds)}"
    if "enum" in schema and value not in as_list(schema["enum"]):
        yield f"{at} {_shown(value)} is none of {', '.join(map(str, as_list(schema['enum'])))}"
    if "const" in schema and value != schema["const"]:
        yield f"{at} {_shown(value)} is not {schema['const']}"
    if isinstance(value, str) and not _fits(schema.get("pattern"), value):
        yield f"{at} {_shown(value)} does not fit {schema['pattern']}"
    yield from _of_size(schema, value, at)


def _of_size(schema: Tree, value: Plain, at: str) -> Iterator[str]:
    if isinstance(value, bool) or value is None:
        return
    size = len(value) if isinstance(value, str | list | dict) else value
    limits = LIMITS.get(value.__class__, ("minimum", "maximum"))
    low, high = (schema.get(each) for each in limits)
    if (isinstance(low, int | float) and size < low) or (isinstance(high, int | float) and size > high):
        yield f"{at} {_shown(value)} is out of bounds"


def _of_object(schema: Tree, value: Tree, root: Tree, at: str) -> Iterator[str]:
    known, patterns = _mapping(schema.get("properties")), _mapping(schema.get("patternProperties"))
    for key, each in value.items():
        place, fitting = f"{at}/{key}".lstrip("/"), [own for pattern, own in patterns.items() if _fits(pattern, key)]
        for own in ([known[key]] if key in known else []) + fitting:
            yield from _wrong(own, each, root, place)
        if key not in known and not fitting:
            yield from _wrong(schema.get("additionalProperties"), each, root, place)
    for key in as_list(schema.get("required")):
        if key not in value:
            yield f"{at} lacks {key}"


def _of_several(schema: Tree, value: Plain, root: Tree, at: str) -> Iterator[str]:
    for own in as_list(schema.get("allOf")):
        yield from _wrong(own, value, root, at)
    for key in ("anyOf", "oneOf"):
        some = [not any(_wrong(own, value, root, at)) for own in as_list(schema.get(key))]
        if some and (not any(some) or (key == "oneOf" and sum(some) > 1)):
            yield f"{at} {_shown(value)} fits none of what it may be"
    if "not" in schema and not any(_wrong(schema["not"], value, root, at)):
        yield f"{at} {_shown(value)} is what it may not be"
    if "if" in schema:
        branch = "else" if any(_wrong(schema["if"], value, root, at)) else "then"
        yield from _wrong(schema.get(branch), value, root, at)


def _is_a(value: Plain, kind: str) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, TYPES.get(kind, (object,))) or (kind == "integer" and isinstance(value, float) and value.is_integer())


def _mapping(value: Plain) -> Tree:
    return value if isinstance(value, dict) else {}


def _fits(pattern: Plain, text: str) -> bool:
    """Whether a text has what an expression asks for; not where one is none of ours, or might take long to ask."""
    if not isinstance(pattern, str):
        return True
    try:
        return REPEATED.search(pattern) is None and re.search(pattern, text) is not None
    except re.error:
        return False


def _shown(value: Plain) -> str:
    return str(value) if not isinstance(value, dict | list) else "{...}" if isinstance(value, dict) else "[...]"

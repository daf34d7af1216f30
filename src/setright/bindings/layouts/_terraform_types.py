"""What a variable's type makes of a value: attributes that are optional are there all the same, with their default or as null.

developer.hashicorp.com/terraform/language/expressions/type-constraints, optional object type attributes.
"""

from __future__ import annotations

from collections.abc import Mapping

from setright.bindings.layouts._terraform_expression import Expression, parse_expression
from setright.bindings.source import Source
from setright.model import Plain, Unknown


def conformed(type_: Plain, value: Plain) -> Plain:
    """The value with the optional attributes that it lacks; itself where the type has none, or is not read."""
    text = type_.text if isinstance(type_, Unknown) else ""
    node = parse_expression(text) if "optional(" in text else None
    return value if node is None else _of(node, value)


def declared(sources: Mapping[str, Source], name: str) -> Plain:
    """The type of a variable; None where none is written."""
    named = (source.tree.get("variable") for source in sources.values())
    blocks = next((each[name] for each in named if isinstance(each, dict) and name in each), None)
    return blocks[0].get("type") if isinstance(blocks, list) and blocks else None


def _of(node: Expression, value: Plain) -> Plain:
    """A value of a type."""
    inner = node.parts[0] if node.sort == "call" and node.parts else None
    if inner is None or not isinstance(value, dict | list):
        return value
    if node.value == "optional":
        return _of(inner, value)
    if node.value == "object" and isinstance(value, dict) and inner.sort == "object":
        types = {str(key.value): type_ for key, type_ in zip(inner.parts[::2], inner.parts[1::2], strict=True)}
        lacked = {key: _default(type_) for key, type_ in types.items() if key not in value and type_.value == "optional"}
        return {key: _of(types[key], each) if key in types else each for key, each in value.items()} | lacked
    if isinstance(value, dict):
        return {key: _of(inner, each) for key, each in value.items()} if node.value == "map" else value
    return [_of(inner, each) for each in value] if node.value in ("list", "set") else value


def _default(optional: Expression) -> Plain:
    if len(optional.parts) < 2:
        return None
    given = optional.parts[1]
    if given.sort == "literal":
        return given.value
    if given.sort in ("list", "object") and not given.parts:
        return _of(optional.parts[0], [] if given.sort == "list" else {})
    return Unknown(given.text)

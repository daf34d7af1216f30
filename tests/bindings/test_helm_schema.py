"""A chart's values stay what its values.schema.json lets them be."""

from __future__ import annotations

import json

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts._helm_schema import check_values
from setright.bindings.source import Source
from setright.model import Edit, Plain

VALUES: dict[str, Plain] = {"image": {"pullPolicy": "IfNotPresent"}, "resources": {}, "odd": 1}
OBJECT = {"type": "object"}


def said(properties: dict[str, Plain], path: str, value: Plain, **more: Plain) -> str:
    """Why an edit is refused; empty where it is not."""
    schema = {**OBJECT, "properties": properties, **more}
    assert json.dumps(schema)
    sources = {
        "web/values.yaml": Source("web/values.yaml", "yaml", {"documents": [VALUES]}),
        "web/values.schema.json": Source("web/values.schema.json", "json", schema),
    }
    edit = Edit(("documents", 0, *path.split("/")), value)
    try:
        check_values([("web/values.yaml", edit), ("web/templates/a.yaml", edit)], sources)
    except BindingError as error:
        return str(error)
    return ""


IMAGE = {"image": {**OBJECT, "properties": {"pullPolicy": {"enum": ["IfNotPresent", "Never"]}}}}
BOTH = {"resources": {**OBJECT, "properties": {"limits": {**OBJECT, "required": ["cpu", "memory"]}}}}
CLOSED = {"resources": {**OBJECT, "additionalProperties": False}}


@pytest.mark.parametrize(
    ("properties", "path", "value", "why"),
    [
        (IMAGE, "image/pullPolicy", "Always", "none of IfNotPresent, Never"),
        (IMAGE, "image/pullPolicy", "Never", ""),
        (IMAGE, "image/tag", "1", ""),
        (BOTH, "resources/limits/memory", "1Gi", "lacks cpu"),
        (BOTH, "resources/limits", {"memory": "1Gi", "cpu": 1}, ""),
        (CLOSED, "resources/limits", {"cpu": 1}, "may not be there"),
        ({"resources": {"patternProperties": {"^l": {"type": "string"}}}}, "resources/limits", {}, "is no string"),
        ({"user": {"type": "integer", "minimum": 20000}}, "user", 10001, "out of bounds"),
        ({"user": {"type": ["integer", "null"]}}, "user", True, "is no integer or null"),
        ({"user": {"$ref": "#/properties/image"}, **IMAGE}, "user", {"pullPolicy": "x"}, "none of"),
        ({"user": {"$ref": "https://example.org/a.json"}}, "user", 1, "which is not here"),
        ({"user": {"anyOf": [{"type": "string"}, {"const": 7}]}}, "user", 8, "fits none"),
        ({"user": {"anyOf": [{"type": "string"}, {"const": 7}]}}, "user", 7, ""),
        ({"user": {"pattern": "(a+)+b"}}, "user", "a" * 60, "does not fit"),
        ({"odd": {"type": "string"}}, "user", 7, ""),
    ],
)
def test_only_what_the_schema_has_is_set(properties: dict[str, Plain], path: str, value: Plain, why: str) -> None:
    told = said(properties, path, value)
    assert why in told and bool(told) == bool(why)


def test_a_condition_is_followed() -> None:
    more: dict[str, Plain] = {"if": {"required": ["user"]}, "then": {"required": ["group"]}}
    assert "lacks group" in said({}, "user", 1, **more)

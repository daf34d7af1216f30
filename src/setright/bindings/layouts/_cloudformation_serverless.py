"""Serverless resources (SAM) as the resources they become: their own names for attributes, and what Globals adds to them.

An entry's `serverless:` names the type, the section of Globals that speaks of it, and each attribute that SAM calls otherwise;
`older:` does so for a type that another one took the place of:

    serverless: {type: AWS::Serverless::Function, globals: Function, TracingConfig/Mode: Tracing}
    older: {type: AWS::Elasticsearch::Domain, ClusterConfig: ElasticsearchClusterConfig, else: {ElasticsearchVersion: "1.5"}}

`else:` is what holds there where the resource says nothing.

AWS Serverless Application Model Developer Guide, resource reference and Globals section.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from setright.bindings.layouts._cloudformation_values import resource_type
from setright.bindings.trees import look_up, set_at
from setright.model import Path, Plain, Tree, Unknown
from setright.trees import as_list

OWN = {"type", "globals", "else"}


def types(layout: Mapping[str, Plain]) -> list[str]:
    """All the types that an entry speaks of."""
    own = layout["type"] if isinstance(layout["type"], list) else [layout["type"]]
    other = _other(layout)
    return [*own, other["type"]] if other else own


def is_one(layout: Mapping[str, Plain], template: Tree, name: str) -> bool:
    resource = template["Resources"].get(name)
    other = _other(layout)
    return bool(other) and resource_type(resource) == str(other["type"])


def told(layout: Mapping[str, Plain], template: Tree, name: str, properties: Tree) -> Tree:
    """The properties by their names in the kind, with what Globals says; the resource's own values win."""
    if not is_one(layout, template, name):
        return properties
    tree = _merged(_common(layout, template, name), properties)
    tree = {**_other(layout).get("else", {}), **tree}
    for kind, sam in _names(layout):
        value = look_up(tree, sam)
        if value is not None:
            tree = _without(tree, sam)
            set_at(tree, kind, value)
    return tree


def placed(layout: Mapping[str, Plain], template: Tree, name: str, path: Path) -> Path:
    """A path of the kind as the template has it."""
    if is_one(layout, template, name):
        for kind, sam in _names(layout):
            if path[: len(kind)] == kind:
                return (*sam, *path[len(kind) :])
    return path


def in_globals(layout: Mapping[str, Plain], template: Tree, name: str, path: Path) -> Path | None:
    """Where Globals says a value that the resource does not; None where it does not either."""
    if not is_one(layout, template, name):
        return None
    place = ("Globals", _other(layout).get("globals", ""), *path)
    own = look_up(template, ("Resources", name, "Properties", *path))
    return place if own is None and look_up(_common(layout, template, name), path) is not None else None


def for_it_alone(layout: Mapping[str, Plain], template: Tree, name: str, path: Path, value: Plain) -> Path | None:
    """Where Globals says a plain value that this function alone takes; None where it is for several, as it is with APIs."""
    there = in_globals(layout, template, name, path)
    if (
        there is None
        or there[1] != "Function"
        or isinstance(value, dict | list)
        or isinstance(look_up(template, there), dict | list | Unknown)
    ):
        return None
    takers = [id_ for id_ in template["Resources"] if is_one(layout, template, id_)]
    return there if takers == [name] else None


def _common(layout: Mapping[str, Plain], template: Tree, name: str) -> Tree:
    """What Globals says for a resource; a resource may ignore some of it, or all."""
    common = look_up(template, ("Globals", _other(layout).get("globals", "")))
    ignored = template["Resources"][name].get("IgnoreGlobals")
    if not isinstance(common, dict) or ignored == "*":
        return {}
    return {key: value for key, value in common.items() if key not in as_list(ignored)}


def _other(layout: Mapping[str, Plain]) -> Mapping[str, Plain]:
    """What the entry says of the type that calls attributes otherwise; empty where there is none."""
    found: Mapping[str, Plain] = layout.get("serverless") or layout.get("older") or {}
    return found


def _names(layout: Mapping[str, Plain]) -> Iterator[tuple[Path, Path]]:
    for kind, sam in _other(layout).items():
        if kind not in OWN:
            yield tuple(kind.split("/")), tuple(sam.split("/"))


def _merged(common: Tree, own: Tree) -> Tree:
    """Mappings join, lists are appended to, other values are replaced."""
    tree = dict(common)
    for key, value in own.items():
        before = tree.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            tree[key] = _merged(before, value)
        elif isinstance(before, list) and isinstance(value, list):
            tree[key] = [*before, *value]
        else:
            tree[key] = value
    return tree


def _without(tree: Tree, path: Path) -> Tree:
    head, rest = str(path[0]), path[1:]
    inner = tree.get(head)
    left = {key: value for key, value in tree.items() if key != head}
    return {**left, head: _without(inner, rest)} if rest and isinstance(inner, dict) else left

"""Resources of CloudFormation templates, YAML or JSON: a resource's tree is its Properties, named by its logical id.

The entry's `type:` is one resource type or several. A value that an intrinsic function gives is Unknown, but a Ref to a
parameter with a literal Default is judged as that; AWS::NoValue is no value. An entry's other keys are attributes that live
in a resource of their own, found by its reference to this one; `with:` is what a new one says besides:

    cloudformation:
      type: AWS::S3::Bucket
      Policy: {in: AWS::S3::BucketPolicy, by: Bucket, at: PolicyDocument}
      SecurityGroupIngress: {also: AWS::EC2::SecurityGroupIngress, by: GroupId}    # a list: more of its items are resources
      LoadBalancerAttributes: {keyed: {Key: Value}}                                # a list of keys and values: a mapping

AWS CloudFormation User Guide, template anatomy and intrinsic functions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import _cloudformation_lists as lists
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown

SETTINGS = {"type", "layout", "lens", "documents", "name"}
REFERENCE = re.compile(r"!Ref\s+['\"]?([\w:]+)['\"]?|!GetAtt\s+['\"]?(\w+)\.\S+")
NO_VALUE = "AWS::NoValue"
Sibling = tuple[str, Path]  # logical id, path in its Properties


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each logical id of the type in each template."""
    found = []
    for locator, source in sorted(sources.items()):
        for root, template in _templates(source):
            for name, properties in _of_type(template, layout["type"]):
                tree = _tree(layout, template, name, properties)
                found.append(Resource(kind, name, tree, (locator, (*root, "Resources", name, "Properties"))))
    return found


def _tree(layout: Mapping[str, Plain], template: Tree, name: str, properties: Tree) -> Tree:
    """The resource's properties with what its siblings say of it."""
    tree: Tree = _judged(properties, template)
    for attribute, how in _lists(layout):
        listed = lists.view(look_up(tree, attribute), how, _also(template, name, how))
        tree = tree if listed is None else _with(tree, attribute, listed)
    for place, (sibling, at) in _siblings(layout, template, name).items():
        value = look_up(_judged(_properties(template, sibling), template), at)
        if value is not None:
            tree = _with(tree, place, value)
    return tree


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """Edits below Properties, on the sibling that holds the attribute, or on the one parameter that sets the value.

    Raises BindingError where a function sets the value, or a parameter that sets others too.
    """
    locator, home = resource.home
    if locator not in sources or look_up(sources[locator].tree, home[:-1]) is None:
        raise BindingError(f"{locator}: {resource.name} is not there any more; scan again")
    template = look_up(sources[locator].tree, home[:-3])
    is_yaml = sources[locator].lens == "yaml"
    placed: list[tuple[str, Edit]] = []
    for each in [*edits, *live]:
        item = _in_list(layout, template, resource.name, each)
        if item.path[:1] == ("Resources",):
            placed.append((locator, Edit((*home[:-3], *item.path), item.value, item.remove)))
            continue
        for name, path, values in _targets(layout, template, resource.name, item.path, is_yaml):
            placed += [(locator, Edit((*home[:-2], name, *at), value)) for at, value in values]
            inner = _placed(template, name, Edit(path, item.value, item.remove))
            placed.append((locator, Edit((*home[:-3], *inner.path), inner.value, inner.remove)))
    return placed


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """Where a value stands, or where it would."""
    locator, home = resource.home
    template = look_up(sources[locator].tree, home[:-3]) if locator in sources else None
    if isinstance(template, dict):
        path = _in_list(layout, template, resource.name, Edit(path)).path
        if path[:1] == ("Resources",):
            return locator, (*home[:-3], *path)
        for place, (sibling, at) in _siblings(layout, template, resource.name).items():
            if path[: len(place)] == place:
                return locator, (*home[:-2], sibling, "Properties", *at, *path[len(place) :])
    return locator, (*home, *path) if look_up(template, ("Resources", resource.name, "Properties")) else home[:-1]


def _lists(layout: Mapping[str, Plain]) -> Iterator[tuple[Path, Mapping[str, Plain]]]:
    """The attributes that are lists in the template and something else, or longer, in the kind."""
    for attribute, how in layout.items():
        if attribute not in SETTINGS and "in" not in how:
            yield _segments(attribute), how


def _also(template: Tree, name: str, how: Mapping[str, Plain]) -> list[tuple[str, Tree]]:
    """The resources that are items of a list of this one, as controls see them."""
    if "also" not in how:
        return []
    found = _of_type(template, how["also"])
    return [(id_, _judged(body, template)) for id_, body in found if _referred(body.get(how["by"])) == name]


def _templates(source: Source) -> Iterator[tuple[Path, Tree]]:
    """The templates of a document with their places."""
    roots = source.tree.get("documents") if source.lens == "yaml" else None
    tops: list[tuple[Path, Plain]] = (
        [(("documents", i), d) for i, d in enumerate(roots)] if isinstance(roots, list) else [((), source.tree)]
    )
    for place, top in tops:
        resources = top.get("Resources") if isinstance(top, dict) and source.lens in ("yaml", "json") else None
        if isinstance(resources, dict) and any(_type(r).startswith("AWS::") for r in resources.values()):
            yield place, top


def _type(resource: Plain) -> str:
    value = resource.get("Type") if isinstance(resource, dict) else None
    return value if isinstance(value, str) else ""


def _of_type(template: Tree, wanted: Plain) -> Iterator[tuple[str, Tree]]:
    """Logical id and properties of each resource of a type, or of several."""
    types = wanted if isinstance(wanted, list) else [wanted]
    for name, resource in template["Resources"].items():
        if _type(resource) in types:
            properties = resource.get("Properties")
            if properties is None or (isinstance(properties, dict) and not _function(properties)):
                yield name, properties or {}


def _properties(template: Tree, name: str) -> Tree:
    properties = look_up(template, ("Resources", name, "Properties"))
    return properties if isinstance(properties, dict) else {}


def _function(value: Plain) -> str | None:
    """The source of a value that an intrinsic function gives; None for any other."""
    if isinstance(value, Unknown):
        return value.text
    if isinstance(value, dict) and len(value) == 1:
        name = next(iter(value))
        if name == "Ref" or name.startswith("Fn::"):
            return f"{name}: {json.dumps(value[name], default=lambda v: getattr(v, 'text', str(v)))}"
    return None


def _referred(value: Plain) -> str | None:
    """The logical id that a Ref or GetAtt names."""
    if isinstance(value, Unknown):
        m = REFERENCE.fullmatch(value.text)
        return (m[1] or m[2]) if m else None
    if not isinstance(value, dict) or len(value) != 1:
        return None
    name, given = next(iter(value.items()))
    if name == "Fn::GetAtt":
        given = given[0] if isinstance(given, list) and given else str(given).partition(".")[0]
    return given if name in ("Ref", "Fn::GetAtt") and isinstance(given, str) else None


def _is_ref(value: Plain) -> bool:
    return value.text.startswith("!Ref") if isinstance(value, Unknown) else isinstance(value, dict) and "Ref" in value


def _judged(value: Plain, template: Tree) -> Plain:
    """A value as controls see it: functions are Unknown, parameters their defaults, AWS::NoValue nothing."""
    if (text := _function(value)) is not None:
        default = _default(template, _referred(value)) if _is_ref(value) else None
        return Unknown(text) if default is None else default
    if isinstance(value, dict):
        return {key: _judged(inner, template) for key, inner in value.items() if _referred(inner) != NO_VALUE}
    return [_judged(inner, template) for inner in value] if isinstance(value, list) else value


def _default(template: Tree, name: str | None) -> Plain:
    """The literal default of a parameter; None where it has none that can be told."""
    parameter = look_up(template, ("Parameters", name or ""))
    if not isinstance(parameter, dict) or isinstance(parameter.get("Default"), dict | Unknown):
        return None
    default, sort = parameter.get("Default"), str(parameter.get("Type"))
    if sort == "CommaDelimitedList" or sort.startswith("List<"):
        return [part.strip() for part in default.split(",")] if isinstance(default, str) else None
    return None if sort.startswith("AWS::SSM") else default


def _siblings(layout: Mapping[str, Plain], template: Tree, name: str) -> dict[Path, Sibling]:
    """For each attribute that lives elsewhere: the resource that holds it for this one."""
    found: dict[Path, Sibling] = {}
    for attribute, how in _elsewhere(layout):
        for sibling, properties in _of_type(template, how["in"]):
            if _referred(properties.get(how["by"])) == name:
                found[attribute] = (sibling, _segments(how.get("at", "")))
                break
    return found


def _elsewhere(layout: Mapping[str, Plain]) -> Iterator[tuple[Path, Mapping[str, Plain]]]:
    for attribute, how in layout.items():
        if attribute not in SETTINGS and "in" in how:
            yield _segments(attribute), how


def _segments(text: str) -> Path:
    return tuple(text.split("/")) if text else ()


def _with(tree: Tree, path: Path, value: Plain) -> Tree:
    inner = tree.get(str(path[0]))
    head = _with(inner if isinstance(inner, dict) else {}, path[1:], value) if len(path) > 1 else value
    return {**tree, str(path[0]): head}


def _in_list(layout: Mapping[str, Plain], template: Tree, name: str, wanted: Edit) -> Edit:
    """An edit in a list that the kind sees otherwise, as one on the list or on the resource that is the item."""
    for attribute, how in _lists(layout):
        if wanted.path[: len(attribute)] == attribute:
            own = look_up(_properties(template, name), attribute)
            return lists.placed(own, how, _also(template, name, how), wanted, len(attribute))
    return wanted


def _targets(
    layout: Mapping[str, Plain], template: Tree, name: str, path: Path, is_yaml: bool
) -> Iterator[tuple[str, Path, list[tuple[Path, Plain]]]]:
    """The resource that a path leads to, the path in its Properties, and what must be set first where it is new."""
    for attribute, how in _elsewhere(layout):
        if path[: len(attribute)] != attribute:
            continue
        at = (*_segments(how.get("at", "")), *path[len(attribute) :])
        known = _siblings(layout, template, name).get(attribute)
        if known:
            yield known[0], at, []
            return
        new = f"{name}{attribute[-1]}"
        if new in template["Resources"]:
            raise BindingError(f"{new}: a resource of that name is there and is no {how['in']} of {name}; write one by hand")
        ref: Plain = Unknown(f"!Ref {name}") if is_yaml else {"Ref": name}
        more = [(("Properties", key), value) for key, value in how.get("with", {}).items()]
        yield new, at, [(("Type",), how["in"]), (("Properties", how["by"]), ref), *more]
        return
    yield name, path, []


def _placed(template: Tree, name: str, wanted: Edit) -> Edit:
    """The edit's place in the template: below the resource's Properties, or at the parameter that alone sets the value."""
    raw: Plain = _properties(template, name)
    for depth, key in enumerate(wanted.path, 1):
        raw = look_up(raw, (key,))
        text = _function(raw)
        if text is None or (_referred(raw) == NO_VALUE and depth == len(wanted.path)):
            continue
        parameter = _referred(raw)
        if depth < len(wanted.path) or wanted.remove or not _is_ref(raw) or _default(template, parameter) is None:
            raise BindingError(f"{name}: {'/'.join(map(str, wanted.path))} is set by {text}; change it there")
        return _on_parameter(template, str(parameter), name, wanted)
    return Edit(("Resources", name, "Properties", *wanted.path), wanted.value, wanted.remove)


def _on_parameter(template: Tree, parameter: str, name: str, wanted: Edit) -> Edit:
    uses = _uses(template, parameter)
    if uses > 1:
        raise BindingError(
            f"{name}: {'/'.join(map(str, wanted.path))} is set by parameter {parameter}, as are {uses - 1} more; set it there"
        )
    about = template["Parameters"][parameter]
    value = _text(wanted.value) if isinstance(about["Default"], str) else wanted.value
    allowed = about.get("AllowedValues")
    if isinstance(value, list | dict) or (isinstance(allowed, list) and _text(value) not in map(_text, allowed)):
        raise BindingError(f"{name}: parameter {parameter} does not take {value!r}; change the template by hand")
    return Edit(("Parameters", parameter, "Default"), value)


def _text(value: Plain) -> Plain:
    if isinstance(value, list | dict):
        return value
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _uses(node: Plain, parameter: str) -> int:
    """How often a template speaks of a parameter."""
    if isinstance(node, Unknown):
        return len(re.findall(rf"\b{re.escape(parameter)}\b", node.text))
    if isinstance(node, str):
        return len(re.findall(rf"\$\{{{re.escape(parameter)}\}}", node))
    if isinstance(node, dict):
        own = int(node.get("Ref") == parameter)
        return own + sum(_uses(inner, parameter) for inner in node.values())
    return sum(_uses(inner, parameter) for inner in node) if isinstance(node, list) else 0

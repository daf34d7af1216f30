"""Resources of CloudFormation templates, YAML or JSON: a resource's tree is its Properties, named by its logical id.

The entry's `type:` is one resource type or several. A value that an intrinsic function gives is Unknown, but a Ref to a
parameter with a literal Default is judged as that; AWS::NoValue is no value. An entry's other keys are attributes that live
in a resource of their own, found by its reference to this one, or by the same name in the same words where `known-as:` is the
property that names this one; `with:` is what a new one says besides:

    cloudformation:
      type: AWS::S3::Bucket
      Policy: {in: AWS::S3::BucketPolicy, by: Bucket, at: PolicyDocument}
      SecurityGroupIngress: {also: AWS::EC2::SecurityGroupIngress, by: GroupId, side: in}  # a list: more items are resources
      Ingress: {also: AWS::EC2::NetworkAclEntry, by: NetworkAclId, stops: [22]}     # numbered rules, and the ports refused before
    LoadBalancerAttributes: {keyed: {Key: Value}}                                # a list of keys and values: a mapping

`serverless:`, `older:`, `offers:`, `evidence:`, `inside:` and `replaced:` stand in the modules of those names. `shared:` is what
all resources of the type in an account share: the attribute, and how many of a template may be given some of it by a fix.
AWS CloudFormation User Guide, template anatomy and intrinsic functions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from setright.bindings.error import BindingError
from setright.bindings.layouts import _cloudformation_acls as acls
from setright.bindings.layouts import _cloudformation_evidence as evidence
from setright.bindings.layouts import _cloudformation_inside as inside
from setright.bindings.layouts import _cloudformation_lists as lists
from setright.bindings.layouts import _cloudformation_offers as offers
from setright.bindings.layouts import _cloudformation_replaced as replaced
from setright.bindings.layouts import _cloudformation_serverless as serverless
from setright.bindings.layouts import _cloudformation_values as values
from setright.bindings.layouts._cloudformation_index import index, is_full, is_taken, mention_count, of_type, tied, typed
from setright.bindings.layouts._cloudformation_told import default_of
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown

SETTINGS = {
    *("type", "layout", "lens", "documents", "name", "serverless", "older", "offers", "evidence", "inside", "known-as", "replaced"),
    *("images", "shared"),
}
_LAST: list[tuple[Mapping[str, Source], int, dict[str, list[str]]]] = []  # the sources asked last
UNTOLD = Unknown("a list with items that cannot be told")
Sibling = tuple[str, Path]  # logical id, path in its Properties


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each logical id of the type in each template, and for each item of theirs that stands alone."""
    wanted = {*serverless.types(layout), *inside.types(layout), *(how["also"] for _, how in _lists(layout) if "also" in how)}
    holding = _holding(sources)
    found: list[Resource] = []
    for locator in sorted({each for type_ in wanted for each in holding.get(type_, ())}):
        source = sources[locator]
        if source.notes.get(kind, (None,))[0] is not layout:  # a template's resources are its own alone
            source.notes[kind] = layout, list(_resources(kind, layout, source))
        found += source.notes[kind][1]
    return found


def _resources(kind: str, layout: Mapping[str, Plain], source: Source) -> Iterator[Resource]:
    for root, template, _ in _templates(source):
        for name, place, tree in inside.view(layout, template):
            yield Resource(kind, name, tree, (source.locator, (*root, *place)))
        mine = dict(of_type(template, serverless.types(layout)))
        for name, properties in {**mine, **_alone(layout, template, mine)}.items():
            tree = _tree(layout, template, name, properties)
            yield Resource(kind, name, tree, (source.locator, (*root, "Resources", name, "Properties")))


def _alone(layout: Mapping[str, Plain], template: Tree, mine: Tree) -> Tree:
    """Resources that are items of a list of one that the template does not have: each is a list of one."""
    found = [(each, how["by"]) for _, how in _lists(layout) if "also" in how for each in of_type(template, how["also"])]
    return {name: {} for (name, body), by in found if values.referred(body.get(by)) not in mine}


def _tree(layout: Mapping[str, Plain], template: Tree, name: str, properties: Tree) -> Tree:
    """The resource's properties with what its siblings say of it, and what it may get besides."""
    told = serverless.told(layout, template, name, properties)
    tree: Tree = {**values.judged(told, template), **offers.view(layout, template, name)}
    for attribute, how in _lists(layout):
        own = UNTOLD if "keyed" in how and values.has_choices(look_up(told, attribute)) else look_up(tree, attribute)
        listed = lists.view(own, how, _also(template, name, how))
        tree = tree if listed is None else _with(tree, attribute, listed)
    for place, (sibling, at) in _siblings(layout, template, name).items():
        value = look_up(values.judged(values.properties(template, sibling), template), at)
        if value is not None:
            tree = _with(tree, place, value)
    return {**tree, **evidence.view(layout, template, name, tree)}


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
    is_yaml = sources[locator].lens == "yaml"
    if home[-1] != "Properties":
        return [(locator, _inner(look_up(sources[locator].tree, home), home, each, is_yaml)) for each in [*edits, *live]]
    template = look_up(sources[locator].tree, home[:-3])
    placed = lists.one_behind_the_other(
        e for each in [*edits, *live] for e in _all_placed(layout, template, resource.name, each, is_yaml)
    )
    placed += replaced.kept(layout, template, resource.name, [*edits, *live], placed)
    return [(locator, Edit((*home[:-3], *each.path), each.value, each.remove)) for each in placed]


def _inner(raw: Plain, home: Path, wanted: Edit, is_yaml: bool) -> Edit:
    """The edit on what stands inside a resource."""
    at = values.placed(raw, wanted.path)
    own = values.removal(raw, at, is_yaml) if wanted.remove else Edit(at, wanted.value)
    return Edit((*home, *own.path), own.value, own.remove)


def _all_placed(layout: Mapping[str, Plain], template: Tree, name: str, wanted: Edit, is_yaml: bool) -> Iterator[Edit]:
    """The edits on the template that an edit on the resource comes to."""
    if (most := layout.get("shared", {}).get(wanted.path[0])) and not wanted.remove:
        _share(layout, template, name, most)
    if wanted.path[0] == offers.PREFIX:
        for each in offers.taken(layout, template, name, wanted, is_yaml):
            yield from [each] if each.path[0] == "Resources" else _all_placed(layout, template, name, each, is_yaml)
        return
    item, is_elsewhere = _in_list(layout, template, name, wanted)
    if is_elsewhere:
        yield item
        return
    for home, path, first in _targets(layout, template, name, item.path, is_yaml):
        yield from (Edit(("Resources", home, *at), value) for at, value in first)
        own = serverless.placed(layout, template, home, path)
        if item.remove and (common := serverless.in_globals(layout, template, home, own)):
            raise BindingError(f"{home}: {'/'.join(map(str, own))} is set for all by {'/'.join(map(str, common))}; change it there")
        if not item.remove and (common := serverless.for_it_alone(layout, template, home, own, item.value)):
            yield Edit(common, item.value)
            continue
        yield _placed(template, home, Edit(values.placed(values.properties(template, home), own), item.value, item.remove), is_yaml)


def _share(layout: Mapping[str, Plain], template: Tree, name: str, most: int) -> None:
    count = sum(1 for _ in of_type(template, serverless.types(layout)))
    if count > most:
        raise BindingError(f"{name}: a share for each of {count} leaves the account too little; give it to some")


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """Where a value stands, or where it would."""
    locator, home = resource.home
    if home[-1] != "Properties":
        return locator, (*home, *values.placed(look_up(sources[locator].tree, home) if locator in sources else None, path))
    template = look_up(sources[locator].tree, home[:-3]) if locator in sources else None
    if isinstance(template, dict):
        item, is_elsewhere = _in_list(layout, template, resource.name, Edit(path))
        if is_elsewhere:
            return locator, (*home[:-3], *item.path)
        path = item.path
        for place, (sibling, at) in _siblings(layout, template, resource.name).items():
            if path[: len(place)] == place:
                return locator, (*home[:-2], sibling, "Properties", *at, *path[len(place) :])
        path = values.placed(values.properties(template, resource.name), serverless.placed(layout, template, resource.name, path))
        if common := serverless.in_globals(layout, template, resource.name, path):
            return locator, (*home[:-3], *common)
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
    mine = dict(tied(template, how["also"], how["by"]).to.get(name, ()))
    if (own := typed(template, how["also"]).get(name)) is not None:
        mine = {name: own, **mine}
    told = [(id_, values.judged(body, template)) for id_, body in mine.items()]
    return acls.incoming(told, template, how["stops"]) if "stops" in how else told


def _holding(sources: Mapping[str, Source]) -> dict[str, list[str]]:
    """The documents that have resources of each type. Every kind asks the same sources."""
    last = _LAST[0] if _LAST else None
    if last is None or last[0] is not sources or last[1] != len(sources):
        holding: dict[str, list[str]] = {}
        for locator, source in sources.items():
            for type_ in set().union(*(types for _, _, types in _templates(source))):
                holding.setdefault(type_, []).append(locator)
        _LAST[:] = [last := (sources, len(sources), holding)]
    return last[2]


def _templates(source: Source) -> list[tuple[Path, Tree, set[str]]]:
    """The templates of a document with their places and the types of their resources."""
    if "templates" not in source.notes:
        source.notes["templates"] = list(_templates_in(source)) if source.lens in ("yaml", "json") else []
    found: list[tuple[Path, Tree, set[str]]] = source.notes["templates"]
    return found


def _templates_in(source: Source) -> Iterator[tuple[Path, Tree, set[str]]]:
    roots = source.tree.get("documents") if source.lens == "yaml" else None
    tops: list[tuple[Path, Plain]] = (
        [(("documents", i), d) for i, d in enumerate(roots)] if isinstance(roots, list) else [((), source.tree)]
    )
    for place, top in tops:
        resources = top.get("Resources") if isinstance(top, dict) else None
        types = set(map(values.resource_type, resources.values())) if isinstance(resources, dict) else set()
        if any(each.startswith("AWS::") for each in types):
            yield place, top, types


def _siblings(layout: Mapping[str, Plain], template: Tree, name: str) -> dict[Path, Sibling]:
    """For each attribute that lives elsewhere: the resource that holds it for this one."""
    found: dict[Path, Sibling] = {}
    own = values.properties(template, name).get(layout.get("known-as", ""))
    for attribute, how in _elsewhere(layout):
        alike = index(template).kept(("of a name", how["in"], how["by"]), None, partial(_of_a_name, template, how))
        known = {
            *(id_ for id_, _ in tied(template, how["in"], how["by"]).to.get(name, ())),
            *(alike.get(repr(own), ()) if own else ()),
        }
        if known:
            sibling = next(iter(known)) if len(known) == 1 else next(id_ for id_ in template["Resources"] if id_ in known)
            found[attribute] = (sibling, _segments(how.get("at", "")))
    return found


def _of_a_name(template: Tree, how: Mapping[str, Plain]) -> dict[str, list[str]]:
    """The resources that hold attributes of others, by how they write whose."""
    found: dict[str, list[str]] = {}
    for sibling, properties in of_type(template, how["in"]):
        found.setdefault(repr(properties.get(how["by"])), []).append(sibling)
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


def _in_list(layout: Mapping[str, Plain], template: Tree, name: str, wanted: Edit) -> tuple[Edit, bool]:
    """An edit in a list that the kind sees otherwise, as one on the list, or (True) on what else of the template is the item."""
    for attribute, how in _lists(layout):
        if wanted.path[: len(attribute)] == attribute:
            own = look_up(values.properties(template, name), attribute)
            placed = lists.placed(own, how, _also(template, name, how), wanted, len(attribute), template)
            return placed, "keyed" not in how and placed.path[0] in ("Resources", "Parameters")
    return wanted, False


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
        new = re.sub("[^A-Za-z0-9]", "", f"{name}{attribute[-1]}")
        if is_taken(template, new):
            raise BindingError(f"{new}: something of that name is there and is no {how['in']} of {name}; write one by hand")
        if is_full(template, sum(1 for _ in of_type(template, serverless.types(layout)))):
            raise BindingError(f"{name}: a template with so many resources takes no more; split it")
        ref: Plain = Unknown(f"!Ref {name}") if is_yaml else {"Ref": name}
        first: list[tuple[Path, Plain]] = [(("Type",), how["in"])]
        if condition := template["Resources"][name].get("Condition"):
            first.append((("Condition",), condition))
        first += [(("Properties", key), value) for key, value in {how["by"]: ref, **how.get("with", {})}.items()]
        yield new, at, first
        return
    yield name, path, []


def _placed(template: Tree, name: str, wanted: Edit, is_yaml: bool) -> Edit:
    """The edit's place in the template: below the resource's Properties, or at the parameter that alone sets the value."""
    raw: Plain = values.properties(template, name)
    for depth, key in enumerate(wanted.path, 1):
        raw = look_up(raw, (key,))
        text = values.function(raw)
        is_choice = wanted.path[depth : depth + 1] == (values.CHOICE,)
        if text is None or is_choice or (values.referred(raw) == values.NO_VALUE and depth == len(wanted.path)):
            continue
        if depth == len(wanted.path) and values.is_choice(raw, wanted.value):
            break
        parameter = values.referred(raw)
        if depth < len(wanted.path) or wanted.remove or not values.is_ref(raw) or default_of(template, parameter) is None:
            raise BindingError(f"{name}: {'/'.join(map(str, wanted.path))} is set by {text}; change it there")
        return _on_parameter(template, str(parameter), name, wanted)
    whole = Edit(wanted.path, values.kept(raw, wanted.value, template))
    own = values.removal(values.properties(template, name), wanted.path, is_yaml) if wanted.remove else whole
    return Edit(("Resources", name, "Properties", *own.path), own.value, own.remove)


def _on_parameter(template: Tree, parameter: str, name: str, wanted: Edit) -> Edit:
    uses = mention_count(template, parameter)
    if uses > 1:
        raise BindingError(
            f"{name}: {'/'.join(map(str, wanted.path))} is set by parameter {parameter}, as are {uses - 1} more; set it there"
        )
    about = template["Parameters"][parameter]
    value = values.parameter_text(wanted.value) if isinstance(about["Default"], str) else wanted.value
    allowed = about.get("AllowedValues")
    if isinstance(value, list | dict) or (
        isinstance(allowed, list) and values.parameter_text(value) not in map(values.parameter_text, allowed)
    ):
        raise BindingError(f"{name}: parameter {parameter} does not take {value!r}; change the template by hand")
    return Edit(("Parameters", parameter, "Default"), value)

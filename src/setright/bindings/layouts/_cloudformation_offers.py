"""What a template may get besides, so that a resource of it can be put right: a queue, a role, a bucket for logs.

An entry's `offers:` says by name which attribute it is for, the value that this gets, the resources it makes (one set a
template, whoever takes it), and what a role of the template must be allowed. A resource that can take an offer has
`template/NAME`, and a fix that sets it takes it; `template/makes` tells the types that who deploys the template makes already,
a role among them where he gives rights to anybody, since who may do that may as well make a role. A role within a boundary gets
no rights, and a template that has such roles gets no other: the boundary, or whoever asks for one, may refuse them.
What several offers make is named instead (`makes: {DataKey: data-key}`). With `has:` the value is a resource that the template
has already, one of a type or with `by:` what such a one names; with `unless:` it is for what this evidence says ``no`` of,
and with `after:` the resource is made after that one. What has one of the values that `not-for:` tells of a type cannot take it
(as `fits`; empty where the attribute is absent):

    offers:
      dead-letters:
        at: DeadLetterConfig/TargetArn
        value: {Fn::GetAtt: [DeadLetters, Arn]}
        makes: {DeadLetters: {Type: AWS::SQS::Queue, Properties: {SqsManagedSseEnabled: true}}}
        grant: {role: Role, to: "sqs:SendMessage", on: {Fn::GetAtt: [DeadLetters, Arn]}}

AWS CloudFormation User Guide, template anatomy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from setright.bindings.error import BindingError, Missing
from setright.bindings.layouts import _cloudformation_bundles as bundles
from setright.bindings.layouts import _cloudformation_evidence as evidence
from setright.bindings.layouts import _cloudformation_serverless as serverless
from setright.bindings.layouts._cloudformation_index import dangling, index, is_full, is_taken, leads_to, of_type
from setright.bindings.layouts._cloudformation_values import properties, referred, resource_type, written
from setright.bindings.layouts._offers import is_excepted
from setright.bindings.trees import look_up, split_path
from setright.model import Edit, Path, Plain, Tree
from setright.trees import as_list

PREFIX, MAKES = "template", "makes"
ROLE, FUNCTION, BOUNDARY = "AWS::IAM::Role", "AWS::Serverless::Function", "PermissionsBoundary"
OFFERED = "offered"
ROOM = 20  # resources that all offers which a round takes may make, or a little more
GIVING_RIGHTS = frozenset(
    f"AWS::IAM::{each}" for each in ("GroupPolicy", "ManagedPolicy", "Policy", "RolePolicy", "User", "UserPolicy")
)
Layout = Mapping[str, Plain]


def view(layout: Layout, template: Tree, name: str) -> Tree:
    """The offers that a resource can take, for the kind's tree; empty where there are none."""
    names = [offer for offer, how in layout.get("offers", {}).items() if _open(layout, template, name, how)]
    return (
        {PREFIX: {**dict.fromkeys(names, OFFERED), MAKES: index(template).kept("made", None, lambda: _made(template))}}
        if names
        else {}
    )


def _made(template: Tree) -> list[str]:
    """The types of all resources; a serverless function that names no role has one made for it."""
    types = {name: str(resource_type(body)) for name, body in template["Resources"].items()}
    has_own = any(kind == FUNCTION and "Role" not in properties(template, name) for name, kind in types.items())
    return sorted({*types.values(), *([ROLE] if has_own or not GIVING_RIGHTS.isdisjoint(types.values()) else [])})


def taken(layout: Layout, template: Tree, name: str, wanted: Edit, is_yaml: bool) -> Iterator[Edit]:
    """The edits of an offer, those on the resource by their paths in the kind; what is made begins with Resources.

    A fix that sets another value than `offered` (somebody's own queue or key) sets the attribute to that.
    """
    how = layout.get("offers", {}).get(wanted.path[1])
    if how is not None and _is_excepted(template, name, how):
        raise Missing(f"{name}: cannot have {wanted.path[1]} as it is written; put that right first")
    if how is None or not _open(layout, template, name, how):
        raise BindingError(f"{name}: the template cannot get {wanted.path[1]} besides; write it by hand")
    if wanted.value != OFFERED:
        given = {how.get("given-at", how["at"]): wanted.value, **how.get("given", {})}
        yield from (Edit(split_path(place), value) for place, value in given.items())
        return
    if _has(layout, template, name, how):
        return
    if how.get("makes") and (unknown := dangling(template)):
        raise BindingError(f"{name}: the template speaks of {unknown}, which it does not have; it is a part of something else")
    for new, body in bundles.made(how, template).items():
        if new not in template["Resources"]:
            yield Edit(("Resources", new), written(body, is_yaml))
    if "after" in how:
        yield from _wait(template, name, how["after"])
    if "grant" in how:
        yield from _grant(template, name, how, is_yaml)
    value = {"Ref": _found(template, name, how["has"])} if "has" in how else how["value"]
    yield Edit(split_path(how["at"]), written(value, is_yaml))
    alike = "serverless-with" if serverless.is_one(layout, template, name) else "with"
    for place, value in how.get(alike, {}).items():
        yield Edit(split_path(place), written(value.replace("{name}", name) if isinstance(value, str) else value, is_yaml))


def _has(layout: Layout, template: Tree, name: str, how: Layout) -> bool:
    """Whether the resource has a value of its own already, which stays, and the fix is about what stands beside it."""
    own = serverless.told(layout, template, name, properties(template, name))
    return how.get("makes") is not None and look_up(own, split_path(how["at"])) not in (None, "")


def _open(layout: Layout, template: Tree, name: str, how: Layout) -> bool:
    """Whether nothing stands in the way: another resource of a name, or a role that is not of this template."""
    there, makes = template["Resources"], bundles.made(how, template)
    if name in makes or any(is_taken(template, new) and not bundles.is_alike(there.get(new), body) for new, body in makes.items()):
        return False
    if makes and is_full(template, ROOM):
        return False
    if any(resource_type(body) == ROLE and new not in there for new, body in makes.items()) and _has_bounds(template):
        return False
    if "has" in how and _found(template, name, how["has"]) is None:
        return False
    if _is_excepted(template, name, how):
        return False
    if "unless" in how and evidence.told(how["unless"], template, name) != "no":
        return False
    return "grant" not in how or _needs_no_grant(layout, template, name, how) or _role(template, name, how) is not None


def _is_excepted(template: Tree, name: str, how: Layout) -> bool:
    kind = str(resource_type(template["Resources"][name]))
    return "not-for" in how and is_excepted(how["not-for"], kind, properties(template, name))


def _needs_no_grant(layout: Layout, template: Tree, name: str, how: Layout) -> bool:
    """A serverless resource without a role of its own gets one with what it needs, as far as it may."""
    own = serverless.told(layout, template, name, properties(template, name))
    return serverless.is_one(layout, template, name) and how["grant"]["role"] not in own and BOUNDARY not in own


def _role(template: Tree, name: str, how: Layout) -> str | None:
    """The logical id of the role whose policies this template writes."""
    role = referred(properties(template, name).get(how["grant"]["role"]))
    own = role is not None and resource_type(template["Resources"].get(role)) == ROLE and BOUNDARY not in properties(template, role)
    return role if own and isinstance(look_up(properties(template, str(role)), ("Policies",)), list | None) else None


def _has_bounds(template: Tree) -> bool:
    return any(BOUNDARY in body for _, body in of_type(template, ROLE))


def _grant(template: Tree, name: str, how: Layout, is_yaml: bool) -> Iterator[Edit]:
    role = _role(template, name, how)
    if role is None:
        return
    statement = {"Effect": "Allow", "Action": how["grant"]["to"], "Resource": written(how["grant"]["on"], is_yaml)}
    policy = {"PolicyName": how["grant"]["named"], "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    own = properties(template, role).get("Policies") or []
    if any(look_up(each, ("PolicyName",)) == policy["PolicyName"] for each in own):
        return
    place: Path = ("Resources", role, "Properties", "Policies")
    yield Edit((*place, len(own)), policy) if own else Edit(place, [policy])


def _wait(template: Tree, name: str, other: str) -> Iterator[Edit]:
    """What has the resource made after another, as services look at once whether they may."""
    place: Path = ("Resources", name, "DependsOn")
    waits = template["Resources"][name].get("DependsOn")
    if isinstance(waits, list):
        yield from [Edit((*place, len(waits)), other)] if other not in waits else []
    elif waits != other:
        yield Edit(place, [waits, other] if waits else other)


def _found(template: Tree, name: str, has: Plain) -> str | None:
    """Another resource of the template that is there for this already; none for one that is of that sort, or that it needs."""

    def fitting() -> list[str]:
        fit = dict.fromkeys(id_ for each in as_list(has) for id_ in _fitting(template, each))
        return [id_ for id_ in fit if "Condition" not in template["Resources"][id_]]

    alike = index(template).kept(("has", id(has)), has, fitting)
    return next((id_ for id_ in alike if not leads_to(template, id_, name)), None) if name not in alike else None


def _fitting(template: Tree, has: Layout) -> Iterator[str]:
    """The resources of a type, or with `by:` those of the template that they name there."""
    for id_, body in of_type(template, has["type"]):
        if all(body.get(key) == value for key, value in has.get("where", {}).items()) and _says(str(body), has):
            meant = referred(look_up(body, split_path(has["by"]))) if "by" in has else id_
            yield from [meant] if meant is not None and meant in template["Resources"] else []


def _says(text: str, has: Layout) -> bool:
    return has.get("says", "") in text and ("lacks" not in has or has["lacks"] not in text)

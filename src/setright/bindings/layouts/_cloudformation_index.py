"""Who is in a template and who speaks of whom: looked up once for a template, however many of its resources ask.

AWS CloudFormation User Guide: intrinsic functions Ref, Fn::GetAtt and Fn::Sub.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple, TypeVar, cast

from setright.bindings.layouts._cloudformation_values import function, referred, resource_type
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown
from setright.patterns import late

Made = TypeVar("Made")
MOST = 500  # resources that a template may have, by CloudFormation's quotas
MAX_TEMPLATES = 64  # that are remembered at a time
SERVERLESS = ("AWS::Serverless::Function", "AWS::Serverless::StateMachine")  # SAM makes roles for them
WORD, PUT_IN = late(r"\w+"), late(r"\$\{([\w:]+)[.}]")


class Whole(NamedTuple):
    """A template, told from others by being the very same."""

    template: Tree

    def __hash__(self) -> int:
        return id(self.template)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Whole) and self.template is other.template


class Tied(NamedTuple):
    """The resources of a type by whom a property of theirs refers to, and those that may refer to anybody besides."""

    to: Mapping[str, Sequence[tuple[str, Tree]]]
    loose: Sequence[tuple[str, Tree]]

    def of(self, name: str) -> list[tuple[str, Tree]]:
        return [*self.to.get(name, ()), *self.loose]


class Index:
    """Of one template."""

    def __init__(self, template: Tree) -> None:
        self._template = template
        self._kept: dict[Hashable, tuple[Plain, Plain]] = {}

    @cached_property
    def by_type(self) -> dict[str, dict[str, Tree]]:
        """By type, logical id and properties of each resource that has them as they are."""
        found: dict[str, dict[str, Tree]] = {}
        for name, resource in self._template["Resources"].items():
            body = resource.get("Properties") if isinstance(resource, dict) else None
            if body is None or (isinstance(body, dict) and not function(body)):
                found.setdefault(resource_type(resource), {})[name] = body or {}
        return found

    @cached_property
    def speakers(self) -> dict[str, list[str]]:
        """By name, the resources that speak of it, in the template's order."""
        found: dict[str, list[str]] = {}
        for id_, resource in self._template["Resources"].items():
            for name in dict.fromkeys(_spoken(resource)):
                found.setdefault(name, []).append(id_)
        return found

    @cached_property
    def counts(self) -> dict[str, Counter[str]]:
        """How often each part of the template speaks of each name."""
        return {part: Counter(_spoken(body)) for part, body in self._template.items()}

    @cached_property
    def awaited(self) -> frozenset[str]:
        """What resources say that they depend on."""
        return frozenset(name for each in self._template["Resources"].values() for name in _waits(each))

    def kept(self, key: Hashable, whose: Plain, make: Callable[[], Made]) -> Made:
        """What was made for a key; `whose` is what the key was taken from, which lives as long."""
        if key not in self._kept:
            self._kept[key] = whose, make()
        return cast(Made, self._kept[key][1])


def index(template: Tree) -> Index:
    return _index(Whole(template))


@lru_cache(maxsize=MAX_TEMPLATES)
def _index(whole: Whole) -> Index:
    return Index(whole.template)


def of_type(template: Tree, wanted: Plain) -> Iterator[tuple[str, Tree]]:
    """Logical id and properties of each resource of a type, or of several, in the template's order."""
    by_type = index(template).by_type
    if isinstance(wanted, list) and len(wanted) > 1:
        named = {name: body for each in wanted for name, body in by_type.get(each, {}).items()}
        return iter([(name, named[name]) for name in template["Resources"] if name in named] if named else [])
    return iter(by_type.get(wanted[0] if isinstance(wanted, list) else wanted, {}).items())


def typed(template: Tree, wanted: str) -> Mapping[str, Tree]:
    """The same by logical id."""
    return index(template).by_type.get(wanted, {})


def speakers(template: Tree, name: str) -> Sequence[str]:
    """The resources that speak of a name, in the template's order; perhaps the one of that name itself."""
    return index(template).speakers.get(name, ())


def users(template: Tree, name: str) -> list[str]:
    """The other resources that speak of one."""
    return [id_ for id_ in speakers(template, name) if id_ != name]


def spoken_of(template: Tree, name: str) -> list[str]:
    """The other resources that one speaks of."""
    there = template["Resources"]
    return [id_ for id_ in dict.fromkeys(_spoken(there[name])) if id_ in there and id_ != name]


def leads_to(template: Tree, start: str, goal: str) -> bool:
    """Whether one resource speaks of another or waits for it, or what it speaks of does: the other may not name it in turn."""
    there, seen, ahead = template["Resources"], {start}, [start]
    while ahead:
        name = ahead.pop()
        if name == goal:
            return True
        next_ = {*spoken_of(template, name), *_waits(there[name])} & there.keys() - seen
        seen |= next_
        ahead += next_
    return False


def mentions(template: Tree, part: str, name: str) -> bool:
    """Whether a part of the template (Outputs, Globals) speaks of a name."""
    counts = index(template).counts.get(part)
    return counts is not None and counts[name] > 0


def surely_names(template: Tree, named: Plain, bucket: str) -> bool:
    """Whether a value means a bucket: by its id, or in the very words in which that says its own name."""
    return referred(named) == bucket or named == look_up(template["Resources"][bucket], ("Properties", "BucketName"))


def mention_count(template: Tree, name: str) -> int:
    """How often a template speaks of a parameter, or of a resource."""
    return sum(part[name] for part in index(template).counts.values())


def is_named(template: Tree, name: str) -> bool:
    """Whether another part of the template speaks of a resource."""
    return mention_count(template, name) > 0 or name in index(template).awaited


def dangling(template: Tree) -> str | None:
    """A name that a Ref or GetAtt uses and the template does not have; None where it has all."""

    def first() -> str | None:
        parts = [template.get(part) for part in ("Parameters", "Resources")]
        known = {name for part in parts if isinstance(part, dict) for name in part}
        told = (name for name in _referred(template) if name not in known and not name.startswith("AWS::"))
        return next((name for name in told if not _is_made_by_sam(template, name)), None)

    return index(template).kept("dangling", None, first)


def _is_made_by_sam(template: Tree, name: str) -> bool:
    """Whether SAM makes a resource of that name: its API for all, or what a serverless resource needs, named after that."""
    sources = [id_ for id_, body in template["Resources"].items() if resource_type(body).startswith("AWS::Serverless::")]
    return bool(sources) and name.startswith(("ServerlessRestApi", "ServerlessHttpApi", *sources))


def is_full(template: Tree, more: int) -> bool:
    """Whether CloudFormation would refuse a template with so many more resources, as others get theirs in the same round."""
    return len(template["Resources"]) + more > MOST


def is_taken(template: Tree, name: str) -> bool:
    """Whether a new resource cannot have a name: a resource or a parameter has it, or SAM gives it to a function's role."""
    if any(name in template[part] for part in ("Parameters", "Resources") if isinstance(template.get(part), dict)):
        return True
    return name.endswith("Role") and resource_type(template["Resources"].get(name.removesuffix("Role"))) in SERVERLESS


def tied(template: Tree, type_: str, key: str, among: str = "") -> Tied:
    """Who refers to whom by a property: one name, or a list of them where `key` ends in ``/*``.

    Whoever refers to what is no resource of the type `among` may refer to any of those.
    """

    def all_of_it() -> Tied:
        own, is_list = typed(template, among), key.endswith("/*")
        to: dict[str, list[tuple[str, Tree]]] = {}
        loose = []
        for id_, body in of_type(template, type_):
            value = body.get(key.removesuffix("/*"))
            listed = value if is_list and isinstance(value, list) else [None if is_list else value]
            names = [referred(each) for each in listed]
            for name in dict.fromkeys(name for name in names if name is not None):
                to.setdefault(name, []).append((id_, body))
            if any(name is None or (among and name not in own) for name in names):
                loose.append((id_, body))
        return Tied(to, loose)

    return index(template).kept(("tied", type_, key, among), None, all_of_it)


def _waits(resource: Plain) -> list[str]:
    """What a resource says that it depends on."""
    wait = resource.get("DependsOn") if isinstance(resource, dict) else None
    return [name for name in (wait if isinstance(wait, list) else [wait]) if isinstance(name, str)]


def _spoken(node: Plain) -> Iterator[str]:
    """Each name that a part of a template speaks of, as often as it does."""
    if isinstance(node, Unknown):
        yield from WORD.findall(node.text)
    elif isinstance(node, str):
        yield from PUT_IN.findall(node)
    elif isinstance(node, dict):
        name = referred(node)
        if name and "Fn::Sub" not in node:
            yield name
        for inner in node.values():
            yield from _spoken(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _spoken(inner)


def _referred(node: Plain) -> Iterator[str]:
    if name := referred(node):
        yield name
    elif isinstance(node, dict | list):
        for inner in node.values() if isinstance(node, dict) else node:
            yield from _referred(inner)

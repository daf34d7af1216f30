"""Containers that the patches of kustomizations add to pods of other files: each patch is seen as a pod of those alone.

A strategic merge patch adds a container where its base has none of that name. What the pod as a whole says is told of the added
ones too, but judged and put right at the base; what they need is written into the patch, at the container.

kubectl.docs.kubernetes.io, patches; Kubernetes API conventions, strategic merge patch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os.path import commonpath

from msgspec.structs import replace

from setright.bindings.layouts._kustomize_targets import is_aimed_at
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree
from setright.trees import as_list

LISTS = ("containers", "initContainers")


def base_of(patch: tuple[str, Tree], objects: Sequence[tuple[str, Tree]]) -> tuple[str, Tree] | None:
    """The object that a patch changes, with its file: of those of its kind and name the one that stands nearest."""
    file, manifest = patch
    name = look_up(manifest, ("metadata", "name"))
    named = [each for each in objects if each[1].get("kind") == manifest.get("kind") and _named(each[1]) == name]
    return max(named, key=lambda each: len(commonpath([each[0], file])), default=None) if name is not None else None


def bases_of(
    patch: tuple[str, Path, Tree], objects: Sequence[tuple[str, Tree]], aims: Mapping[tuple[str, Path], Sequence[tuple[str, Tree]]]
) -> list[tuple[str, Tree]]:
    """The objects that a patch changes, each with its file: those of its targets, else the one that it names itself."""
    file, place, manifest = patch
    if (file, place) in aims:
        aimed = aims[file, place]
        return [each for each in objects if any(each[0] == built and is_aimed_at(target, each[1]) for built, target in aimed)]
    found = base_of((file, manifest), objects)
    return [found] if found else []


def patched(patch: Tree, base: Tree, inner: Path) -> Tree | None:
    """The base with those containers alone that the patch's pod template, at `inner` in both, adds; None for none."""
    at = (*inner, "spec")
    spec, own = look_up(base, at), look_up(patch, at)
    added = {key: _added(look_up(own, (key,)), look_up(spec, (key,))) for key in LISTS}
    if not any(added.values()) or not isinstance(spec, dict):
        return None
    told = {key: value for key, value in spec.items() if key not in LISTS}
    return _with(base, at, {**told, **{key: value for key, value in added.items() if value}})


def alone(resource: Resource) -> Resource:
    """A patched pod with its added containers alone, of which all is told by now that the whole pod decides."""
    spec = resource.tree["spec"]
    own = {key: spec[key] for key in LISTS if key in spec}
    workload = {**resource.tree["workload"], "network_policies": ["of its base"], "is-patch": True}
    first = look_up(spec, (*((LISTS[0], 0) if own.get(LISTS[0]) else (LISTS[1], 0)), "name"))
    tree = {**resource.tree, "spec": {LISTS[0]: [], **own, "automountServiceAccountToken": False}, "workload": workload}
    return replace(resource, name=f"{resource.name}/{first}", tree=tree)


def tell_bases(bases: Sequence[Resource], patched: Sequence[Resource]) -> None:
    """Tell each base where the containers listen that patches add to its pods."""
    for patch in patched:
        containers = [each for key in LISTS for each in as_list(look_up(patch.tree, ("spec", key)))]
        ports = [port["containerPort"] for each in containers for port in as_list(each.get("ports")) if _is_tcp(port)]
        for base in (each for each in bases if each.name == patch.name):
            base.tree["workload"].setdefault("ports-of-patches", []).extend(ports)


def as_shown(resource: Resource, template: Tree) -> Tree:
    """The template of a patch with the containers that it adds first, as its resource shows them."""
    spec = {key: [template["spec"][key][i] for i in order] for key, order in _orders(resource, template).items()}
    return {**template, "spec": {**template["spec"], **spec}} if spec else template


def as_written(resource: Resource, template: Plain, path: Path) -> Path:
    """A path in that, as one in the template."""
    order = _orders(resource, template).get(str(path[1]), []) if path[:1] == ("spec",) and len(path) > 2 else []
    at = path[2] if order else None
    return (*path[:2], order[at], *path[3:]) if isinstance(at, int) and at < len(order) else path


def _orders(resource: Resource, template: Plain) -> dict[str, list[int]]:
    """By the lists of a patch's containers, where those stand that its resource shows first, second and so on."""
    if "is-patch" not in (look_up(resource.tree, ("workload",)) or {}):
        return {}
    lists = {key: as_list(look_up(template, ("spec", key))) for key in LISTS}
    shown = {key: [each.get("name") for each in as_list(look_up(resource.tree, ("spec", key)))] for key in LISTS}
    return {
        key: sorted(range(len(own)), key=lambda i: not isinstance(own[i], dict) or own[i].get("name") not in shown[key])
        for key, own in lists.items()
        if own
    }


def parted(resource: Resource, template: Tree, edits: Sequence[Edit]) -> list[tuple[Tree, list[Edit]]]:
    """The edits with the template that they are for. Where other documents say containers of these pods too, nothing but a seccomp
    profile, and that at the base, may go to the pod for the sake of those that the template says."""
    told = look_up(resource.tree, ("workload",)) or {}
    if told.keys().isdisjoint(("is-patch", "ports-of-patches")):
        return [(template, [*edits])]
    wide = [each for each in edits if "seccompProfile" in each.path and "is-patch" not in told]
    return [(template, wide), (_among_others(template), [each for each in edits if each not in wide])]


def _among_others(template: Tree) -> Tree:
    """A template with one more container, as other documents have some: nothing that is for all here is for all of the pod."""
    lists = {key: [*as_list(look_up(template, ("spec", key))), {}] for key in LISTS if look_up(template, ("spec", key)) is not None}
    return {**template, "spec": {**template["spec"], LISTS[0]: [{}], **lists}}


def _is_tcp(port: Plain) -> bool:
    return isinstance(port, dict) and port.get("protocol", "TCP") == "TCP" and isinstance(port.get("containerPort"), int)


def _named(manifest: Tree) -> Plain:
    return look_up(manifest, ("metadata", "name"))


def _added(patch: Plain, base: Plain) -> list[Plain]:
    """The containers that the base has none of that name for."""
    names = {each.get("name") for each in as_list(base) if isinstance(each, dict)}
    own = [each for each in as_list(patch) if isinstance(each, dict) and each.keys() >= {"name", "image"}]
    return [each for each in own if "$patch" not in each and each["name"] not in names]


def _with(tree: Tree, path: Path, value: Plain) -> Tree:
    key, rest = str(path[0]), path[1:]
    return {**tree, key: _with(tree[key], rest, value) if rest else value}

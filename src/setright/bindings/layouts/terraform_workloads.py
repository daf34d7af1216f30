"""Kubernetes objects in Terraform source, as the provider makes them: pod templates, and others whole.

registry.terraform.io hashicorp/kubernetes: blocks are named as the fields of the API, in snake case, one block an item of a list.
The entry's `kinds:` says of each resource type which object it is, and its `templates:` where that keeps its pod template; without
it the kind's tree is the whole object. What surrounds a workload (services, accounts, bindings, policies) is read from the
resources of the whole tree, and a network policy beside it is written by hand.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from setright.bindings.error import BindingError
from setright.bindings.layouts import _pod_template
from setright.bindings.layouts import _terraform_syntax as syntax
from setright.bindings.layouts._network_policy import tell_policies
from setright.bindings.layouts._pod_of_cluster import POLICIES
from setright.bindings.layouts._pod_template import told
from setright.bindings.layouts._terraform_find import META, dynamic
from setright.bindings.layouts._terraform_holding import holding
from setright.bindings.layouts._terraform_module import Block, Module, modules
from setright.bindings.layouts._terraform_spec import snake, unsnake
from setright.bindings.layouts.kubernetes import open_to_more, tell_surroundings
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown

LISTS = {  # blocks of which there may be several, and the lists that they make
    "container": "containers",
    "init_container": "initContainers",
    "volume": "volumes",
    "volume_mount": "volumeMounts",
    "env": "env",
    "env_from": "envFrom",
    "port": "ports",
    "sysctl": "sysctls",
    "toleration": "tolerations",
    "rule": "rules",
    "subject": "subjects",
    "tls": "tls",
    "image_pull_secrets": "imagePullSecrets",
    "ingress": "ingress",
    "egress": "egress",
}
NAMES = {
    "host_pid": "hostPID",
    "host_ipc": "hostIPC",
    "host_ip": "hostIP",
    "cluster_ip": "clusterIP",
    "external_ips": "externalIPs",
}
OWN = {api: own for own, api in (LISTS | NAMES).items()}
MAPS = frozenset({"labels", "annotations", "limits", "requests", "nodeSelector", "matchLabels", "selector", "data"})
NUMBERS = frozenset({"runAsUser", "runAsGroup", "fsGroup"})  # which the provider keeps as text
MADE = re.compile(r'(?:"\$\{\s*)?(kubernetes_namespace(?:_v1)?)\.([\w-]+)')
NAMED_DEFAULT = ("kubernetes_default_service_account", "kubernetes_default_service_account_v1")
MADE_ANEW = ("Job", "Pod")  # whose change makes the provider end one and start another: nothing keeps it up, or it runs twice
AROUND = {  # what else in a tree matters to a workload
    "kubernetes_service": "Service",
    "kubernetes_role_binding": "RoleBinding",
    "kubernetes_cluster_role_binding": "ClusterRoleBinding",
    "kubernetes_service_account": "ServiceAccount",
    "kubernetes_default_service_account": "ServiceAccount",
    "kubernetes_network_policy": "NetworkPolicy",
    "kubernetes_horizontal_pod_autoscaler": "HorizontalPodAutoscaler",
}

Placed = tuple[str, Path, Tree]


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each block of the entry's types, named by its address and, below the root, its directory."""
    there = modules(sources)
    if "templates" not in layout:
        return [resource for module in holding(there, of_types(layout["kinds"])) for _, resource in _objects(kind, layout, module)]
    noted = [each for module in holding(there, of_types(layout["kinds"])) for each in _objects(kind, layout, module)]
    if not noted:
        return []
    seen = [(placed, replace(resource, tree=open_to_more(resource.tree), parts={})) for placed, resource in noted]
    objects = [(block.locator, each) for module in holding(there, of_types(AROUND)) for block, each in manifests(module, AROUND)]
    objects += [(placed[0], placed[2]) for placed, _ in seen]
    tell_policies([each for _, each in seen], [(file, told(each)) for file, each in objects if each["kind"] == "NetworkPolicy"])
    tell_surroundings(seen, objects, sources, layout.get("images", {}))
    for placed, resource in seen:
        if placed[2]["kind"] in MADE_ANEW:
            for tree in (resource.tree, *resource.parts.values()):
                tree["workload"]["replaceable"] = False
    return [resource for _, resource in seen]


def of_types(kinds: Iterable[str]) -> list[str]:
    """The types as they are called in each version of the provider."""
    return [own for each in kinds for own in (each, f"{each}_v1")]


def _objects(kind: str, layout: Mapping[str, Plain], module: Module) -> list[tuple[Placed, Resource]]:
    """The objects of a directory that are of the kind; what surrounds them is not told yet."""
    note = f"view {kind}"
    if module.notes.get(note, (None,))[0] is not layout:
        module.notes[note] = layout, list(_made(kind, layout, module))
    found: list[tuple[Placed, Resource]] = module.notes[note][1]
    return found


def _made(kind: str, layout: Mapping[str, Plain], module: Module) -> Iterator[tuple[Placed, Resource]]:
    for block, manifest in manifests(module, layout["kinds"]):
        place, tree = (block.locator, block.path), manifest
        if "templates" in layout:
            if (template := _template(manifest, _inner(layout, manifest))) is None:
                continue
            tree = _pod_template.as_shown(told(template), manifest)
        yield (*place, manifest), Resource(kind, _name(module, block), tree, place)


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """The same edits on the blocks. Raises BindingError for what is only told, or stands behind an expression."""
    module, block = home(resource, sources)
    if "templates" not in layout:
        return [syntax.edit(sources, block.locator, _own(block, (), each)) for each in [*edits, *live]]
    if any(each.path == POLICIES for each in edits):
        raise BindingError(f"{block.locator}: {block.address}: write a kubernetes_network_policy that chooses its pods")
    manifest = _manifest(module, block, str(resource.tree["kind"]))
    inner = _inner(layout, manifest)
    if look_up(manifest, (*inner, "spec")) is None:
        raise BindingError(f"{block.locator}: {block.address} says nothing of its pod; write its spec")
    placed = _pod_template.placed(resource, look_up(manifest, inner), [*edits, *live])
    return [syntax.edit(sources, block.locator, _own(block, inner, each)) for each in placed]


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """Where a value stands, or the nearest block around it."""
    module, block = home(resource, sources)
    if "templates" in layout:
        manifest = _manifest(module, block, str(resource.tree["kind"]))
        inner = _inner(layout, manifest)
        path = inner + _pod_template.place(look_up(manifest, inner), path)
    while path and look_up(block.body, _own_path(path)) is None:
        path = path[:-1]
    return block.locator, syntax.place(sources, block.locator, block.path + _own_path(path))


def _name(module: Module, block: Block) -> str:
    return f"{module.folder}/{block.address}" if module.folder else block.address


def _inner(layout: Mapping[str, Plain], manifest: Tree) -> Path:
    return tuple(filter(None, str(layout["templates"][manifest["kind"]]).split("/")))


def _template(manifest: Tree, inner: Path) -> Tree | None:
    """The pod template, of no containers where the block has none; None where an expression makes what is around it."""
    node: Plain = manifest
    for part in inner:
        node = node.get(part, {}) if isinstance(node, dict) else None
    if not isinstance(node, dict):
        return None
    return {"spec": {_pod_template.CONTAINERS[0]: []}} | node


def home(resource: Resource, sources: Mapping[str, Source]) -> tuple[Module, Block]:
    """The block of a resource, and its module. Raises BindingError where it is gone."""
    locator, path = resource.home
    module = modules(sources).get(posixpath.dirname(locator))
    found = module.resource_at(locator, path, str(path[1])) if module and len(path) > 1 else None
    if module is None or found is None:
        raise BindingError(f"{locator}: {resource.name} is not there any more; scan again")
    return module, found


def manifests(module: Module, kinds: Mapping[str, Plain]) -> Iterator[tuple[Block, Tree]]:
    """The blocks of the types, and of those that end in _v1, each with the object that it makes."""
    for type_, sort in kinds.items():
        for own in {type_, f"{type_}_v1"} & module.types:
            for block in module.resources(own):
                yield block, _manifest(module, block, str(sort))


# --- as the API has it ------------------------------------------------------------------------------------------------


def _manifest(module: Module, block: Block, sort: str) -> Tree:
    manifest: Tree = {"kind": sort, **_object(module, block.body)}
    if block.path[1] in NAMED_DEFAULT:
        manifest["metadata"] = {"name": "default"} | manifest.get("metadata", {})
    named = look_up(manifest, ("metadata", "namespace"))
    if isinstance(named, Unknown) and (made := MADE.match(named.text)):
        manifest["metadata"] = manifest["metadata"] | {"namespace": _name_of(module, made[1], made[2])}
    return manifest


def _name_of(module: Module, kind: str, label: str) -> str:
    """The name of a namespace that the module makes; its address where that is told elsewhere."""
    for each in module.resources(kind):
        name = module.resolved(look_up(each.body, ("metadata", 0, "name"))) if each.path[2] == label else None
        if isinstance(name, str):
            return name
    return f"{kind}.{label}"


def _object(module: Module, body: Tree) -> Tree:
    fields = {_field(name): _value(module, name, value) for name, value in body.items() if name not in META}
    return fields | {_field(name): Unknown(f"dynamic {name!r}") for name in dynamic(body)}


def _field(name: str) -> str:
    return LISTS.get(name) or NAMES.get(name) or unsnake(name, "camel")


def _value(module: Module, name: str, value: Plain) -> Plain:
    value = module.resolved(value)
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        if _field(name) in MAPS:  # a block in the provider's first version
            return value[0]
        objects: list[Plain] = [_object(module, each) for each in value]
        return objects if name in LISTS else objects[0]
    if isinstance(value, dict) and _field(name) not in MAPS:  # a block that is written as a value
        return _object(module, value)
    if _field(name) in NUMBERS and isinstance(value, str) and value.isdecimal():
        return int(value)
    return value


# --- as the source has it ---------------------------------------------------------------------------------------------


def _own(block: Block, inner: Path, wanted: Edit) -> Edit:
    path = _own_path(inner + wanted.path)
    for end in range(1, len(path)):
        around = look_up(block.body, path[:end])
        if isinstance(around, Unknown):
            raise BindingError(f"{block.locator}: {block.address}: {path[end - 1]} is {around.text}; change it there")
        if isinstance(around, dict) and isinstance(path[end], int):
            raise BindingError(f"{block.locator}: {block.address}: {path[end - 1]} is written as a value; change it there")
        if isinstance(around, dict) and path[end] in dynamic(around):
            raise BindingError(f"{block.locator}: {block.address}: {path[end]} is a dynamic block; change it there")
    value = wanted.value
    if isinstance(value, dict) and wanted.path[-1] not in MAPS:
        path, value = (path if isinstance(path[-1], int) else (*path, 0)), _own_body(value)
    return Edit(block.path + path, value, wanted.remove)


def _own_path(path: Path) -> Path:
    """A path of the object as one of blocks and an argument."""
    found: list[str | int] = []
    for index, part in enumerate(path):
        if index and path[index - 1] in MAPS:
            return (*found, *path[index:])
        found.append(OWN.get(part) or snake(part) if isinstance(part, str) else part)
        is_block = isinstance(part, str) and index + 1 < len(path) and isinstance(path[index + 1], str) and part not in MAPS
        found += [0] if is_block else []
    return tuple(found)


def _own_body(value: Tree) -> Tree:
    return {OWN.get(key) or snake(key): [_own_body(each)] if isinstance(each, dict) else each for key, each in value.items()}

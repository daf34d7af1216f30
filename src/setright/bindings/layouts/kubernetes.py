"""Kubernetes objects in manifests: YAML of many documents, JSON, and the items of a List.

The entry's `kinds:` says which objects are of the kind and where in them its tree is (``Deployment: spec/template``; "" for
the object itself), `api:` of which API groups. With `shape: pod-template` the tree is a PodTemplateSpec that besides tells,
to read only,

    kind: Deployment
    workload:
      {name: web, namespace: default, labels: {...}, replicas: 2, os: linux,
       images: [{image: "nginx:1.25", version: "1.25"}]}        # its tag or digest; of every container, in order

and each container shows what it has without saying so: of its securityContext what the pod's own gives it, of its requests
what its limits stand for. A new value is written to the container. A string with {{ }} is a template's and cannot be told.

Kubernetes API reference, PodTemplateSpec, PodSecurityContext, SecurityContext.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from setright.bindings.error import BindingError
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown

READ_ONLY = ("kind", "workload")
CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(|m|k|[MGTPE]i?|Ki)")
UNITS = {"": 1.0, "m": 1e-3, "k": 1e3, "Ki": 2.0**10} | {
    f"{letter}{i}": (1e3 if not i else 2.0**10) ** power for power, letter in enumerate("MGTPE", 2) for i in ("", "i")
}
POD_WIDE = ("runAsNonRoot", "runAsUser", "runAsGroup", "seccompProfile", "appArmorProfile", "seLinuxOptions", "windowsOptions")


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each object of the kinds: ``Deployment/web``, outside the default namespace ``Deployment/prod/web``."""
    return [
        resource
        for locator, source in sorted(sources.items())
        if source.lens in ("yaml", "json")
        for place, manifest in _objects(source)
        if (resource := _resource(kind, layout, locator, place, manifest))
    ]


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """The same edits below the object's place. Raises BindingError for what is only told of it."""
    locator, base = resource.home
    if locator not in sources or not isinstance(look_up(sources[locator].tree, base), dict):
        raise BindingError(f"{locator}: {resource.name} is not there any more; scan again")
    placed = []
    for each in [*edits, *live]:
        if layout.get("shape") == "pod-template" and each.path[0] in READ_ONLY:
            raise BindingError(
                f"{resource.name}: {'/'.join(map(str, each.path))} is read off the object; change the object by hand"
            )
        if each.remove and _pod_wide(sources, resource, each.path):
            raise BindingError(
                f"{resource.name}: {'/'.join(map(str, each.path))} comes from the pod's securityContext; remove it there"
            )
        if each.path[-2:] == ("limits", each.path[-1]) and not each.remove:
            _refuse_below_request(resource, each)
        placed.append((locator, Edit((*base, *each.path), each.value, each.remove)))
    return placed


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """Where a value stands: what a container has from its pod, at the pod."""
    locator, base = resource.home
    if layout.get("shape") == "pod-template" and path[:1] and path[0] in READ_ONLY:
        return locator, (*base, *_image_place(resource.tree, path[2])) if path[1:2] == ("images",) and len(path) > 2 else base
    if _pod_wide(sources, resource, path):
        return locator, (*base, "spec", *path[3:])
    return locator, (*base, *path)


def _objects(source: Source) -> Iterator[tuple[Path, Tree]]:
    """Every object of a document with its place; the items of a List one by one."""
    roots = source.tree.get("documents") if source.lens == "yaml" else None
    tops: list[tuple[Path, Plain]] = (
        [(("documents", i), d) for i, d in enumerate(roots)] if isinstance(roots, list) else [((), source.tree)]
    )
    for place, top in tops:
        if not isinstance(top, dict):
            continue
        items = top.get("items")
        if isinstance(items, list) and str(top.get("kind", "")).endswith("List"):
            yield from (((*place, "items", i), item) for i, item in enumerate(items) if isinstance(item, dict))
        else:
            yield place, top


def _resource(kind: str, layout: Mapping[str, Plain], locator: str, place: Path, manifest: Tree) -> Resource | None:
    """The resource that an object is; None for one of another kind, or without what makes it one."""
    api, sort = manifest.get("apiVersion"), manifest.get("kind")
    if not isinstance(api, str) or not isinstance(sort, str) or sort not in layout["kinds"]:
        return None
    if not any(fnmatchcase(api, pattern) for pattern in layout["api"]):
        return None
    inner = tuple(str(layout["kinds"][sort]).split("/")) if layout["kinds"][sort] else ()
    tree = look_up(manifest, inner)
    if not isinstance(tree, dict):
        return None
    tree = _told(tree)
    if layout.get("shape") == "pod-template":
        tree = {**tree, **_inherited(tree), "kind": sort, "workload": _workload(manifest, tree)}
    return Resource(kind, _name(sort, manifest), tree, (locator, (*place, *inner)))


def _name(sort: str, manifest: Tree) -> str:
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = metadata.get("name", metadata.get("generateName", ""))
    namespace = metadata.get("namespace") or "default"
    words = [sort, *([] if namespace == "default" else [namespace]), name]
    return "/".join(word.text if isinstance(word, Unknown) else str(word) for word in words)


def _told(value: Plain) -> Plain:
    """The tree with what a template will fill in as Unknown."""
    if isinstance(value, dict):
        return {key: _told(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_told(inner) for inner in value]
    return Unknown(value) if isinstance(value, str) and "{{" in value else value


def _workload(manifest: Tree, tree: Tree) -> Tree:
    """What controls may ask of the object around a pod template."""
    metadata = _told(manifest.get("metadata") if isinstance(manifest.get("metadata"), dict) else {})
    system = look_up(tree, ("spec", "os", "name")) or look_up(tree, ("spec", "nodeSelector", "kubernetes.io/os")) or "linux"
    facts = {
        "name": metadata.get("name"),
        "namespace": metadata.get("namespace") or "default",
        "labels": metadata.get("labels"),
        "replicas": look_up(manifest, ("spec", "replicas")),
        "os": system,
        "images": [_image(container.get("image")) for _, container in _containers(tree)],
    }
    return {key: value for key, value in facts.items() if value is not None}


def _containers(tree: Tree) -> Iterator[tuple[Path, Tree]]:
    """Every container with its place."""
    for name in CONTAINERS:
        listed = look_up(tree, ("spec", name))
        for i, container in enumerate(listed if isinstance(listed, list) else []):
            if isinstance(container, dict):
                yield ("spec", name, i), container


def _image(reference: Plain) -> Tree:
    """An image reference and what of it says which one: its digest, else its tag."""
    if not isinstance(reference, str):
        return {"image": reference, "version": reference} if isinstance(reference, Unknown) else {}
    head, _, image_digest = reference.partition("@")
    tag = head.rpartition("/")[2].partition(":")[2]
    version = image_digest or tag
    return {"image": reference, **({"version": version} if version else {})}


def _image_place(tree: Tree, index: Plain) -> Path:
    places = [place for place, _ in _containers(tree)]
    return (*places[index], "image") if isinstance(index, int) and index < len(places) else ()


def _inherited(tree: Tree) -> Tree:
    """The pod's `spec` with each container as the API server and the kubelet fill it in."""
    spec = tree.get("spec")
    if not isinstance(spec, dict):
        return {}
    context = spec.get("securityContext")
    given = {key: context[key] for key in POD_WIDE if context.get(key) is not None} if isinstance(context, dict) else {}
    lists = {name: [_with(given, each) for each in spec[name]] for name in CONTAINERS if isinstance(spec.get(name), list)}
    return {"spec": {**spec, **lists}}


def _with(given: Tree, container: Plain) -> Plain:
    if not isinstance(container, dict):
        return container
    filled = dict(container)
    own = container.get("securityContext")
    if given and (own is None or isinstance(own, dict)):
        filled["securityContext"] = {**given, **_set(own)}
    resources = container.get("resources")
    if isinstance(resources, dict) and isinstance(limits := resources.get("limits"), dict):
        requests = resources.get("requests")
        if requests is None or isinstance(requests, dict):
            filled["resources"] = {**resources, "requests": {**limits, **_set(requests)}}
    return filled


def _set(mapping: Tree | None) -> Tree:
    return {key: value for key, value in (mapping or {}).items() if value is not None}


def _refuse_below_request(resource: Resource, wanted: Edit) -> None:
    """The API server takes no limit that is below what the container asks for."""
    asked = look_up(resource.tree, (*wanted.path[:-2], "requests", wanted.path[-1]))
    if asked is not None and not (_quantity(asked) or math.inf) <= (_quantity(wanted.value) or 0):
        shown = asked.text if isinstance(asked, Unknown) else asked
        raise BindingError(f"{resource.name}: a limit of {wanted.value} is below the request of {shown}; set a higher one")


def _quantity(value: Plain) -> float | None:
    """A Kubernetes quantity as a number; None for what is none."""
    m = QUANTITY.fullmatch(str(value)) if isinstance(value, str | int | float) else None
    return float(m[1]) * UNITS[m[2]] if m else None


def _pod_wide(sources: Mapping[str, Source], resource: Resource, path: Path) -> bool:
    """Whether a container's value comes from its pod."""
    if len(path) < 5 or path[0] != "spec" or path[1] not in CONTAINERS or path[3] != "securityContext" or path[4] not in POD_WIDE:
        return False
    tree = look_up(sources[resource.home[0]].tree, resource.home[1]) if resource.home[0] in sources else None
    return look_up(tree, path[:5]) is None and look_up(tree, ("spec", "securityContext", path[4])) is not None

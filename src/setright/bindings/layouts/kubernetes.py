"""Kubernetes objects in manifests: YAML of many documents, JSON, and the items of a List.

The entry's `kinds:` says which objects are of the kind and where in them its tree is (``Deployment: spec/template``; "" for
the object itself), `api:` of which API groups. With `shape: pod-template` the tree is a PodTemplateSpec that besides tells,
to read only,

    kind: Deployment
    workload:
      {name: web, namespace: default, labels: {...}, replicas: 2, os: linux,
       images: [{image: "nginx:1.25", version: "1.25"}]}        # its tag or digest; of every container, in order

and each container shows what it has without saying so: of its securityContext what the pod's own gives it, of its requests
what its limits stand for. A new value goes to the pod where all containers get it and none has its own, else to the
container. A string with {{ }} is a template's and cannot be told.

Kubernetes API reference, PodTemplateSpec, PodSecurityContext, SecurityContext.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from setright.bindings.error import BindingError
from setright.bindings.layouts import _pod_template
from setright.bindings.layouts._pod_template import told
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown

POD_TEMPLATE = "pod-template"


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
    changes = [*edits, *live]
    if layout.get("shape") == POD_TEMPLATE:
        changes = _pod_template.placed(resource.name, look_up(sources[locator].tree, base), changes)
    return [(locator, Edit((*base, *each.path), each.value, each.remove)) for each in changes]


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """Where a value stands: what a container has from its pod, at the pod."""
    locator, base = resource.home
    if layout.get("shape") == POD_TEMPLATE:
        path = _pod_template.place(look_up(sources[locator].tree, base) if locator in sources else None, path)
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
    tree = told(tree)
    if layout.get("shape") == POD_TEMPLATE:
        tree = _pod_template.shown(tree, manifest)
    return Resource(kind, _name(sort, manifest), tree, (locator, (*place, *inner)))


def _name(sort: str, manifest: Tree) -> str:
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = metadata.get("name", metadata.get("generateName", ""))
    namespace = metadata.get("namespace") or "default"
    words = [sort, *([] if namespace == "default" else [namespace]), name]
    return "/".join(word.text if isinstance(word, Unknown) else str(word) for word in words)

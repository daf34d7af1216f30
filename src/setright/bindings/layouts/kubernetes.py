"""Kubernetes objects in manifests: YAML of many documents, JSON, and the items of a List.

The entry's `kinds:` says which objects are of the kind and where in them its tree is (``Deployment: spec/template``; "" for
the object itself), `api:` of which API groups. With `shape: pod-template` the tree is a PodTemplateSpec that besides tells,
to read only,

    kind: Deployment
    workload:
      {name: web, namespace: default, labels: {...}, replicas: 2, os: linux, network_policies: [web],
       images: [{image: "nginx:1.25", version: "1.25"}]}        # its tag or digest; of every container, in order

and each container shows what it has without saying so: of its securityContext what the pod's own gives it, of its requests
what its limits stand for. A new value goes to the pod where all containers get it and none has its own, else to the
container. A string with {{ }} is a template's and cannot be told. Setting `workload/network_policies` adds a NetworkPolicy
behind the object, and a probe set to ``tcp`` asks a port that a Service sends to, else the first that the container declares.

Files that a kustomization names as patches are no objects, but for the containers that they add (`_kustomize_patches`); its
namespace and images hold for the files it builds. A namespace is set where it stands: in the kustomization that names the file,
else in the object; bindings that name accounts there follow.

Kubernetes API reference, PodTemplateSpec, PodSecurityContext, SecurityContext.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial

from msgspec.structs import replace

from setright.bindings.error import BindingError, Missing
from setright.bindings.layouts import _image_locks, _kustomize_patches, _kustomize_seen, _pod_parts, _pod_template, _relied_on
from setright.bindings.layouts._documents import folder
from setright.bindings.layouts._evidence import Around, is_quiet, surroundings, told_of
from setright.bindings.layouts._helm import filled, lists_given, redirected
from setright.bindings.layouts._helm_ports import with_ports_of_values
from setright.bindings.layouts._helm_schema import check_values
from setright.bindings.layouts._helm_shared import sharing, tell_shared
from setright.bindings.layouts._image_needs import Images
from setright.bindings.layouts._kustomize import Built, built, with_images
from setright.bindings.layouts._kustomize_layers import Patch, Patched, aims_of, builds, layered
from setright.bindings.layouts._manifests import inner_of, name_of, objects_of
from setright.bindings.layouts._namespaces import NAMESPACE, Names, in_namespace, moved, names, names_others, own_namespace
from setright.bindings.layouts._network_policy import declared, declared_only, first_label, marks_of, tell_policies
from setright.bindings.layouts._pod_builds import with_own
from setright.bindings.layouts._pod_needs import containers
from setright.bindings.layouts._pod_of_cluster import POLICIES, stopped
from setright.bindings.layouts._pod_standards import ENFORCE, by_namespace, refused
from setright.bindings.layouts._pod_template import told
from setright.bindings.layouts._services import apart, asks_at_node, probes_are_served, reached_ports, served
from setright.bindings.source import Same, Source
from setright.bindings.trees import look_up
from setright.bindings.view import Beside
from setright.model import Edit, Path, Plain, Resource, Tree, Unknown
from setright.patterns import fits

POD_TEMPLATE = "pod-template"
Placed = tuple[str, Path, Tree]  # the file of an object, its place there, and the object


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each object of the kinds: ``Deployment/web``, outside the default namespace ``Deployment/prod/web``."""
    sources, manifests, given, objects, patches = _filled_once(Same(sources))

    def make(placed: Placed) -> Resource | None:
        return _resource(kind, layout, *placed, given.get(placed[0], {}))

    built, inner = _patches_once(Same(sources)), partial(inner_of, layout)
    seen = [each for source in manifests for each in _of_file(kind, layout, source, given.get(source.locator, {}))]
    if layout.get("shape") == POD_TEMPLATE:
        seen = [(each, replace(resource, tree=open_to_more(resource.tree), parts={})) for each, resource in seen]
        aims = aims_of(built)
        added = [each for source in patches for each in _of_patch(kind, layout, source, objects, given, aims)]
        _kustomize_patches.tell_bases([resource for _, resource in seen], [resource for _, resource in added])
        once = {each[1].home: each for each in reversed(added)}
        whole, seen = len(seen), [*seen, *reversed(once.values())]
        around = [(locator, in_namespace(each, given.get(locator, {}))) for locator, _, each in objects]
        policies = [(locator, told(each)) for locator, each in around if each.get("kind") == "NetworkPolicy"]
        tell_policies([resource for _, resource in seen], policies)
        made = _kustomize_seen.over(seen[:whole], built, inner, make)
        laid = [((*b.placed[:2], each.layer.whole), each.resource) for b in made for one in b.made for each in one or ()]
        alone = [(p.locator, *o) for p in patches for o in objects_of(p)]
        lone = _kustomize_seen.without_base(alone, objects, built, make, made)
        there = [((*p[:2], in_namespace(p[2], given.get(p[0], {}))), resource) for p, resource in (*seen, *laid, *lone)]
        tell_surroundings(there, around, sources, layout.get("images", {}))
        _kustomize_seen.tell_claims(made)
        seen[whole:] = [(each, _kustomize_patches.alone(resource)) for each, resource in seen[whole:]]
    else:
        if layout.get("tells") == "relies-on":
            here = _relied_on.made(each for _, _, each in objects)
            seen = [(each, _relying(resource, each[2], here)) for each, resource in seen]
        if layout.get("tells") == "refuses":
            inside = by_namespace((in_namespace(each, given.get(file, {})), each) for file, _, each in objects)
            seen = [(each, _strict(resource, inside)) for each, resource in seen]
        lone = []
        made = _kustomize_seen.over(seen, built, inner, make)
    answers, laid_over = _kustomize_seen.answering(made)
    own = [replace(each, layer=answers[id(each)]) if id(each) in answers else each for _, each in seen]
    own = [sharing(each, sources[each.home[0]]) for each in own]
    return [*own, *laid_over, *(_kustomize_seen.lone(each, placed[2], inner(placed[2])) for placed, each in lone)]


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """The same edits below the object's place. Raises BindingError for what is only told of it."""
    placed = _placed(layout, resource, [*edits, *live], filled(sources, resource.home[0]))
    placed = with_ports_of_values(placed, resource, sources)
    set_there = [redirected(locator, each, sources) for locator, each in placed]
    check_values(set_there, sources)
    return set_there


def _placed(
    layout: Mapping[str, Plain], resource: Resource, changes: Sequence[Edit], sources: Mapping[str, Source]
) -> list[tuple[str, Edit]]:
    if _kustomize_seen.is_patch(resource):
        placed, layer = _laid(resource, sources)
        at = inner_of(layout, placed[2])
        if layout.get("shape") == POD_TEMPLATE:
            template = look_up(layer.whole, at)
            changes = _pod_template.placed(resource, template, _held(layout, resource, template, changes, sources))
        return [_kustomize_seen.written(layer, replace(each, path=(*at, *each.path))) for each in changes]
    locator, base = resource.home
    if locator not in sources or not isinstance(look_up(sources[locator].tree, base), dict):
        raise BindingError(f"{locator}: {resource.name} is not there any more; scan again")
    if [each.path for each in changes] == [NAMESPACE]:
        kustomized, names = _read_once(Same(sources))
        return moved(resource, changes[0], names, kustomized, sources)
    if any(each.path == ENFORCE and not each.remove for each in changes) and (why := look_up(resource.tree, ("refuses",))):
        raise Missing(f"{resource.name}: {why}, which it would refuse then; move that to a namespace of its own first")
    if layout.get("shape") != POD_TEMPLATE:
        return [(locator, Edit((*base, *each.path), each.value, each.remove)) for each in changes]
    written = look_up(sources[locator].tree, base)
    template = _kustomize_patches.as_shown(resource, written)
    changes = _held(layout, resource, template, changes, sources)
    outer = [made for each in changes if each.path == POLICIES for made in _policy(layout, resource, sources)]
    changes = [each for each in changes if each.path != POLICIES]
    _refuse_for_builds(layout, resource, changes, sources)
    parts = _kustomize_patches.parted(resource, template, changes)
    inner = [edit for raw, edits in parts for edit in _pod_template.placed(resource, raw, edits)]
    inner = [replace(each, path=_kustomize_patches.as_written(resource, written, each.path)) for each in inner]
    return [(locator, each) for each in (*outer, *(Edit((*base, *e.path), e.value, e.remove) for e in inner))]


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """Where a value stands: what a container has from its pod, at the pod."""
    if _kustomize_seen.is_patch(resource):
        placed, layer = _laid(resource, sources)
        return _kustomize_seen.place(layer, inner_of(layout, placed[2]), path, layout.get("shape") == POD_TEMPLATE)
    locator, base = resource.home
    is_template = locator in sources and sources[locator].lens == "helm"
    if layout.get("shape") == POD_TEMPLATE:
        seen = filled(sources, locator) if is_template else sources
        written = look_up(seen[locator].tree, base) if locator in seen else None
        template = _kustomize_patches.as_shown(resource, written) if isinstance(written, dict) else None
        path = _kustomize_patches.as_written(resource, written, _pod_template.place(template, path))
    if not is_template:
        return locator, (*base, *path)
    try:
        place, edit = redirected(locator, Edit((*base, *path)), sources)
    except BindingError:
        return locator, (*base, *path)
    return place, edit.path


def _held(
    layout: Mapping[str, Plain], resource: Resource, template: Tree, changes: Sequence[Edit], sources: Mapping[str, Source]
) -> list[Edit]:
    places = [_pod_template.place(template, each.path) for each in changes]
    digests = layout.get("digests", {})
    return [_image_locks.held(*each, resource, template, sources, digests) for each in zip(changes, places, strict=True)]


def _laid(resource: Resource, sources: Mapping[str, Source]) -> tuple[Placed, Patched]:
    """The object and the patch over it that a resource is. Raises BindingError where it is gone."""
    same = Same(sources)
    _, _, given, objects, _ = _filled_once(same)
    for placed, layer in layered(objects, _patches_once(same), resource.home):
        if name_of(str(placed[2].get("kind")), in_namespace(placed[2], given.get(placed[0], {}))) == resource.name:
            return placed, layer
    raise BindingError(f"{resource.home[0]}: {resource.name} is not there any more; scan again")


def _refuse_for_builds(
    layout: Mapping[str, Plain], resource: Resource, changes: Sequence[Edit], sources: Mapping[str, Source]
) -> None:
    """Raises BindingError for what the patches of a build speak against."""
    if resource.layer is None or resource.layer.before is not None:
        return
    (file, at), built = resource.home, _patches_once(Same(sources))
    for place, manifest in objects_of(sources[file]):
        if str(manifest.get("kind")) in layout["kinds"] and (*place, *inner_of(layout, manifest)) == at:
            _kustomize_seen.refuse_against(resource, manifest, built.get(file, ()), inner_of(layout, manifest), changes)


def _policy(layout: Mapping[str, Plain], resource: Resource, sources: Mapping[str, Source]) -> list[Edit]:
    """A network policy beside the object around a template, and a label where its pods have none.

    Raises BindingError where it has no place, or no use.
    """
    if why := stopped(resource.tree, Edit(POLICIES)):
        raise BindingError(f"{resource.name}: {why}")
    (file, base), place = resource.home, _around(layout, resource)
    source = sources[file]
    manifest, template = look_up(source.tree, place), look_up(source.tree, base)
    objects = [each for _, _, each in _filled_once(Same(sources))[3]]
    label = first_label(manifest, template, objects)
    if label:
        template = {**template, "metadata": {**(template.get("metadata") or {}), "labels": label}}
    made = [tree for tree, _ in resource.layer.made] if resource.layer else []
    ports = [port for tree in (resource.tree, *made) for port in (*declared(tree), *tree["workload"].get("reached", ()))]
    ports += [{"port": port} for port in resource.tree["workload"].get("ports-of-patches", ())]
    policy = declared_only(resource.name, manifest, template, ports, objects)
    if place[-2:-1] == ("items",) and look_up(source.tree, (*place[:-2], "kind")) != "List":
        place = place[:-2]  # a PodList takes pods alone
    beside = look_up(source.tree, place[:-1])
    if not place or not isinstance(beside, list):
        raise BindingError(f"{resource.name}: is alone in a JSON file; write its network policy into a file of its own")
    is_open = bool(beside) and beside[-1] is None  # the file ends with the line that begins another document
    labels = [Edit((*base, "metadata", "labels", key), value) for key, value in label.items()]
    return [*labels, Edit((*place[:-1], len(beside) - is_open), policy)]


def beside(layout: Mapping[str, Plain], resource: Resource, edit: Edit) -> Beside | None:
    """What `_policy` adds: it lives where the object lives."""
    if not isinstance(edit.value, dict) or edit.value.get("kind") != "NetworkPolicy":
        return None
    return Beside(marks_of(edit.value), ((*_around(layout, resource), *NAMESPACE),))


def _around(layout: Mapping[str, Plain], resource: Resource) -> Path:
    """The place of the object around a template."""
    inner = str(layout["kinds"][resource.tree["kind"]])
    base = resource.home[1]
    return base[: len(base) - len(inner.split("/"))] if inner else base


def tell_surroundings(
    seen: Sequence[tuple[Placed, Resource]], objects: Sequence[tuple[str, Tree]], sources: Mapping[str, Source], images: Images
) -> None:
    """What the tree around each workload and its images say of its needs, and which of its ports Services send to."""
    around = surroundings(objects, sources)
    images = with_own(images, (each for _, one in seen for _, each in containers(one.tree)), sources)
    services = [(file, told(each)) for file, each in objects if each.get("kind") == "Service"]
    far = apart(services, [(file, each.tree["workload"]["namespace"], each.tree) for (file, _, _), each in seen])
    near: dict[str, list[tuple[str, Tree]]] = {}
    for each in services:
        near.setdefault(folder(each[0]), []).append(each)
    is_asked = asks_at_node(each.tree for _, each in seen)
    for placed, resource in seen:
        file, workload = placed[0], resource.tree["workload"]
        workload |= {"asked-at-node": True} if is_asked and resource.tree["kind"] == "DaemonSet" else {}
        where = workload["namespace"], file, near.get(folder(file), ()), far
        ports = served(resource.tree, *where)
        if file in sources and any(each[: len(resource.home[1])] == resource.home[1] for each in lists_given(sources[file])):
            workload["volumes"] = "of values"
        claims, alone = _claims(resource.tree, placed, sources.get(file), around, images)
        workload |= claims
        if isinstance(resource.tree.get("spec"), dict) and is_quiet(resource.tree, workload["namespace"], file, around):
            resource.tree["spec"] = {**resource.tree["spec"], "automountServiceAccountToken": False}
        workload |= {"served": ports, "probes-are-served": probes_are_served(resource.tree, ports)}
        workload |= {"reached": reached_ports(resource.tree, *where)}
        resource.parts.update(_pod_parts.parts(resource.tree, alone, ports))


def _claims(tree: Tree, placed: Placed, source: Source | None, around: Around, images: Images) -> tuple[Tree, Mapping[Path, Tree]]:
    """What `told_of` says, and of each container alone; told once of a template that is as it was, in such surroundings too."""
    file, place, manifest = placed
    spec, note = tree.get("spec"), f"claims {place}"
    last = source.notes.get(note) if source and isinstance(spec, dict) else None
    if last is None or last[0] is not spec or last[1] is not images or last[2] != around:
        alone = _pod_parts.claims_alone(tree, lambda one: told_of(one, (file, manifest), around, images))
        last = spec, images, around, (told_of(tree, (file, manifest), around, images), alone)
        if source:
            source.notes[note] = last
    claims: tuple[Tree, Mapping[Path, Tree]] = last[3]
    return claims


@lru_cache(maxsize=1)
def _filled_once(same: Same) -> tuple[Mapping[str, Source], list[Source], Mapping[str, Tree], list[Placed], list[Source]]:
    """What every kind is seen in: the sources with charts filled in, the manifests, what is given to each, all objects, patches."""
    sources = filled(same.sources)
    tell_shared(same.sources, sources)
    kustomized = built(sources)
    manifests = _manifests(sources, kustomized)
    objects = [(source.locator, place, each) for source in manifests for place, each in objects_of(source)]
    patches = [source for locator, source in sorted(sources.items()) if source.lens == "yaml" and locator in kustomized.patches]
    return sources, manifests, kustomized.given, objects, patches


@lru_cache(maxsize=1)
def _patches_once(same: Same) -> dict[str, list[list[Patch]]]:
    """By file, the patches of each build."""
    return builds(same.sources)


@lru_cache(maxsize=1)
def _read_once(same: Same) -> tuple[Built, Names]:
    """What kustomizations say, and what names objects by their namespace or is sealed for it."""
    kustomized = built(same.sources)
    manifests = _manifests(same.sources, kustomized)
    own = own_namespace((source.locator, each) for source in manifests if source.lens != "helm" for _, each in objects_of(source))
    return kustomized, names([(source.locator, *each) for source in manifests for each in _naming(source)], own)


def _manifests(sources: Mapping[str, Source], kustomized: Built) -> list[Source]:
    """Every manifest that is no patch."""
    return [
        source
        for locator, source in sorted(sources.items())
        if source.lens in ("yaml", "kustomization", "json", "helm") and locator not in kustomized.patches
    ]


def _naming(source: Source) -> list[tuple[Path, Tree]]:
    """The objects of a file that name others."""
    if "naming" not in source.notes:
        source.notes["naming"] = [(place, each) for place, each in objects_of(source) if names_others(each)]
    naming: list[tuple[Path, Tree]] = source.notes["naming"]
    return naming


def _of_file(kind: str, layout: Mapping[str, Plain], source: Source, given: Tree) -> list[tuple[Placed, Resource]]:
    """The objects of a file that are of the kind; what other files say of them is not in it yet."""
    note = f"view {kind}"
    if note not in source.notes or source.notes[note][0] is not layout or source.notes[note][1] != given:
        placed = [(source.locator, place, each) for place, each in objects_of(source)]
        found = [(each, _resource(kind, layout, *each, given)) for each in placed]
        source.notes[note] = layout, given, [(each, resource) for each, resource in found if resource]
    seen: list[tuple[Placed, Resource]] = source.notes[note][2]
    return seen


def _of_patch(
    kind: str,
    layout: Mapping[str, Plain],
    source: Source,
    objects: Sequence[Placed],
    given: Mapping[str, Tree],
    aims: Mapping[tuple[str, Path], Sequence[tuple[str, Tree]]],
) -> Iterator[tuple[Placed, Resource]]:
    """What a patch adds to the pods of objects elsewhere: once for each."""
    others = [(locator, each) for locator, _, each in objects]
    for place, patch in objects_of(source):
        for base, manifest in _kustomize_patches.bases_of((source.locator, place, patch), others, aims):
            if str(manifest.get("kind")) not in layout["kinds"]:
                continue
            inner = inner_of(layout, manifest)
            whole = _kustomize_patches.patched(patch, manifest, inner)
            resource = _resource(kind, layout, source.locator, place, whole, given.get(base, {})) if whole else None
            if resource:
                yield (source.locator, place, manifest), resource


def _relying(resource: Resource, manifest: Tree, here: frozenset[str]) -> Resource:
    """An object that tells what it relies on; one that lives in a namespace of its own already need not."""
    if look_up(resource.tree, NAMESPACE) not in (None, "default"):
        return resource
    return replace(resource, tree={**resource.tree, "relies-on": {"elsewhere": _relied_on.elsewhere(manifest, here)}})


def _strict(resource: Resource, inside: Mapping[str, Sequence[Tree]]) -> Resource:
    """A namespace that tells which of the objects in it, by namespace, it would refuse if it enforced the baseline."""
    why = refused(inside.get(str(look_up(resource.tree, ("metadata", "name"))), ()))
    return replace(resource, tree={**resource.tree, "refuses": why}) if why else resource


def open_to_more(tree: Tree) -> Tree:
    """A pod template to which more can be told."""
    return {**tree, "workload": {**tree["workload"]}}


def _resource(kind: str, layout: Mapping[str, Plain], locator: str, place: Path, manifest: Tree, given: Tree) -> Resource | None:
    """The resource that an object is, with what is `given` to it; None for one of another kind, or without what makes it one."""
    api, sort = manifest.get("apiVersion"), manifest.get("kind")
    if not isinstance(sort, str) or sort not in layout["kinds"]:
        return None
    if not isinstance(api, Unknown) and not any(fits(str(api), pattern) for pattern in layout["api"]):
        return None  # a helper of a chart gives what its cluster knows of a kind
    inner = inner_of(layout, manifest)
    manifest = in_namespace(manifest, given)
    tree = look_up(manifest, inner)
    if not isinstance(tree, dict):
        return None
    tree = told(tree)
    if layout.get("shape") == POD_TEMPLATE:
        tree = _pod_template.as_shown(with_images(tree, given["images"]) if given.get("images") else tree, manifest)
    return Resource(kind, name_of(sort, manifest), tree, (locator, (*place, *inner)))

"""Moving objects out of the default namespace: where the new one is written, and what names the old one.

Kubernetes documentation, Namespaces; kubectl.docs.kubernetes.io, kustomization file: namespace.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from setright.bindings.error import BindingError
from setright.bindings.layouts._deployed import OTHERWISE
from setright.bindings.layouts._documents import folder
from setright.bindings.layouts._kustomize import Built
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree
from setright.trees import as_list

NAMESPACE = ("metadata", "namespace")
CLUSTER_WIDE = frozenset(  # kinds of objects that are in no namespace
    {
        *("APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding"),
        *("CustomResourceDefinition", "FlowSchema", "GatewayClass", "IngressClass", "MutatingWebhookConfiguration", "Namespace"),
        *("Node", "PersistentVolume", "PodSecurityPolicy", "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass"),
        *("StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration"),
        *("VolumeAttachment", "VolumeSnapshotClass"),
    }
)
SYSTEM = re.compile(r"default|kube-.*")
ELSE = "own, else "  # no namespace can be called so
SPELT_OUT = re.compile(r"(?<!kubernetes)\.default\.svc\b")


class Names(NamedTuple):
    """What names objects of the default namespace: subjects of bindings, services by full names; why such cannot move; and the
    namespace of their own, empty for none."""

    refusal: str
    subjects: tuple[tuple[str, Path], ...]
    texts: tuple[tuple[str, Path, str], ...]
    own: str = ""


def names(objects: Sequence[tuple[str, Path, Tree]], own: str = "") -> Names:
    """What the objects of a tree name."""
    texts = [(locator, (*place, *path), text) for locator, place, each in objects for path, text in _spelt_out(each)]
    return Names(next(filter(None, map(_refusal, objects)), ""), tuple(_subjects(objects)), tuple(texts), own)


def own_namespace(objects: Iterable[tuple[str, Tree]]) -> str:
    """The only namespace that the tree makes, where all that names none stands in its folder or below; empty for none."""
    made, unnamed = {}, set()
    for locator, each in objects:
        name, kind = look_up(each, ("metadata", "name")), str(each.get("kind"))
        if kind == "Namespace" and isinstance(name, str) and "{" not in name and not SYSTEM.fullmatch(name):
            made[name] = folder(locator)
        elif kind not in CLUSTER_WIDE and look_up(each, NAMESPACE) in (None, "default"):
            unnamed.add(folder(locator))
    if len(made) != 1:
        return ""
    [(name, home)] = made.items()
    return name if all(f"{each}/".startswith(f"{home}/" if home else "") for each in unnamed) else ""


def chosen_namespace(value: Plain, own: str) -> Plain:
    """The namespace that is asked for."""
    return (own or value.removeprefix(ELSE)) if isinstance(value, str) and value.startswith(ELSE) else value


def moved(
    resource: Resource, wanted: Edit, names: Names, kustomized: Built, sources: Mapping[str, Source]
) -> list[tuple[str, Edit]]:
    """The edits that give an object its namespace: in the kustomization that names its file, else in the object.

    What names things of the default namespace follows. Raises BindingError where a name cannot follow.
    """
    if names.refusal:
        raise BindingError(f"{resource.name}: {names.refusal}")
    locator, base = resource.home
    owners = kustomized.owners.get(locator, frozenset())
    if len(owners) > 1:
        raise BindingError(f"{resource.name}: {' and '.join(sorted(owners))} both build it; set the namespace in their overlays")
    own, new = look_up(sources[locator].tree, (*base, *NAMESPACE)), chosen_namespace(wanted.value, names.own)
    set_here = (locator, Edit((*base, *NAMESPACE), new))
    set_there = [(owner, Edit(("documents", 0, "namespace"), new)) for owner in owners if own is None]
    return [*(set_there or [set_here]), *_followers(names, new)]


def names_others(manifest: Tree) -> bool:
    """Whether an object matters to others that move: it names them by their namespace, or is sealed for it."""
    kind = str(manifest.get("kind", ""))
    return kind == "SealedSecret" or kind.endswith("RoleBinding") or any(_spelt_out(manifest))


def _refusal(placed: tuple[str, Path, Tree]) -> str:
    locator, _, each = placed
    if each.get("kind") == "SealedSecret" and look_up(each, NAMESPACE) in (None, "default"):
        return f"{locator} is sealed for its namespace; seal it anew, then move all that use it"
    if any("\n" in text for _, text in _spelt_out(each)):
        return f"{locator} has a name that ends in .default.svc in a text; change such names first"
    return ""


def _followers(names: Names, namespace: Plain) -> Iterator[tuple[str, Edit]]:
    """What names the old namespace: subjects of bindings, and services by their full names."""
    for locator, place in names.subjects:
        yield locator, Edit(place, namespace)
    for locator, place, text in names.texts:
        yield locator, Edit(place, SPELT_OUT.sub(f".{namespace}.svc", text))


def _subjects(objects: Sequence[tuple[str, Path, Tree]]) -> Iterator[tuple[str, Path]]:
    for locator, place, each in objects:
        if str(each.get("kind", "")).endswith("RoleBinding"):
            for i, subject in enumerate(as_list(each.get("subjects"))):
                if isinstance(subject, dict) and subject.get("kind") == "ServiceAccount" and subject.get("namespace") == "default":
                    yield locator, (*place, "subjects", i, "namespace")


def _spelt_out(manifest: Tree) -> Iterator[tuple[Path, str]]:
    return ((path, text) for path, text in _strings(manifest, ()) if SPELT_OUT.search(text))


def _strings(value: Plain, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _strings(inner, (*path, key))
    elif isinstance(value, str):
        yield path, value


def in_namespace(manifest: Tree, given: Tree) -> Tree:
    """An object in the namespace that its kustomization gives it, and with it the account `default` that it binds."""
    namespace, metadata = given.get("namespace"), manifest.get("metadata")
    if namespace is None and look_up(manifest, NAMESPACE) is None:
        namespace = given.get(OTHERWISE)
    if namespace is None:
        return manifest
    placed = manifest
    if str(manifest.get("kind")) not in CLUSTER_WIDE:
        placed = {**manifest, "metadata": {**(metadata if isinstance(metadata, dict) else {}), "namespace": namespace}}
    if not str(manifest.get("kind")).endswith("RoleBinding"):
        return placed
    subjects = [each for each in as_list(manifest.get("subjects")) if isinstance(each, dict)]
    return {
        **placed,
        "subjects": [{**each, "namespace": namespace} if each.get("name") == "default" else each for each in subjects],
    }

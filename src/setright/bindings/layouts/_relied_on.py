"""What an object of a namespace names there that none of the files makes: it stays behind when the object moves.

    relies-on: {elsewhere: "Secret shop-keys, ServiceAccount builder"}      nothing, where the files make all that it names

Counted are Secrets, ConfigMaps, claims and accounts of pods, but those that are optional. A name that a template puts together
is not counted.

Kubernetes documentation: Secrets, ConfigMaps, Persistent Volumes, Configure Service Accounts; of what makes others, External
Secrets, Sealed Secrets, cert-manager (Certificate), kustomize (generators).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from setright.bindings.layouts._documents import trees_of
from setright.bindings.layouts._pod_needs import containers
from setright.bindings.trees import look_up
from setright.model import Path, Plain, Tree

NOTHING = "nothing"
GENERATORS = {"secretGenerator": "Secret", "configMapGenerator": "ConfigMap"}
TEMPLATES: tuple[Path, ...] = (("spec", "template"), ("spec", "jobTemplate", "spec", "template"))
THERE = frozenset({"ServiceAccount default", "ConfigMap kube-root-ca.crt"})  # in every namespace
Name = str  # Secret shop-keys


def made(objects: Iterable[Tree]) -> frozenset[Name]:
    """What the objects of a tree make that pods name, by themselves or by a controller."""
    return frozenset(name for each in objects for name in _made(each)) | THERE


def elsewhere(manifest: Tree, made: frozenset[Name]) -> str:
    """What the pods of an object name that is not made here; `NOTHING` where it is all there."""
    templates = [manifest if manifest.get("kind") == "Pod" else look_up(manifest, path) for path in TEMPLATES]
    lacking = [name for each in templates if isinstance(each, dict) for name in _named(each) if name not in made]
    return ", ".join(dict.fromkeys(lacking)) or NOTHING


def _made(each: Tree) -> Iterator[Name]:
    kind, own = str(each.get("kind")), look_up(each, ("metadata", "name"))
    yield f"{kind} {own}"
    for key, sort in GENERATORS.items():
        yield from (f"{sort} {one.get('name')}" for one in trees_of(each.get(key)))
    if kind == "Certificate":
        yield f"Secret {look_up(each, ('spec', 'secretName'))}"
    elif kind != "Secret" and kind.endswith("Secret"):  # SealedSecret, ExternalSecret, VaultStaticSecret and their like
        told = [
            look_up(each, ("spec", *path))
            for path in (("target", "name"), ("destination", "name"), ("template", "metadata", "name"))
        ]
        yield f"Secret {next((name for name in told if isinstance(name, str)), own)}"
    elif kind == "SecretProviderClass":
        yield from (f"Secret {one.get('secretName')}" for one in trees_of(look_up(each, ("spec", "secretObjects"))))


def _named(template: Tree) -> Iterator[Name]:
    spec = template.get("spec")
    if not isinstance(spec, dict):
        return
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    yield from _as("ServiceAccount", [{"name": account}])
    yield from _as("Secret", spec.get("imagePullSecrets"))
    for volume in trees_of(spec.get("volumes")):
        yield from _of_volume(volume)
        for source in trees_of(look_up(volume, ("projected", "sources"))):
            yield from _of_volume(source)
    for _, container in containers(template):
        for source in trees_of(container.get("envFrom")):
            yield from _as("Secret", [source.get("secretRef")])
            yield from _as("ConfigMap", [source.get("configMapRef")])
        for variable in trees_of(container.get("env")):
            yield from _as("Secret", [look_up(variable, ("valueFrom", "secretKeyRef"))])
            yield from _as("ConfigMap", [look_up(variable, ("valueFrom", "configMapKeyRef"))])


def _of_volume(volume: Tree) -> Iterator[Name]:
    yield from _as("Secret", [volume.get("secret")], "secretName")
    yield from _as("Secret", [volume.get("secret")])
    yield from _as("ConfigMap", [volume.get("configMap")])
    yield from _as("PersistentVolumeClaim", [volume.get("persistentVolumeClaim")], "claimName")


def _as(kind: str, references: Plain, key: str = "name") -> Iterator[Name]:
    for each in trees_of(references):
        if isinstance(name := each.get(key), str) and name and "{{" not in name and not each.get("optional"):
            yield f"{kind} {name}"

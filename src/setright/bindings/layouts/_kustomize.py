"""What kustomization files do to the manifests they name: which files are patches, which namespace and image versions hold.

kubectl.docs.kubernetes.io, kustomization file: resources, components, patches, namespace, images.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import basename, join, normpath

import msgspec

from setright.bindings.layouts._deployed import deployed
from setright.bindings.layouts._documents import folder, mappings
from setright.bindings.source import Source
from setright.model import Plain, Tree
from setright.trees import as_list

NAMES = ("kustomization.yaml", "kustomization.yml")
MAX_DEPTH = 16
TAG = re.compile(r"(?P<name>[^@]*?)(?::[^:/@]*)?(?:@.*)?")


class Built(msgspec.Struct, frozen=True):
    """`patches` are files that change other manifests and are none themselves; `given` is what the build gives a file.

    `owners` are the kustomizations that name a file as a resource.
    """

    patches: frozenset[str] = frozenset()
    given: Mapping[str, Tree] = {}
    owners: Mapping[str, frozenset[str]] = {}


def built(sources: Mapping[str, Source]) -> Built:
    """What all kustomization files among the sources say."""
    found = {source.locator: tree for source, _, tree in mappings(sources) if basename(source.locator) in NAMES}
    patches = {normpath(join(folder(file), path)) for file, tree in found.items() for path in _patches(tree)}
    inner = {each for file, tree in found.items() for each in _named(found, file, tree)}
    given: dict[str, Tree] = {}
    for path, what in deployed(sources):
        for named, told in _below(path, found, sources, what):
            given[named] = {**told, **given.get(named, {})}
    for file in sorted(found, key=lambda each: (each in inner, each)):
        for named, what in _reached(found, file, {}, 0):
            given[named] = {**what, **given.get(named, {})}
    return Built(frozenset(patches), given, _owners(found))


def _below(path: str, found: Mapping[str, Tree], sources: Mapping[str, Source], what: Tree) -> Iterator[tuple[str, Tree]]:
    """The files that are built where a folder is deployed: all in it, unless a kustomization there says which."""
    own = next((join(path, name) for name in NAMES if normpath(join(path, name)) in found), None)
    if own is not None:
        yield from _reached(found, normpath(own), what, 0)
        return
    head = "" if path == "." else path + "/"
    for file in found:
        if file.startswith(head):
            yield from _reached(found, file, what, 0)
    yield from ((file, what) for file in sources if file.startswith(head))


def _named(found: Mapping[str, Tree], file: str, tree: Tree) -> Iterator[str]:
    """The kustomizations that one names."""
    for key in ("resources", "bases", "components"):
        for each in as_list(tree.get(key)):
            path = normpath(join(folder(file), str(each)))
            yield from (join(path, name) for name in NAMES if join(path, name) in found)


def _owners(found: Mapping[str, Tree]) -> dict[str, frozenset[str]]:
    owners: dict[str, frozenset[str]] = {}
    for file, tree in found.items():
        for each in as_list(tree.get("resources")):
            path = normpath(join(folder(file), str(each)))
            owners[path] = owners.get(path, frozenset()) | {file}
    return owners


def with_images(tree: Plain, images: Plain) -> Plain:
    """A pod template with the image names and versions that a kustomization puts into it."""
    if isinstance(tree, list):
        return [with_images(each, images) for each in tree]
    if not isinstance(tree, dict):
        return tree
    new = {key: with_images(value, images) for key, value in tree.items()}
    if isinstance(image := tree.get("image"), str):
        new["image"] = _renamed(image, images)
    return new


def _patches(kustomization: Tree) -> Iterator[str]:
    for each in as_list(kustomization.get("patchesStrategicMerge")):
        if isinstance(each, str) and "\n" not in each:
            yield each
    for key in ("patches", "patchesJson6902"):
        yield from (str(each["path"]) for each in as_list(kustomization.get(key)) if isinstance(each, dict) and each.get("path"))


def _reached(found: Mapping[str, Tree], file: str, above: Tree, depth: int) -> Iterator[tuple[str, Tree]]:
    """The files that a kustomization builds, with what it and those above it give them; the outermost wins."""
    own = {key: found[file][key] for key in ("namespace", "images") if found[file].get(key) is not None}
    what = {**own, **above}
    for key in ("resources", "bases", "components"):
        for each in as_list(found[file].get(key)) if depth < MAX_DEPTH else ():
            path = normpath(join(folder(file), str(each)))
            inner = next((join(path, name) for name in NAMES if join(path, name) in found), None)
            if inner is None:
                yield path, what
            elif inner != file:
                yield from _reached(found, inner, what, depth + 1)


def _renamed(image: str, images: Plain) -> str:
    match = TAG.fullmatch(image)
    name = match["name"] if match else image
    for each in as_list(images):
        if isinstance(each, dict) and each.get("name") == name:
            new = str(each.get("newName", name))
            if each.get("digest"):
                return f"{new}@{each['digest']}"
            return f"{new}:{each['newTag']}" if each.get("newTag") is not None else new + image[len(name) :]
    return image

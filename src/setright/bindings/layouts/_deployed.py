"""Where Flux and Argo CD put what stands in a folder of the tree.

Flux gives its namespace to all that a folder builds, Argo CD to what names none. fluxcd.io/flux/components/kustomize/kustomizations
(path, targetNamespace, images); argo-cd.readthedocs.io, Application (source.path, destination.namespace).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import normpath

from setright.bindings.layouts._documents import mappings
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Path, Plain, Tree
from setright.trees import as_list

FLUX = "kustomize.toolkit.fluxcd.io/"
OTHERWISE = "namespace-otherwise"  # for what names none


def deployed(sources: Mapping[str, Source]) -> Iterator[tuple[str, Tree]]:
    """Each folder that is deployed, from the root of the tree, with what it is given."""
    for _, _, tree in mappings(sources):
        api = str(tree.get("apiVersion"))
        if api.startswith(FLUX):
            told = {"namespace": look_up(tree, ("spec", "targetNamespace")), "images": look_up(tree, ("spec", "images"))}
            yield from _of(look_up(tree, ("spec", "path")), {key: value for key, value in told.items() if value})
        elif api.startswith("argoproj.io/") and tree.get("kind") == "Application":
            told = {OTHERWISE: look_up(tree, ("spec", "destination", "namespace"))}
            sources_of = [look_up(tree, ("spec", "source")), *as_list(look_up(tree, ("spec", "sources")))]
            for each in sources_of if told[OTHERWISE] else ():
                yield from _of(look_up(each, ("path",)), told)


def overlaid(sources: Mapping[str, Source]) -> Iterator[tuple[str, str, Path, Tree]]:
    """Each folder to which Flux lays patches, with the file, the place and the tree that say them."""
    for source, place, tree in mappings(sources):
        spec = tree.get("spec")
        if str(tree.get("apiVersion")).startswith(FLUX) and isinstance(spec, dict) and spec.get("patches"):
            yield from ((path, source.locator, (*place, "spec"), spec) for path, _ in _of(spec.get("path"), {"patches": True}))


def _of(path: Plain, told: Tree) -> Iterator[tuple[str, Tree]]:
    is_plain = isinstance(path, str) and "{" not in path and not path.startswith("..")
    if is_plain and told and not any("{{" in str(each) for each in told.values()):
        yield normpath(str(path).lstrip("/")), told

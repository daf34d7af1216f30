"""Where Flux and Argo CD put what stands in a folder of the tree.

Flux gives its namespace to all that a folder builds, Argo CD to what names none. fluxcd.io/flux/components/kustomize/kustomizations
(path, targetNamespace, images); argo-cd.readthedocs.io, Application (source.path, destination.namespace).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import normpath

from setright.bindings.layouts._documents import listed, mappings
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Plain, Tree

OTHERWISE = "namespace-otherwise"  # for what names none


def deployed(sources: Mapping[str, Source]) -> Iterator[tuple[str, Tree]]:
    """Each folder that is deployed, from the root of the tree, with what it is given."""
    for _, _, tree in mappings(sources):
        sort = str(tree.get("apiVersion")).partition("/")[0], tree.get("kind")
        if sort == ("kustomize.toolkit.fluxcd.io", "Kustomization"):
            told = {"namespace": look_up(tree, ("spec", "targetNamespace")), "images": look_up(tree, ("spec", "images"))}
            yield from _of(look_up(tree, ("spec", "path")), {key: value for key, value in told.items() if value})
        elif sort == ("argoproj.io", "Application"):
            told = {OTHERWISE: look_up(tree, ("spec", "destination", "namespace"))}
            sources_of = [look_up(tree, ("spec", "source")), *listed(look_up(tree, ("spec", "sources")))]
            for each in sources_of if told[OTHERWISE] else ():
                yield from _of(look_up(each, ("path",)), told)


def _of(path: Plain, told: Tree) -> Iterator[tuple[str, Tree]]:
    is_plain = isinstance(path, str) and "{" not in path and not path.startswith("..")
    if is_plain and told and not any("{{" in str(each) for each in told.values()):
        yield normpath(str(path).lstrip("/")), told

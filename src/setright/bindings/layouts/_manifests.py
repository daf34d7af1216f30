"""The objects of Kubernetes manifests: in YAML of many documents, in JSON, in a List; and what they are called.

Kubernetes API conventions: kinds, metadata, lists.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from setright.bindings.source import Source
from setright.model import Path, Plain, Tree, Unknown


def objects_of(source: Source) -> list[tuple[Path, Tree]]:
    """Every object of a document with its place; looked for once."""
    if "objects" not in source.notes:
        source.notes["objects"] = list(_parted(source))
    objects: list[tuple[Path, Tree]] = source.notes["objects"]
    return objects


def inner_of(layout: Mapping[str, Plain], manifest: Tree) -> Path:
    """Where the tree of the kind stands in an object, as the entry's `kinds:` says."""
    return tuple(filter(None, str(layout["kinds"][manifest["kind"]]).split("/")))


def name_of(sort: str, manifest: Tree) -> str:
    """``Deployment/web``, outside the default namespace ``Deployment/prod/web``."""
    metadata = manifest.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = metadata.get("name", metadata.get("generateName", ""))
    namespace = metadata.get("namespace") or "default"
    words = [sort, *([] if namespace == "default" or isinstance(namespace, Unknown) else [namespace]), name]
    return "/".join(word.text if isinstance(word, Unknown) else str(word) for word in words)


def _parted(source: Source) -> Iterator[tuple[Path, Tree]]:
    """The objects of a document; the items of a List one by one."""
    roots = source.tree.get("documents") if source.lens != "json" else None
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

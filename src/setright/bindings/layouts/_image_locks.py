"""The digests that a repository's lock file names for image tags.

The lock is images.lock.yml, a mapping as ``nginx:1.27: sha256:6784fb08...``: an image as manifests name it, and the digest that
was behind its tag. It holds for the files beside it and below; the deepest one wins. `setright lock` writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import join

from setright.bindings.error import BindingError
from setright.bindings.layouts._documents import folder
from setright.bindings.source import IMAGES_LOCK, LOCKED, Source
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Resource, Tree
from setright.patterns import late

DIGEST = late(r"sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})")
VARIABLE = late(r"\$\{?\w|\{\{")


def held_to(written: Plain, file: str, sources: Mapping[str, Source]) -> str:
    """An image with the digest that the lock names for it. Raises BindingError, with what to do, where none does."""
    if not isinstance(written, str) or VARIABLE.search(written) or "@" in written:
        raise BindingError(f"{file}: {written}: is put together elsewhere; write the digest behind the tag where that is set")
    for lock in _locks(file, sources):
        digest = lock.get(written)
        if isinstance(digest, str) and DIGEST.fullmatch(digest):
            return f"{written}@{digest}"
    raise BindingError(f"{file}: no {IMAGES_LOCK} names the digest of {written}; `setright lock` asks the registry for it")


def held(wanted: Edit, place: Path, resource: Resource, template: Plain, sources: Mapping[str, Source]) -> Edit:
    """An edit that asks for the locked version of one of a workload's images, as an edit on that image, which stands at `place`."""
    if wanted.value != LOCKED:
        return wanted
    written, seen = look_up(template, place), look_up(resource.tree, (*wanted.path[:-1], "image"))
    if written != seen:
        raise BindingError(f"{resource.home[0]}: a kustomization makes {written} to {seen}; write its digest there")
    return Edit(place, held_to(written, resource.home[0], sources))


def _locks(file: str, sources: Mapping[str, Source]) -> Iterator[Tree]:
    """The locks that hold for a file, the nearest first."""
    place = file
    while place:
        place = folder(place)
        lock = sources.get(join(place, IMAGES_LOCK))
        if lock and lock.lens == "yaml" and isinstance(tree := look_up(lock.tree, ("documents", 0)), dict):
            yield tree

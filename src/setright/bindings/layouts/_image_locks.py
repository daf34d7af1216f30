"""The digests behind image tags: those that a repository's lock file names, and those of tags that no longer move.

The lock is images.lock.yml, a mapping as ``nginx:1.27: sha256:6784fb08...``: an image as manifests name it, and the digest that
was behind its tag. It holds for the files beside it and below; the deepest one wins. `setright lock` writes it. Of tags that
their makers do not move, or build no more, `bindings/digests.yaml` tells the digest where no lock does.
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
SAME = late(r"(?:(?:index\.|registry-1\.)?docker\.io/)?(?:library/(?=[^/]+$))?")  # before a name of Docker Hub
LATEST = "latest"  # what no tag stands for
FORMER, NOW = "k8s.gcr.io/", "registry.k8s.io/"  # one registry by its two names
FOR_GOOD = (FORMER, NOW)  # registries that neither move a tag nor remove an image

Digests = Mapping[str, Mapping[str, Plain]]


def held_to(written: Plain, file: str, sources: Mapping[str, Source], digests: Digests) -> str:
    """An image with the digest that the lock names for it, or that its tag has for good.

    Raises BindingError, with what to do, where none is known.
    """
    if not isinstance(written, str) or VARIABLE.search(written) or "@" in written:
        raise BindingError(f"{file}: {written}: is put together elsewhere; write the digest behind the tag where that is set")
    for lock in _locks(file, sources):
        digest = lock.get(written)
        if isinstance(digest, str) and DIGEST.fullmatch(digest):
            return f"{written}@{digest}"
    if digest := for_good(written, digests):
        return f"{written}@{digest}"
    raise BindingError(f"{file}: no {IMAGES_LOCK} names the digest of {written}; `setright lock` asks the registry for it")


def for_good(written: str, digests: Digests) -> str:
    """The digest of an image whose tag moves no more; nothing where that is not known."""
    name, _, tag = written.rpartition(":") if ":" in written.rpartition("/")[2] else (written, "", LATEST)
    tags = digests.get(_name(name), {}).get("tags", {})
    known = tags.get(tag, "") if isinstance(tags, dict) else ""
    return str(known["digest"] if isinstance(known, dict) else known)


def is_kept(written: str) -> bool:
    """Whether what the image's digest names stays where it is: its registry removes nothing."""
    return written.startswith(FOR_GOOD)


def held(wanted: Edit, place: Path, resource: Resource, template: Plain, sources: Mapping[str, Source], digests: Digests) -> Edit:
    """An edit that asks for the locked version of one of a workload's images, as an edit on that image, which stands at `place`."""
    if wanted.value != LOCKED:
        return wanted
    written, seen = look_up(template, place), look_up(resource.tree, (*wanted.path[:-1], "image"))
    if written != seen:
        raise BindingError(f"{resource.home[0]}: a kustomization makes {written} to {seen}; write its digest there")
    return Edit(place, held_to(written, resource.home[0], sources, digests))


def _locks(file: str, sources: Mapping[str, Source]) -> Iterator[Tree]:
    """The locks that hold for a file, the nearest first."""
    place = file
    while place:
        place = folder(place)
        lock = sources.get(join(place, IMAGES_LOCK))
        if lock and lock.lens == "yaml" and isinstance(tree := look_up(lock.tree, ("documents", 0)), dict):
            yield tree


def _name(written: str) -> str:
    """A repository by one name for all that it has."""
    if written.startswith(FORMER):
        return NOW + written.removeprefix(FORMER)
    found = SAME.match(written)
    return written[found.end() :] if found else written

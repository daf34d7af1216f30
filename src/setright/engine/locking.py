"""What a tree uses by a name that others can move, and the lock files that say what each stood for.

``images.lock.yml`` holds digests of container images, ``.github/actions.lock.yml`` commits of actions: each a mapping from what
a file writes (``nginx:1.27``, ``actions/checkout@v4``) to what was behind it on the day it was asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from setright.bindings.source import ACTIONS_LOCK, IMAGES_LOCK
from setright.bindings.trees import look_up
from setright.engine.abreast import abreast
from setright.engine.error import EngineError
from setright.engine.scan import Scan
from setright.integrations.error import IntegrationError
from setright.lenses import LensError, get, put
from setright.model import Edit, Plain, Resource

CONTROLS = (
    "k8s/workload/image-digest",
    "compose/service/image-digest",
    "docker/image/base-digest",
    "actions/step/pinned",
    "actions/job/pinned-workflow",
)
ABOUT = b"# What stood behind each name when `setright lock` asked; `setright lock --update` asks again.\n"
BY_TAG = re.compile(r"[\w.-]+(?::\d+)?(?:/[\w.-]+)*(?::[\w.-]+)?", re.ASCII)  # without a digest or a variable


class Resolved(NamedTuple):
    """What was asked for one name: what stands behind it now, or why nobody could tell."""

    name: str
    stands_for: str = ""
    error: str = ""


class Lock(NamedTuple):
    """One lock file: what it said, and what the tree uses that it may name."""

    file: Path
    known: Mapping[str, str]
    used: tuple[str, ...]

    def missing(self, *, renew: bool) -> list[str]:
        """What is to be asked: what it does not name, or all that is used."""
        return [name for name in self.used if renew or name not in self.known]


def locks(root: Path, scans: Iterable[Scan]) -> tuple[Lock, Lock]:
    """The lock of images and that of actions of a tree. Raises EngineError for a lock that cannot be read."""
    images: set[str] = set()
    actions: set[str] = set()
    for scan in scans:
        for (kind, _), resources in scan.world.resources.items():
            for resource in resources:
                images |= set(_images(kind, resource))
                actions |= set(_actions(resource)) if kind.startswith("actions/") else set()
    return _lock(root / IMAGES_LOCK, images), _lock(root / ACTIONS_LOCK, actions)


def asked(names: Sequence[str], ask: Callable[[str], str]) -> Iterator[Resolved]:
    """The answer for each name as it comes, several asked at once; one that fails stops no other."""

    def one(name: str) -> Resolved:
        try:
            return Resolved(name, ask(name))
        except IntegrationError as error:
            return Resolved(name, error=str(error))

    return abreast(one, names) if names else iter(())


def commit_at(forge: str) -> Callable[[str], str]:
    """Asks a forge (its URL) for the commit behind ``owner/name@ref``."""
    from setright.integrations.git import commit_of

    def ask(uses: str) -> str:
        action, _, ref = uses.partition("@")
        return commit_of(f"{forge.rstrip('/')}/{'/'.join(action.split('/')[:2])}", ref)

    return ask


def text_of(lock: Lock, new: Iterable[Resolved]) -> bytes:
    """The lock file with what was told written in; comments, order and all the rest stay."""
    source = lock.file.read_bytes() if lock.file.exists() else ABOUT
    told = [each for each in sorted(new) if each.stands_for and lock.known.get(each.name) != each.stands_for]
    return put("yaml", source, [Edit(("documents", 0, each.name), each.stands_for) for each in told])


def _lock(file: Path, used: Iterable[str]) -> Lock:
    try:
        tree = look_up(get("yaml", file.read_bytes()), ("documents", 0)) if file.exists() else {}
    except (OSError, LensError) as error:
        raise EngineError(f"{file}: cannot be read: {error}; mend it, or remove it and run this again") from error
    if tree is not None and not isinstance(tree, dict):
        raise EngineError(f"{file}: is no mapping from names to what they stand for; mend it, or remove it and run this again")
    return Lock(file, {str(name): str(value) for name, value in (tree or {}).items()}, tuple(sorted(used)))


def _images(kind: str, resource: Resource) -> Iterator[str]:
    """The images that a workload, a service or a stage names by a tag."""
    found: list[Plain] = []
    if kind == "k8s/workload":
        images = look_up(resource.tree, ("workload", "images"))
        found = [each.get("image") for each in images if isinstance(each, dict)] if isinstance(images, list) else []
    elif kind == "compose/service" and "build" not in resource.tree:
        found = [resource.tree.get("image")]
    elif kind == "docker/image":
        stages = resource.tree.get("stages")
        bases = [each for each in stages if isinstance(each, dict) and each.get("external")] if isinstance(stages, list) else []
        found = [":".join(filter(None, (each.get("image"), each.get("tag")))) for each in bases if _is_tagged(each)]
    return (each for each in found if isinstance(each, str) and BY_TAG.fullmatch(each))


def _is_tagged(stage: Mapping[str, Plain]) -> bool:
    return isinstance(stage.get("image"), str) and isinstance(stage.get("tag", ""), str) and "digest" not in stage


def _actions(resource: Resource) -> Iterator[str]:
    """The actions and workflows of others that a step or job names by a tag or branch."""
    calls = resource.tree.get("calls")
    if isinstance(calls, dict) and not calls.get("pinned") and calls.get("ref"):
        yield f"{calls['name']}@{calls['ref']}"

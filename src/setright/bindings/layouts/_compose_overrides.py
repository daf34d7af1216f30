"""Which Compose files called like an override of their folder's main file are started by themselves.

docs.docker.com, Merge Compose files: an override is laid over the file named before it, and says only what differs there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from posixpath import join
from typing import NamedTuple

from setright.bindings.layouts._compose_starts import named_together
from setright.bindings.layouts._documents import folder
from setright.bindings.source import Source
from setright.model import Path, Plain, Tree
from setright.patterns import late
from setright.trees import as_list

Services = Mapping[tuple[str, str], tuple[Path, Tree]]

BY_ITSELF = late(r"(?:.*/)?(?:docker-)?compose\.override\.ya?ml")  # which Compose lays over the main file unasked
WHOLE = ("image", "build")
REPEATED = ("image", "ports", "environment", "volumes", "command")  # what nobody writes twice to change nothing


def alone(services: Services, mains: Sequence[str], sources: Mapping[str, Source]) -> frozenset[str]:
    """The files that have all their services need, and name others of their own or repeat what the main file says."""
    by_file: dict[str, dict[str, Tree]] = {}
    for (file, name), (_, raw) in services.items():
        by_file.setdefault(file, {})[name] = raw
    together = named_together(sources)
    found = []
    for file, own in by_file.items():
        below = next((by_file[main] for each in mains if (main := join(folder(file), each)) in by_file), None)
        if below is None or BY_ITSELF.fullmatch(file) or file.rpartition("/")[2] in {*mains, *together}:
            continue
        found += [file] if _is_whole(own, below) else []
    return frozenset(found)


class Below(NamedTuple):
    """The service of the same name in the folder's main file, with that file's other services and its version."""

    service: Tree
    services: Tree
    version: str


def below(locator: str, name: str, mains: Sequence[str], sources: Mapping[str, Source]) -> Below | None:
    """What may be laid under a service; None where its file is a main one, or no main one says that service."""
    if locator.rpartition("/")[2] in mains:
        return None
    for main in (join(folder(locator), each) for each in mains):
        documents = sources[main].tree.get("documents") if main in sources and sources[main].lens == "yaml" else None
        for document in documents if isinstance(documents, list) else ():
            services = document.get("services") if isinstance(document, dict) else None
            if isinstance(services, dict) and isinstance(services.get(name), dict):
                return Below(services[name], services, str(document.get("version") or ""))
    return None


def _is_whole(own: Mapping[str, Tree], below: Mapping[str, Tree]) -> bool:
    if not all(any(raw.get(key) for key in WHOLE) for raw in own.values()):
        return False
    needs = {str(each) for raw in own.values() for each in as_list(_names(raw.get("depends_on")))}
    repeats = any(raw.get(key) and raw[key] == below.get(name, {}).get(key) for name, raw in own.items() for key in REPEATED)
    return bool(needs and needs <= own.keys()) or repeats


def _names(depends: Plain) -> list[Plain]:
    return list(depends) if isinstance(depends, dict) else as_list(depends)

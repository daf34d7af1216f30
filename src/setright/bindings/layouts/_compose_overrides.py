"""Which Compose files called like an override of their folder's main file are started by themselves.

docs.docker.com, Merge Compose files: an override is laid over the file named before it, and says only what differs there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from posixpath import join

from setright.bindings.layouts._compose_starts import named_together
from setright.bindings.layouts._documents import folder, listed
from setright.bindings.source import Source
from setright.model import Path, Plain, Tree
from setright.patterns import late

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


def _is_whole(own: Mapping[str, Tree], below: Mapping[str, Tree]) -> bool:
    if not all(any(raw.get(key) for key in WHOLE) for raw in own.values()):
        return False
    needs = {str(each) for raw in own.values() for each in listed(_names(raw.get("depends_on")))}
    repeats = any(raw.get(key) and raw[key] == below.get(name, {}).get(key) for name, raw in own.items() for key in REPEATED)
    return bool(needs and needs <= own.keys()) or repeats


def _names(depends: Plain) -> list[Plain]:
    return list(depends) if isinstance(depends, dict) else listed(depends)

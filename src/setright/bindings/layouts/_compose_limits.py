"""Where a service's limits are written, so that whoever starts its file knows them.

`docker stack` passes tmpfs over before version 3.6 of the format, and knows no pids before 3.9 (docker/cli, pull 2503). Compose 1
knows these nowhere in `deploy`, and Compose 2 takes a limit beside `deploy/resources/limits` for another one than is there.
compose-spec.io, services and deploy.
"""

from __future__ import annotations

from collections.abc import Iterable

from setright.bindings.error import BindingError
from setright.bindings.layouts import _compose_short as short
from setright.bindings.layouts._compose_health import is_of_swarm
from setright.bindings.trees import look_up
from setright.model import Edit, Path, Plain, Tree
from setright.patterns import late

WHOLE = late(r"(\d+)(?:\.0*)?")
WITH_TMPFS = (3, 6)
WITH_PIDS = (3, 9)  # the first version of the format in which they are a limit of `deploy`


def place(name: str, raw: Tree, key: str, version: str, services: Iterable[Plain]) -> Path:
    """The path of a limit in a service as it is written. Raises BindingError where who starts the file would refuse it."""
    older = short.LIMITS[key]
    has_new = isinstance(look_up(raw, short.LIMITS_AT), dict)
    if older in raw or (not has_new and any(each in raw for each in short.LIMITS.values())) or version.startswith("2"):
        return (older,)
    if version.startswith("3") and not has_new and not _is_for_swarm(services):
        return (older,)
    if key == "pids" and version.startswith("3") and _number(version) < WITH_PIDS:
        raise BindingError(
            f"{name}: version {version} of the format knows no limit of processes in deploy, where its other limits are; raise it"
            " to 3.9, or remove `version` where only Compose 2 starts it"
        )
    return (*short.LIMITS_AT, key)


def written(path: Path, value: Plain) -> Plain:
    """A limit as its key has it: the older one of processors is a number where the format is of version 2."""
    whole = WHOLE.fullmatch(value) if path == (short.LIMITS["cpus"],) and isinstance(value, str) else None
    return int(whole[1]) if whole else value


def refuse_memory(name: str, edits: Iterable[Edit], version: str, services: Iterable[Plain]) -> None:
    """Raises BindingError for places in memory that Swarm would not make, so that a read-only root had nowhere to write."""
    is_old = version.startswith("3") and _number(version) < WITH_TMPFS
    if is_old and _is_for_swarm(services) and any(each.path == ("tmpfs",) for each in edits):
        raise BindingError(
            f"{name}: Swarm knows no tmpfs before version 3.6 of the format, and this file says {version}; raise it first"
        )


def _is_for_swarm(services: Iterable[Plain]) -> bool:
    return any(isinstance(each, dict) and is_of_swarm(each) for each in services)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())

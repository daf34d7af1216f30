"""What else in the tree starts the image that a Dockerfile builds: services of Compose files, and GitHub for an action.

compose-spec.io, build.md and 05-services.md; docs.github.com, Dockerfile support for GitHub Actions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from posixpath import join, normpath

from setright.bindings.layouts._compose_build import ELSEWHERE
from setright.bindings.layouts._dockerfile_image import Instruction, from_of, stages_of
from setright.bindings.layouts._documents import folder, mappings
from setright.bindings.source import Same, Source
from setright.bindings.trees import look_up
from setright.model import Plain, Tree
from setright.patterns import late
from setright.trees import as_list

ACTION = late(r"(?:^|/)action\.ya?ml")
PORT = late(r"(\d+)(?:/tcp)?")
NUMBER = late(r"(?<![\d.])\d{2,5}(?![\d.])")
RUNTIME = late(r"/(?:docker|containerd|crio|podman)\.sock\b")
Services = Mapping[str, Sequence[Tree]]


def services(sources: Mapping[str, Source]) -> Services:
    """The services of Compose files that build each Dockerfile and start something else in it."""
    found: dict[str, list[Tree]] = {}
    for source, _, document in mappings(sources):
        theirs = document.get("services")
        for service in theirs.values() if isinstance(theirs, dict) else ():
            if isinstance(service, dict) and (service.get("command") or service.get("entrypoint")):
                for built in _built(source.locator, service.get("build")):
                    found.setdefault(built, []).append(service)
    return found


def _built(file: str, build: Plain) -> Iterator[str]:
    told = {"context": build} if isinstance(build, str) else build if isinstance(build, dict) else {}
    context, name = str(told.get("context", ".")), str(told.get("dockerfile", "Dockerfile"))
    if told and not ELSEWHERE.search(context) and "$" not in name:
        yield normpath(join(folder(file), context, name))


def is_alone(instructions: Sequence[Instruction], others: Sequence[Tree], port: str) -> bool:
    """Whether what services start in the last stage has checks of its own, or says that it serves this port."""
    stages = stages_of(instructions)
    last = from_of(instructions[stages[-1][0]])["name"].lower() if stages else ""
    mine = [each for each in others if str(look_up(each, ("build", "target")) or last).lower() == last]
    return all(each.get("healthcheck") or (port and port in _served(each)) for each in mine)


def _served(service: Tree) -> set[str]:
    """The ports of the container that a service speaks of."""
    given = as_list(service.get("ports"))
    ports = [each.get("target") if isinstance(each, dict) else str(each).rpartition(":")[2] for each in given]
    numbers = (PORT.fullmatch(str(each)) for each in [*ports, *as_list(service.get("expose"))])
    return {*(found[1] for found in numbers if found), *NUMBER.findall(f"{service.get('command')} {service.get('entrypoint')}")}


def of_services(sources: Mapping[str, Source]) -> frozenset[str]:
    """The Dockerfiles by which services of Compose files are built, whatever they start."""
    found = ((source.locator, document.get("services")) for source, _, document in mappings(sources))
    theirs = ((file, each) for file, services in found if isinstance(services, dict) for each in services.values())
    return frozenset(built for file, each in theirs if isinstance(each, dict) for built in _built(file, each.get("build")))


def of_actions(sources: Mapping[str, Source]) -> frozenset[str]:
    """The Dockerfiles that GitHub builds for an action beside them, whose container it starts as root for the workspace."""
    return _of_actions(Same(sources))


@lru_cache(maxsize=1)
def _of_actions(same: Same) -> frozenset[str]:
    sources = same.sources
    found = ((source.locator, document.get("runs")) for source, _, document in mappings(sources) if ACTION.search(source.locator))
    return frozenset(normpath(join(folder(file), str(runs.get("image")))) for file, runs in found if isinstance(runs, dict))


def as_root_in(locator: str, sources: Mapping[str, Source]) -> str:
    """What a service of a Compose file gives its image that only root has a use for; empty for nothing."""
    return _as_root(Same(sources)).get(locator, "")


@lru_cache(maxsize=1)
def _as_root(same: Same) -> dict[str, str]:
    found: dict[str, str] = {}
    for source, _, document in mappings(same.sources):
        theirs = document.get("services")
        for service in theirs.values() if isinstance(theirs, dict) else ():
            given = _of_root(service) if isinstance(service, dict) else ""
            if given and not service.get("user"):
                found |= dict.fromkeys(_built(source.locator, service.get("build")), f"{source.locator} starts its image {given}")
    return found


def _of_root(service: Tree) -> str:
    if service.get("privileged") is True:
        return "privileged"
    if RUNTIME.search(str(service.get("volumes"))):
        return "with the socket of the container runtime"
    if service.get("devices"):
        return "with devices of the host"
    added = [str(each).upper().removeprefix("CAP_") for each in as_list(service.get("cap_add"))]
    return f"with {added[0]}, which root alone gets" if set(added) - {"NET_BIND_SERVICE"} else ""

"""Who can reach something, told from what is configured: the Internet, or nothing that says so. Pure.

Only ``internet`` is ever inferred: that nothing opens a way does not prove that there is none. Sources: the providers' own
words for a public address or an open range; Kubernetes' Service and Ingress (kubernetes.io/docs/concepts/services-networking).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from setright.engine.world import World
from setright.model import Path, Plain, Resource

ANYWHERE = {"0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "::/1", "8000::/1", "2000::/3", "*", "Internet"}
RANGES = ("cidr", "range", "source_address", "sourceaddress")
PUBLIC = {
    "publicly_accessible",
    "PubliclyAccessible",
    "associate_public_ip_address",
    "AssociatePublicIpAddress",
    "endpoint_public_access",
    "endpointPublicAccess",
}
SCHEMES = {"scheme", "Scheme", "load_balancer_type"}
SPEAKING = PUBLIC | SCHEMES
TELLING = {*ANYWHERE, "true", "internet-facing"}
OUTWARD = ("egress", "outbound")
MOST_VALUES = 2000
SERVED = ("LoadBalancer", "NodePort")


class Way(NamedTuple):
    """A workload that is reached from outside: its namespace and labels, and by what."""

    namespace: str
    labels: Mapping[str, str]
    why: str


def of_resource(resource: Resource) -> str:
    """Why the Internet reaches it, by its own words; empty: they do not say so."""
    if not _may_tell(resource.tree):
        return ""
    return next((why for path, value in _values(resource.tree, _tells) if (why := _open(path, value))), "")


def ways(world: World) -> list[Way]:
    """The workloads that services and ingresses of the same documents open to the outside."""
    objects = [each for source in world.sources.values() for each in _objects(source.tree)]
    reached = {name: why for each in objects for name, why in _routed(each)}
    found = []
    for each in objects:
        name, spec = _name(each), each.get("spec")
        if each.get("kind") != "Service" or not isinstance(spec, dict) or not isinstance(spec.get("selector"), dict):
            continue
        why = f"service {name[1]} is a {spec['type']}" if spec.get("type") in SERVED else reached.get(name, "")
        if why and spec["selector"]:
            found.append(Way(name[0], spec["selector"], why))
    return found


def by_ways(resource: Resource, opened: list[Way]) -> str:
    """Why a workload is reached from outside; empty: none of the ways leads to it."""
    workload = resource.tree.get("workload")
    labels = resource.tree.get("metadata", {}).get("labels") if isinstance(resource.tree.get("metadata"), dict) else None
    if not isinstance(workload, dict) or not isinstance(labels, dict):
        return ""
    namespace = str(workload.get("namespace") or "default")
    return next((w.why for w in opened if w.namespace == namespace and w.labels.items() <= labels.items()), "")


def _may_tell(tree: Plain) -> bool:
    """Whether anything in it may open something, wherever it stands: in most trees nothing does."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if node.__class__ is dict and not SPEAKING.isdisjoint(node):
            return True
        for value in node.values() if node.__class__ is dict else node:
            sort = value.__class__
            if sort is dict or sort is list:
                waiting.append(value)
            elif sort is str and value in ANYWHERE:
                return True
    return False


def _tells(value: Plain) -> bool:
    """Whether the value of an attribute may open something; most do not, so their places need not be known."""
    return value is True or (isinstance(value, str) and value in TELLING)


def _open(path: Path, value: Plain) -> str:
    keys = [str(part) for part in path]
    last = next((key for key in reversed(keys) if not key.isdigit()), "")
    if any(word in key.lower() for key in keys for word in OUTWARD):
        return ""
    if isinstance(value, str) and value in ANYWHERE and any(word in last.lower() for word in RANGES):
        return f"{last} is {value}"
    if last in PUBLIC and value in (True, "true"):
        return f"{last} is true"
    return f"{last} is {value}" if last in SCHEMES and value == "internet-facing" else ""


def _values(tree: Plain, meant: Callable[[Plain], bool]) -> Iterator[tuple[Path, Plain]]:
    """The values that are meant, as far as so many were looked at."""
    waiting: list[tuple[Path, Plain]] = [((), tree)]
    seen = 0
    while waiting:
        path, node = waiting.pop()
        if not isinstance(node, dict | list):
            yield path, node
        elif seen < MOST_VALUES:
            seen += len(node)
            pairs = node.items() if isinstance(node, dict) else enumerate(node)
            waiting += [((*path, key), value) for key, value in pairs if isinstance(value, dict | list) or meant(value)]


def _objects(tree: Plain) -> list[dict[str, Plain]]:
    documents = tree.get("documents") if isinstance(tree, dict) else None
    return [each for each in documents if isinstance(each, dict)] if isinstance(documents, list) else []


def _name(told: Mapping[str, Plain]) -> tuple[str, str]:
    metadata = told.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    return str(metadata.get("namespace") or "default"), str(metadata.get("name") or "")


def _routed(told: Mapping[str, Plain]) -> Iterator[tuple[tuple[str, str], str]]:
    """The services that an ingress or route leads to."""
    if told.get("kind") not in ("Ingress", "HTTPRoute", "GRPCRoute"):
        return
    namespace, name = _name(told)
    for path, value in _values(told.get("spec"), lambda value: True):
        keys = [part for part in path if isinstance(part, str)]
        if keys[-2:] == ["service", "name"] or keys[-2:] == ["backendRefs", "name"] or keys[-1:] == ["serviceName"]:
            yield (namespace, str(value)), f"{told['kind']} {name} leads to it"

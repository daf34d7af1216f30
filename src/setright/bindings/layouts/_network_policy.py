"""Whether a network policy holds for a pod, and the one that leaves open what its containers declare.

Kubernetes API reference, NetworkPolicySpec, LabelSelector.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts._documents import listed
from setright.bindings.layouts._programs import usual_port
from setright.bindings.layouts._services import WAYS
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown

PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def chooses(policy: Tree, labels: Tree) -> bool:
    """Whether a policy's pod selector matches the labels; an empty one matches every pod."""
    selector = look_up(policy, ("spec", "podSelector"))
    if not isinstance(selector, dict):
        return False
    named = selector.get("matchLabels")
    if isinstance(named, dict) and any(labels.get(key) != value for key, value in named.items()):
        return False
    return all(_fits(each, labels) for each in listed(selector.get("matchExpressions")) if isinstance(each, dict))


def _fits(expression: Tree, labels: Tree) -> bool:
    value = labels.get(str(expression.get("key")))
    is_in = value in listed(expression.get("values"))
    told = {"In": is_in, "NotIn": not is_in, "Exists": value is not None, "DoesNotExist": value is None}
    return told.get(str(expression.get("operator")), False)


def declared_only(name: str, metadata: Tree, template: Tree, reached: Sequence[Tree]) -> Tree:
    """A policy under which pods are reached on the ports that they declare, that others say of them or that their images are known
    to serve, and on no other.

    Where neither tells one, it is where their probes ask and where their images are known to listen.
    Raises BindingError where pods have no labels of their own or no name to go by.
    """
    labels = look_up(template, ("metadata", "labels"))
    if (
        not isinstance(labels, dict)
        or not labels
        or any(isinstance(each, Unknown) or "{{" in str(each) for each in labels.values())
    ):
        raise BindingError(f"{name}: its pods have no labels that a network policy could choose them by; add some first")
    if not isinstance(metadata.get("name"), str) or "{{" in metadata["name"]:
        raise BindingError(f"{name}: has no name of its own; write its network policy by hand")
    ports = declared(template)
    usual = [{"port": port} for c in _containers(template) if ports and (port := usual_port(c)) is not None]
    for each in (*reached, *usual):
        ports += [each] if each not in ports else []
    ports = ports or [{"port": port} for port in dict.fromkeys(p for c in _containers(template) for p in _listens(c))]
    namespace = {"namespace": metadata["namespace"]} if isinstance(metadata.get("namespace"), str) else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": metadata["name"], **namespace},
        "spec": {
            "podSelector": {"matchLabels": labels},
            "policyTypes": ["Ingress"],
            "ingress": [{"ports": ports}] if ports else [],
        },
    }


def declared(template: Tree) -> list[Tree]:
    """The ports that the containers of a template declare, as network policies say them."""
    return [_port(port) for c in _containers(template) for port in listed(c.get("ports")) if isinstance(port, dict)]


def _containers(template: Tree) -> list[Tree]:
    return [c for key in ("containers", "initContainers") for c in listed(look_up(template, ("spec", key))) if isinstance(c, dict)]


def _listens(container: Tree) -> Iterator[Plain]:
    """Where a container that declares no port listens, by its probes or by what its image is known for."""
    for probe in PROBES:
        for way in WAYS:
            port = look_up(container, (probe, way, "port"))
            if isinstance(port, int):
                yield port
    if (usual := usual_port(container)) is not None:
        yield usual


def _port(port: Tree) -> Tree:
    protocol = {"protocol": port["protocol"]} if port.get("protocol") not in (None, "TCP") else {}
    return {"port": port.get("containerPort"), **protocol}

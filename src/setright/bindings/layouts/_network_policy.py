"""Whether a network policy holds for a pod, and the one that leaves open what its containers declare.

Kubernetes API reference, NetworkPolicySpec, LabelSelector.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts._documents import folder
from setright.bindings.layouts._namespaces import NAMESPACE
from setright.bindings.layouts._programs import usual_port
from setright.bindings.layouts._services import WAYS
from setright.bindings.trees import look_up
from setright.model import Plain, Resource, Tree, Unknown
from setright.patterns import late
from setright.trees import as_list

NAME = "app.kubernetes.io/name"
UNCHOSEN = ("Pod", "Job", "CronJob")  # whose pods need no labels of their own; those of others are known by them
LABEL = late(r"[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?")
SCRAPED = late(r"(?:[\w-]+\.)*prometheus\.io/(?:[\w-]+[-_.])?port")  # annotations that tell where metrics are fetched
PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


def chooses(policy: Tree, labels: Tree) -> bool:
    """Whether a policy's pod selector matches the labels; an empty one matches every pod."""
    selector = look_up(policy, ("spec", "podSelector"))
    if not isinstance(selector, dict):
        return False
    named = selector.get("matchLabels")
    if isinstance(named, dict) and any(labels.get(key) != value for key, value in named.items()):
        return False
    return all(_fits(each, labels) for each in as_list(selector.get("matchExpressions")) if isinstance(each, dict))


def tell_policies(workloads: Sequence[Resource], policies: Sequence[tuple[str, Tree]]) -> None:
    """The policies that choose each workload's pods, given as (file, policy).

    One that stands in a file with a workload that it chooses is for that workload, not for its copies in other files. Policies of
    other folders count in a namespace that is named: `default` is a jumble of what is never applied together.
    """
    policies = [each for each in policies if _is_about_ingress(each[1])]
    by_label = _ByLabel(policies)
    chosen = [(each, [i for i in by_label.asking(_labels(each)) if _is_chosen(each, *policies[i])]) for each in workloads]
    taken = {i for each, mine in chosen for i in mine if policies[i][0] == each.home[0]}
    for workload, mine in chosen:
        file = workload.home[0]
        is_named = workload.tree["workload"]["namespace"] != "default"
        near = [i for i in mine if policies[i][0] == file]
        near += [i for i in mine if i not in taken and (is_named or folder(policies[i][0]) == folder(file))]
        if near:
            workload.tree["workload"]["network_policies"] = [str(look_up(policies[i][1], ("metadata", "name"))) for i in near]


def _is_about_ingress(policy: Tree) -> bool:
    """Whether a policy says who reaches pods; one for what they reach alone leaves them open to all."""
    types = look_up(policy, ("spec", "policyTypes"))
    return not isinstance(types, list) or not types or any(isinstance(each, Unknown) or each == "Ingress" for each in types)


class _ByLabel:
    """Policies by one of the labels that each asks for, so that pods need not be held against all."""

    def __init__(self, policies: Sequence[tuple[str, Tree]]) -> None:
        self._policies: dict[tuple[str, str] | None, list[int]] = {}
        for i, (_, policy) in enumerate(policies):
            named = look_up(policy, ("spec", "podSelector", "matchLabels"))
            self._policies.setdefault(next(_words(named), None) if isinstance(named, dict) else None, []).append(i)

    def asking(self, labels: Tree) -> list[int]:
        """Those that may choose pods of these labels, in the order given."""
        return sorted(i for label in (None, *_words(labels)) for i in self._policies.get(label, ()))


def _words(labels: Tree) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in labels.items() if isinstance(value, str))


def _labels(workload: Resource) -> Tree:
    labels = look_up(workload.tree, ("metadata", "labels"))
    return labels if isinstance(labels, dict) else {}


def _is_chosen(workload: Resource, file: str, policy: Tree) -> bool:
    """Whether a policy of a file is for the workload; one that names no namespace goes with what stands in its file."""
    own = workload.tree["workload"]["namespace"]
    namespace = look_up(policy, NAMESPACE) or (own if file == workload.home[0] else "default")
    return bool(namespace == own) and chooses(policy, _labels(workload))


def _fits(expression: Tree, labels: Tree) -> bool:
    value = labels.get(str(expression.get("key")))
    is_in = value in as_list(expression.get("values"))
    told = {"In": is_in, "NotIn": not is_in, "Exists": value is not None, "DoesNotExist": value is None}
    return told.get(str(expression.get("operator")), False)


def first_label(manifest: Tree, template: Tree, objects: Iterable[Tree]) -> dict[str, str]:
    """A label for pods that have none, for a policy to choose them by; {} where they need none, or others would choose them too."""
    metadata, name = template.get("metadata"), look_up(manifest, ("metadata", "name"))
    labels = look_up(metadata, ("labels",))
    is_filled = not isinstance(metadata, dict | None) or any("{{" in str(key) for key in metadata or ())
    if labels or is_filled or manifest.get("kind") not in UNCHOSEN or not (isinstance(name, str) and LABEL.fullmatch(name)):
        return {}
    selectors = [look_up(each, ("spec", "selector")) for each in objects]
    named = [look_up(each, ("matchLabels",)) or each for each in selectors]
    return {} if any(look_up(each, (NAME,)) == name for each in named) else {NAME: name}


def declared_only(name: str, manifest: Tree, template: Tree, reached: Sequence[Tree], objects: Iterable[Tree]) -> Tree:
    """A policy under which pods are reached on the ports that they declare, that others say of them or that their images are known
    to serve, where their metrics are fetched, by each other where they look for each other, and on no other.

    Where none of it tells one, it is where their probes ask and where their images are known to listen.
    Raises BindingError where pods have no labels of their own or no name to go by.
    """
    metadata = manifest["metadata"] if isinstance(manifest.get("metadata"), dict) else {}
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
    ports += [{"port": port} for port in _asked(template) if {"port": port} not in ports]
    namespace = {"namespace": metadata["namespace"]} if isinstance(metadata.get("namespace"), str) else {}
    own: Tree = {"from": [{"podSelector": {"matchLabels": labels}}]}
    rules: list[Plain] = [*([{"ports": ports}] if ports else []), *([own] if _meet(manifest, labels, objects) else [])]
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": metadata["name"], **namespace},
        "spec": {"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress"], "ingress": rules},
    }


def _meet(manifest: Tree, labels: Tree, objects: Iterable[Tree]) -> bool:
    """Whether pods look for each other, as in a cluster: a StatefulSet's, or those of a service without address and ports."""
    if manifest.get("kind") == "StatefulSet":
        return look_up(manifest, ("spec", "replicas")) not in (None, 0, 1)
    headless = (each for each in objects if each.get("kind") == "Service" and look_up(each, ("spec", "clusterIP")) == "None")
    chosen = (look_up(each, ("spec", "selector")) for each in headless if not look_up(each, ("spec", "ports")))
    return any(isinstance(each, dict) and each and each.items() <= labels.items() for each in chosen)


def marks_of(policy: Tree) -> frozenset[str]:
    """By what a policy made here is known: the labels of its pods, which are all that they have, and where they live."""
    labels = policy["spec"]["podSelector"]["matchLabels"]
    space = policy["metadata"].get("namespace")
    return frozenset([*map(repr, labels.items()), *([f"in {space}"] if space else [])])


def declared(template: Tree) -> list[Tree]:
    """The ports that the containers of a template declare, as network policies say them."""
    return [_port(port) for c in _containers(template) for port in as_list(c.get("ports")) if isinstance(port, dict)]


def _asked(template: Tree) -> Iterator[int]:
    """Where metrics are fetched from the pods, as their annotations say."""
    annotations = look_up(template, ("metadata", "annotations"))
    for key, value in annotations.items() if isinstance(annotations, dict) else ():
        if SCRAPED.fullmatch(str(key)) and str(value).isdecimal():
            yield int(value)


def _containers(template: Tree) -> list[Tree]:
    return [c for key in ("containers", "initContainers") for c in as_list(look_up(template, ("spec", key))) if isinstance(c, dict)]


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

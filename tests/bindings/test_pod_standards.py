"""Namespaces that would refuse what the tree puts into them."""

from __future__ import annotations

import pytest
from tests.bindings.test_kubernetes import BINDINGS, sources

from setright.bindings.error import Missing
from setright.bindings.layouts import kubernetes
from setright.model import Edit

LAYOUT = BINDINGS["k8s/namespace"]
LABEL = Edit(("metadata", "labels", "pod-security.kubernetes.io/enforce"), "baseline")
TREE = (
    "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n---\n"
    "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: a, namespace: %s}\n"
)
POD = "spec: {template: {spec: {%s}}}\n"


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ("hostNetwork: true", "has hostNetwork"),
        ("volumes: [{name: v, hostPath: {path: /run}}]", "mounts a directory of its node"),
        ("containers: [{securityContext: {privileged: true}}]", "is privileged"),
        ("initContainers: [{securityContext: {capabilities: {add: [NET_ADMIN]}}}]", "adds NET_ADMIN"),
        ("containers: [{ports: [{containerPort: 80, hostPort: 80}]}]", "opens a port on its node"),
        ("containers: [{securityContext: {capabilities: {add: [CHOWN]}}, ports: [{containerPort: 80}]}]", ""),
        ("volumes: [{name: v, emptyDir: {}}], hostNetwork: false", ""),
    ],
)
def test_a_namespace_is_not_closed_to_what_the_tree_puts_into_it(spec: str, why: str) -> None:
    given = sources(TREE % "x" + POD % spec)
    [namespace] = kubernetes.view("k8s/namespace", LAYOUT, given)
    assert namespace.tree.get("refuses", "").endswith(why)
    if why:
        with pytest.raises(Missing, match=f"DaemonSet/a {why}"):
            kubernetes.edit(LAYOUT, namespace, [LABEL], [], given)
    else:
        assert kubernetes.edit(LAYOUT, namespace, [LABEL], [], given)


def test_what_lives_elsewhere_does_not_count() -> None:
    [namespace] = kubernetes.view("k8s/namespace", LAYOUT, sources(TREE % "y" + POD % "hostNetwork: true"))
    assert "refuses" not in namespace.tree

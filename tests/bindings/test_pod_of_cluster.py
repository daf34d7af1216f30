"""Pods that a cluster rests on keep what it cannot do without."""

from __future__ import annotations

import pytest
import yaml

from setright.bindings.layouts._pod_of_cluster import stopped
from setright.model import Edit, Path, Plain

NETWORK: Path = ("spec", "hostNetwork")
CONTAINER: Path = ("spec", "containers", 0)
KEYS = "volumes: [{name: keys, hostPath: {path: /etc/kubernetes/pki}}]"


def why(spec: str, path: Path, value: Plain) -> str:
    return stopped({"spec": yaml.safe_load("{" + spec + "}")}, Edit(path, value))


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (NETWORK, False, "before pods have a network"),
        (("workload", "network_policies"), None, "no policy holds"),
        ((*CONTAINER, "securityContext", "runAsUser"), 10001, "its keys on the node are for root"),
        ((*CONTAINER, "imagePullPolicy"), "Always", "while no registry answers"),
        ((*CONTAINER, "resources", "limits", "memory"), "512Mi", "grows with the cluster"),
        ((*CONTAINER, "securityContext", "allowPrivilegeEscalation"), False, ""),
        ((*CONTAINER, "resources", "requests", "memory"), "64Mi", ""),
    ],
)
def test_a_control_plane_keeps_what_it_starts_with(path, value, told):
    for pod in (
        "hostNetwork: true, containers: [{command: [/usr/local/bin/kube-apiserver, --profiling=false]}]",
        f"containers: [{{image: 'registry.k8s.io/etcd:3.5.9-0@sha256:0'}}], {KEYS}",
    ):
        said = why(pod, path, value)
        assert told in said and bool(said) == bool(told)


def test_programs_of_those_names_elsewhere_are_ordinary_pods():
    assert why("containers: [{command: [etcd]}]", (*CONTAINER, "resources", "limits", "memory"), "512Mi") == ""
    assert why("hostNetwork: true, containers: [{command: [etcd-backup.sh]}]", NETWORK, False) == ""
    assert why("hostNetwork: true, containers: [{image: 'quay.io/prometheus/node-exporter:v1.7.0'}]", NETWORK, False) == ""


@pytest.mark.parametrize(("path", "is_refused"), [("/dev", True), ("/dev/dri", True), ("/dev/shm", False), ("/srv", False)])
def test_who_opens_devices_of_its_node_stays_privileged(path, is_refused):
    pod = f"containers: [{{volumeMounts: [{{name: d, mountPath: /d}}]}}], volumes: [{{name: d, hostPath: {{path: {path}}}}}]"
    assert bool(why(pod, (*CONTAINER, "securityContext", "privileged"), False)) is is_refused


@pytest.mark.parametrize(
    "more",
    [
        "containers: [{name: cni, securityContext: {capabilities: {add: [NET_ADMIN]}}}]",
        "containers: [{name: proxy, securityContext: {privileged: true}}]",
        "containers: [{name: cni}], volumes: [{name: a, hostPath: {path: /opt/cni/bin}}]",
        "containers: [{name: speaker, image: 'quay.io/metallb/speaker:v0.9.3'}]",
    ],
)
def test_who_gives_pods_their_network_keeps_its_node_s(more):
    pod = f"hostNetwork: true, {more}"
    assert why(pod, NETWORK, False) and why(pod, (*CONTAINER, "securityContext", "privileged"), False)
    assert why(pod, (*CONTAINER, "imagePullPolicy"), "Always") == ""

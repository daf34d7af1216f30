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
    assert why("hostNetwork: true, containers: [{image: 'quay.io/prometheus/mysqld-exporter:v1.7.0'}]", NETWORK, False) == ""


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("quay.io/prometheus/node-exporter:v1.7.0", "measures its node's network"),
        ("gcr.io/google_containers/nginx-ingress-controller:0.9.0", "lets traffic into the cluster"),
        ("registry.k8s.io/ingress-nginx/controller:v1.9.4", "lets traffic into the cluster"),
        ("traefik:v2.10", "lets traffic into the cluster"),
        ("a/envoyer:1", ""),
    ],
)
def test_who_serves_at_its_node_keeps_the_network_and_ports_of_it(image: str, told: str) -> None:
    pod = f"hostNetwork: true, containers: [{{image: '{image}'}}]"
    assert told in why(pod, NETWORK, False) and bool(why(pod, NETWORK, False)) == bool(told)
    port = Edit((*CONTAINER, "ports", 0, "hostPort"), remove=True)
    assert bool(stopped({"spec": yaml.safe_load(f"{{containers: [{{image: '{image}'}}]}}")}, port)) is ("lets" in told)


def test_a_pod_that_starts_before_its_node_has_a_network_keeps_that_of_the_node() -> None:
    early = "tolerations: [{key: node.cloudprovider.kubernetes.io/uninitialized, value: 'true'}]"
    assert "no network yet" in why(f"hostNetwork: true, containers: [{{image: 'a/agent:1'}}], {early}", NETWORK, False)
    assert why("hostNetwork: true, containers: [{image: 'a/agent:1'}], tolerations: [{key: spot}]", NETWORK, False) == ""
    named = "containers: [{image: 'a/openstack-cloud-controller-manager:v1'}], hostNetwork: true"
    assert "before pods have a network" in why(named, NETWORK, False)


@pytest.mark.parametrize(
    ("container", "is_refused"),
    [
        ("image: 'a/fusermount-server:1'", True),
        ("image: 'docker:24-dind'", True),
        ("image: 'a/cinder-csi-plugin:1'", True),
        ("image: 'a/base:1', command: [/usr/bin/dockerd]", True),
        ("image: 'a/web:1'", False),
        ("image: 'a/zfsweb:1', command: [serve]", False),
    ],
)
def test_who_mounts_or_starts_containers_stays_privileged(container: str, is_refused: bool) -> None:
    said = why(f"containers: [{{{container}}}]", (*CONTAINER, "securityContext", "privileged"), False)
    assert bool(said) is is_refused


@pytest.mark.parametrize(("mode", "is_refused"), [("", True), (", readOnly: true", False)])
def test_who_writes_to_settings_of_the_kernel_stays_privileged(mode: str, is_refused: bool) -> None:
    volumes = "volumes: [{name: d, hostPath: {path: /sys/fs/cgroup}}]"
    pod = f"containers: [{{volumeMounts: [{{name: d, mountPath: /d{mode}}}]}}], {volumes}"
    assert bool(why(pod, (*CONTAINER, "securityContext", "privileged"), False)) is is_refused


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

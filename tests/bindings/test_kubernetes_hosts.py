"""A control plane as its hosts have it: static pods, and a kubelet whose flags count over its file."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import kubernetes_hosts
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.lenses import get
from setright.model import Edit, Plain, Resource, Unknown

ROOT = File(__file__).parents[2] / "bindings"
SERVER = b"""apiVersion: v1
kind: Pod
metadata:
  annotations:
    kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: 10.0.0.4:6443
  name: kube-apiserver
  namespace: kube-system
spec:
  containers:
  - command:
    - kube-apiserver
    - --advertise-address=10.0.0.4
    - --authorization-mode=Node,RBAC
    - --enable-admission-plugins=NodeRestriction
    image: registry.k8s.io/kube-apiserver:v1.30.4
    livenessProbe:
      httpGet: {host: 10.0.0.4, path: /livez, port: 6443, scheme: HTTPS}
    name: kube-apiserver
  hostNetwork: true
"""
SETTINGS = b"""apiVersion: kubelet.config.k8s.io/v1beta1
authentication:
  anonymous:
    enabled: false
  webhook:
    enabled: true
kind: KubeletConfiguration
readOnlyPort: 0
staticPodPath: /etc/kubernetes/manifests
"""
CONFIG, FLAGS = "/var/lib/kubelet/config.yaml", "/var/lib/kubelet/kubeadm-flags.env"
UNIT = "/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf"
STARTS = b'[Service]\nEnvironment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"\nExecStart=/usr/bin/kubelet $X\n'


def entry(kind: str) -> dict[str, Plain]:
    return load_one(ROOT / f"{kind}.yaml", ROOT).layouts["linux"]


def seen(kind: str, **files: bytes) -> list[Resource]:
    return kubernetes_hosts.view(kind, entry(kind), sources(files))


def sources(files: dict[str, bytes]) -> dict[str, Source]:
    lenses = {path: "yaml" if path.endswith((".yaml", ".json")) else "systemd" if path == UNIT else "text" for path in files}
    return {path: Source(path, lens, get(lens, files[path])) for path, lens in lenses.items()}


def kubelet(**others: bytes) -> Resource:
    (resource,) = seen("k8s/kubelet", **{CONFIG: SETTINGS, UNIT: STARTS} | others)
    return resource


def test_a_static_pod_is_seen_as_the_manifest_that_it_is_and_nothing_else_of_the_host():
    (server,) = seen("k8s/api-server", **{"/etc/kubernetes/manifests/kube-apiserver.yaml": SERVER, "/srv/copy.yaml": SERVER})
    assert server.home[0] == "/etc/kubernetes/manifests/kube-apiserver.yaml" and server.tree["minor"] == 30
    assert server.tree["flags"]["authorization-mode"] == ["Node", "RBAC"] and server.tree["probed"]


def test_what_holds_a_cluster_together_is_changed_by_people():
    files = {"/etc/kubernetes/manifests/kube-apiserver.yaml": SERVER}
    (server,) = seen("k8s/api-server", **files)
    with pytest.raises(BindingError, match=r"kubeadm-config\), then change the file on one host after the other"):
        kubernetes_hosts.edit(entry("k8s/api-server"), server, [Edit(("flags", "profiling"), "false")], [], sources(files))


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (b'KUBELET_KUBEADM_ARGS="--pod-infra-container-image=registry.k8s.io/pause:3.9"\n', 0),
        (b'KUBELET_KUBEADM_ARGS="--read-only-port=0"\n', 0),
        (b'# KUBELET_EXTRA_ARGS="--read-only-port=10255"\n', 0),
        (b'KUBELET_EXTRA_ARGS="--v=2 --read-only-port 10255"\n', Unknown("--read-only-port=10255")),
    ],
)
def test_a_flag_that_says_otherwise_than_the_kubelets_file_is_not_passed_over(flags, told):
    assert kubelet(**{FLAGS: flags}).tree["readOnlyPort"] == told


def test_a_switch_alone_is_true_and_what_the_file_says_besides_stays():
    resource = kubelet(**{FLAGS: b'KUBELET_EXTRA_ARGS="--anonymous-auth --v=2"\n'})
    assert look_up(resource.tree, ("authentication", "anonymous", "enabled")) == Unknown("--anonymous-auth=true")
    assert look_up(resource.tree, ("authentication", "webhook", "enabled")) is True
    assert resource.tree["staticPodPath"] == "/etc/kubernetes/manifests"


def test_a_time_that_kubeadm_wrote_as_zero_is_one_that_nobody_set():
    assert "streamingConnectionIdleTimeout" not in kubelet(**{CONFIG: SETTINGS + b"streamingConnectionIdleTimeout: 0s\n"}).tree
    assert kubelet(**{CONFIG: SETTINGS + b"streamingConnectionIdleTimeout: 5m\n"}).tree["streamingConnectionIdleTimeout"] == "5m"
    told = kubelet(
        **{CONFIG: SETTINGS + b"streamingConnectionIdleTimeout: 0s\n", FLAGS: b"X=--streaming-connection-idle-timeout=0\n"}
    )
    assert isinstance(told.tree["streamingConnectionIdleTimeout"], Unknown)


def test_a_kubelet_that_reads_another_file_is_not_judged_by_this_one():
    other = kubelet(**{UNIT: STARTS.replace(b"/var/lib/kubelet/config.yaml", b"/opt/kubelet.yaml")})
    assert isinstance(other.tree["readOnlyPort"], Unknown)
    assert kubelet().tree["readOnlyPort"] == 0


def test_an_entry_like_one_that_is_not_there_is_refused(tmp_path):
    file = tmp_path / "a" / "b.yaml"
    file.parent.mkdir()
    file.write_text("kind: a/b\nlinux: {like: moon}\n")
    with pytest.raises(BindingError, match="like: 'moon' is none of its entries"):
        load_one(file, tmp_path)

"""The programs of a control plane by their flags."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import kubernetes_flags
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.lenses import get, put
from setright.model import Edit, Plain, Resource, Unknown

ROOT = File(__file__).parents[2] / "bindings"
SERVER = "apiVersion: v1\nkind: Pod\nmetadata: {name: api}\nspec:\n  containers:\n  - name: api\n"


def entry(kind: str) -> dict[str, Plain]:
    return load_one(ROOT / f"{kind}.yaml", ROOT).layouts["kubernetes"]


def sources(text: str) -> dict[str, Source]:
    return {"a.yaml": Source("a.yaml", "yaml", get("yaml", text.encode()))}


def seen(text: str, kind: str = "k8s/api-server") -> list[Resource]:
    return kubernetes_flags.view(kind, entry(kind), sources(text))


def flags(text: str, kind: str = "k8s/api-server") -> Plain:
    (resource,) = seen(text, kind)
    return resource.tree["flags"]


def changed(text: str, *edits: Edit, kind: str = "k8s/api-server") -> str:
    (resource,) = seen(text, kind)
    placed = kubernetes_flags.edit(entry(kind), resource, edits, [], sources(text))
    return put("yaml", text.encode(), [each for _, each in placed]).decode()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("command: [kube-apiserver, --profiling=false]", {"profiling": "false"}),
        (
            "command: [/usr/local/bin/kube-apiserver]\n    args: [--secure-port, '6443', --profiling]",
            {"secure-port": "6443", "profiling": "true"},
        ),
        ("command: [/hyperkube, apiserver, --v=2]", {"v": "2"}),
        ("image: registry.k8s.io/kube-apiserver:v1.30.2\n    args: [--request-timeout=1m30s]", {"request-timeout": 90}),
        (
            "command: [kube-apiserver, '--authorization-mode=Node,RBAC', '--authorization-mode=Webhook']",
            {"authorization-mode": ["Node", "RBAC", "Webhook"]},
        ),
        ("command: [kube-apiserver, --v=1, --v=2]", {"v": "2"}),
        ("command: [kube-apiserver, --tls-cert-file=]", {}),
        ("command: [kube-apiserver, --audit_log_path=/a]", {"audit-log-path": "/a"}),
        ("command: [sh, -c, 'exec kube-apiserver --profiling=false --v=$LEVEL']", {"profiling": "false", "v": Unknown("$LEVEL")}),
        ("command: [kube-apiserver, --advertise-address=$(HOST_IP)]", {"advertise-address": Unknown("$(HOST_IP)")}),
        ("command: [kube-apiserver, '{{ flags }}']", Unknown("{{ flags }}")),
    ],
)
def test_flags_are_read_as_the_program_reads_them(words: str, told: Plain) -> None:
    assert flags(f"{SERVER}    {words}\n") == told


@pytest.mark.parametrize(
    "words",
    [
        "command: [apiserver]",
        "command: [sh, -c, sleep 1]",
        "image: nginx",
        "args: [--profiling]",
        "args: [--behind=kube-system/kube-apiserver]",
    ],
)
def test_other_programs_are_not_seen(words: str) -> None:
    assert seen(f"{SERVER}    {words}\n") == []


def test_a_file_of_settings_may_say_anything() -> None:
    scheduler = SERVER + "    command: [kube-scheduler, --config=/etc/scheduler.yaml]\n"
    assert flags(scheduler, "k8s/scheduler") == Unknown("--config=/etc/scheduler.yaml")


def test_variables_of_etcd_are_flags_that_its_words_go_before() -> None:
    env = "    env: [{name: ETCD_CERT_FILE, value: /a}, {name: ETCD_NAME, valueFrom: {}}, {name: ETCD_AUTO_TLS, value: 'true'}]\n"
    told = flags(f"{SERVER}    command: [etcd, --auto-tls=false]\n{env}", "k8s/etcd")
    assert told == {"cert-file": "/a", "name": Unknown("$("), "auto-tls": "false"}


def test_the_version_and_the_probe_are_told() -> None:
    probe = "    livenessProbe: {httpGet: {path: /livez, port: 6443}}\n"
    (probed,) = seen(f"{SERVER}    image: registry.k8s.io/kube-apiserver:v1.30.2\n    command: [kube-apiserver]\n{probe}")
    assert (probed.tree["minor"], probed.tree["probed"]) == (30, True)
    (lone,) = seen(f"{SERVER}    image: mine/kube-apiserver:latest\n    command: [kube-apiserver]\n")
    assert ("minor" in lone.tree, lone.tree["probed"]) == (False, False)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("command: [kube-apiserver, --profiling]", "command: [kube-apiserver, --profiling=false]"),
        ("command: [kube-apiserver, -profiling=true]", "command: [kube-apiserver, -profiling=false]"),
        (
            "command: [kube-apiserver]\n    args:\n    - --v=2  # loud",
            "command: [kube-apiserver]\n    args:\n    - --v=2  # loud\n    - --profiling=false",
        ),
        ("command:\n    - kube-apiserver\n    image: a", "command:\n    - kube-apiserver\n    - --profiling=false\n    image: a"),
    ],
)
def test_a_flag_is_written_where_flags_stand(before: str, after: str) -> None:
    assert changed(f"{SERVER}    {before}\n", Edit(("flags", "profiling"), "false")) == f"{SERVER}    {after}\n"


@pytest.mark.parametrize(("seconds", "text"), [(45, "45s"), (300, "5m0s"), (3660, "1h1m0s")])
def test_a_time_is_written_as_go_writes_it(seconds: int, text: str) -> None:
    start = f"{SERVER}    command: [kube-apiserver, --request-timeout=1s]\n"
    assert changed(start, Edit(("flags", "request-timeout"), seconds)) == start.replace("1s", text)


def test_a_value_that_stands_apart_is_changed_and_goes_with_its_flag() -> None:
    text = f"{SERVER}    command:\n    - kube-apiserver\n    - --token-auth-file\n    - /a.csv\n    - --v=2\n"
    assert changed(text, Edit(("flags", "token-auth-file"), "/b.csv")) == text.replace("/a.csv", "/b.csv")
    assert changed(text, Edit(("flags", "token-auth-file"), remove=True)) == text.replace(
        "    - --token-auth-file\n    - /a.csv\n", ""
    )


@pytest.mark.parametrize(
    ("words", "path", "reason"),
    [
        ("command: [kube-apiserver, --v=1, --v=2]", ("flags", "v"), "2 times"),
        ("command: [sh, -c, 'kube-apiserver --v=1']", ("flags", "v"), "a shell starts it"),
        ("command: [kube-apiserver]", ("probed",), "read off the file"),
    ],
)
def test_what_cannot_be_written_is_refused(words: str, path: tuple[str, ...], reason: str) -> None:
    with pytest.raises(BindingError, match=reason):
        changed(f"{SERVER}    {words}\n", Edit(path, "3"))


def test_kubeadm_gives_what_its_configuration_does_not() -> None:
    text = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.31.0\n"
    (server,) = seen(text)
    assert (server.name, server.tree["minor"], server.tree["probed"]) == ("ClusterConfiguration/apiServer", 31, True)
    assert server.tree["flags"]["authorization-mode"] == ["Node", "RBAC"]
    assert seen(text + "etcd: {external: {endpoints: [https://a]}}\n", "k8s/etcd") == []


@pytest.mark.parametrize(
    ("version", "before", "after"),
    [
        ("v1beta3", 'apiServer:\n  extraArgs:\n    v: "2"\n', 'apiServer:\n  extraArgs:\n    v: "2"\n    profiling: "false"\n'),
        (
            "v1beta4",
            'apiServer:\n  extraArgs:\n  - name: v\n    value: "2"\n',
            'apiServer:\n  extraArgs:\n  - name: v\n    value: "2"\n  - name: profiling\n    value: "false"\n',
        ),
    ],
)
def test_kubeadms_arguments_are_a_mapping_and_later_a_list(version: str, before: str, after: str) -> None:
    head = f"apiVersion: kubeadm.k8s.io/{version}\nkind: ClusterConfiguration\n"
    assert changed(head + before, Edit(("flags", "profiling"), "false")) == head + after
    assert changed(head + after, Edit(("flags", "profiling"), remove=True)) == head + before


def test_a_flag_is_found_where_it_stands() -> None:
    text = f"{SERVER}    command: [kube-apiserver, --v=2]\n"
    (server,) = seen(text)
    base = ("documents", 0, "spec", "containers", 0, "command")
    layout = entry("k8s/api-server")
    assert kubernetes_flags.locate(layout, server, ("flags", "v"), sources(text)) == ("a.yaml", (*base, 1))
    assert kubernetes_flags.locate(layout, server, ("flags", "profiling"), sources(text)) == ("a.yaml", base)


@pytest.mark.parametrize(
    ("words", "path", "told"),
    [
        ("command: [kubelet]", ("authentication", "anonymous", "enabled"), "true"),
        ("command: [kubelet, --config=/etc/kubelet.yaml]", ("readOnlyPort",), Unknown("--config=/etc/kubelet.yaml")),
        ("command: [kubelet, --config=/etc/kubelet.yaml, --read-only-port=0]", ("readOnlyPort",), "0"),
    ],
)
def test_flags_of_a_kubelet_stand_for_its_settings(words: str, path: tuple[str, ...], told: Plain) -> None:
    (kubelet,) = seen(f"{SERVER}    {words}\n", "k8s/kubelet")
    assert look_up(kubelet.tree, path) == told


def test_settings_of_a_kubelet_are_written_where_they_stand() -> None:
    wanted = Edit(("authentication", "anonymous", "enabled"), False)
    flag = f"{SERVER}    command: [kubelet, --anonymous-auth=true]\n"
    assert changed(flag, wanted, kind="k8s/kubelet") == flag.replace("true", "false")
    head = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
    file = head + "authentication: {anonymous: {enabled: true}}\n"
    assert changed(file, wanted, kind="k8s/kubelet") == file.replace("true", "false")

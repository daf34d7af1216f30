"""Workloads of charts, with the values of values.yaml."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import kubernetes
from setright.bindings.load import load_bindings
from setright.bindings.source import Source
from setright.lenses import get, put
from setright.model import Edit, Path, Resource, Unknown

BINDINGS = {
    b.kind: b.layouts["kubernetes"] for b in load_bindings(File(__file__).parents[2] / "bindings") if "kubernetes" in b.layouts
}
WORKLOAD = BINDINGS["k8s/workload"]
TEMPLATE = """\
apiVersion: v1
kind: Pod
metadata:
  name: {{ include "shop.fullname" . }}
spec:
  {{- with .Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 8 }}
  {{- end }}
  containers:
    - name: shop
      image: "{{ .Values.image.repository }}:{{ .Chart.AppVersion }}"
      imagePullPolicy: {{ .Values.image.pullPolicy | quote }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      securityContext:
        {{- include "shop.security" . | nindent 8 }}
    - name: side
      {{- include "shop.side" . | nindent 6 }}
"""
VALUES = "image:\n  repository: nginx\n  pullPolicy: IfNotPresent   # ours\npodSecurityContext: {}\n"
FILES = {"shop/templates/pod.yaml": TEMPLATE, "shop/values.yaml": VALUES}
CONTAINER = ("spec", "containers", 0)


def sources() -> dict[str, Source]:
    lens = {name: "helm" if "templates/" in name else "yaml" for name in FILES}
    return {name: Source(name, lens[name], get(lens[name], text.encode())) for name, text in FILES.items()}


def seen(kind: str = "k8s/workload") -> Resource:
    [resource] = kubernetes.view(kind, BINDINGS[kind], sources())
    return resource


def edited(path: Path, value: object) -> dict[str, str]:
    """The files that change when a value is set."""
    placed = kubernetes.edit(WORKLOAD, seen(), [Edit(path, value)], [], sources())
    return {
        name: put(
            "helm" if "templates/" in name else "yaml", FILES[name].encode(), [edit for at, edit in placed if at == name]
        ).decode()
        for name, _ in placed
    }


def test_what_the_chart_itself_gives_is_seen() -> None:
    pod = seen()
    assert pod.name == 'Pod/{{ include "shop.fullname" . }}'
    assert pod.tree["spec"]["securityContext"] == {}
    assert pod.tree["spec"]["containers"][0]["imagePullPolicy"] == "IfNotPresent"
    assert isinstance(pod.tree["spec"]["containers"][0]["resources"], Unknown)


CHART = "name: shop\nappVersion: 1.27\n"
REPOSITORY = "{{ .Values.image.repository }}"


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (f"{REPOSITORY}:{{{{ .Values.image.tag | default .Chart.AppVersion }}}}", "nginx:1.27"),
        (f"{REPOSITORY}:{{{{ .Chart.AppVersion }}}}", "nginx:1.27"),
        (f'{REPOSITORY}:{{{{ default "x" .Values.image.tag }}}}', None),
        (f'quay.io/{REPOSITORY}:{{{{ .Values.image.tag | default "1.28" | toString }}}}', "quay.io/nginx:1.28"),
        (f"{REPOSITORY}:{{{{ .Values.image.tag }}}}", None),
        (
            '{{ printf "quay.io/%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}',
            "quay.io/nginx:1.27",
        ),
        (
            '{{ printf "%s:%s" .Values.image.repository (.Values.image.tag | default (printf "v%s" .Chart.AppVersion)) }}',
            "nginx:v1.27",
        ),
        ('{{ printf "%s:%d" .Values.image.repository .Chart.AppVersion }}', None),
        (f"{REPOSITORY}:{{{{ .Release.Name }}}}", None),
    ],
)
def test_an_image_is_what_the_chart_makes_of_it(monkeypatch: pytest.MonkeyPatch, image: str, told: str | None) -> None:
    monkeypatch.setitem(FILES, "shop/Chart.yaml", CHART)
    monkeypatch.setitem(FILES, "shop/templates/pod.yaml", TEMPLATE.replace(f"{REPOSITORY}:{{{{ .Chart.AppVersion }}}}", image))
    have = seen().tree["spec"]["containers"][0]["image"]
    assert (have == told) if told else isinstance(have, Unknown)
    with pytest.raises(BindingError, match="set it where that is made"):
        edited((*CONTAINER, "image"), "nginx:2")


@pytest.mark.parametrize(
    "action",
    [
        'omit .Values.context "enabled" | toYaml | nindent 8',
        'include "common.compatibility.renderSecurityContext" (dict "secContext" .Values.context "context" $) | nindent 8',
        'include "common.tplvalues.render" (dict "value" .Values.context "context" $) | nindent 8',
    ],
)
def test_a_value_with_a_switch_is_seen_and_set_where_it_is_on(monkeypatch: pytest.MonkeyPatch, action: str) -> None:
    monkeypatch.setitem(FILES, "shop/templates/pod.yaml", TEMPLATE.replace('include "shop.security" . | nindent 8', action))
    for switch, told in (("true", {"runAsUser": 7}), ("false", None)):
        monkeypatch.setitem(FILES, "shop/values.yaml", VALUES + f"context:\n  enabled: {switch}\n  runAsUser: 7\n")
        context = seen().tree["spec"]["containers"][0]["securityContext"]
        assert isinstance(context, Unknown) if told is None else context.items() >= told.items()
    monkeypatch.setitem(FILES, "shop/values.yaml", VALUES + "context:\n  enabled: true\n")
    changed = edited((*CONTAINER, "securityContext", "readOnlyRootFilesystem"), True)
    assert changed["shop/values.yaml"].endswith("context:\n  enabled: true\n  readOnlyRootFilesystem: true\n")


@pytest.mark.parametrize(("more", "count"), [("[]", 2), ("[{name: c, image: b}]", 3)])
def test_containers_that_values_add_are_none_or_cannot_be_told(monkeypatch: pytest.MonkeyPatch, more: str, count: int) -> None:
    monkeypatch.setitem(FILES, "shop/templates/pod.yaml", TEMPLATE + "    {{- toYaml .Values.more | nindent 4 }}\n")
    monkeypatch.setitem(FILES, "shop/values.yaml", VALUES + f"more: {more}\n")
    containers = seen().tree["spec"]["containers"]
    assert len(containers) == count and all(isinstance(each, dict) for each in containers[:2])
    assert isinstance(containers[-1], Unknown) is (count == 3)
    assert edited((*CONTAINER, "imagePullPolicy"), "Always")


VOLUMES = "  volumes:\n    - name: data\n    {{- toYaml .Values.more | nindent 4 }}\n"


@pytest.mark.parametrize(
    ("more", "file", "after"),
    [
        ("[]", "shop/values.yaml", VALUES + "more:\n- name: tmp\n"),
        ("[{name: a}]", "shop/templates/pod.yaml", TEMPLATE + VOLUMES + "    - name: tmp\n"),
    ],
)
def test_a_new_item_stands_in_a_list(monkeypatch: pytest.MonkeyPatch, more: str, file: str, after: str) -> None:
    monkeypatch.setitem(FILES, "shop/templates/pod.yaml", TEMPLATE + VOLUMES)
    monkeypatch.setitem(FILES, "shop/values.yaml", VALUES + f"more: {more}\n")
    behind = len(seen().tree["spec"]["volumes"])
    assert edited(("spec", "volumes", behind), {"name": "tmp"}) == {file: after}


@pytest.mark.parametrize(
    ("volumes", "is_told"),
    [
        ("", True),
        ("  volumes:\n    - name: data\n", True),
        ("  volumes:\n    {{- toYaml .Values.more | nindent 4 }}\n", False),
        (VOLUMES, False),
    ],
)
def test_volumes_that_a_release_may_name_are_no_place_to_write_to(
    monkeypatch: pytest.MonkeyPatch, volumes: str, is_told: bool
) -> None:
    template = TEMPLATE[: TEMPLATE.index("    - name: side")].replace("      resources:", "      env: []\n      resources:")
    monkeypatch.setitem(FILES, "shop/templates/pod.yaml", template + volumes)
    monkeypatch.setitem(FILES, "shop/Chart.yaml", CHART)
    monkeypatch.setitem(FILES, "shop/values.yaml", VALUES + "more: []\nresources: {}\n")
    assert ("writes" in seen().tree["workload"]) is is_told


def test_an_object_may_have_the_version_that_a_helper_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    version = 'apiVersion: {{ include "common.capabilities.pod.apiVersion" . }}'
    monkeypatch.setitem(FILES, "shop/templates/pod.yaml", TEMPLATE.replace("apiVersion: v1", version))
    assert seen().tree["kind"] == "Pod"


def test_what_another_template_may_add_cannot_be_told() -> None:
    side = seen().tree["spec"]["containers"][1]
    assert isinstance(side["livenessProbe"], Unknown)


@pytest.mark.parametrize(
    ("port", "said"),
    [
        ("name: http\n          containerPort: {{ .Values.port }}", "http"),
        ("containerPort: {{ .Values.port }}", "{{ .Values.port }}"),
        ("containerPort: 8080", "8080"),
    ],
)
def test_a_port_of_values_is_said_as_the_template_says_it(monkeypatch: pytest.MonkeyPatch, port: str, said: str) -> None:
    pod = TEMPLATE[: TEMPLATE.index("    - name: side")].replace("metadata:\n", "metadata:\n  labels: {app: shop}\n")
    pod = pod.replace('{{ include "shop.fullname" . }}', "shop")
    monkeypatch.setitem(FILES, "shop/templates/pod.yaml", f"{pod}      ports:\n        - {port}\n")
    monkeypatch.setitem(FILES, "shop/values.yaml", VALUES + "port: 8080\nresources: {}\n")
    for path, value in (((*CONTAINER, "readinessProbe"), "tcp"), (("workload", "network_policies"), ["shop"])):
        assert f"port: {said}\n" in edited(path, value)["shop/templates/pod.yaml"]


def test_a_release_has_a_namespace_of_its_own() -> None:
    assert isinstance(seen("k8s/object").tree["metadata"]["namespace"], Unknown)


def test_a_value_is_set_where_the_template_takes_it_from() -> None:
    assert edited((*CONTAINER, "imagePullPolicy"), "Always") == {"shop/values.yaml": VALUES.replace("IfNotPresent", "Always")}
    after = edited(("spec", "securityContext", "runAsUser"), 10001)
    assert (
        after == {"shop/values.yaml": VALUES.replace("{}", "{runAsUser: 10001}")}
        or "  runAsUser: 10001\n" in after["shop/values.yaml"]
    )


def test_a_value_of_no_source_is_set_in_the_template() -> None:
    after = edited(("spec", "automountServiceAccountToken"), False)
    assert after == {"shop/templates/pod.yaml": TEMPLATE + "  automountServiceAccountToken: false\n"}


@pytest.mark.parametrize("path", [(*CONTAINER, "securityContext", "privileged"), (*CONTAINER, "image")])
def test_what_is_made_of_more_than_a_value_is_for_its_owner(path: Path) -> None:
    with pytest.raises(BindingError, match="set it where that is made"):
        edited(path, "x")


def test_a_line_is_told_where_the_value_is_set() -> None:
    place, path = kubernetes.locate(WORKLOAD, seen(), (*CONTAINER, "imagePullPolicy"), sources())
    assert (place, path) == ("shop/values.yaml", ("documents", 0, "image", "pullPolicy"))
    place, _ = kubernetes.locate(WORKLOAD, seen(), (*CONTAINER, "image"), sources())
    assert place == "shop/templates/pod.yaml"

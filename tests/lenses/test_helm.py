"""What is special about templates of Helm charts."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setright.lenses import LensError, get, put, span
from setright.model import Edit, Unknown
from tests.lenses.laws import hold

DEPLOYMENT = b"""\
{{- if .Values.enabled -}}
{{- /* the shop,
     as one program */ -}}
metadata:
  name: {{ include "shop.fullname" . }}   # full
  labels:
    app: shop
    {{- include "shop.labels" . | nindent 4 }}
spec:
  {{- with .Values.podSecurityContext }}
  securityContext:
    {{- toYaml . | nindent 8 }}
  {{- end }}
  containers:
    - name: "{{ .Chart.Name }}-{{ .Release.Name }}"
      args:
        - serve
        {{- toYaml .Values.extraArgs | nindent 8 }}
  {{- with .Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
"""
TREE = {
    "metadata": {
        "name": Unknown('{{ include "shop.fullname" . }}'),
        "labels": {"app": "shop", '{{- include "shop.labels" . | nindent 4 }}': Unknown("")},
    },
    "spec": {
        "securityContext": Unknown("{{- toYaml .Values.podSecurityContext | nindent 8 }}"),
        "containers": [
            {
                "name": Unknown("{{ .Chart.Name }}-{{ .Release.Name }}"),
                "args": ["serve", Unknown("{{- toYaml .Values.extraArgs | nindent 8 }}")],
            }
        ],
        "nodeSelector": Unknown("{{- toYaml .Values.nodeSelector | nindent 4 }}"),
    },
}
SPEC = ("documents", 0, "spec")


def test_actions_are_seen_where_their_values_stand() -> None:
    assert get("helm", DEPLOYMENT) == {"documents": [TREE]}


def test_a_new_key_stands_behind_the_end_of_the_block_above_it() -> None:
    after = put("helm", DEPLOYMENT, [Edit((*SPEC, "hostPID"), False)])
    assert after == DEPLOYMENT.replace(b"  {{- end }}\n{{- end }}", b"  {{- end }}\n  hostPID: false\n{{- end }}")


def test_a_new_key_ends_its_lines_as_the_file_does() -> None:
    edits = [Edit(("documents", 0, "spec", "paused"), True)]
    crlf = put("helm", DEPLOYMENT.replace(b"\n", b"\r\n"), edits)
    assert crlf == put("helm", DEPLOYMENT, edits).replace(b"\n", b"\r\n")


def test_a_byte_order_mark_stays_before_what_an_action_begins() -> None:
    edits = [Edit(("documents", 0, "spec", "paused"), True)]
    assert put("helm", codecs.BOM_UTF8 + DEPLOYMENT, edits) == codecs.BOM_UTF8 + put("helm", DEPLOYMENT, edits)


def test_a_key_that_would_not_always_be_filled_in_is_refused() -> None:
    at_the_margin = DEPLOYMENT.replace(b"  {{- end }}\n{{- end }}", b"{{ end }}\n{{- end }}")
    after = put("helm", at_the_margin, [Edit((*SPEC, "hostPID"), False)])
    assert after == at_the_margin.replace(b"{{ end }}\n{{- end }}", b"{{ end }}\n  hostPID: false\n{{- end }}")
    odd = DEPLOYMENT.replace(b"  {{- end }}\n{{- end }}", b"  {{- end }}{{/* why */}}\n{{- end }}")
    with pytest.raises(LensError, match="would stand in a block"):
        put("helm", odd, [Edit((*SPEC, "hostPID"), False)])


@pytest.mark.parametrize("path", [("spec", "securityContext"), ("metadata", "labels"), ("spec", "containers", 0, "args", 1)])
def test_no_edit_takes_an_action_away(path: tuple[str | int, ...]) -> None:
    with pytest.raises(LensError):
        put("helm", DEPLOYMENT, [Edit(("documents", 0, *path), remove=True)])


@pytest.mark.parametrize(
    "source",
    [
        b"a: {{ unfinished\n",
        "a: \ue000\n".encode(),
        b"a: \xff\n",
    ],
)
def test_what_is_no_yaml_without_its_actions_is_refused(source: bytes) -> None:
    with pytest.raises(LensError):
        get("helm", source)


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"a: 1\n",
        b"a: {{ .x }}\r\nb: {{- toYaml .y | nindent 2 }}\r\n",
        b"- {{ .x }}\n- b\n",
        b"{{ .Values.key }}: v\n",
        b"a: |\n  {{ .x }}\n  {{- if .y }}\n  b\n  {{- end }}\n",
        b"x: y {{- /* why */}}\n{{- $a := 1 -}}\n---\nb: '{{ \"}}\" }}'\n",
        b'{{ template "x" . }}\n',
        b'a:\n  {{- include "x" (dict\n    "k" 1\n  ) | nindent 2 }}\r\n{{- $x := list\n  1 }}\nb: 1\n',
        b'{{- define "x" }}\n- a\n{ "b": 1 }\n{{- end }}\nc: 1\n',
        DEPLOYMENT,
    ],
)
def test_the_laws_hold(source: bytes) -> None:
    hold("helm", source, Edit(("documents", 0, "new"), {"key": ["value"]}))
    assert put("helm", source, []) == source


SPREAD = [  # what stands on many lines, or further left or right than its neighbours
    (
        b'spec:\n  {{- include "x" (dict\n    "k" 1\n  ) | nindent 2 }}\n  b: 1\n',
        {'{{- include "x" (dict "k" 1 ) | nindent 2 }}': Unknown("")},
    ),
    (b"spec:\n  {{- if and .a\n    .b }}\n  c: 2\n  {{- end }}\n  b: 1\n", {"c": 2}),
    (b"spec:\n  {{- if .a }} # why\n  c: 2\n  {{- end }} # of it\n  b: 1\n", {"c": 2}),
    (b'{{- define "x" }}\n- a\n{ "b":\n 1 }\n{{- end }}\nspec:\n  b: 1\n', {}),
    (
        b'spec:\n{{ include "head" . | indent 2 }}\n{{ include "more" . | indent 6 }}\n  b: 1\n',
        {'{{ include "head" . | indent 2 }}': Unknown("")},
    ),
    (
        b"spec:\n  {{- with .a }}\n    {{- toYaml . | nindent 2 }}\n  {{- end }}\n  b: 1\n",
        {"{{- toYaml .a | nindent 2 }}": Unknown("")},
    ),
    (b'spec:\n  b: 1\n{{- if .a }}\n{{ include "whole" . }}\n{{- end }}\n', {}),
]


@pytest.mark.parametrize(("source", "more"), SPREAD)
def test_what_is_spread_over_lines_is_read(source: bytes, more: dict[str, Unknown]) -> None:
    assert get("helm", source)["documents"][0]["spec"] == {**more, "b": 1}
    hold("helm", source, Edit((*SPEC, "b"), 2))
    assert put("helm", source, [Edit((*SPEC, "b"), 2)]) == source.replace(b" b: 1", b" b: 2")


def test_an_action_may_be_written_and_quotes_of_others_stay() -> None:
    source = b'spec:\n  a: "{{ .Values.port }}"\n  b: 1\n'
    value = {"port": Unknown("{{ .Values.port }}"), "name": "web"}
    after = source + b"  probe:\n    port: {{ .Values.port }}\n    name: web\n"
    assert put("helm", source, [Edit((*SPEC, "probe"), value)]) == after
    assert get("helm", after)["documents"][0]["spec"]["probe"] == value


def test_an_object_of_two_kinds_is_seen_as_the_first() -> None:
    source = b"{{- if .a }}\nkind: Deployment\n{{- else }}\nkind: DaemonSet\n{{- end }}\nspec:\n  b: 1\n"
    assert get("helm", source)["documents"] == [{"kind": "Deployment", "spec": {"b": 1}}]
    assert put("helm", source, [Edit((*SPEC, "b"), 2)]) == source.replace(b"b: 1", b"b: 2")


def test_a_key_of_both_arms_may_stand_apart_from_its_colon() -> None:
    told = get("helm", b"{{- if .a }}\nenv :\n  - a\n{{- else }}\nenv: []\n{{- end }}\n")["documents"][0]
    assert isinstance(told["env"], Unknown)


@given(
    st.lists(
        st.sampled_from(["{{", "}}", "- ", "a: ", "b:\n", "\n", "  ", "if ", "end", "x", '"', "`", "#", "/*", "*/", "."]),
        max_size=30,
    )
)
def test_whatever_stands_there_either_holds_or_is_refused(parts: list[str]) -> None:
    hold("helm", "".join(parts).encode(), Edit(("documents", 0, "new"), 1))


def test_a_place_is_told_in_bytes() -> None:
    text = "n: é{{ .x }}\nspec: {a: {{ .Values.é }}, b: ok}\n".encode()
    start, end = span("helm", text, ("documents", 0, "spec", "b"))
    assert text[start:end] == b"ok"


SCAFFOLD = b"""\
{{- if .Capabilities.APIVersions.Has "policy/v1" }}
apiVersion: policy/v1
{{- else }}
apiVersion: policy/v1beta1
{{- end }}
metadata:
  labels:
    {{- include "shop.labels" . | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  env:
    - name: A
      value: b
   {{- if .Values.more }}
   {{ toYaml .Values.more | nindent 4 }}
   {{- end }}
  volumes:
    {{- toYaml .Values.volumes | nindent 4 }}
    {{- include "shop.volumes" . | nindent 4 }}
"""


def test_what_charts_are_begun_with_is_read() -> None:
    [seen] = get("helm", SCAFFOLD)["documents"]
    assert seen["apiVersion"] == "policy/v1"
    assert list(seen["metadata"]["labels"]) == [
        '{{- include "shop.labels" . | nindent 4 }}',
        "{{- toYaml .Values.podLabels | nindent 4 }}",
    ]
    assert seen["spec"]["env"][0] == {"name": "A", "value": "b"}
    assert [each.text for each in seen["spec"]["env"][1:]] == ["{{ toYaml .Values.more | nindent 4 }}"]
    assert [each.text[:11] for each in seen["spec"]["volumes"]] == ["{{- toYaml ", "{{- include"]


def test_what_charts_are_begun_with_is_edited() -> None:
    assert hold("helm", SCAFFOLD, Edit((*SPEC, "env", 0, "value"), "c"))
    assert hold("helm", SCAFFOLD, Edit((*SPEC, "replicas"), 2))


AT_THE_MARGIN = b"""\
metadata:
  labels:
    app: shop
{{ include "shop.labels" . | indent 4 }}
spec:
  resources:
{{ toYaml .Values.resources | indent 4 }}
  volumes:
  - name: a
{{ toYaml .Values.volumes | indent 2 }}
    {{- with .Values.nodeSelector }}
  nodeSelector:
{{ toYaml . | indent 4 }}
    {{- end }}
"""


def test_what_is_filled_in_stands_where_it_is_indented_to() -> None:
    [seen] = get("helm", AT_THE_MARGIN)["documents"]
    assert list(seen["metadata"]["labels"]) == ["app", '{{ include "shop.labels" . | indent 4 }}']
    assert seen["spec"]["resources"].text == "{{ toYaml .Values.resources | indent 4 }}"
    assert [each if isinstance(each, dict) else each.text[:9] for each in seen["spec"]["volumes"]] == [{"name": "a"}, "{{ toYaml"]
    assert seen["spec"]["nodeSelector"].text == "{{ toYaml .Values.nodeSelector | indent 4 }}"
    assert put("helm", AT_THE_MARGIN, [Edit((*SPEC, "hostPID"), False)]) == AT_THE_MARGIN + b"  hostPID: false\n"
    edited = put("helm", AT_THE_MARGIN, [Edit((*SPEC, "volumes", 0, "emptyDir"), {})])
    assert edited == AT_THE_MARGIN.replace(b"name: a\n", b"name: a\n    emptyDir: {}\n")


CHOICE = b"""\
spec:
  {{- if .Values.own }}
  probe: {{- include "render" (dict "value" .Values.own "context" $) | nindent 4 }}
  {{- else if .Values.probe.enabled }}
  probe: {{- include "render" (dict "value" (omit .Values.probe "enabled") "context" $) | nindent 4 }}
    tcpSocket:
      port: http
  {{- else }}
  none: true
  {{- end }}
  labels: {{- include "shop.labels" (dict "context" $) | nindent 4 }}
    part: shop
  {{- if .Values.a }}
  resources:
    {{- if .Values.b }}
    limits: {}
    {{- end }}
  {{- else }}
  resources: {}
  {{- end }}
"""


def test_a_key_that_stands_in_both_arms_of_a_choice_has_no_value_that_is_told() -> None:
    spec = get("helm", CHOICE)["documents"][0]["spec"]
    assert list(spec) == ["probe", "none", "labels", "resources"]
    assert isinstance(spec["probe"], Unknown) and isinstance(spec["resources"], Unknown) and spec["none"] is True
    assert list(spec["labels"]) == ['{{- include "shop.labels" (dict "context" $) | nindent 4 }}', "part"]
    assert put("helm", CHOICE, [Edit((*SPEC, "hostPID"), False)]) == CHOICE + b"  hostPID: false\n"
    edited = put("helm", CHOICE, [Edit((*SPEC, "labels", "tier"), "web")])
    assert edited == CHOICE.replace(b"    part: shop\n", b"    part: shop\n    tier: web\n")
    apart = b"{{- if .a }}\nk: 1\n{{- else }}\n---\nk: 2\n{{- end }}\n"
    assert get("helm", apart) == {"documents": [{"k": 1}, {"k": 2}]}


SOMETIMES = b"""\
spec:
  {{- if .Values.auth }}
  volumes:
    - name: auth
      secret: {secretName: auth}
  {{- end }}
{{- if .Values.all }}
other:
  volumes:
    - name: auth
{{- end }}
"""


def test_a_volume_that_would_not_always_be_there_is_refused() -> None:
    with pytest.raises(LensError, match="not always filled in"):
        put("helm", SOMETIMES, [Edit((*SPEC, "volumes", 1), {"name": "tmp", "emptyDir": {}})])
    edited = put("helm", SOMETIMES, [Edit((*SPEC[:2], "other", "volumes", 1), {"name": "tmp"})])
    assert edited == SOMETIMES.replace(b"    - name: auth\n{{", b"    - name: auth\n    - name: tmp\n{{")


AFTER_AN_ITEM_OF_A_CHOICE = b"""\
spec:
  volumes:
  - name: data
    emptyDir: {}
  {{ if .Values.lists }}
  - configMap:
      name: lists
    name: lists
  {{ end }}
"""


def test_a_new_item_stands_behind_the_block_of_the_one_above_it() -> None:
    edited = put("helm", AFTER_AN_ITEM_OF_A_CHOICE, [Edit((*SPEC, "volumes", 2), {"name": "tmp", "emptyDir": {}})])
    assert edited == AFTER_AN_ITEM_OF_A_CHOICE + b"  - name: tmp\n    emptyDir: {}\n"


@pytest.mark.parametrize(("end", "is_refused"), [(b"{{- end -}}", True), (b"{{ end -}}", False), (b"{{- end }}", False)])
def test_a_new_line_is_not_joined_to_the_one_above(end: bytes, is_refused: bool) -> None:
    template = AFTER_AN_ITEM_OF_A_CHOICE.replace(b"{{ end }}", end)
    if is_refused:
        with pytest.raises(LensError, match="would be joined"):
            put("helm", template, [Edit((*SPEC, "volumes", 2), {"name": "tmp"})])
    else:
        assert put("helm", template, [Edit((*SPEC, "volumes", 2), {"name": "tmp"})]) == template + b"  - name: tmp\n"


AT_THE_LEFT = b"""\
spec:
    containers:
        - name: a
{{- if .Values.context }}
          context:
{{- with .Values.more }}
            more: {{ . }}
{{- end }}
{{- end }}
    {{- with .Values.nodes }}
    nodes: {{ . }}
    {{- end }}
"""


def test_a_new_key_stands_behind_ends_that_stand_further_left() -> None:
    new = b"          ports:\n              - port: 1\n"
    edited = put("helm", AT_THE_LEFT, [Edit((*SPEC, "containers", 0, "ports"), [{"port": 1}])])
    assert edited == AT_THE_LEFT.replace(b"{{- end }}\n    {{- with", b"{{- end }}\n" + new + b"    {{- with")


ODD_END = b"""\
spec:
  containers:
    - name: a
      env:
        - name: X
        {{- if .Values.more }}
        {{ toYaml .Values.more | nindent 8 }}
        {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
"""


def test_an_end_that_yaml_cannot_take_leaves_the_others_where_they_are() -> None:
    edited = put("helm", ODD_END, [Edit((*SPEC, "hostPID"), False)])
    assert edited == ODD_END + b"  hostPID: false\n"

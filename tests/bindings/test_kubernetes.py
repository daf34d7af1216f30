"""Objects in Kubernetes manifests."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import kubernetes
from setright.bindings.load import load_bindings
from setright.bindings.source import Source
from setright.lenses import get, put, span
from setright.model import Edit, Resource, Unknown

BINDINGS = {
    b.kind: b.layouts["kubernetes"] for b in load_bindings(File(__file__).parents[2] / "bindings") if "kubernetes" in b.layouts
}
WORKLOAD = BINDINGS["k8s/workload"]
SPEC = "{containers: [{name: a, image: 'host:5000/a:1.2'}]}"


def sources(text: str, name: str = "app.yaml") -> dict[str, Source]:
    lens = "json" if name.endswith("json") else "yaml"
    return {name: Source(name, lens, get(lens, text.encode()))}


def seen(text: str, kind: str = "k8s/workload", name: str = "app.yaml") -> list[Resource]:
    return kubernetes.view(kind, BINDINGS[kind], sources(text, name))


def fixed(text: str, *edits: Edit) -> str:
    [resource] = seen(text)
    placed = kubernetes.edit(WORKLOAD, resource, edits, [], sources(text))
    return put("yaml", text.encode(), [edit for _, edit in placed]).decode()


@pytest.mark.parametrize(
    ("api", "sort", "body", "inner"),
    [
        ("v1", "Pod", f"spec: {SPEC}", ()),
        ("v1", "ReplicationController", f"spec: {{template: {{spec: {SPEC}}}}}", ("spec", "template")),
        *[
            ("apps/v1", sort, f"spec: {{template: {{spec: {SPEC}}}}}", ("spec", "template"))
            for sort in ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")
        ],
        ("batch/v1", "Job", f"spec: {{template: {{spec: {SPEC}}}}}", ("spec", "template")),
        (
            "batch/v1",
            "CronJob",
            f"spec: {{jobTemplate: {{spec: {{template: {{spec: {SPEC}}}}}}}}}",
            ("spec", "jobTemplate", "spec", "template"),
        ),
        ("v1", "PodTemplate", f"template: {{spec: {SPEC}}}", ("template",)),
    ],
)
def test_every_workload_is_its_pod_template(api: str, sort: str, body: str, inner: tuple[str, ...]) -> None:
    [resource] = seen(f"apiVersion: {api}\nkind: {sort}\nmetadata: {{name: web}}\n{body}\n")
    assert resource.name == f"{sort}/web"
    assert resource.home == ("app.yaml", ("documents", 0, *inner))
    assert resource.tree["spec"]["containers"][0]["name"] == "a"
    assert resource.tree["kind"] == sort


def test_what_surrounds_the_template_is_told() -> None:
    [resource] = seen(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop, labels: {tier: front}}\n"
        "spec:\n  replicas: 2\n  template:\n    spec:\n      nodeSelector: {kubernetes.io/os: windows}\n      containers:\n"
        "      - {name: a, image: 'host:5000/a'}\n      - {name: b, image: 'b:1@sha256:0f'}\n"
    )
    assert resource.name == "Deployment/shop/web"
    told = {"name", "namespace", "labels", "replicas", "os", "images"}
    assert {key: value for key, value in resource.tree["workload"].items() if key in told} == {
        "name": "web",
        "namespace": "shop",
        "labels": {"tier": "front"},
        "replicas": 2,
        "os": "windows",
        "images": [{"image": "host:5000/a"}, {"image": "b:1@sha256:0f", "version": "sha256:0f"}],
    }


def test_objects_of_other_groups_and_broken_ones_are_left_out() -> None:
    assert not seen("apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: s}\n", "k8s/service")
    assert not seen("apiVersion: apps/v1\nkind: Deployment\nspec: 3\n---\n- a\n---\nkind: Pod\n---\n")
    [odd] = seen(
        "apiVersion: v1\nkind: Pod\nmetadata: 3\nspec: {containers: [3, {securityContext: 4}], securityContext: {runAsUser: 1}}\n"
    )
    assert odd.name == "Pod/"


def test_containers_that_are_no_list_are_no_containers() -> None:
    [odd] = seen("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: {name: a, image: b}, hostPID: true}\n")
    assert odd.tree["spec"] == {"hostPID": True}


@pytest.mark.parametrize("name", ["app.yaml", "app.json"])
def test_the_items_of_a_list_are_objects_of_their_own(name: str) -> None:
    text = '{"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}]}'
    [resource] = seen(text, "k8s/namespace", name)
    root = () if name == "app.json" else ("documents", 0)
    assert resource.home == (name, (*root, "items", 0))
    assert resource.tree["metadata"] == {"name": "n"}


def test_a_container_shows_what_its_pod_and_its_limits_give_it() -> None:
    [resource] = seen(
        "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n"
        "  securityContext: {runAsNonRoot: true, runAsUser: 5, fsGroup: 7, seccompProfile: {type: RuntimeDefault}}\n  containers:\n"
        "  - {name: a, securityContext: {runAsUser: 6, privileged: true}, resources: &r\n"
        "      {limits: {memory: 1Gi, cpu: 1}, requests: {cpu: 2}}}\n"
        "  - {name: b}\n"
    )
    a, b = resource.tree["spec"]["containers"]
    wide = {"runAsNonRoot": True, "runAsUser": 5, "seccompProfile": {"type": "RuntimeDefault"}}
    assert a["securityContext"] == {**wide, "runAsUser": 6, "privileged": True}
    assert b["securityContext"] == wide
    assert a["resources"]["requests"] == {"memory": "1Gi", "cpu": 2}
    path = ("spec", "containers", 1, "securityContext", "runAsUser")
    assert kubernetes.locate(WORKLOAD, resource, path, {}) == ("app.yaml", ("documents", 0, *path))


POD = """\
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  securityContext: {runAsUser: 0}   # all of them
  containers:
  - name: a
    image: a
    resources: {requests: {memory: 1Gi}}
"""
CONTAINER = ("spec", "containers", 0)


def test_a_value_that_all_containers_get_goes_to_the_pod_and_is_found_there() -> None:
    path = (*CONTAINER, "securityContext", "runAsGroup")
    text = POD.replace("runAsUser: 0", "runAsGroup: 0")
    assert fixed(text, Edit(path, 10001)) == text.replace("runAsGroup: 0", "runAsGroup: 10001")
    [resource] = seen(text)
    locator, place = kubernetes.locate(WORKLOAD, resource, path, sources(text))
    assert text.encode()[slice(*span("yaml", text.encode(), place))] == b"0"
    with pytest.raises(BindingError, match="remove it there"):
        fixed(text, Edit(path, remove=True))


def test_a_value_for_some_containers_goes_to_them() -> None:
    two = POD + "  - name: b\n    image: b\n"
    path = ("securityContext", "runAsNonRoot")
    first, second = Edit((*CONTAINER, *path), True), Edit(("spec", "containers", 1, *path), True)
    assert fixed(two, first) == two.replace("1Gi}}\n", "1Gi}}\n    securityContext:\n      runAsNonRoot: true\n")
    assert fixed(two, first, second) == two.replace("runAsUser: 0", "runAsUser: 0, runAsNonRoot: true")
    own = two + "    securityContext: {runAsNonRoot: false}\n"
    assert fixed(own, first, second) == own.replace("runAsUser: 0", "runAsUser: 0, runAsNonRoot: true").replace("false", "true")


def test_a_first_request_beside_limits_spells_out_what_the_limits_stood_for() -> None:
    limits = POD.replace("{requests: {memory: 1Gi}}", "{limits: {cpu: 50m}}")
    after = fixed(limits, Edit((*CONTAINER, "resources", "requests", "memory"), "128Mi"))
    assert "{limits: {cpu: 50m}, requests: {cpu: 50m, memory: 128Mi}}" in after


def test_an_image_told_is_found_where_it_is_written() -> None:
    [resource] = seen(POD)
    assert kubernetes.locate(WORKLOAD, resource, ("workload", "images", 0, "version"), sources(POD))[1] == (
        *("documents", 0),
        *CONTAINER,
        "image",
    )


def test_what_is_read_off_the_object_is_not_edited() -> None:
    for path in (("kind",), ("workload", "images", 0, "version")):
        with pytest.raises(BindingError, match="read off"):
            fixed(POD, Edit(path, "x"))


@pytest.mark.parametrize(
    ("limit", "taken"),
    [("2Gi", "2Gi"), ("1Gi", "1Gi"), ("1024Mi", "1024Mi"), ("512Mi", "2048Mi"), ("1000M", "2048Mi"), ("odd", "")],
)
def test_a_limit_below_the_request_is_raised_over_it_or_refused(limit: str, taken: str) -> None:
    edit = Edit((*CONTAINER, "resources", "limits", "memory"), limit)
    if taken:
        assert f"limits: {{memory: {taken}}}" in fixed(POD, edit)
    else:
        with pytest.raises(BindingError, match="below the request of 1Gi"):
            fixed(POD, edit)


def test_a_template_cannot_be_told() -> None:
    [resource] = seen(POD.replace("image: a", 'image: "a:{{ .Values.tag }}"'))
    assert resource.tree["spec"]["containers"][0]["image"] == Unknown("a:{{ .Values.tag }}")
    assert resource.tree["workload"]["images"][0]["version"] == Unknown("a:{{ .Values.tag }}")


def test_an_object_that_is_gone_is_refused() -> None:
    [resource] = seen(POD)
    with pytest.raises(BindingError, match="scan again"):
        kubernetes.edit(WORKLOAD, resource, [Edit(("spec", "hostPID"), False)], [], sources("- a\n"))

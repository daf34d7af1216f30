"""Seccomp profiles of objects that only old servers take."""

from __future__ import annotations

import pytest
from tests.bindings.test_kubernetes import WORKLOAD, fixed, seen

from setright.bindings.error import BindingError
from setright.bindings.layouts import kubernetes
from setright.bindings.source import Source
from setright.lenses import get
from setright.model import Edit, Unknown

PROFILE = ("securityContext", "seccompProfile", "type")
FIRST = ("spec", "containers", 0, *PROFILE)
KEY = "seccomp.security.alpha.kubernetes.io/pod"


def old(metadata: str, containers: str = "- {name: a, image: x}\n", api: str = "extensions/v1beta1") -> str:
    inner = "".join(f"      {line}\n" for line in f"containers:\n{containers}".splitlines())
    head = f"apiVersion: {api}\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  template:\n"
    return f"{head}    metadata:\n{metadata}    spec:\n{inner}"


@pytest.mark.parametrize("api", ["extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"])
def test_an_old_pod_is_told_its_profile_by_the_annotation_that_its_servers_read(api: str) -> None:
    text = old("      labels: {app: web}   # ours\n", api=api)
    after = fixed(text, Edit(FIRST, "RuntimeDefault"))
    assert after == text.replace("# ours\n", f"# ours\n      annotations:\n        {KEY}: docker/default\n")
    assert seen(after)[0].tree["spec"]["containers"][0]["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert seen(after)[0].tree["workload"].get("deep-syscalls") is False


def test_a_container_beside_one_with_a_profile_gets_an_annotation_of_its_own() -> None:
    text = old(
        "      annotations:\n        container.seccomp.security.alpha.kubernetes.io/a: localhost/a.json\n",
        "- {name: a, image: x}\n- {name: b, image: y}\n",
    )
    assert [each["securityContext"] for each in seen(text)[0].tree["spec"]["containers"][:1]] == [
        {"seccompProfile": {"type": "Localhost"}}
    ]
    after = fixed(text, Edit(("spec", "containers", 1, *PROFILE), "RuntimeDefault"))
    line = "        container.seccomp.security.alpha.kubernetes.io/a: localhost/a.json\n"
    assert after == text.replace(line, line + "        container.seccomp.security.alpha.kubernetes.io/b: docker/default\n")


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("unconfined", "Unconfined"),
        ("runtime/default", "RuntimeDefault"),
        ("'{{ .Values.seccomp }}'", Unknown("{{ .Values.seccomp }}")),
    ],
)
def test_what_an_annotation_says_is_told(profile: str, told: object) -> None:
    [resource] = seen(old(f"      annotations: {{{KEY}: {profile}}}\n"))
    assert resource.tree["spec"]["containers"][0]["securityContext"]["seccompProfile"]["type"] == told


def test_newer_servers_read_no_annotation() -> None:
    [resource] = seen(old(f"      annotations: {{{KEY}: docker/default}}\n", api="apps/v1"))
    assert "securityContext" not in resource.tree["spec"]["containers"][0]


def test_annotations_that_a_chart_fills_in_are_left_to_it() -> None:
    text = old("      annotations:\n{{ toYaml .Values.notes | indent 8 }}\n")
    sources = {"templates/a.yaml": Source("templates/a.yaml", "helm", get("helm", text.encode()))}
    [resource] = kubernetes.view("k8s/workload", WORKLOAD, sources)
    with pytest.raises(BindingError, match="annotations"):
        kubernetes.edit(WORKLOAD, resource, [Edit(FIRST, "RuntimeDefault")], [], sources)

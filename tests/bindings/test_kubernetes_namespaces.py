"""Moving objects out of the default namespace."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import kubernetes
from setright.bindings.load import load_bindings
from setright.bindings.source import Source
from setright.lenses import get, put
from setright.model import Edit, Resource

[OBJECT] = [b.layouts["kubernetes"] for b in load_bindings(File(__file__).parents[2] / "bindings") if b.kind == "k8s/object"]
WEB = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
OWN = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
MOVE = Edit(("metadata", "namespace"), "apps")


def sources(files: dict[str, str]) -> dict[str, Source]:
    return {name: Source(name, "yaml", get("yaml", text.encode())) for name, text in files.items()}


def seen(files: dict[str, str]) -> list[Resource]:
    return kubernetes.view("k8s/object", OBJECT, sources(files))


def moved(files: dict[str, str]) -> dict[str, str]:
    """The files that change when the Service moves."""
    [web] = [each for each in seen(files) if each.name == "Service/web"]
    edits = kubernetes.edit(OBJECT, web, [MOVE], [], sources(files))
    mine = {locator: [edit for place, edit in edits if place == locator] for locator, _ in edits}
    return {locator: put("yaml", files[locator].encode(), each).decode() for locator, each in mine.items()}


def test_a_namespace_stands_in_the_object() -> None:
    assert moved({"web.yaml": WEB}) == {"web.yaml": WEB.replace("web}", "web, namespace: apps}")}


@pytest.mark.parametrize(
    ("files", "namespace"),
    [
        ({"k8s/own.yaml": OWN}, "shop"),
        ({"k8s/own.yaml": OWN, "db.yaml": WEB.replace("web", "db")}, "apps"),  # which web may find by its short name
        ({"k8s/own.yaml": OWN, "k8s/other.yaml": OWN.replace("shop", "mail")}, "apps"),
        ({"k8s/own.yaml": OWN.replace("shop", "kube-system")}, "apps"),
        ({"other/own.yaml": OWN}, "apps"),
    ],
)
def test_who_names_no_namespace_moves_to_the_only_one_that_is_made_beside_it(files: dict[str, str], namespace: str) -> None:
    [web] = [each for each in seen({"k8s/web.yaml": WEB, **files}) if each.name == "Service/web"]
    wanted = Edit(("metadata", "namespace"), "own, else apps")
    [(_, edit)] = kubernetes.edit(OBJECT, web, [wanted], [], sources({"k8s/web.yaml": WEB, **files}))
    assert edit.value == namespace


def test_a_namespace_stands_in_the_kustomization_that_names_the_file() -> None:
    files = {
        "base/web.yaml": WEB,
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "prod/kustomization.yaml": "resources: [../base]\n",
    }
    assert moved(files) == {"base/kustomization.yaml": "resources: [web.yaml]\nnamespace: apps\n"}
    own = {**files, "base/web.yaml": WEB.replace("web}", "web, namespace: default}")}
    assert moved(own) == {"base/web.yaml": WEB.replace("web}", "web, namespace: apps}")}


def test_a_file_of_two_kustomizations_is_for_their_owner() -> None:
    two = {"a/kustomization.yaml": "resources: [../web.yaml]\n", "b/kustomization.yaml": "resources: [../web.yaml]\n"}
    with pytest.raises(BindingError, match=r"a/kustomization.yaml and b/kustomization.yaml both build it"):
        moved({"web.yaml": WEB, **two})


def test_what_names_the_old_namespace_follows() -> None:
    binding = "kind: ClusterRoleBinding\nsubjects:\n- {kind: ServiceAccount, name: web, namespace: default}   # ours\n"
    peer = "apiVersion: v1\nkind: ConfigMap\ndata:\n  url: http://web.default.svc.cluster.local/\n  api: kubernetes.default.svc\n"
    after = moved({"web.yaml": WEB, "rbac.yaml": binding, "peer.yaml": peer})
    assert after["rbac.yaml"] == binding.replace("default", "apps")
    assert after["peer.yaml"] == peer.replace("web.default", "web.apps")


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ("kind: SealedSecret\nmetadata: {name: s}\n", "sealed for its namespace"),
        ("kind: ConfigMap\ndata:\n  conf: |\n    a\n    http://web.default.svc/\n", "change such names first"),
    ],
)
def test_where_something_cannot_follow_nothing_moves(other: str, why: str) -> None:
    with pytest.raises(BindingError, match=why):
        moved({"web.yaml": WEB, "other.yaml": other})


POD = """
apiVersion: batch/v1
kind: CronJob
metadata: {name: report}
spec:
  jobTemplate:
    spec:
      template:
        spec:
          serviceAccountName: reporter
          imagePullSecrets: [{name: registry}]
          volumes:
          - {name: a, secret: {secretName: keys}}
          - {name: b, projected: {sources: [{configMap: {name: rates}}, {secret: {name: maybe, optional: true}}]}}
          - {name: c, persistentVolumeClaim: {claimName: disk}}
          containers:
          - name: report
            envFrom: [{configMapRef: {name: settings}}]
            env: [{name: A, valueFrom: {secretKeyRef: {name: "{{ .Values.secret }}", key: a}}}]
"""


def relies_on(files: dict[str, str]) -> str:
    [report] = [each for each in seen(files) if each.name == "CronJob/report"]
    return str(report.tree["relies-on"]["elsewhere"])


def test_what_pods_name_and_no_file_makes_is_told() -> None:
    names = (
        "Secret registry",
        "Secret keys",
        "ConfigMap rates",
        "PersistentVolumeClaim disk",
        "ConfigMap settings",
        "ServiceAccount reporter",
    )
    assert set(relies_on({"web.yaml": POD}).split(", ")) == set(names)
    made = [f"apiVersion: v1\nkind: {name.split()[0]}\nmetadata: {{name: {name.split()[1]}}}\n" for name in names[2:]]
    others = [
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata: {name: a}\nspec: {target: {name: registry}}\n",
        "kind: Kustomization\nsecretGenerator: [{name: keys}]\n",
    ]
    assert relies_on({"web.yaml": POD, "made.yaml": "---\n".join([*made, *others])}) == "nothing"


def test_an_object_without_pods_relies_on_nothing() -> None:
    assert [each.tree["relies-on"] for each in seen({"web.yaml": WEB})] == [{"elsewhere": "nothing"}]
    assert "relies-on" not in seen({"web.yaml": WEB.replace("web}", "web, namespace: shop}")})[0].tree

"""What the patches of overlays make of their bases: each says no more than it brings about, and no less."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import kubernetes
from setright.bindings.load import load_bindings
from setright.bindings.source import Source
from setright.controls.compile import Compiled
from setright.controls.derive import derive
from setright.controls.judge import judge
from setright.controls.load import build, read_control
from setright.lenses import get, put
from setright.model import Edit, Mismatch, Resource

ROOT = File(__file__).parents[2]
[WORKLOAD] = [b.layouts["kubernetes"] for b in load_bindings(ROOT / "bindings") if b.kind == "k8s/workload"]
CONTROLS = {
    name: build(read_control(ROOT / f"controls/k8s/workload/{name}.yaml", ROOT / "controls"))
    for name in ("privileged", "host-pid", "run-as-non-root")
}
BASE = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - name: web
        image: "a/web:1"
        securityContext: {privileged: true}
      - {name: side, image: "a/side:1"}
"""
HEAD = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: "
MENDED = HEAD + "{containers: [{name: web, securityContext: {privileged: false}}]}}}\n"
SPOILT = HEAD + "{hostPID: true, containers: [{name: side, securityContext: {privileged: true}}]}}}\n"
AT = "/spec/template/spec/containers/1/securityContext"
OPERATIONS = f"- {{op: add, path: {AT}, value: {{privileged: true}}}}\n"
MERGE = "resources: [../base]\npatches: [{path: patch.yaml}]\n"
TARGET = "resources: [../base]\npatches: [{path: patch.yaml, target: {kind: Deployment, name: we.*}}]\n"
PLAIN = "resources: [../base]\n"


def sources(patch: str, overlay: str = MERGE, **more: str) -> dict[str, Source]:
    files = {"base/web.yaml": BASE, "base/kustomization.yaml": "resources: [web.yaml]\n"}
    files |= {"top/patch.yaml": patch, "top/kustomization.yaml": overlay}
    files |= {f"{name}/kustomization.yaml": text for name, text in more.items()}
    return {name: Source(name, lens(name), get(lens(name), text.encode())) for name, text in files.items()}


def lens(name: str) -> str:
    return "kustomization" if name.endswith("kustomization.yaml") else "yaml"


def wrong(rule: str, files: dict[str, Source]) -> list[tuple[Resource, Mismatch]]:
    found = kubernetes.view("k8s/workload", WORKLOAD, files)
    assert all(judge(CONTROLS[rule], each) == Compiled(CONTROLS[rule]).judge(each) for each in found)
    return [(each, mismatch) for each in found for mismatch in judge(CONTROLS[rule], each).mismatches]


def homes(rule: str, files: dict[str, Source]) -> list[str]:
    return [each.home[0] for each, _ in wrong(rule, files)]


def test_what_every_build_mends_is_not_told_of_the_base() -> None:
    assert homes("privileged", sources(MENDED)) == []
    assert homes("privileged", sources(MENDED, other=PLAIN)) == ["base/web.yaml"]


def test_what_a_patch_says_is_told_of_the_patch() -> None:
    assert homes("host-pid", sources(SPOILT)) == ["top/patch.yaml"]
    assert homes("privileged", sources(SPOILT)) == ["base/web.yaml", "top/patch.yaml"]
    assert homes("run-as-non-root", sources(SPOILT)) == ["base/web.yaml", "base/web.yaml"]


@pytest.mark.parametrize(
    ("patch", "overlay"),
    [(SPOILT, MERGE), (SPOILT, TARGET), (OPERATIONS, TARGET), (SPOILT, TARGET.replace("Deployment", "(StatefulSet|Deployment)"))],
)
def test_it_is_put_right_where_it_is_said(patch: str, overlay: str) -> None:
    files = sources(patch, overlay)
    control = CONTROLS["privileged"]
    _, (resource, mismatch) = wrong("privileged", files)
    assert (
        "privileged: true" in patch.splitlines()[-1]
        and kubernetes.locate(WORKLOAD, resource, mismatch.path, files)[0] == "top/patch.yaml"
    )
    edits = kubernetes.edit(WORKLOAD, resource, derive(control, [mismatch], resource.tree).edits, [], files)
    after = put("yaml", patch.encode(), [edit for _, edit in edits]).decode()
    assert after == patch.replace("privileged: true", "privileged: false")
    assert homes("privileged", sources(after, overlay)) == ["base/web.yaml"]


@pytest.mark.parametrize(("key", "text"), [("target: {kind: Deployment}\n  patch", "# why\n" + OPERATIONS), ("patch", SPOILT)])
def test_a_patch_in_the_kustomization_itself_is_put_right_there(key: str, text: str) -> None:
    overlay = f"{PLAIN}patches:\n- {key}: |-\n    " + text.replace("\n", "\n    ").rstrip() + "\n"
    files = sources("", overlay)
    _, (resource, mismatch) = wrong("privileged", files)
    edits = kubernetes.edit(WORKLOAD, resource, derive(CONTROLS["privileged"], [mismatch], resource.tree).edits, [], files)
    assert {file for file, _ in edits} == {"top/kustomization.yaml"}
    after = put("kustomization", overlay.encode(), [edit for _, edit in edits]).decode()
    assert after == overlay.replace("privileged: true", "privileged: false")


@pytest.mark.parametrize(
    "target", ["{kind: StatefulSet}", "{kind: Deployment, name: we}", "{name: '(a+)+'}", "{labelSelector: app=web}"]
)
def test_a_patch_for_others_is_no_patch_of_it(target: str) -> None:
    overlay = TARGET.replace("{kind: Deployment, name: we.*}", target)
    assert homes("host-pid", sources(SPOILT, overlay)) == []


@pytest.mark.parametrize(
    "patch",
    [
        MENDED.replace("{name: web, sec", "{$patch: delete, name: web, sec"),
        "- {op: remove, path: /spec/template/spec/containers/0}\n",
        "- {op: copy, from: /spec, path: /other}\n",
        "- {op: replace, path: /spec/nothing/there, value: 1}\n",
    ],
)
def test_a_patch_that_cannot_be_followed_mends_nothing(patch: str) -> None:
    assert homes("privileged", sources(patch, TARGET)) == ["base/web.yaml"]


def test_a_container_that_a_patch_adds_to_whom_it_is_aimed_at_is_seen() -> None:
    patch = (
        HEAD.replace("name: web", "name: any") + "{containers: [{name: debug, image: a, securityContext: {privileged: true}}]}}}\n"
    )
    assert homes("privileged", sources(patch, TARGET)) == ["base/web.yaml", "top/patch.yaml"]


@pytest.mark.parametrize("overlay", [MERGE, TARGET.replace("we.*", "new-web-v2")])
def test_a_patch_may_call_an_object_as_the_builds_within_do(overlay: str) -> None:
    renamed = MENDED.replace("{name: web}", "{name: new-web-v2}")
    within = {"middle": "resources: [../base]\nnamePrefix: new-\nnameSuffix: -v2\n"}
    assert homes("privileged", sources(renamed, overlay.replace("../base", "../middle"), **within)) == []
    assert homes("privileged", sources(renamed, overlay, **within)) != []
    spoilt = SPOILT.replace("{name: web}", "{name: new-web-v2}")
    assert homes("host-pid", sources(spoilt, overlay.replace("../base", "../middle"), **within)) == ["top/patch.yaml"]


@pytest.mark.parametrize("folder", ["./top", "./base", "."])
def test_a_patch_that_flux_lays_over_a_folder_is_one_of_its_builds(folder: str) -> None:
    said = "    - target: {kind: Deployment}\n      patch: |\n        " + OPERATIONS
    flux = f"apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nspec:\n  path: {folder}\n  patches:\n{said}"
    files = sources("", PLAIN)
    files["cluster.yaml"] = Source("cluster.yaml", "kustomization", get("kustomization", flux.encode()))
    _, (resource, mismatch) = wrong("privileged", files)
    assert resource.home[0] == "cluster.yaml"
    edits = kubernetes.edit(WORKLOAD, resource, derive(CONTROLS["privileged"], [mismatch], resource.tree).edits, [], files)
    after = put("kustomization", flux.encode(), [edit for _, edit in edits]).decode()
    assert after == flux.replace("privileged: true", "privileged: false")


def test_a_patch_for_an_object_elsewhere_answers_for_what_it_says() -> None:
    patch = SPOILT.replace("{name: web}", "{name: far}")
    files = sources(patch)
    assert homes("privileged", files) == ["base/web.yaml", "top/patch.yaml"]
    assert homes("host-pid", files) == ["top/patch.yaml"]
    assert homes("run-as-non-root", files) == ["base/web.yaml", "base/web.yaml"]
    _, (resource, mismatch) = wrong("privileged", files)
    [(file, edit)] = kubernetes.edit(WORKLOAD, resource, [Edit(mismatch.path, False)], [], files)
    assert (file, put("yaml", patch.encode(), [edit]).decode()) == (
        "top/patch.yaml",
        patch.replace("privileged: true", "privileged: false"),
    )
    renamed = sources(patch, TARGET)  # which says whom it is for
    assert homes("host-pid", renamed) == ["top/patch.yaml"]


def test_what_a_build_speaks_against_is_left_to_a_person() -> None:
    root = HEAD + "{containers: [{name: web, securityContext: {runAsUser: 0}}]}}}\n"
    files = sources(root)
    base = kubernetes.view("k8s/workload", WORKLOAD, files)[0]
    wanted = Edit(("spec", "containers", 0, "securityContext", "runAsNonRoot"), True)
    with pytest.raises(BindingError, match=r"as top/patch\.yaml has it"):
        kubernetes.edit(WORKLOAD, base, [wanted], [], files)
    large = HEAD + "{containers: [{name: web, resources: {requests: {memory: 4Gi}}}]}}}\n"
    files = sources(large)
    base = kubernetes.view("k8s/workload", WORKLOAD, files)[0]
    with pytest.raises(BindingError, match=r"as top/patch\.yaml has it"):
        kubernetes.edit(WORKLOAD, base, [Edit(("spec", "containers", 0, "resources", "limits", "memory"), "512Mi")], [], files)


def test_a_build_that_nobody_can_follow_leaves_its_base_to_a_person() -> None:
    files = sources(SPOILT, TARGET.replace("we.*", "'[w]eb'"))
    base = kubernetes.view("k8s/workload", WORKLOAD, files)[0]
    with pytest.raises(BindingError, match="nobody can follow"):
        kubernetes.edit(WORKLOAD, base, [Edit(("spec", "automountServiceAccountToken"), False)], [], files)


def test_an_item_that_the_patch_does_not_speak_of_is_refused() -> None:
    files = sources(SPOILT)
    patch = kubernetes.view("k8s/workload", WORKLOAD, files)[-1]
    with pytest.raises(BindingError, match="does not speak of it"):
        kubernetes.edit(WORKLOAD, patch, [Edit(("spec", "containers", 0, "tty"), False)], [], files)

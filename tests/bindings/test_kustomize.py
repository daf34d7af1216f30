"""What kustomization files and network policies tell of workloads."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import kubernetes
from setright.bindings.load import load_bindings
from setright.bindings.source import Source
from setright.lenses import get, put
from setright.model import Edit, Resource

[WORKLOAD] = [b.layouts["kubernetes"] for b in load_bindings(File(__file__).parents[2] / "bindings") if b.kind == "k8s/workload"]
RIGHTS = [(b.kind, b.layouts["kubernetes"]) for b in load_bindings(File(__file__).parents[2] / "bindings") if b.kind == "k8s/role"]
SPEC = "spec: {containers: [{name: a, image: 'host:5000/a:1'}]}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web}}\n" + SPEC
BARE = POD.replace(", labels: {app: web}", "")
POLICY = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: {podSelector: %s}\n"
ADD = Edit(("workload", "network_policies"), "declared")


def sources(files: dict[str, str]) -> dict[str, Source]:
    lenses = {name: "json" if name.endswith("json") else "yaml" for name in files}
    return {name: Source(name, lenses[name], get(lenses[name], text.encode())) for name, text in files.items()}


def seen(files: dict[str, str]) -> list[Resource]:
    return kubernetes.view("k8s/workload", WORKLOAD, sources(files))


@pytest.mark.parametrize(
    "named", ["patchesStrategicMerge: [../web.yaml]", "patches: [{path: ../web.yaml}]", "patchesJson6902: [{path: ../web.yaml}]"]
)
def test_a_patch_is_no_workload(named: str) -> None:
    assert all(each.layer for each in seen({"web.yaml": POD, "prod/kustomization.yaml": named + "\n"}))
    assert len(seen({"web.yaml": POD, "prod/kustomization.yaml": "patches: [{patch: x}]\n"})) == 1


def test_what_an_overlay_gives_holds_for_the_files_of_its_base() -> None:
    overlay = "namespace: shop\nimages: [{name: 'host:5000/a', newTag: '2'}]\nresources: [../base]\n"
    files = {"base/web.yaml": POD, "base/kustomization.yaml": "resources: [web.yaml]\n", "prod/kustomization.yml": overlay}
    [web] = seen(files)
    assert web.name == "Pod/shop/web"
    assert web.tree["workload"]["images"] == [{"image": "host:5000/a:2", "version": "2"}]


def test_what_is_in_no_namespace_gets_none_of_its_overlay() -> None:
    roles = "".join(
        f"apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: r}}\n---\n" for kind in ("Role", "ClusterRole")
    )
    files = {"rbac.yaml": roles, "kustomization.yaml": "namespace: shop\nresources: [rbac.yaml]\n"}
    seen = [r.name for kind, layout in RIGHTS for r in kubernetes.view(kind, layout, sources(files))]
    assert sorted(set(seen)) == ["ClusterRole/r", "Role/shop/r"]


def test_kustomizations_in_circles_end() -> None:
    circle = {"a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a, web.yaml]\nnamespace: x\n"}
    assert [r.name for r in seen({**circle, "b/web.yaml": POD})] == ["Pod/x/web"]


@pytest.mark.parametrize(
    ("selector", "chooses"),
    [
        ("{}", True),
        ("{matchLabels: {app: web}}", True),
        ("{matchLabels: {app: db}}", False),
        ("{matchExpressions: [{key: app, operator: In, values: [web, db]}]}", True),
        ("{matchExpressions: [{key: app, operator: NotIn, values: [web]}]}", False),
        ("{matchExpressions: [{key: tier, operator: Exists}]}", False),
        ("{matchExpressions: [{key: tier, operator: DoesNotExist}]}", True),
    ],
)
def test_a_policy_holds_for_the_pods_that_it_chooses(selector: str, chooses: bool) -> None:
    [web] = seen({"web.yaml": POD, "net.yaml": POLICY % selector})
    assert web.tree["workload"].get("network_policies") == (["p"] if chooses else None)


@pytest.mark.parametrize(("types", "holds"), [("[]", True), ("[Ingress, Egress]", True), ("[Egress]", False)])
def test_a_policy_for_what_pods_reach_leaves_them_open_to_all(types: str, holds: bool) -> None:
    """Kubernetes API reference, NetworkPolicySpec: policyTypes."""
    [web] = seen({"web.yaml": POD, "net.yaml": (POLICY % "{}").replace("podSelector", f"policyTypes: {types}, podSelector")})
    assert web.tree["workload"].get("network_policies") == (["p"] if holds else None)


def test_a_policy_of_another_namespace_or_of_a_copy_does_not_count() -> None:
    elsewhere = (POLICY % "{}").replace("{name: p}", "{name: p, namespace: shop}")
    assert "network_policies" not in seen({"web.yaml": POD + "---\n" + elsewhere})[0].tree["workload"]
    copy = {"web.yaml": POD, "copy.yaml": POD + "---\n" + POLICY % "{matchLabels: {app: web}}"}
    told = {r.home[0]: r.tree["workload"].get("network_policies") for r in seen(copy)}
    assert told == {"copy.yaml": ["p"], "web.yaml": None}


def test_a_policy_follows_its_workload_in_the_same_file() -> None:
    given = {"web.yaml": POD}
    [(_, edit)] = kubernetes.edit(WORKLOAD, seen(given)[0], [ADD], [], sources(given))
    text = put("yaml", POD.encode(), [edit]).decode()
    assert text.startswith(POD + "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n")
    assert seen({"web.yaml": text})[0].tree["workload"]["network_policies"] == ["web"]


@pytest.mark.parametrize(("kind", "place"), [("List", ("documents", 0, "items", 1)), ("PodList", ("documents", 1))])
def test_a_list_of_one_kind_takes_no_policy(kind: str, place: tuple[str | int, ...]) -> None:
    pod = "".join(f"  {line}\n" for line in POD.splitlines())
    text = f"apiVersion: v1\nkind: {kind}\nitems:\n- {pod.lstrip()}"
    [(_, edit)] = kubernetes.edit(WORKLOAD, seen({"web.yaml": text})[0], [ADD], [], sources({"web.yaml": text}))
    assert edit.path == place
    assert put("yaml", text.encode(), [edit]).decode().startswith(text)


@pytest.mark.parametrize(
    ("container", "ports"),
    [("ports: [{containerPort: 80}]", [80, 3031]), ("livenessProbe: {httpGet: {port: 8080}}", [8080, 3031])],
)
def test_a_policy_lets_metrics_be_fetched_where_the_pods_say(container: str, ports: list[int]) -> None:
    notes = "annotations: {prometheus.io/port: '3031', prometheus.io/scrape: 'true'}"
    text = (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: web, labels: {{app: web}}, {notes}}}\n"
        f"spec: {{containers: [{{name: a, image: 'app:1', {container}}}]}}\n"
    )
    [(_, edit)] = kubernetes.edit(WORKLOAD, seen({"web.yaml": text})[0], [ADD], [], sources({"web.yaml": text}))
    [rule] = edit.value["spec"]["ingress"]
    assert [each["port"] for each in rule["ports"]] == ports


SET = (
    "apiVersion: apps/v1\nkind: %s\nmetadata: {name: db}\nspec: {replicas: %s, template: {metadata: {labels: {app: db}},"
    " spec: {containers: [{name: a, image: 'app:1', ports: [{containerPort: 80}]}]}}}\n"
)
MET_BY = "---\napiVersion: v1\nkind: Service\nmetadata: {name: db}\nspec: {clusterIP: None, selector: {app: db}%s}\n"


@pytest.mark.parametrize(
    ("text", "meet"),
    [
        (SET % ("StatefulSet", 3), True),
        (SET % ("StatefulSet", 1), False),
        (SET % ("Deployment", 3), False),
        (SET % ("Deployment", 3) + MET_BY % "", True),
        (SET % ("Deployment", 3) + MET_BY % ", ports: [{port: 80}]", False),
    ],
)
def test_a_policy_lets_pods_reach_each_other_that_look_for_each_other(text: str, meet: bool) -> None:
    [(_, edit)] = kubernetes.edit(WORKLOAD, seen({"db.yaml": text})[0], [ADD], [], sources({"db.yaml": text}))
    own = {"from": [{"podSelector": {"matchLabels": {"app": "db"}}}]}
    assert edit.value["spec"]["ingress"] == [{"ports": [{"port": 80}]}, *([own] if meet else [])]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("web.yaml", "apiVersion: apps/v1\nkind: ReplicaSet\nmetadata: {name: web}\nspec: {template: {spec: {}}}\n", "labels"),
        ("web.yaml", BARE + "---\napiVersion: v1\nkind: Service\nspec: {selector: {app.kubernetes.io/name: web}}\n", "labels"),
        ("web.yaml", POD.replace("name: web", "generateName: web-"), "name"),
        ("web.json", '{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "labels": {"b": "c"}}, "spec": {}}', "JSON"),
    ],
)
def test_where_no_policy_can_be_written_it_is_refused(name: str, text: str, why: str) -> None:
    given = {name: text}
    with pytest.raises(BindingError, match=why):
        kubernetes.edit(WORKLOAD, seen(given)[0], [ADD], [], sources(given))


def test_a_pod_without_labels_gets_one_to_be_chosen_by() -> None:
    given = {"web.yaml": BARE}
    made = kubernetes.edit(WORKLOAD, seen(given)[0], [ADD], [], sources(given))
    text = put("yaml", BARE.encode(), [edit for _, edit in made]).decode()
    assert text.startswith(BARE.replace("name: web}", "name: web, labels: {app.kubernetes.io/name: web}}"))
    assert "    matchLabels:\n      app.kubernetes.io/name: web\n" in text
    assert seen({"web.yaml": text})[0].tree["workload"]["network_policies"] == ["web"]


def test_a_label_stands_above_what_its_pods_are() -> None:
    job = "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: a\nspec:\n  template:\n    spec:\n      containers: []\n"
    made = kubernetes.edit(WORKLOAD, seen({"job.yaml": job})[0], [ADD], [], sources({"job.yaml": job}))
    text = put("yaml", job.encode(), [edit for _, edit in made]).decode()
    assert text.startswith(
        job.replace("    spec:\n", "    metadata:\n      labels:\n        app.kubernetes.io/name: a\n    spec:\n").rstrip("\n")
    )


def test_a_container_without_ports_gets_no_probe() -> None:
    given = {"web.yaml": POD}
    with pytest.raises(BindingError, match="no port"):
        kubernetes.edit(WORKLOAD, seen(given)[0], [Edit(("spec", "containers", 0, "readinessProbe"), "tcp")], [], sources(given))


def test_a_policy_made_beside_a_workload_is_in_the_namespace_that_its_kustomization_gives() -> None:
    placed = POD.replace("metadata: {name: web,", "metadata: {name: web, namespace: system,")
    files = {"web.yaml": placed, "kustomization.yaml": "namespace: shop-system\nresources: [web.yaml]\n"}
    [workload] = seen(files)
    made = kubernetes.edit(WORKLOAD, workload, [ADD], [], sources(files))
    after = put("yaml", files["web.yaml"].encode(), [edit for _, edit in made]).decode()
    [again] = seen({**files, "web.yaml": after})
    assert again.tree["workload"]["network_policies"] == ["web"]


@pytest.mark.parametrize("end", ["", "---\n"])
def test_a_policy_goes_into_the_document_that_is_open(end: str) -> None:
    [workload] = seen({"web.yaml": POD + end})
    made = kubernetes.edit(WORKLOAD, workload, [ADD], [], sources({"web.yaml": POD + end}))
    after = put("yaml", (POD + end).encode(), [edit for _, edit in made]).decode()
    assert after.count("---\n") == 1 and after.startswith(POD + "---\napiVersion: networking") and after.endswith("\n")


@pytest.mark.parametrize(
    ("container", "ports"),
    [
        ("image: 'kibana:8.1'", [5601]),
        ("image: 'a:1', livenessProbe: {httpGet: {path: /, port: 8081}}, readinessProbe: {tcpSocket: {port: 8081}}", [8081]),
        ("image: 'a:1', ports: [{containerPort: 80}], livenessProbe: {httpGet: {path: /, port: 8081}}", [80]),
        ("image: 'a:1', livenessProbe: {exec: {command: [a]}}", []),
    ],
)
def test_a_policy_leaves_open_where_pods_are_known_to_listen(container: str, ports: list[int]) -> None:
    text = POD.replace("image: 'host:5000/a:1'", container)
    [workload] = seen({"web.yaml": text})
    [(_, made)] = kubernetes.edit(WORKLOAD, workload, [ADD], [], sources({"web.yaml": text}))
    assert [each["port"] for rule in made.value["spec"]["ingress"] for each in rule["ports"]] == ports


MANAGER = """apiVersion: apps/v1
kind: Deployment
metadata: {name: manager, namespace: system}
spec:
  template:
    metadata: {labels: {app: manager}}
    spec:
      containers: [{name: manager, image: "a/manager:1", ports: [{containerPort: 9443}]}]
"""
SIDECAR = """apiVersion: apps/v1
kind: Deployment
metadata: {name: manager, namespace: system}
spec:
  template:
    spec:
      containers:
      - {name: proxy, image: "a/proxy:1", ports: [{containerPort: 8443}]}
      - {name: manager}
"""
OVERLAY = "namespace: shop\nresources: [../base]\npatches: [{path: proxy.yaml}]\n"
BASE = {"base/manager.yaml": MANAGER, "base/kustomization.yaml": "resources: [manager.yaml]\n"}
PATCHED = {**BASE, "top/proxy.yaml": SIDECAR, "top/kustomization.yaml": OVERLAY}


def test_a_container_that_a_patch_adds_is_seen_by_itself() -> None:
    base, patch = seen(PATCHED)
    assert (base.name, patch.name) == ("Deployment/shop/manager", "Deployment/shop/manager/proxy")
    assert [each["name"] for each in patch.tree["spec"]["containers"]] == ["proxy"]
    assert patch.home[0] == "top/proxy.yaml"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{name: proxy,", "{name: manager,"),  # changes one that is there
        (', image: "a/proxy:1"', ""),
        ("{name: proxy,", "{$patch: delete, name: proxy,"),
        ("spec:\n      containers:", "spec:\n      sidecars:"),
    ],
)
def test_other_patches_add_no_workload(old: str, new: str) -> None:
    assert {each.name for each in seen({**PATCHED, "top/proxy.yaml": SIDECAR.replace(old, new)})} == {"Deployment/shop/manager"}


def test_what_is_for_an_added_container_stands_at_it_alone() -> None:
    files = sources(PATCHED)
    for resource in kubernetes.view("k8s/workload", WORKLOAD, files):
        context = ("spec", "containers", 0, "securityContext")
        [(file, edit)] = kubernetes.edit(WORKLOAD, resource, [Edit((*context, "runAsNonRoot"), True)], [], files)
        assert (file, edit.path[-5:]) == (resource.home[0], (*context, "runAsNonRoot"))


def test_a_container_may_be_added_behind_one_that_is_changed() -> None:
    changed = SIDECAR.replace("- {name: proxy,", "- {name: manager, args: [-v]}\n      - {name: proxy,")
    files = sources({**PATCHED, "top/proxy.yaml": changed})
    _, patch, _ = kubernetes.view("k8s/workload", WORKLOAD, files)
    assert [each["name"] for each in patch.tree["spec"]["containers"]] == ["proxy"]
    wanted = Edit(("spec", "containers", 0, "securityContext", "runAsNonRoot"), True)
    [(_, edit)] = kubernetes.edit(WORKLOAD, patch, [wanted], [], files)
    assert edit.path[-5:] == ("spec", "containers", 1, "securityContext", "runAsNonRoot")
    assert kubernetes.locate(WORKLOAD, patch, wanted.path, files)[1] == edit.path


def test_a_profile_is_for_the_whole_pod_at_its_base() -> None:
    files = sources(PATCHED)
    base, patch = kubernetes.view("k8s/workload", WORKLOAD, files)
    wanted = Edit(("spec", "containers", 0, "securityContext", "seccompProfile", "type"), "RuntimeDefault")
    [(_, at_base)], [(_, at_patch)] = (kubernetes.edit(WORKLOAD, each, [wanted], [], files) for each in (base, patch))
    assert at_base.path[-4:] == ("spec", "securityContext", "seccompProfile", "type")
    assert at_patch.path[-6:] == wanted.path


def test_a_policy_leaves_open_where_an_added_container_listens() -> None:
    files = sources(PATCHED)
    base, patch = kubernetes.view("k8s/workload", WORKLOAD, files)
    [(_, edit)] = kubernetes.edit(WORKLOAD, base, [ADD], [], files)
    assert edit.value["spec"]["ingress"] == [{"ports": [{"port": 9443}, {"port": 8443}]}]
    assert patch.tree["workload"]["network_policies"] and patch.tree["spec"]["automountServiceAccountToken"] is False


GIVEN = "namespace: shop\nresources: [web.yaml, more.yaml]\n"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec: {{{}selector: {{app: web}}, ports: [{}]}}\n"
PORTS = POD.replace("name: a, ", "name: a, ports: [{containerPort: 80}], ")


def test_what_stands_in_the_namespace_that_all_are_given_is_around_a_pod() -> None:
    more = SERVICE.format("", "{port: 8080}") + "---\nkind: RoleBinding\nsubjects: [{kind: ServiceAccount, name: default}]\n"
    [web] = seen({"web.yaml": POD, "more.yaml": more, "kustomization.yaml": GIVEN})
    assert web.tree["workload"]["served"] == [8080]
    assert web.tree["workload"]["holds-roles"] is True


@pytest.mark.parametrize(
    ("service", "ports"),
    [
        (SERVICE.format("clusterIP: None, ", "{port: 2380}"), [{"port": 80}, {"port": 2380}]),
        (SERVICE.format("", "{port: 53, protocol: UDP}"), [{"port": 80}, {"port": 53, "protocol": "UDP"}]),
        ("", [{"port": 80}, {"port": 9443}]),
    ],
)
def test_a_new_network_policy_leaves_open_what_services_and_patches_say(service: str, ports: list[object]) -> None:
    patch = PORTS.replace("80", "9443").replace(", image: 'host:5000/a:1'", "") if not service else "{}"
    overlay = "resources: [../base]\npatches: [{path: patch.yaml}]\n"
    base = {"base/web.yaml": PORTS, "base/more.yaml": service or "{}", "base/kustomization.yaml": GIVEN}
    files = sources({**base, "top/kustomization.yaml": overlay, "top/patch.yaml": patch})
    web = kubernetes.view("k8s/workload", WORKLOAD, files)[0]
    [(_, edit)] = kubernetes.edit(WORKLOAD, web, [ADD], [], files)
    assert edit.value["spec"]["ingress"] == [{"ports": ports}]


FLUX = (
    "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n"
    "spec: {path: ./apps, targetNamespace: shop, images: [{name: 'host:5000/a', newTag: '2'}]}\n"
)
ARGO = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {source: {path: apps}, destination: {namespace: shop}}\n"


@pytest.mark.parametrize(
    ("deployed", "more", "names"),
    [
        (FLUX, "", ["Pod/shop/web"]),
        (FLUX, "namespace: own\nresources: [web.yaml]\n", ["Pod/shop/web"]),
        (FLUX.replace("./apps", "../apps"), "", ["Pod/web"]),
        (ARGO, "", ["Pod/shop/web"]),
        (ARGO, "namespace: own\nresources: [web.yaml]\n", ["Pod/own/web"]),
        (ARGO.replace("shop", "'{{ns}}'"), "", ["Pod/web"]),
    ],
)
def test_what_deploys_a_folder_gives_it_its_namespace(deployed: str, more: str, names: list[str]) -> None:
    files = {"apps/web.yaml": POD, "cluster.yaml": deployed, "other/web.yaml": POD}
    found = seen({**files, **({"apps/kustomization.yaml": more} if more else {})})
    assert [each.name for each in found] == [*names, "Pod/web"]
    assert found[0].tree["workload"]["images"][0]["version"] == ("2" if deployed == FLUX else "1")


def test_an_overlay_outweighs_the_namespace_of_its_base() -> None:
    base = {"base/web.yaml": POD, "base/kustomization.yaml": "namespace: base\nresources: [web.yaml]\n"}
    assert [each.name for each in seen({**base, "over/kustomization.yaml": "namespace: over\nresources: [../base]\n"})] == [
        "Pod/over/web"
    ]


def test_a_new_network_policy_leaves_open_what_an_image_is_known_to_serve() -> None:
    text = PORTS.replace("host:5000/a:1", "redis:7").replace("80", "9121")
    [web] = seen({"web.yaml": text})
    [(_, edit)] = kubernetes.edit(WORKLOAD, web, [ADD], [], sources({"web.yaml": text}))
    assert edit.value["spec"]["ingress"] == [{"ports": [{"port": 9121}, {"port": 6379}]}]

"""What a manifest and the tree around it tell of a workload's needs."""

from __future__ import annotations

import json
from pathlib import Path as File

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import kubernetes
from setright.bindings.load import load_bindings
from setright.bindings.source import Source
from setright.lenses import get, put
from setright.model import Edit, Plain, Resource

[WORKLOAD] = [b.layouts["kubernetes"] for b in load_bindings(File(__file__).parents[2] / "bindings") if b.kind == "k8s/workload"]
CALM = {
    "uses-api": False,
    "uses-node": False,
    "gains-rights": False,
    "raw-sockets": False,
    "deep-syscalls": False,
    "runs-as-root": True,
    "replaceable": False,  # a pod by itself: one that is there refuses another template
    "pulled": True,
    "copies": 1,
}


def pod(container: str = "", spec: str = "", metadata: str = "", image: str = "ghcr.io/example/shop:1.4") -> str:
    return (
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: web, labels: {{app: web}}, {metadata}}}\n"
        f"spec: {{containers: [{{name: app, image: '{image}', {container}}}], {spec}}}\n"
    )


def seen(text: str, **files: str) -> list[Resource]:
    sources = {name: Source(name, lens_of(name), get(lens_of(name), text.encode())) for name, text in files.items()}
    sources["app.yaml"] = Source("app.yaml", "yaml", get("yaml", text.encode()))
    return kubernetes.view("k8s/workload", WORKLOAD, sources)


def lens_of(name: str) -> str:
    return "dockerfile" if name.startswith("Dockerfile") else "yaml"


def claims(text: str, **files: str) -> dict[str, Plain]:
    [resource] = seen(text, **files)
    return {key: resource.tree["workload"][key] for key in CALM if key in resource.tree["workload"]}


def differs(text: str, **files: str) -> dict[str, Plain]:
    return {key: value for key, value in claims(text, **files).items() if value != CALM[key]}


def test_an_ordinary_program_needs_nothing_special() -> None:
    assert claims(pod()) == CALM


@pytest.mark.parametrize(
    "text",
    [
        pod(spec="serviceAccountName: shop"),
        pod(spec="automountServiceAccountToken: true"),
        pod("args: [--in-cluster]"),
        pod("env: [{name: NS, valueFrom: {fieldRef: {fieldPath: metadata.namespace}}}]"),
        pod(image="ghcr.io/example/shop-operator:1"),
        pod(metadata="annotations: {vault.hashicorp.com/role: shop}"),
        pod() + "---\nkind: RoleBinding\nsubjects: [{kind: ServiceAccount, name: default}]\n",
        pod() + "---\nkind: ClusterRoleBinding\nsubjects: [{kind: Group, name: 'system:serviceaccounts:shop'}]\n",
    ],
)
def test_signs_that_the_api_is_called_are_seen(text: str) -> None:
    assert differs(text) == {"uses-api": True}


@pytest.mark.parametrize(
    "container",
    [
        "env: [{name: RABBITMQ_HOST, value: rabbitmq}, {name: JAEGER_AGENT_HOST, value: otel-collector}]",
        "args: [serve, --jaeger.agent-host=jaeger-agent, --vip-seats=3]",
        "livenessProbe: {exec: {command: [redis-cli, ping]}}, readinessProbe: {httpGet: {path: /ping, port: 80}}",
        "command: [/docker-entrypoint.sh], args: [-c, /etc/confluent/docker/run]",
    ],
)
def test_what_a_program_talks_to_is_no_sign_of_what_it_is(container: str) -> None:
    assert differs(pod(container)) == {}


WAITS = "initContainers: [{name: w, image: busybox, command: [sh, -c, 'until nc -z %s 80; do sleep 2; done']%s}]"


@pytest.mark.parametrize(
    ("init", "uses_api"),
    [
        (WAITS % ("rabbitmq", ""), False),
        (WAITS % ("rabbitmq", ", lifecycle: {preStop: {exec: {command: [kubectl, get, pods]}}}"), True),
        ("initContainers: [{name: w, image: 'redis:7', args: [redis-server, --dir, /rabbitmq]}]", False),
        ("initContainers: [{name: w, image: busybox, command: [join, rabbitmq]}]", True),
    ],
)
def test_whom_a_container_waits_for_is_not_what_it_is(init: str, uses_api: bool) -> None:
    assert claims(pod(spec=init))["uses-api"] is uses_api


@pytest.mark.parametrize(
    ("container", "signs"),
    [
        ("env: [{name: K8S_NAMESPACE, value: a}]", {"uses-api"}),
        ("args: [--leader-elect]", {"uses-api"}),
        ("env: [{name: PUPPETEER_EXECUTABLE_PATH, value: /usr/bin/x}]", {"gains-rights", "deep-syscalls"}),
        ("livenessProbe: {exec: {command: [sh, -c, ping -c1 gateway]}}", {"gains-rights", "raw-sockets"}),
        ("securityContext: {capabilities: {add: [SYS_MODULE]}}", {"deep-syscalls", "uses-node"}),
        ("securityContext: {runAsUser: 7, capabilities: {add: [CHOWN]}}", {"gains-rights", "runs-as-root"}),
        ("securityContext: {runAsUser: 7, capabilities: {add: [NET_BIND_SERVICE]}}", {"runs-as-root"}),
        ("ports: [{containerPort: 80}]", {"gains-rights"}),
        ("ports: [{containerPort: 8080}]", set()),
        ("ports: [{containerPort: 80}], securityContext: {runAsUser: 0}", set()),
    ],
)
def test_options_and_the_environment_tell_what_it_needs(container: str, signs: set[str]) -> None:
    assert differs(pod(container)).keys() == signs


@pytest.mark.parametrize(
    ("image", "signs"),
    [
        ("weaveworksdemos/carts:0.4.8", set()),
        ("docker.io/istio/examples-bookinfo-details-v1:1.18.0", set()),
        ("weaveworks/weave-npc:2.8", {"uses-api", "raw-sockets", "deep-syscalls"}),
        ("example/vault-demo:1", {"uses-api", "gains-rights"}),
    ],
)
def test_who_shows_how_something_is_used_is_no_sign_of_what_it_needs(image: str, signs: set[str]) -> None:
    assert differs(pod(image=image)).keys() == signs


ACCOUNT = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: '%s'}\n"
BINDING = "---\nkind: RoleBinding\nsubjects: [{kind: ServiceAccount, name: '%s'}]\n"
NAMED = '{{ include "shop.account" . }}'


@pytest.mark.parametrize(
    ("account", "beside", "uses_api"),
    [
        ("shop", ACCOUNT % "shop", False),
        ("shop", ACCOUNT % "shop" + BINDING % "other", False),
        ("shop", ACCOUNT % "shop" + BINDING % "shop", True),
        ("shop", ACCOUNT % "other", True),
        ("shop", (ACCOUNT % "shop").replace("}", ", namespace: other}"), True),
        (NAMED, ACCOUNT % NAMED, False),
        (NAMED, ACCOUNT % NAMED + BINDING % NAMED, True),
        (NAMED, ACCOUNT % NAMED + BINDING % "{{ .Values.account }}", True),
        (NAMED, ACCOUNT % NAMED + ACCOUNT % "{{ .Values.account }}" + BINDING % "{{ .Values.account }}", False),
    ],
)
def test_an_account_that_the_tree_makes_and_binds_to_nothing_calls_no_api(account: str, beside: str, uses_api: bool) -> None:
    text = pod(spec=f"serviceAccountName: '{account}'") + beside
    files = {"shop/templates/all.yaml": Source("shop/templates/all.yaml", "helm", get("helm", text.encode()))}
    [resource] = kubernetes.view("k8s/workload", WORKLOAD, files)
    assert resource.tree["workload"]["uses-api"] is uses_api


@pytest.mark.parametrize(
    ("text", "claims_of_node"),
    [
        (pod(), (False, False)),
        (pod(spec="hostNetwork: true"), (False, True)),
        (pod(spec="volumes: [{name: v, hostPath: {path: /var/log}}]"), (False, False)),
        (pod("securityContext: {capabilities: {add: [NET_ADMIN]}}"), (True, True)),
    ],
)
def test_rights_on_the_node_and_sight_of_its_network_are_told_apart(text: str, claims_of_node: tuple[bool, bool]) -> None:
    [resource] = seen(text)
    assert (resource.tree["workload"]["has-node-rights"], resource.tree["workload"]["sees-packets"]) == claims_of_node


@pytest.mark.parametrize(
    ("text", "more"),
    [
        (pod("securityContext: {privileged: true}"), {}),
        (pod("securityContext: {capabilities: {add: [CAP_NET_ADMIN]}}"), {}),
        (pod(spec="hostNetwork: true"), {}),
        (pod(spec="volumes: [{name: s, hostPath: {path: /var/run/docker.sock}}]"), {}),
    ],
)
def test_what_manages_its_node_is_seen(text: str, more: dict[str, Plain]) -> None:
    assert differs(text) == {"uses-node": True, **more}


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (pod("command: [sh, -c, sudo -u app serve]"), "gains-rights"),
        (pod("securityContext: {allowPrivilegeEscalation: true}"), "gains-rights"),
        (pod("securityContext: {capabilities: {add: [NET_RAW]}}"), "raw-sockets"),
        (pod("args: [tcpdump]"), "raw-sockets"),
        (pod(image="ghcr.io/example/playwright:1"), "deep-syscalls"),
        (pod("securityContext: {seccompProfile: {type: Unconfined}}"), "deep-syscalls"),
    ],
)
def test_programs_with_needs_are_seen(text: str, claim: str) -> None:
    assert differs(text)[claim] is True


def test_a_dockerfile_that_prepares_to_gain_rights_counts_for_the_image_of_its_name() -> None:
    text = "FROM a\nRUN apt-get install -y sudo\n"
    assert differs(pod(), Dockerfile=text) == {"gains-rights": True}
    assert differs(pod(), **{"Dockerfile.shop": text.replace("apt-get install -y sudo", "chmod 4755 /x")}) == {"gains-rights": True}
    assert differs(pod("securityContext: {allowPrivilegeEscalation: false}"), Dockerfile=text) == {}


@pytest.mark.parametrize(
    ("image", "policy", "is_pulled"),
    [
        ("ghcr.io/example/shop:1", "", True),
        ("nginx:1.25", "", True),
        ("shop:1", "", False),
        ("nginx", "", True),
        ("localhost:5000/shop:1", "", False),
        ("ghcr.io/example/shop:1", "imagePullPolicy: IfNotPresent", False),
        ("ghcr.io/example/shop:1", "imagePullPolicy: Never", False),
        ("bitnami/redis:6.2", "", False),
        ("docker.io/bitnami/redis:6.2", "", False),
        ("bitnami/redis:latest", "", True),
        ("registry.example.com/bitnami/redis:6.2", "", True),
    ],
)
def test_images_of_a_registry_are_told_from_ones_of_a_machine(image: str, policy: str, is_pulled: bool) -> None:
    assert claims(pod(policy, image=image))["pulled"] is is_pulled


def test_a_tool_that_loads_images_into_nodes_makes_none_sure_to_be_pulled() -> None:
    assert differs(pod() + "---\napiVersion: skaffold/v4beta6\nkind: Config\n") == {"pulled": False}


def owner(kind: str, more: str) -> str:
    spec = "{volumes: [{name: d, persistentVolumeClaim: {claimName: d}}], containers: [{name: a, image: 'a/b:1'}]}"
    return f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: w}}\nspec:\n  {more}\n  template: {{spec: {spec}}}\n"


@pytest.mark.parametrize(
    ("text", "is_replaceable"),
    [
        (pod(spec="volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]"), True),
        (pod(spec="volumes: [{name: d, hostPath: {path: /srv}}]"), False),
        (pod("volumeMounts: [{name: d, mountPath: /d}]", "volumes: [{name: d, hostPath: {path: /srv}}]"), False),
        (pod("volumeMounts: [{name: d, mountPath: /d, readOnly: true}]", "volumes: [{name: d, hostPath: {path: /srv}}]"), True),
        (pod(spec="volumes: [{name: d, hostPath: {path: /etc/localtime}}]"), True),
        (pod(spec="volumes: [{name: d, hostPath: {path: /var/lib/kubelet/plugins/a}}]"), True),
        (pod(spec="volumes: [{name: d, hostPath: {path: /var/lib/mysql}}]"), False),
        (owner("ReplicationController", "replicas: 1"), True),
        (owner("Deployment", "strategy: {rollingUpdate: {maxSurge: 0}}"), True),
        (pod(spec="volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]", image="nginx:1"), True),
        (pod(spec="volumes: [{name: d, emptyDir: {}}]"), True),
        (owner("StatefulSet", "volumeClaimTemplates: []"), True),
        (owner("Deployment", "strategy: {type: Recreate}"), True),
        (owner("Deployment", "strategy: {type: RollingUpdate}"), False),
    ],
)
def test_what_keeps_data_is_not_replaced_at_any_time(text: str, is_replaceable: bool) -> None:
    assert claims(text.replace("{name: web", "{generateName: web-"))["replaceable"] is is_replaceable


@pytest.mark.parametrize(("env", "is_refused"), [("fieldPath: status.hostIP", True), ("fieldPath: status.podIP", False)])
def test_what_others_reach_at_their_node_keeps_its_port_there(env: str, is_refused: bool) -> None:
    agent = "containers: [{name: a, image: 'a/agent:1', ports: [{containerPort: 8125, hostPort: 8125}]}]"
    text = f"apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: agent}}\nspec: {{template: {{spec: {{{agent}}}}}}}\n---\n"
    text += pod(f"env: [{{name: AGENT, valueFrom: {{fieldRef: {{{env}}}}}}}]")
    sources = {"app.yaml": Source("app.yaml", "yaml", get("yaml", text.encode()))}
    found = kubernetes.view("k8s/workload", WORKLOAD, sources)[0]
    gone = Edit(("spec", "containers", 0, "ports", 0, "hostPort"), remove=True)
    if not is_refused:
        assert kubernetes.edit(WORKLOAD, found, [gone], [], sources)
        return
    with pytest.raises(BindingError, match="reached at its node's address"):
        kubernetes.edit(WORKLOAD, found, [gone], [], sources)


def test_runs_that_come_at_their_time_replace_nothing() -> None:
    spec = "containers: [{name: a, image: 'a/b:1'}], volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]"
    text = f"spec: {{jobTemplate: {{spec: {{template: {{spec: {{{spec}}}}}}}}}}}\n"
    assert claims(f"apiVersion: batch/v1\nkind: CronJob\nmetadata: {{name: j}}\n{text}")["replaceable"] is True


@pytest.mark.parametrize(("more", "is_replaceable"), [("", False), ("ttlSecondsAfterFinished: 60", True)])
def test_a_job_that_may_be_there_still_is_not_replaced(more: str, is_replaceable: bool) -> None:
    spec = "spec:\n  template: {spec: {containers: [{name: a, image: 'a/b:1'}]}}\n"
    job = f"apiVersion: batch/v1\nkind: Job\nmetadata: {{name: j}}\n{spec}  {more}\n"
    assert claims(job)["replaceable"] is is_replaceable


def test_what_is_scaled_has_no_number_of_copies() -> None:
    scaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nspec: {scaleTargetRef: {kind: Pod, name: web}}\n"
    assert "copies" not in claims(f"{pod()}---\n{scaler}")


def test_a_job_that_is_made_for_each_message_has_no_number_of_copies() -> None:
    [job] = seen(
        "apiVersion: keda.sh/v1alpha1\nkind: ScaledJob\nmetadata: {name: w}\n"
        "spec: {jobTargetRef: {template: {spec: {containers: [{name: a, image: 'a/b:1'}]}}}}\n"
    )
    assert "copies" not in job.tree["workload"]
    assert job.tree["workload"]["replaceable"] is True


def test_of_an_image_that_is_filled_in_later_nothing_is_told() -> None:
    assert claims(pod(image="{{ .Values.image }}")) == {"uses-node": False, "runs-as-root": True, "replaceable": False, "copies": 1}
    assert claims(pod(image="${IMAGE}")) == {"uses-node": False, "runs-as-root": True, "replaceable": False, "copies": 1}


@pytest.mark.parametrize(
    ("image", "policy"), [("shop", "Always"), ("shop:latest", "Always"), ("shop@sha256:0f", "Always"), ("shop:1", None)]
)
def test_images_that_are_asked_for_anyway_show_it(image: str, policy: str | None) -> None:
    assert seen(pod(image=image))[0].tree["spec"]["containers"][0].get("imagePullPolicy") == policy


def test_a_service_account_that_hands_out_no_token_shows_in_its_pods() -> None:
    account = "---\nkind: ServiceAccount\nmetadata: {name: shop}\nautomountServiceAccountToken: false\n"
    [quiet] = seen(pod(spec="serviceAccountName: shop") + account)
    [loud] = seen(pod(spec="serviceAccountName: other") + account)
    assert quiet.tree["spec"]["automountServiceAccountToken"] is False
    assert "automountServiceAccountToken" not in loud.tree["spec"]


def service(ports: str, more: str = "") -> str:
    return (
        f"---\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{selector: {{app: web}}, ports: [{ports}], {more}}}\n"
    )


@pytest.mark.parametrize(
    ("container", "behind", "served", "is_served"),
    [
        ("ports: [{containerPort: 80}, {containerPort: 8080, name: http}]", service("{port: 80, targetPort: http}"), [8080], True),
        ("ports: [{containerPort: 80}]", service("{port: 81}"), [81], False),
        ("", service("{port: 80, targetPort: 8080}"), [8080], True),
        ("", service("{port: 53, protocol: UDP}"), [], False),
        ("ports: [{containerPort: 80}]", service("{port: 80}", "clusterIP: None"), [], False),
        ("ports: [{containerPort: 80}]", "", [], False),
        ("ports: [{containerPort: 80}], livenessProbe: {exec: {command: [a]}}", "", [], False),
        ("ports: [{containerPort: 80}], livenessProbe: {httpGet: {port: 80}}", "", [], True),
        ("ports: [{containerPort: 80, name: http}], startupProbe: {tcpSocket: {port: http}}", "", [], True),
        ("ports: [{containerPort: 80}], livenessProbe: {httpGet: {port: 80, host: 169.254.20.10}}", "", [], False),
        ("ports: [{containerPort: 80, hostPort: 8080}]", "", [], True),
        ("ports: [{containerPort: 8080}], args: [--port=8080]", "", [], True),
        ("ports: [{containerPort: 8080}], args: ['--listen=http://0.0.0.0:8080', --v=2]", "", [], True),
        ("ports: [{containerPort: 8080}], env: [{name: HTTP_PORT, value: '8080'}]", "", [], True),
        ("ports: [{containerPort: 8080}], env: [{name: DB_PORT, value: '8080'}]", "", [], False),
        ("ports: [{containerPort: 8080}], args: ['--metrics=127.0.0.1:8080', '--upstream=http://db:8080/']", "", [], False),
    ],
)
def test_services_tell_where_a_pod_listens(container: str, behind: str, served: list[int], is_served: bool) -> None:
    [resource] = seen(pod(container) + behind)
    assert (resource.tree["workload"]["served"], resource.tree["workload"]["probes-are-served"]) == (served, is_served)


def test_a_probe_asks_the_port_that_a_service_sends_to() -> None:
    text = pod("ports: [{containerPort: 9090}, {containerPort: 8080}]") + service("{port: 80, targetPort: 8080}")
    [resource] = seen(text)
    path = ("spec", "containers", 0, "readinessProbe")
    sources = {"app.yaml": Source("app.yaml", "yaml", get("yaml", text.encode()))}
    [(_, edit)] = kubernetes.edit(WORKLOAD, resource, [Edit(path, "tcp")], [], sources)
    assert edit.value == {"tcpSocket": {"port": 8080}}


def test_who_waits_for_the_next_copies_is_not_asked_where_it_is_told_to_listen() -> None:
    text = owner("StatefulSet", "replicas: 3").replace(
        "image: 'a/b:1'", "image: 'a/b:1', args: [--port=80], ports: [{containerPort: 80}]"
    )
    assert seen(text)[0].tree["workload"]["probes-are-served"] is False
    assert seen(text.replace("StatefulSet", "Deployment"))[0].tree["workload"]["probes-are-served"] is True


@pytest.mark.parametrize(
    ("image", "port", "copies", "is_served"),
    [("a/b:1", 8080, 3, False), ("a/b:1", 8080, 1, True), ("redis:7", 6379, 3, True), ("rabbitmq:3", 5672, 3, False)],
)
def test_copies_that_look_for_each_other_are_asked_where_they_listen_by_themselves(
    image: str, port: int, copies: int, is_served: bool
) -> None:
    text = owner("StatefulSet", f"replicas: {copies}").replace(
        "image: 'a/b:1'", f"image: '{image}', ports: [{{containerPort: {port}}}]"
    )
    text = text.replace("template: {spec", "template: {metadata: {labels: {app: web}}, spec")
    [resource] = seen(text + service(f"{{port: {port}}}"))
    assert (resource.tree["workload"]["served"], resource.tree["workload"]["probes-are-served"]) == ([port], is_served)


def test_a_probe_asks_the_port_that_another_one_asks() -> None:
    text = pod("ports: [{containerPort: 80}, {containerPort: 9000, name: up}], livenessProbe: {httpGet: {port: up}}")
    [resource] = seen(text)
    sources = {"app.yaml": Source("app.yaml", "yaml", get("yaml", text.encode()))}
    [(_, edit)] = kubernetes.edit(WORKLOAD, resource, [Edit(("spec", "containers", 0, "readinessProbe"), "tcp")], [], sources)
    assert edit.value == {"tcpSocket": {"port": 9000}}


@pytest.mark.parametrize(
    ("image", "more", "port"),
    [
        ("docker.io/library/redis:7", "", 6379),
        ("redis:7", "args: [--port, '7000']", None),
        ("nginx", "volumeMounts: [{name: c, mountPath: /etc/nginx}]", None),
        ("ghcr.io/example/shop:1", "", None),
    ],
)
def test_a_probe_of_a_well_known_image_asks_where_it_listens(image: str, more: str, port: int | None) -> None:
    text = pod(more, image=image)
    [resource] = seen(text)
    sources = {"app.yaml": Source("app.yaml", "yaml", get("yaml", text.encode()))}
    wanted = [Edit(("spec", "containers", 0, "livenessProbe"), "tcp")]
    if port is None:
        with pytest.raises(BindingError, match="declares no port"):
            kubernetes.edit(WORKLOAD, resource, wanted, [], sources)
    else:
        placed = {edit.path[-1]: edit.value for _, edit in kubernetes.edit(WORKLOAD, resource, wanted, [], sources)}
        assert {key: probe["tcpSocket"]["port"] for key, probe in placed.items()} == {"livenessProbe": port, "startupProbe": port}


def test_a_probe_of_its_start_that_is_there_stays() -> None:
    text = pod("ports: [{containerPort: 80}], startupProbe: {httpGet: {port: 80}}")
    [resource] = seen(text)
    sources = {"app.yaml": Source("app.yaml", "yaml", get("yaml", text.encode()))}
    wanted = [Edit(("spec", "containers", 0, "livenessProbe"), "tcp")]
    assert [edit.path[-1] for _, edit in kubernetes.edit(WORKLOAD, resource, wanted, [], sources)] == ["livenessProbe"]


def test_all_capabilities_take_the_place_of_raw_sockets_alone() -> None:
    text = pod("securityContext: {capabilities: {drop: [NET_RAW]}}")
    [resource] = seen(text)
    path = ("spec", "containers", 0, "securityContext", "capabilities", "drop")
    sources = {"app.yaml": Source("app.yaml", "yaml", get("yaml", text.encode()))}
    placed = kubernetes.edit(WORKLOAD, resource, [Edit(path, ["NET_RAW", "ALL"])], [], sources)
    after = put("yaml", text.encode(), [edit for _, edit in placed]).decode()
    assert after == text.replace("NET_RAW", "ALL")
    assert "NET_RAW" in seen(after)[0].tree["spec"]["containers"][0]["securityContext"]["capabilities"]["drop"]


def test_knative_takes_what_stands_in_containers_only() -> None:
    text = "apiVersion: serving.knative.dev/v1\nkind: Service\nspec:\n  template:\n    spec:\n      containers:\n      - image: a\n"
    [resource] = seen(text)
    sources = {"app.yaml": Source("app.yaml", "yaml", get("yaml", text.encode()))}
    seccomp = Edit(("spec", "containers", 0, "securityContext", "seccompProfile", "type"), "RuntimeDefault")
    [(_, edit)] = kubernetes.edit(WORKLOAD, resource, [seccomp], [], sources)
    assert edit.path[-5:] == seccomp.path[1:][-5:]
    with pytest.raises(BindingError, match="only where a feature is switched on"):
        kubernetes.edit(WORKLOAD, resource, [Edit(("spec", "automountServiceAccountToken"), False)], [], sources)


def test_odd_manifests_tell_nothing_and_break_nothing() -> None:
    [odd] = seen(
        "apiVersion: v1\nkind: Pod\nmetadata: 3\nspec: [1]\n---\nkind: RoleBinding\nsubjects: 3\n---\nkind: Service\nspec: 4\n"
    )
    assert odd.tree["workload"]["uses-node"] is False


def test_a_service_beside_its_own_workload_is_not_for_the_like_in_other_folders() -> None:
    service = (
        "---\napiVersion: v1\nkind: Service\nmetadata: {name: s, namespace: n}\nspec: {selector: {app: web}, ports: [{port: 80}]}\n"
    )
    mine = pod(metadata="namespace: n")
    alone = {"b/service.yaml": service, "a/app.yaml": ""}
    paired = {"b/service.yaml": mine + service, "a/app.yaml": ""}
    for files, ports in ((alone, [80]), (paired, [])):
        [served] = [each.tree["workload"]["served"] for each in seen(mine, **files) if each.home[0] == "app.yaml"]
        assert served == ports


BOUND = """apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  serviceAccountName: %s
  containers: [{name: web, image: "{{ .Values.image }}"}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: all}
roleRef: {kind: ClusterRole, name: view, apiGroup: rbac.authorization.k8s.io}
subjects: [{kind: ServiceAccount, name: operator, namespace: a}, {kind: ServiceAccount, name: default, namespace: b}]
"""
TOKEN = Edit(("spec", "automountServiceAccountToken"), False)


@pytest.mark.parametrize("text", [BOUND % "operator", (BOUND % "default").replace("{name: web}", "{name: web, namespace: b}")])
def test_a_token_is_not_taken_from_an_account_that_holds_roles(text: str) -> None:
    files = {"app.yaml": Source("app.yaml", "yaml", get("yaml", text.encode()))}
    [resource] = kubernetes.view("k8s/workload", WORKLOAD, files)
    with pytest.raises(BindingError, match="gives a role to its account"):
        kubernetes.edit(WORKLOAD, resource, [TOKEN], [], files)


@pytest.mark.parametrize(("account", "made"), [("web", "web"), ("default", "other")])
def test_another_account_goes_without(account: str, made: str) -> None:
    text = f"{BOUND % account}---\nkind: ServiceAccount\nmetadata: {{name: {made}}}\n"
    files = {"app.yaml": Source("app.yaml", "yaml", get("yaml", text.encode()))}
    [resource] = kubernetes.view("k8s/workload", WORKLOAD, files)
    assert kubernetes.edit(WORKLOAD, resource, [TOKEN], [], files)


def test_a_token_is_not_taken_from_an_account_that_is_made_elsewhere() -> None:
    files = {"app.yaml": Source("app.yaml", "yaml", get("yaml", (BOUND % "web").encode()))}
    [resource] = kubernetes.view("k8s/workload", WORKLOAD, files)
    with pytest.raises(BindingError, match="made elsewhere"):
        kubernetes.edit(WORKLOAD, resource, [TOKEN], [], files)
    [known] = seen((BOUND % "web").replace('"{{ .Values.image }}"', "'redis:7'"))
    assert "names-account" not in known.tree["workload"]


@pytest.mark.parametrize(
    ("image", "container", "is_caller"),
    [
        ("quay.io/coreos/etcd-operator:v0.9.4", "", True),
        ("cvallance/mongo-k8s-sidecar", "", True),
        ("quay.io/external_storage/nfs-client-provisioner-arm:latest", "", True),
        ("controller:latest", "args: [--enable-leader-election]", True),
        ("jacobalberty/unifi-controller:v7", "", False),
        ("a/b:1", "command: [sh, -c, 'sleep 1; kubectl -n a delete pod b']", True),
        ("a/operators-web:1", "args: [--kubectl=false]", False),
    ],
)
def test_a_token_is_not_taken_from_who_is_there_to_call_the_api(image: str, container: str, is_caller: bool) -> None:
    text = pod(container, image=image)
    files = {"app.yaml": Source("app.yaml", "yaml", get("yaml", text.encode()))}
    [resource] = kubernetes.view("k8s/workload", WORKLOAD, files)
    assert resource.tree["workload"].get("calls-api", False) is is_caller
    if is_caller:
        with pytest.raises(BindingError, match="is there to call the Kubernetes API"):
            kubernetes.edit(WORKLOAD, resource, [TOKEN], [], files)


ROBOT = (
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: %s}\n"
    "spec:\n  template:\n    metadata: {annotations: {%s}}\n    spec: {%s}\n"
)


@pytest.mark.parametrize(
    ("name", "annotations", "spec", "is_caller"),
    [
        ("ceph-operator", "", "serviceAccountName: ceph, containers: [{image: 'a/b:1'}]", True),
        ("x", "", "serviceAccountName: ceph, containers: [{image: 'a/b:1', args: [ceph, operator]}]", True),
        ("ceph-operator", "", "containers: [{image: 'a/b:1'}]", False),
        ("cooperators", "", "serviceAccountName: web, containers: [{image: 'a/b:1'}]", False),
        ("x", "pod.beta.kubernetes.io/init-containers: cat serviceaccount/token", "containers: [{image: 'a/b:1'}]", True),
        ("x", "", "containers: [{image: 'a/b:1'}], volumes: [{name: a, configMap: {name: targets}}]", True),
        ("x", "", "containers: [{image: 'a/b:1'}], volumes: [{name: a, configMap: {name: other}}]", False),
    ],
)
def test_who_works_by_its_token_keeps_it(name: str, annotations: str, spec: str, is_caller: bool) -> None:
    found = "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: targets}\ndata: {a: '- kubernetes_sd_configs: [{role: pod}]'}\n"
    assert seen(ROBOT % (name, annotations, spec) + found)[0].tree["workload"].get("calls-api", False) is is_caller


@pytest.mark.parametrize(
    ("told", "is_caller"),
    [
        (".:53 {\n    errors\n    kubernetes cluster.local in-addr.arpa {\n    }\n}", True),
        ("#!/bin/bash\nkubectl -n $SPACE label pod $NAME id=1", True),
        ("see kubernetes for more", False),
        ("curl https://dl.k8s.io/kubectl -o kubectl", False),
    ],
)
def test_a_config_map_tells_who_calls_the_api(told: str, is_caller: bool) -> None:
    text = ROBOT % ("x", "", "containers: [{image: 'a/b:1'}], volumes: [{name: a, configMap: {name: told}}]")
    told_of = f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: told}}\ndata: {{a: {json.dumps(told)}}}\n"
    assert seen(text + told_of)[0].tree["workload"].get("calls-api", False) is is_caller

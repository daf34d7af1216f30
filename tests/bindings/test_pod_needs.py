"""What is known of a pod's images: claims about it, and what edits set besides so that they run as before."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import _pod_volumes, kubernetes
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.lenses import get, put
from setright.model import Edit, Plain, Resource, Tree, Unknown

ROOT = File(__file__).parents[2] / "bindings"
WORKLOAD = load_one(ROOT / "k8s/workload.yaml", ROOT).layouts["kubernetes"]
PATH = ("spec", "containers", 0)
READS = Edit((*PATH, "securityContext", "readOnlyRootFilesystem"), True)
LEAVES_ROOT = Edit((*PATH, "securityContext", "runAsNonRoot"), True)
CLAIMS = ("uses-capabilities", "can-leave-root", "any-user", "any-group", "writes", "idle")


def pod(*containers: str, spec: str = "") -> str:
    listed = ", ".join(f"{{name: c{n}, {each}}}" for n, each in enumerate(containers))
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec: {{containers: [{listed}], {spec}}}\n"


def sources(text: str) -> dict[str, Source]:
    return {"app.yaml": Source("app.yaml", "yaml", get("yaml", text.encode()))}


def seen(text: str) -> Resource:
    [resource] = kubernetes.view("k8s/workload", WORKLOAD, sources(text))
    return resource


def claims(text: str) -> Tree:
    workload = seen(text).tree["workload"]
    return {key: workload[key] for key in CLAIMS if key in workload}


def fixed(text: str, *edits: Edit) -> Tree:
    placed = kubernetes.edit(WORKLOAD, seen(text), edits, [], sources(text))
    spec: Tree = get("yaml", put("yaml", text.encode(), [each for _, each in placed]))["documents"][0]["spec"]
    return spec


NOTHING: Tree = {}
ROOT_FREE: Tree = {"uses-capabilities": False, "can-leave-root": True}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (pod("image: 'app:1'"), NOTHING),
        (pod("image: 'nginx:1'"), {"can-leave-root": True, "any-user": True, "any-group": True, "writes": "told"}),
        (pod("image: 'nginx:1', securityContext: {runAsUser: 0}"), {"writes": "told"}),
        (pod("image: 'nginx:1', volumeMounts: [{name: l, mountPath: /var/log/nginx}]"), {"writes": "told"}),
        (pod("image: 'traefik:3'"), {"writes": "told"}),
        (pod("image: 'nginx:1', envFrom: [{configMapRef: {name: c}}]"), NOTHING),
        (pod("image: 'nginx:1', env: [{name: A, value: '{{ .Values.a }}'}]"), NOTHING),
        (pod("image: 'memcached:1'"), {**ROOT_FREE, "any-user": True, "writes": "told"}),
        (pod("image: 'minio/minio', args: [server, /storage]"), {"uses-capabilities": False}),
        (pod("image: 'registry.k8s.io/pause'"), {**ROOT_FREE, "any-user": True, "any-group": True, "writes": "told", "idle": True}),
        (pod("image: 'minio/minio'", spec="volumes: [{name: d, hostPath: {path: /srv}}]"), NOTHING),
        (pod("image: 'grafana/grafana'"), {**ROOT_FREE, "any-user": True, "writes": "told"}),
        (pod("image: 'grafana/grafana', env: [{name: GF_LOG_MODE, value: file}]"), ROOT_FREE),
        (pod("image: 'redis:7'"), {**ROOT_FREE, "any-user": True, "any-group": True, "writes": "told"}),
        (pod("image: 'mongo:7'"), {**ROOT_FREE, "writes": "told"}),
        (pod("image: 'app:1', securityContext: {runAsUser: 7}"), ROOT_FREE),
        (pod("image: 'memcached:1', securityContext: {runAsUser: 0}"), {"uses-capabilities": False, "writes": "told"}),
        (pod("image: 'memcached:1'", "image: 'app:1'"), NOTHING),
        (pod("image: 'memcached:1'", spec="initContainers: [{name: i, image: 'app:1'}]"), NOTHING),
        (pod("image: 'memcached:1', command: [sh, -c, memcached]"), NOTHING),
        (pod("image: 'nginx:1', volumeMounts: [{name: c, mountPath: /etc/nginx/conf.d}]"), NOTHING),
        (pod("image: 'app:1', securityContext: {readOnlyRootFilesystem: true}", "image: 'nginx:1'"), {"writes": "told"}),
    ],
)
def test_a_claim_holds_for_every_container_or_is_not_there(text: str, told: Tree) -> None:
    assert claims(text) == told


@pytest.mark.parametrize(
    ("mounts", "volumes", "can"),
    [
        ("", "", True),
        ("{name: d, mountPath: /data}", "{name: d, emptyDir: {}}", True),
        ("{name: d, mountPath: /data}", "{name: d, persistentVolumeClaim: {claimName: d}}", False),
        ("{name: d, mountPath: /data/deep}", "{name: d, hostPath: {path: /srv}}", False),
        ("{name: d, mountPath: /srv}", "{name: d, nfs: {path: /srv}}", True),
    ],
)
def test_an_image_starts_as_the_user_that_it_becomes_where_no_files_of_others_wait(mounts: str, volumes: str, can: bool) -> None:
    text = pod(f"image: 'redis:7', volumeMounts: [{mounts}]", spec=f"volumes: [{volumes}]")
    assert ("can-leave-root" in claims(text)) is can


@pytest.mark.parametrize(
    ("container", "user"),
    [
        ("image: 'redis:7'", 10001),
        ("image: 'mongo:7'", 999),
        ("image: 'memcached:1'", 11211),
        ("image: 'registry.k8s.io/pause'", 10001),
        ("image: 'grafana/grafana:11'", None),  # its image says the number
        ("image: 'app:1'", None),
    ],
)
def test_the_kubelet_is_told_the_number_of_a_user(container: str, user: Plain) -> None:
    context = fixed(pod(container), LEAVES_ROOT)["securityContext"]
    assert context == {"runAsNonRoot": True} | ({"runAsUser": user} if user else {})


DROPS = Edit((*PATH, "securityContext", "capabilities", "drop"), ["ALL"])


ADDED = ("securityContext", "capabilities", "add")


@pytest.mark.parametrize(
    ("text", "adds"),
    [
        (pod("image: 'nginx:1'"), ["CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"]),
        (pod("image: 'nginx:1', command: [sh, -c, 'x && nginx']"), ["CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"]),
        (
            pod("image: 'nginx:1', securityContext: {capabilities: {add: [CAP_SETUID, KILL]}}"),
            ["CAP_SETUID", "KILL", "CHOWN", "NET_BIND_SERVICE", "SETGID"],
        ),
        (
            pod("image: 'postgres:16'", spec="volumes: [{name: d, hostPath: {path: /srv}}]"),
            ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"],
        ),
        (pod("image: 'nginx:1', securityContext: {runAsUser: 101}"), None),
        (pod("image: 'prom/prometheus:v3'"), None),
        (pod("image: 'app:1'"), None),
        (pod("image: 'valkey/valkey:8', command: [sh, -c, valkey-server]"), ["CHOWN", "DAC_OVERRIDE", "SETGID", "SETUID"]),
        (pod("image: 'redis:7'"), None),
        (pod("image: 'app:1', command: [sh, -c, 'exec su app -c serve']"), ["AUDIT_WRITE", "SETGID", "SETUID"]),
        (pod("image: 'nginx:1', command: [sh, -c, 'date; sleep 1']"), None),  # which is not what the image is for
    ],
)
def test_an_image_that_goes_on_as_root_keeps_the_capabilities_that_it_uses(text: str, adds: Plain) -> None:
    assert look_up(fixed(text, DROPS), ("containers", 0, *ADDED)) == adds


@pytest.mark.parametrize("image", ["nginx:1", "redis:7"])
def test_without_raw_sockets_alone_it_keeps_the_others_anyway(image: str) -> None:
    raw = Edit(DROPS.path, ["NET_RAW"])
    assert fixed(pod(f"image: '{image}'"), raw)["containers"][0]["securityContext"] == {"capabilities": {"drop": ["NET_RAW"]}}


@pytest.mark.parametrize(
    ("containers", "told"),
    [
        (["image: 'nginx:1'"], "told"),
        (["image: 'nginx:1'", "image: 'app:1', securityContext: {runAsUser: 7}"], "told"),
        (["image: 'nginx:1'", "image: 'app:1'"], None),
        (["image: 'nginx:1', command: [sh, -c, 'x && nginx']"], None),
    ],
)
def test_it_is_told_which_capabilities_are_used_or_nothing_is(containers: list[str], told: Plain) -> None:
    assert seen(pod(*containers)).tree["workload"].get("capabilities") == told


def test_without_capabilities_an_image_starts_as_the_user_that_it_becomes() -> None:
    assert fixed(pod("image: 'mongo:7'"), DROPS)["securityContext"] == {"runAsUser": 999}
    anyones = fixed(pod("image: 'redis:7'"), DROPS)
    assert anyones["securityContext"] == {"runAsUser": 10001}
    assert [each["mountPath"] for each in anyones["containers"][0]["volumeMounts"]] == ["/data"]
    claimed = pod(
        "image: 'redis:7', volumeMounts: [{name: d, mountPath: /data}]", spec="volumes: [{name: d, hostPath: {path: /d}}]"
    )
    assert "securityContext" not in fixed(claimed, DROPS)


def test_capabilities_that_only_root_can_use_go_with_root() -> None:
    adds = "securityContext: {capabilities: {drop: [ALL], add: [CHOWN, SETGID, SETUID, NET_BIND_SERVICE, KILL]}}"
    left = look_up(fixed(pod(f"image: 'nginx:1', {adds}"), LEAVES_ROOT), ("containers", 0, *ADDED))
    assert left == ["NET_BIND_SERVICE", "KILL"]
    adds = "securityContext: {capabilities: {drop: [ALL], add: [SETGID, SETUID]}}"
    assert "add" not in fixed(pod(f"image: 'nginx:1', {adds}"), LEAVES_ROOT)["containers"][0]["securityContext"]["capabilities"]


def test_a_fix_of_the_same_round_gives_none_to_who_leaves_root() -> None:
    text = pod("image: 'nginx:1'")
    leaves = kubernetes.edit(WORKLOAD, seen(text), [LEAVES_ROOT], [], sources(text))
    drops = kubernetes.edit(WORKLOAD, seen(text), [DROPS], [], sources(text))
    told = [{edit.path[3:]: edit.remove for _, edit in placed if edit.path[-1] == "add"} for placed in (leaves, drops)]
    assert [list(each.values()) for each in told] == [[True], [False]] and told[0].keys() == told[1].keys()


UNPRIVILEGED = Edit((*PATH, "securityContext", "privileged"), False)


@pytest.mark.parametrize(
    ("container", "edit", "word"),
    [
        ("command: [sysctl, -w, vm.max_map_count=262144]", UNPRIVILEGED, "sysctl"),
        ("command: [sh, -c, 'ulimit -n 65536; /sbin/sysctl -w net.core.somaxconn=511']", LEAVES_ROOT, "sysctl"),
        ("command: [sh, -c], args: ['echo never > /sys/kernel/mm/transparent_hugepage/enabled']", UNPRIVILEGED, "/sys"),
        ("volumeMounts: [{name: d, mountPath: /d, mountPropagation: Bidirectional}]", UNPRIVILEGED, "Bidirectional"),
        ("command: [chown, -R, '1000:1000', /data]", LEAVES_ROOT, "chown"),
        ("securityContext: {runAsUser: 0}", Edit((*PATH, "securityContext", "runAsUser"), 10001), "somebody wrote so"),
        ("command: [/bin/sh, -c, 'apk add --no-cache curl && curl http://a']", READS, "apk"),
        ("command: [bash, -c, 'apt-get update && apt-get install -y jq']", DROPS, "apt-get"),
        ("env: [{name: PUID, value: '1000'}, {name: PGID, value: '1000'}]", LEAVES_ROOT, "PUID"),
        ("env: [{name: PUID, value: '1000'}, {name: PGID, value: '1000'}]", READS, "PUID"),
        ("command: [/usr/local/bin/etcd, --name, a]", READS, "etcd without --data-dir"),
        ("command: [/usr/local/bin/etcd, --name, a]", LEAVES_ROOT, "etcd without --data-dir"),
    ],
)
def test_what_a_container_says_that_it_does_is_not_taken_from_it(container: str, edit: Edit, word: str) -> None:
    with pytest.raises(BindingError, match=word):
        fixed(pod(f"image: 'busybox:1', {container}"), edit)


def test_a_container_whose_name_is_a_template_is_called_as_it_is_written() -> None:
    text = pod("image: 'app:1', command: [chown, a, b]").replace("name: c0", "name: '{{ .Chart.Name }}'")
    at = "web/templates/app.yaml"
    read = {at: Source(at, "helm", get("helm", text.encode()))}
    [resource] = kubernetes.view("k8s/workload", WORKLOAD, read)
    with pytest.raises(BindingError, match=r"container [^(]*Chart\.Name[^(]* runs chown"):
        kubernetes.edit(WORKLOAD, resource, [LEAVES_ROOT], [], read)


@pytest.mark.parametrize("user", [0, 1000])
def test_a_user_whom_somebody_chose_stays_unless_any_other_would_do(user: int) -> None:
    told = f"securityContext: {{runAsUser: {user}}}"
    for text in (pod("image: 'app:1'", spec=told), pod(f"image: 'app:1', {told}")):
        with pytest.raises(BindingError, match="somebody wrote so|is told to run"):
            fixed(text, HIGH)
    assert (
        fixed(pod("image: 'registry.k8s.io/pause'", spec="securityContext: {runAsUser: 1000}"), HIGH)["securityContext"][
            "runAsUser"
        ]
        == 10001
    )


@pytest.mark.parametrize(
    "container",
    [
        "command: [etcd, --data-dir=/d]",
        "command: [etcd, --data-dir, /d]",
        "command: [etcd], env: [{name: ETCD_DATA_DIR, value: /d}]",
        "command: [etcd], workingDir: /d",
        "command: [etcdctl, get, a]",
    ],
)
def test_a_program_that_is_told_where_its_data_are_may_have_a_root_to_read(container: str) -> None:
    assert fixed(pod(f"image: 'app:1', {container}"), READS)["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize(
    "container",
    ["command: [sysctl, vm.max_map_count]", "command: [app, --mount, x]", "args: [mount]", "command: [sh, -c, 'echo chown a']"],
)
def test_words_alone_say_nothing(container: str) -> None:
    assert fixed(pod(f"image: 'app:1', {container}"), LEAVES_ROOT)["securityContext"]["runAsNonRoot"] is True


def test_root_keeps_what_its_words_ask_for() -> None:
    text = pod("image: 'app:1', command: [sh, -c, 'chown -R app /data; exec gosu app serve']")
    assert look_up(fixed(text, DROPS), ("containers", 0, *ADDED)) == ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]


def test_a_user_that_is_named_already_stays() -> None:
    assert fixed(pod("image: 'redis:7'", spec="securityContext: {runAsUser: 5}"), LEAVES_ROOT)["securityContext"]["runAsUser"] == 5


def test_an_image_keeps_its_own_user_where_that_is_high_enough() -> None:
    high = Edit((*PATH, "securityContext", "runAsUser"), 10001)
    assert fixed(pod("image: 'memcached:1'"), high)["securityContext"] == {"runAsUser": 11211}
    assert fixed(pod("image: 'nginxinc/nginx-unprivileged'"), high)["securityContext"] == {"runAsUser": 10001}


def test_an_image_with_a_user_of_its_own_is_left_to_it() -> None:
    high = Edit((*PATH, "securityContext", "runAsUser"), 10001)
    with pytest.raises(BindingError, match="to whom its files belong"):
        fixed(pod("image: 'apache/kafka:3.7'"), high)
    assert fixed(pod("image: 'grafana/grafana'"), LEAVES_ROOT)["securityContext"] == {"runAsNonRoot": True}


def test_a_group_that_somebody_chose_is_found_out_about_first() -> None:
    group = Edit((*PATH, "securityContext", "runAsGroup"), 10001)
    with pytest.raises(BindingError, match="in group 82"):
        fixed(pod("image: 'app:1', securityContext: {runAsGroup: 82}"), group)
    assert fixed(pod("image: 'app:1', securityContext: {runAsGroup: 0}"), group)


@pytest.mark.parametrize(
    ("image", "is_refused"), [("local-dev:e2e", True), ("a/b:local", True), ("a/locale:1", False), ("'{{ .Values.image }}'", False)]
)
def test_an_image_that_is_loaded_into_nodes_is_not_asked_for_there(image: str, is_refused: bool) -> None:
    policy = Edit((*PATH, "imagePullPolicy"), "Always")
    text = pod(f"image: {image}, imagePullPolicy: IfNotPresent")
    if is_refused:
        with pytest.raises(BindingError, match="loaded into its node"):
            fixed(text, policy)
    else:
        assert fixed(text, policy)["containers"][0]["imagePullPolicy"] == "Always"


def test_an_image_that_any_user_of_group_0_runs_stays_in_that_group() -> None:
    group = Edit((*PATH, "securityContext", "runAsGroup"), 10001)
    text = "image: 'quay.io/keycloak/keycloak:24.0.1', args: [start]"
    assert fixed(pod(text), HIGH)["securityContext"] == {"runAsUser": 10001}
    with pytest.raises(BindingError, match="for group 0"):
        fixed(pod(text), group)
    with pytest.raises(BindingError, match="in group 7"):
        fixed(pod(text, spec="securityContext: {runAsGroup: 7}"), HIGH)
    assert fixed(pod("image: 'grafana/grafana'"), group)["securityContext"] == {"runAsGroup": 10001}


CLAIM = "volumes: [{name: d, persistentVolumeClaim: {claimName: c}}]"
HIGH = Edit((*PATH, "securityContext", "runAsUser"), 10001)


@pytest.mark.parametrize("image", ["mongo:7", "docker.elastic.co/elasticsearch/elasticsearch:8.1.0"])
def test_who_reads_its_data_stays_the_one_whose_data_it_is(image: str) -> None:
    own = {"mongo:7": "/data/db"}.get(image, "/usr/share/elasticsearch/data")
    with pytest.raises(BindingError, match="container c0 keeps files"):
        fixed(pod(f"image: '{image}', volumeMounts: [{{name: d, mountPath: {own}}}]", spec=CLAIM), HIGH)


@pytest.mark.parametrize(
    ("container", "spec"),
    [
        ("image: 'mongo:7', volumeMounts: [{name: d, mountPath: /data/db}]", "volumes: [{name: d, emptyDir: {}}]"),
        ("image: 'mongo:7', volumeMounts: [{name: d, mountPath: /backup}]", CLAIM),
        ("image: 'memcached:1', volumeMounts: [{name: d, mountPath: /data/db}]", CLAIM),
        ("image: 'app:1', volumeMounts: [{name: d, mountPath: /data/db}]", CLAIM),
    ],
)
def test_who_keeps_no_data_of_its_own_may_be_anybody(container: str, spec: str) -> None:
    assert fixed(pod(container, spec=spec), HIGH)["securityContext"]["runAsUser"] >= 10001


def test_what_an_image_writes_to_gets_an_empty_volume() -> None:
    spec = fixed(
        pod("image: 'nginx:1', volumeMounts: [{name: run, mountPath: /tmp}]", spec="volumes: [{name: run, emptyDir: {}}]"), READS
    )
    mounts = {each["mountPath"]: each["name"] for each in spec["containers"][0]["volumeMounts"]}
    assert mounts == {"/tmp": "run", "/var/cache/nginx": "nginx", "/run": "run-2"}
    assert [each["name"] for each in spec["volumes"]] == ["run", "nginx", "run-2"]
    assert spec["volumes"][1] == {"name": "nginx", "emptyDir": {}}


def test_a_new_volume_is_not_called_as_what_a_stateful_set_claims() -> None:
    spec = fixed(pod("image: 'redis:7', volumeMounts: [{name: data, mountPath: /mnt/redis}]"), READS)
    assert spec["containers"][0]["volumeMounts"][1:] == [{"name": "data-2", "mountPath": "/data"}]


def test_containers_get_volumes_of_their_own() -> None:
    again = Edit(("spec", "containers", 1, "securityContext", "readOnlyRootFilesystem"), True)
    grafana = fixed(pod("image: 'grafana/grafana:11'"), READS)["containers"][0]
    assert [each["mountPath"] for each in grafana["volumeMounts"]] == ["/tmp", "/var/lib/grafana"]
    spec = fixed(pod("image: 'nginxinc/nginx-unprivileged'", "image: 'nginxinc/nginx-unprivileged'"), READS, again)
    assert [each["name"] for each in spec["volumes"]] == ["c0-tmp", "c1-tmp"]
    assert [each["volumeMounts"][0]["name"] for each in spec["containers"]] == ["c0-tmp", "c1-tmp"]


def test_a_volume_is_called_so_that_it_may_be() -> None:
    assert _pod_volumes.name_of_volume("/home/app/.Cache_v2", "web", set()) == "web-cache-v2"
    assert _pod_volumes.name_of_volume("/tmp", Unknown("{{ .Chart.Name }}"), {"tmp"}) == "tmp-2"
    assert len(_pod_volumes.name_of_volume("/var/lib/data", "x" * 63, set())) <= 63


def test_a_volume_in_the_place_of_an_images_own_is_enough() -> None:
    text = pod(
        "image: 'postgres:17', volumeMounts: [{name: d, mountPath: /var/lib/postgresql/data}]",
        spec="volumes: [{name: d, emptyDir: {}}]",
    )
    spec = fixed(text, READS)
    assert [each["mountPath"] for each in spec["containers"][0]["volumeMounts"]] == [
        "/var/lib/postgresql/data",
        "/var/run/postgresql",
        "/tmp",
    ]


def test_an_image_that_is_not_known_gets_what_everybody_writes_to() -> None:
    spec = fixed(pod("image: 'app:1'"), READS)
    assert spec["containers"][0]["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]
    assert spec["volumes"] == [{"name": "tmp", "emptyDir": {}}]
    told_elsewhere = fixed(pod("image: 'nginx:1', envFrom: [{configMapRef: {name: c}}]"), READS)
    assert [each["mountPath"] for each in told_elsewhere["containers"][0]["volumeMounts"]] == ["/var/cache/nginx", "/run", "/tmp"]
    mounts = "image: 'app:1', volumeMounts: [{name: t, mountPath: /tmp}]"
    assert "volumes" not in fixed(pod(mounts), READS)


def test_knative_is_given_no_volumes() -> None:
    head = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: w}\n"
    text = head + "spec: {template: {spec: {containers: [{image: nginx}]}}}\n"
    with pytest.raises(BindingError, match="emptyDir"):
        kubernetes.edit(WORKLOAD, seen(text), [READS], [], sources(text))


@pytest.mark.parametrize(("image", "asks"), [("registry.k8s.io/pause", {"cpu": "10m"}), ("nginx", {"cpu": "50m"})])
def test_a_limit_is_not_what_a_container_asks_for(image: str, asks: Plain) -> None:
    resources = fixed(pod(f"image: '{image}'"), Edit((*PATH, "resources", "limits", "cpu"), 1))["containers"][0]["resources"]
    assert resources.get("requests") == asks


@pytest.mark.parametrize(
    ("container", "served"),
    [
        ("image: 'nginx:1', ports: [{containerPort: 80}]", True),
        ("image: 'nginx:1'", True),
        ("image: 'nginx:1', ports: [{containerPort: 8443}]", False),
        ("image: 'nginx:1', volumeMounts: [{name: c, mountPath: /etc/nginx}]", False),
        ("image: 'redis:7', args: [--save, '60 1']", True),
        ("image: 'redis:7', args: [redis-server, --port, '7000']", False),
        ("image: 'redis:7', args: [redis-cli, monitor]", False),
        ("image: 'grafana/grafana', env: [{name: GF_SERVER_HTTP_PORT, value: '8000'}]", False),
        ("image: 'mysql:8', ports: [{containerPort: 3306}]", False),  # it shuts out who asks nothing
        ("image: 'app:1', ports: [{containerPort: 80}]", False),
        ("image: 'app:1', readinessProbe: {httpGet: {port: 80}}", False),
    ],
)
def test_a_well_known_program_listens_where_it_always_does(container: str, served: bool) -> None:
    assert seen(pod(container)).tree["workload"]["probes-are-served"] is served


def test_a_well_known_program_that_does_not_call_the_api_is_told_by_its_name() -> None:
    assert seen(pod("image: 'cassandra:5'")).tree["workload"]["uses-api"] is False
    assert seen(pod("image: 'cassandra:5', env: [{name: SEEDS, value: k8s}]")).tree["workload"]["uses-api"] is True
    assert seen(pod("image: 'shop/cassandra:5'")).tree["workload"]["uses-api"] is True
    assert seen(pod("image: 'rabbitmq:4'")).tree["workload"]["uses-api"] is False
    configured = pod("image: 'rabbitmq:4', volumeMounts: [{name: c, mountPath: /etc/rabbitmq}]")
    assert seen(configured).tree["workload"]["uses-api"] is True


LOW_PORTS = {"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}


@pytest.mark.parametrize(
    ("container", "more", "sysctls"),
    [
        ("image: 'nginx:1'", "", [LOW_PORTS]),
        ("image: 'app:1', ports: [{containerPort: 443}]", "", [LOW_PORTS]),
        ("image: 'app:1', ports: [{containerPort: 8443}]", "", None),
        ("image: 'app:1', securityContext: {runAsUser: 7}, ports: [{containerPort: 443}]", "", None),
        ("image: 'app:1'", "hostNetwork: true", None),
        ("image: 'nginx:1'", "securityContext: {sysctls: [{name: a, value: '1'}]}", [{"name": "a", "value": "1"}, LOW_PORTS]),
    ],
)
def test_who_leaves_root_may_go_on_to_open_low_ports(container: str, more: str, sysctls: Plain) -> None:
    spec = fixed(pod(container, spec=more), LEAVES_ROOT)
    assert spec.get("securityContext", {}).get("sysctls") == sysctls


@pytest.mark.parametrize("container", ["image: 'nginx:1'", "image: 'app:1', ports: [{containerPort: 443}]"])
def test_who_opens_low_ports_of_its_node_stays_root(container: str) -> None:
    with pytest.raises(BindingError, match="below 1024 of its node"):
        fixed(pod(container, spec="hostNetwork: true"), LEAVES_ROOT)


@pytest.mark.parametrize(
    ("container", "name", "limit"),
    [
        ("image: 'app:1', env: [{name: JAVA_OPTS, value: -Xmx1g}]", "memory", "2048Mi"),
        ("image: 'app:1', args: [--max-old-space-size=200]", "memory", None),
        ("image: 'zookeeper:3.9'", "memory", "2048Mi"),
        ("image: 'memcached:1.5', args: ['-m 512', '-I 5m']", "memory", "1024Mi"),
        ("image: 'app:1', args: [-m, '2048']", "memory", None),
        ("image: 'acme/kibana-small:5'", "memory", "2048Mi"),
        ("image: 'acme/kafka-exporter:5'", "memory", None),
        ("image: 'app:1', env: [{name: NEO4J_dbms_memory_heap_max__size, value: 2G}]", "memory", "4096Mi"),
        ("image: 'app:1', command: [start-zookeeper, --heap=512M]", "memory", "1024Mi"),
        ("image: 'app:1', env: [{name: GOMEMLIMIT, value: 1GiB}]", "memory", "2048Mi"),
        ("image: 'app:1', resources: {requests: {cpu: 1500m}}", "cpu", 3),
        ("image: 'app:1', resources: {requests: {cpu: 100m}}", "cpu", None),
    ],
)
def test_a_limit_is_as_much_as_a_container_is_told_to_take(container: str, name: str, limit: Plain) -> None:
    wanted = {"memory": "512Mi", "cpu": 1}[name]
    resources = fixed(pod(container), Edit((*PATH, "resources", "limits", name), wanted))["containers"][0]["resources"]
    assert resources["limits"] == {name: wanted if limit is None else limit}


@pytest.mark.parametrize(("words", "is_refused"), [("chown -R 1000:1000 /d", True), ("chown -R 0:0 /d", False), ("ls /d", False)])
def test_who_is_given_files_stays_the_user_that_they_are_given_to(words: str, is_refused: bool) -> None:
    mount = "volumeMounts: [{name: d, mountPath: /d}]"
    text = pod(
        f"image: 'app:1', {mount}", spec=f"{CLAIM}, initContainers: [{{name: i, image: b, command: [sh, -c, '{words}'], {mount}}}]"
    )
    if is_refused:
        with pytest.raises(BindingError, match="gives to user 1000"):
            fixed(text, HIGH)
    else:
        assert fixed(text, HIGH)["containers"][0]["securityContext"]["runAsUser"] == 10001


def test_who_writes_to_its_own_files_when_it_starts_may_go_on() -> None:
    with pytest.raises(BindingError, match="writes to /conf when it starts"):
        fixed(pod("image: 'zookeeper:3.9'"), READS)
    with pytest.raises(BindingError, match="when it starts"):
        fixed(pod("image: 'docker.elastic.co/elasticsearch/elasticsearch:7.2.0', command: [sh, -c, x]"), READS)
    with pytest.raises(BindingError, match="writes to /var/www/html when it starts"):
        fixed(pod("image: adminer, env: [{name: ADMINER_DESIGN, value: nette}]"), READS)
    covered = "volumeMounts: [{name: c, mountPath: /conf}], image: 'zookeeper:3.9'"
    assert fixed(pod(covered), READS)["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True


def test_who_has_its_low_ports_by_its_files_opens_them_without() -> None:
    text = "image: 'app:1', securityContext: {runAsUser: 7, capabilities: {add: [%s]}}"
    gains_none = Edit((*PATH, "securityContext", "allowPrivilegeEscalation"), False)
    assert fixed(pod(text % "NET_BIND_SERVICE"), gains_none)["securityContext"] == {"sysctls": [LOW_PORTS]}
    assert "securityContext" not in fixed(pod(text % "CHOWN"), gains_none)


@pytest.mark.parametrize(
    ("path", "mode", "user", "is_refused"),
    [
        ("/var/log", "readOnly: true", "", True),
        ("/var/run/docker.sock", "", "", True),
        ("/var/lib/kubelet/device-plugins", "", "", True),
        ("/sys", "readOnly: true", "", False),
        ("/srv/data", "", "", True),
        ("/srv/data", "readOnly: true", "", False),
        ("/tmp/x", "", "", False),
        ("/var/log", "", "securityContext: {runAsUser: 7}", False),
    ],
)
def test_what_only_root_may_use_on_a_node_is_used_by_root(path: str, mode: str, user: str, is_refused: bool) -> None:
    volumes = f"volumes: [{{name: d, hostPath: {{path: {path}}}}}], {user}"
    text = pod(f"image: 'app:1', volumeMounts: [{{name: d, mountPath: /d, {mode}}}]", spec=volumes)
    if is_refused:
        with pytest.raises(BindingError, match="for root alone"):
            fixed(text, LEAVES_ROOT)
    else:
        assert fixed(text, LEAVES_ROOT)["securityContext"]["runAsNonRoot"] is True


@pytest.mark.parametrize(("mode", "group"), [("", 10001), ("readOnly: true", None)])
def test_another_user_than_before_gets_a_group_for_its_disks(mode: str, group: int | None) -> None:
    text = pod(f"image: 'app:1', volumeMounts: [{{name: d, mountPath: /d, {mode}}}]", spec=CLAIM)
    assert fixed(text, HIGH)["securityContext"].get("fsGroup") == group


def test_who_leaves_root_may_go_on_to_write_where_it_writes() -> None:
    spec = fixed(pod("image: 'nginx:1'"), LEAVES_ROOT)
    assert spec["securityContext"]["runAsUser"] == 10001
    assert [each["mountPath"] for each in spec["containers"][0]["volumeMounts"]] == ["/var/cache/nginx", "/run", "/tmp"]


def test_root_whose_files_are_on_a_volume_stays_root() -> None:
    text = "image: 'cassandra:5', volumeMounts: [{name: d, mountPath: /var/lib/cassandra}]"
    claim = "volumes: [{name: d, persistentVolumeClaim: {claimName: d}}]"
    with pytest.raises(BindingError, match="belong"):
        fixed(pod(text, spec=claim), LEAVES_ROOT)


@pytest.mark.parametrize(
    ("act", "is_told"),
    [
        ("lifecycle: {postStart: {exec: {command: [sh, -c, 'echo hello > /usr/share/message']}}}", False),
        ("lifecycle: {postStart: {exec: {command: [/app/warm-up]}}}", False),
        ("lifecycle: {preStop: {exec: {command: [sh, -c, 'nginx -s quit; while killall -0 nginx; do sleep 1; done']}}}", True),
        ("livenessProbe: {exec: {command: [cat, /run/nginx.pid]}}", True),
        ("livenessProbe: {exec: {command: [curl, -f, 'http://localhost']}}", True),
        ("livenessProbe: {exec: {command: [sh, -c, 'test $(ls / | wc -l) -gt 1']}}", False),
    ],
)
def test_what_runs_beside_a_program_may_write_too(act: str, is_told: bool) -> None:
    told = claims(pod(f"image: 'nginx:1', {act}"))
    assert ("writes" in told, "can-leave-root" in told) == (is_told, is_told)


def test_a_shell_that_writes_beside_all_volumes_is_not_kept_from_it() -> None:
    script = "image: 'app:1', command: [sh, -c, 'date > /srv/now']"
    with pytest.raises(BindingError, match="writes to /srv/now"):
        fixed(pod(script), READS)
    assert fixed(pod(f"{script}, volumeMounts: [{{name: s, mountPath: /srv}}]"), READS)


def test_a_shell_that_writes_to_a_folder_for_what_does_not_last_gets_one() -> None:
    script = "image: 'app:1', command: [sh, -c, 'touch /tmp/healthy; sleep 30']"
    assert fixed(pod(script), READS)["volumes"] == [{"name": "tmp", "emptyDir": {}}]


def test_what_runs_at_its_start_keeps_the_capabilities_that_it_uses() -> None:
    text = pod("image: 'app:1', lifecycle: {postStart: {exec: {command: [sh, -c, 'chown -R 7 /data']}}}")
    assert look_up(fixed(text, DROPS), ("containers", 0, *ADDED)) == ["CHOWN", "DAC_OVERRIDE", "FOWNER"]


@pytest.mark.parametrize("api", ["extensions/v1beta1", "apps/v1beta1", "apps/v1beta2"])
def test_objects_of_old_servers_get_no_fields_that_those_do_not_know(api: str) -> None:
    template = "spec: {template: {spec: {containers: [{name: a, image: 'nginx:1', ports: [{containerPort: 80}]}]}}}"
    text = f"apiVersion: {api}\nkind: Deployment\nmetadata: {{name: web}}\n{template}\n"
    for path in (("seccompProfile", "type"), ("runAsNonRoot",)):  # which needs leave to open port 80
        with pytest.raises(BindingError, match="servers of"):
            fixed(text, Edit((*PATH, "securityContext", *path), True))
    placed = kubernetes.edit(WORKLOAD, seen(text), [Edit((*PATH, "livenessProbe"), "tcp")], [], sources(text))
    assert [(each.path[-1], each.value["initialDelaySeconds"]) for _, each in placed] == [("livenessProbe", 3600)]


@pytest.mark.parametrize(
    ("head", "container", "more", "adds"),
    [
        ("apiVersion: v1\nkind: Pod", "ports: [{containerPort: 80}]", "", None),
        ("apiVersion: v1\nkind: Pod", "ports: [{containerPort: 80}]", "hostNetwork: true", ["NET_BIND_SERVICE"]),
        ("apiVersion: v1\nkind: Pod", "ports: [{containerPort: 8080}]", "hostNetwork: true", None),
        ("apiVersion: extensions/v1beta1\nkind: Deployment", "ports: [{containerPort: 80}]", "", ["NET_BIND_SERVICE"]),
        ("apiVersion: apps/v1beta2\nkind: Deployment", "ports: [{containerPort: 8080}]", "", None),
    ],
)
def test_who_must_stay_root_for_its_low_ports_keeps_the_capability(head: str, container: str, more: str, adds: Plain) -> None:
    spec = f"{{containers: [{{name: a, image: 'app:1', {container}}}], {more}}}"
    text = f"{head}\nmetadata: {{name: web}}\nspec: {spec if 'Pod' in head else f'{{template: {{spec: {spec}}}}}'}\n"
    placed = kubernetes.edit(WORKLOAD, seen(text), [DROPS], [], sources(text))
    assert [each.value for _, each in placed if each.path[-1] == "add"] == ([adds] if adds else [])


def test_a_script_that_waits_needs_nothing_that_its_images_own_program_does() -> None:
    waits = "image: 'postgres:13', command: [sh, -c, 'until pg_isready -h db; do sleep 2; done']"
    assert fixed(pod(waits), LEAVES_ROOT)["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 10001,
    }


@pytest.mark.parametrize(
    ("container", "is_refused"),
    [
        ("image: 'hashicorp/vault:1.13.1'", True),
        ("image: 'hashicorp/vault:1.13.1', env: [{name: SKIP_SETCAP, value: 'true'}]", False),
        ("image: 'hashicorp/vault:1.13.1', command: [vault, server]", False),
        ("image: 'hashicorp/vault:1.13.1', securityContext: {runAsUser: 100}", False),  # somebody knows that it can
        ("image: 'pihole/pihole:2024.07.0'", True),
    ],
)
def test_an_image_that_starts_as_root_alone_stays_root(container: str, is_refused: bool) -> None:
    if is_refused:
        for edit in (LEAVES_ROOT, Edit((*PATH, "securityContext", "runAsGroup"), 10001)):
            with pytest.raises(BindingError, match="starts as root alone"):
                fixed(pod(container), edit)
    else:
        fixed(pod(container), LEAVES_ROOT)


def test_an_image_that_left_its_registry_is_not_asked_for_there() -> None:
    with pytest.raises(BindingError, match="left its registry"):
        fixed(pod("image: 'bitnami/kubectl:1.27'"), Edit((*PATH, "imagePullPolicy"), "Always"))


def test_an_image_that_is_only_on_its_node_is_pulled_from_nowhere() -> None:
    with pytest.raises(BindingError, match="only on its node"):
        fixed(pod("image: 'app:1', imagePullPolicy: Never"), Edit((*PATH, "imagePullPolicy"), "Always"))

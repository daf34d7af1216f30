"""What well-known images need besides fewer rights."""

from __future__ import annotations

from pathlib import Path

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import compose
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.lenses import get, put
from setright.model import Edit, Tree

ROOT = Path(__file__).parents[2] / "bindings"
LAYOUT = load_one(ROOT / "compose/service.yaml", ROOT).layouts["compose"]


def text(body: str) -> bytes:
    return f"services:\n  a: {{{body}}}\n".encode()


def sources(body: str) -> dict[str, Source]:
    return {"compose.yaml": Source("compose.yaml", "yaml", get("yaml", text(body)))}


def seen(body: str) -> Tree:
    return compose.view("compose/service", LAYOUT, sources(body))[0].tree


def fixed(body: str, edit: Edit) -> Tree:
    given = sources(body)
    [resource] = compose.view("compose/service", LAYOUT, given)
    placed = compose.edit(LAYOUT, resource, [edit], [], given)
    return get("yaml", put("yaml", text(body), [each for _, each in placed]))["documents"][0]["services"]["a"]


USUAL = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"]  # of what nothing is known
DROPS = Edit(("cap_drop",), ["ALL"])
READS = Edit(("read_only",), True)


def test_an_image_keeps_the_capabilities_that_it_uses() -> None:
    wanted = ["SETUID", "KILL", "CHOWN", "NET_BIND_SERVICE", "SETGID"]
    assert fixed("image: nginx, cap_add: [SETUID, KILL]", DROPS)["cap_add"] == wanted
    assert "cap_add" not in fixed("image: prom/node-exporter", DROPS)
    assert fixed("image: prom/blackbox-exporter", DROPS)["cap_add"] == ["NET_RAW"]  # it pings
    assert "SETPCAP" in fixed("image: redis", DROPS)["cap_add"]  # which takes away what it may ever get
    assert fixed("image: web", DROPS)["cap_add"] == USUAL
    assert "cap_add" not in fixed("image: web, user: '1000'", DROPS)
    assert {*USUAL, "NET_RAW"} == {*fixed("image: web, command: ping db", DROPS)["cap_add"]}
    assert {*USUAL, "AUDIT_WRITE", "SYS_CHROOT"} == {*fixed("image: atmoz/sftp", DROPS)["cap_add"]}
    assert {*USUAL, "AUDIT_WRITE", "SYS_CHROOT"} == {*fixed("image: web, ports: ['4242:22']", DROPS)["cap_add"]}
    assert "KILL" in fixed("image: redis, init: true", DROPS)["cap_add"]  # for signals from an init that stays root
    assert "KILL" in fixed("image: 'neo4j:5'", DROPS)["cap_add"]
    assert "cap_add" not in fixed("image: postgres, user: '999'", DROPS)
    assert fixed("image: nginx, cap_add: [ALL]", DROPS)["cap_add"] == ["ALL"]
    assert fixed("image: nginx, command: /start.sh", DROPS)["cap_add"] == ["CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"]
    assert fixed("image: nginx, entrypoint: /start.sh", DROPS)["cap_add"] == USUAL
    assert fixed("image: 'caddy:2', user: '1000'", DROPS)["cap_add"] == ["NET_BIND_SERVICE"]
    assert fixed("image: 'kong:3.4', user: kong", DROPS)["cap_add"] == ["NET_BIND_SERVICE"]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("image: nginx, command: [bash, -c, \"envsubst < /tmp/a > /etc/nginx/conf.d/a.conf && nginx -g 'daemon off;'\"]", True),
        ("image: nginx, command: \"/bin/sh -c 'while :; do sleep 6h & wait $${!}; nginx -s reload; done & nginx'\"", True),
        ("image: 'redis:7', command: [sh, -c, 'redis-server --requirepass $$PASSWORD']", True),
        ("image: nginx, command: [sh, -c, 'mount /a && nginx']", False),
        ("image: nginx, command: [sh, -c, 'sleep 1']", False),
        ("image: nginx, command: [sh, -c, 'a=$(b) && nginx']", False),
    ],
)
def test_a_shell_around_the_images_program_needs_what_that_does_and_files_of_its_user(body: str, kept: bool) -> None:
    needs = seen(body)["image-needs"]
    assert ("root" in needs, "writes" in needs) == (kept, False)
    assert not kept or "DAC_OVERRIDE" in fixed(body, DROPS)["cap_add"]


LIMITS = Edit(("deploy", "resources", "limits", "memory"), "512m")


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        ("image: acme/a", "512m"),
        ("image: acme/a, environment: {JAVA_OPTS: -Xms128m -Xmx768m}", "1536m"),
        ("image: acme/a, environment: ['JAVA_OPTS=-Xmx128m']", "512m"),
        ("image: acme/a, command: node --max-old-space-size=2048 a.js", "4096m"),
        ("image: redis, command: [redis-server, --maxmemory, 1gb]", "2048m"),
        ("image: memcached, command: memcached -m 1024", "2048m"),
        ("image: 'acme/a:1-jre17'", "1024m"),
        ("image: acme/a, environment: {JAVA_TOOL_OPTIONS: -Dx=y}", "1024m"),
        ("image: acme/a, environment: {KAFKA_URL: 'kafka:9092'}", "512m"),
        ("image: 'node:20', command: npm run dev", "2048m"),
        ("image: acme/a, command: npm run --prefix server start:dev", "2048m"),
        ("image: acme/a, command: npm start", "512m"),
        ("image: acme/a, mem_reservation: 1gb", "1024m"),
        ("image: acme/a, deploy: {resources: {reservations: {memory: 700M}}}", "700m"),
        ("image: acme/a, shm_size: 2gb", "2048m"),
        ("image: 'mcr.microsoft.com/mssql/server:2022-latest'", "4096m"),
        ("image: 'elasticsearch:7.17.1'", "2048m"),
        ("image: '${KAFKA:-confluentinc/cp-kafka:7.3.14}'", "2048m"),
        ("image: 'acme/whisper-server'", "8192m"),
        ("image: acme/app, deploy: {resources: {reservations: {devices: [{driver: nvidia}]}}}", "8192m"),
    ],
)
def test_no_limit_is_below_what_a_service_surely_takes(body: str, limit: str) -> None:
    assert fixed(body, LIMITS)["deploy"]["resources"]["limits"]["memory"] == limit


def test_an_image_that_keeps_data_gets_a_volume_for_it_where_none_holds_that() -> None:
    assert fixed("image: grafana/grafana", READS)["volumes"] == ["/var/lib/grafana"]
    assert fixed("image: 'grafana/loki:3.0.0', command: -config.file=/etc/loki/local-config.yaml", READS)["volumes"] == ["/loki"]
    after = fixed("image: grafana/grafana, volumes: ['g:/var/lib/grafana']", READS)
    assert (after["tmpfs"], after["volumes"]) == (["/tmp"], ["g:/var/lib/grafana"])
    assert fixed("image: grafana/loki, volumes: ['./l.yaml:/etc/loki/l.yaml']", READS)["read_only"] is True


def test_apache_of_php_gets_memory_for_its_locks() -> None:
    assert fixed("image: 'php:8.4-apache', volumes: ['.:/var/www/html']", READS)["tmpfs"] == [
        "/tmp",
        "/var/lock/apache2",
        "/var/run/apache2",
    ]


def test_an_image_that_fills_in_templates_keeps_its_root_where_no_volume_holds_what_it_makes_of_them() -> None:
    body = "image: nginx:1, volumes: ['./a.conf:/etc/nginx/templates/a.conf.template'%s]"
    with pytest.raises(BindingError, match="it writes to /etc/nginx/conf.d when it starts"):
        fixed(body % "", READS)
    assert fixed(body % ", 'c:/etc/nginx/conf.d'", READS)["read_only"] is True


def test_an_image_that_writes_its_own_files_keeps_its_root() -> None:
    with pytest.raises(BindingError, match="redis-session.ini when it starts"):
        fixed("image: nextcloud, environment: {REDIS_HOST: redis}", Edit(("read_only",), True))
    assert fixed("image: caddy, volumes: ['./C:/etc/caddy/Caddyfile', 'd:/data', 'c:/config']", READS)["read_only"] is True
    for image in ("caddy:2", "confluentinc/cp-kafka:7.3.14", "apache/airflow:2.2.3", "zookeeper", "elasticsearch:7.17.1"):
        with pytest.raises(BindingError, match="when it starts; put a volume there first"):
            fixed(f"image: '{image}'", READS)
    assert fixed("image: zookeeper, volumes: ['c:/conf']", READS)["read_only"] is True
    assert fixed("image: zookeeper, entrypoint: sleep 9", READS)["read_only"] is True


def test_memory_stands_for_a_folder_that_is_empty_in_the_image() -> None:
    assert fixed("image: minio/minio, command: server /data, volumes: ['d:/data']", READS)["tmpfs"] == ["/root/.minio", "/tmp"]
    assert fixed("image: minio/minio, command: server /data, volumes: ['c:/root/.minio']", READS)["tmpfs"] == ["/tmp"]
    shell = "image: minio/minio, entrypoint: sh, command: -c 'mkdir -p /data/a && minio server /data'"
    assert "/root/.minio" in fixed(shell, READS)["tmpfs"]
    assert "/root/.minio" not in fixed("image: minio/minio, entrypoint: sleep 9", READS)["tmpfs"]


def test_what_a_variable_is_by_default_counts() -> None:
    airflow = "image: '${AIRFLOW_IMAGE_NAME:-apache/airflow:2.2.3}', command: celery worker"
    assert seen(airflow)["image-needs"]["root"] == "told"
    assert "cap_add" not in fixed(airflow, DROPS)
    assert seen("image: 'acme/a:1', user: '${UID:-1000}:0'")["image-needs"]["root"] == "told"
    assert "root" not in seen("image: 'acme/a:1', user: '${UID:-0}'")["image-needs"]
    assert "root" not in seen("image: '${IMAGE}'")["image-needs"]
    for words, is_told in (
        ("--replicaof ${MASTER:-a}", True),
        ("--replicaof ${MASTER}", False),
        ("--requirepass ${PASSWORD}", True),
        ("--dir ${FOLDER:-/srv}", False),
    ):
        assert ("writes" in seen(f"image: 'redis:7', command: '{words}'")["image-needs"]) is is_told


@pytest.mark.parametrize("image", ["linuxserver/sonarr:4", "lscr.io/linuxserver/sonarr:latest", "ghcr.io/linuxserver/sonarr"])
def test_an_image_that_becomes_another_user_by_itself_can_still_do_so(image: str) -> None:
    assert {"CHOWN", "KILL", "SETGID", "SETUID"} <= set(fixed(f"image: '{image}'", DROPS)["cap_add"])
    with pytest.raises(BindingError, match="writes to its root"):
        fixed(f"image: '{image}'", READS)


@pytest.mark.parametrize(
    ("volume", "adds"),
    [
        ("./certs:/certs:ro", True),
        ("{type: bind, source: /srv, target: /srv}", True),
        ("files:/srv", False),
        ("{type: volume, source: files, target: /srv}", False),
    ],
)
def test_root_among_files_of_the_hosts_users_keeps_its_right_to_them(volume: str, adds: bool) -> None:
    assert ("DAC_OVERRIDE" in fixed(f"image: nginx, volumes: [{volume}]", DROPS)["cap_add"]) is adds
    assert "cap_add" not in fixed(f"image: prom/prometheus, volumes: [{volume}]", DROPS)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("image: portainer/portainer-ce, command: serve", None),
        ("image: portainer/portainer-ce, user: '1000', command: chown a b", None),
        (
            "image: portainer/portainer-ce, user: '0', command: [sh, -c, \"mkdir a\\nchown -R 1:1 a\"]",
            ["CHOWN", "DAC_OVERRIDE", "FOWNER"],
        ),
        ("image: portainer/portainer-ce, command: [gosu, app, serve]", ["SETGID", "SETUID"]),
        (
            "image: portainer/portainer-ce, environment: {USER_UID: 1000}",
            ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"],
        ),
        ("image: portainer/portainer-ce, environment: ['OWNER=${UID}', APP_UUID=1]", None),
        (
            "image: portainer/portainer-ce, environment: [PUID=1000, PGID=1000]",
            ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"],
        ),
    ],
)
def test_root_keeps_the_rights_that_its_own_words_use(body: str, kept: list[str] | None) -> None:
    assert fixed(body, DROPS).get("cap_add") == kept


@pytest.mark.parametrize(
    "body",
    [
        "image: python:3, command: sh -c 'pip install -r requirements.txt && python app.py'",
        "image: alpine, entrypoint: [sh, -c, 'apk add --no-cache curl; serve']",
        "image: acme/a, environment: {PUID: 1000}",
        "image: 'golang:1', working_dir: /app, volumes: ['.:/app'], command: sh -c 'go install example.org/x@v1 && x'",
        "image: acme/a, volumes: ['.:/src'], command: cargo test",
        "image: acme/a, command: npm ci",
        "image: acme/a, command: ./mvnw spring-boot:run",
        "image: acme/a, command: bundle exec rails s -b 0.0.0.0",
        "image: acme/a, volumes: ['a:/app/storage', 'b:/var/log'], command: rails s",  # which keep data, and no application
        "image: acme/a, working_dir: /app, volumes: ['a:/app/log'], command: celery -A a beat -l info",
        "image: acme/a, command: [yarn, dev]",
        "image: acme/a, command: celery -A a worker -B",
        "image: alpine, entrypoint: /bin/sh, command: [-c, \"echo '* * * * * a > /dev/null' > /etc/crontabs/root && crond -f\"]",
        "image: acme/a, command: sh -c 'cp /a.conf /etc/a.conf && a'",
        "image: acme/a, command: sh -c 'sed -i s/a/b/ /etc/a.conf; exec a'",
    ],
)
def test_what_changes_its_own_root_when_it_starts_keeps_it_writable(body: str) -> None:
    with pytest.raises(BindingError, match="writes to its root"):
        fixed(body, READS)


@pytest.mark.parametrize(
    "body",
    [
        "image: acme/a, working_dir: /app, volumes: ['.:/app'], command: bundle exec rails server",
        "image: acme/a, volumes: ['.:/app'], command: npm run dev",  # in that folder, for all that is known
        "image: acme/a, command: rails s --pid /tmp/server.pid",
        "image: acme/a, command: celery -A a beat --schedule /tmp/a",
        "image: acme/a, command: npm start",
        "image: acme/a, command: sh -c 'a > /tmp/a.log 2>&1'",
        "image: acme/a, volumes: ['d:/data'], command: sh -c 'mkdir -p /data/a && cp /a /data/a; a /etc/a.conf'",
    ],
)
def test_what_writes_to_its_directory_may_do_so_on_a_volume(body: str) -> None:
    assert fixed(body, READS)["read_only"] is True


def test_what_a_well_known_image_writes_at_least_is_mounted_however_it_starts() -> None:
    assert fixed("image: postgres, env_file: .env", READS)["tmpfs"] == ["/var/run/postgresql", "/tmp"]
    assert fixed("image: mysql, env_file: .env, user: root", READS)["volumes"] == ["/tmp"]


def test_an_image_keeps_the_paths_that_it_writes() -> None:
    assert fixed("image: nginx:1, volumes: [a:/run], tmpfs: /tmp", READS)["tmpfs"] == ["/tmp", "/var/cache/nginx"]
    assert fixed("image: acme/a", READS)["tmpfs"] == ["/tmp"]
    assert "tmpfs" not in fixed("image: redis, volumes: [{type: volume, target: /tmp}]", READS)
    assert "tmpfs" not in fixed("image: redis, volumes: [/tmp]", READS)
    assert fixed("image: postgres, volumes: [a:/run/postgresql]", READS)["tmpfs"] == ["/tmp"]  # to which /var/run leads
    assert "tmpfs" not in fixed("image: minio/minio, volumes: ['${DIR:-.}/a:/root', '${DIR:-.}/b:/tmp']", READS)


def test_libraries_that_java_unpacks_can_be_run_from_their_place() -> None:
    after = fixed("image: acme/a, command: java -jar app.jar", READS)
    assert (after["volumes"], "tmpfs" in after) == (["/tmp"], False)


@pytest.mark.parametrize(
    ("body", "is_told"),
    [
        ("image: minio/minio, command: server /data", True),
        ("image: minio/minio, command: server /data, user: '1000'", False),  # its home is /
        ("image: minio/minio, command: server /srv", False),
        ("image: minio/minio, environment: {MINIO_USERNAME: a}", False),
        ("image: 'postgres:16', env_file: .env, volumes: ['db:/var/lib/postgresql/data']", True),
        ("image: 'postgres:16', env_file: .env, volumes: ['db:/srv']", False),
        ("image: 'postgres:16', env_file: .env", False),
    ],
)
def test_what_is_written_is_told_where_it_holds(body: str, is_told: bool) -> None:
    assert ("writes" in seen(body)["image-needs"]) is is_told


@pytest.mark.parametrize(("version", "is_refused"), [("3", True), ("3.5", True), ("3.6", False), ("2.4", False)])
def test_swarm_is_given_no_memory_that_it_passes_over(version: str, is_refused: bool) -> None:
    text = f"version: '{version}'\nservices: {{a: {{image: postgres, deploy: {{replicas: 1}}}}}}\n"
    given = {"compose.yaml": Source("compose.yaml", "yaml", get("yaml", text.encode()))}
    [resource] = compose.view("compose/service", LAYOUT, given)
    if is_refused:
        with pytest.raises(BindingError, match="before version 3.6"):
            compose.edit(LAYOUT, resource, [READS], [], given)
    else:
        assert compose.edit(LAYOUT, resource, [READS], [], given)


def test_what_memory_may_not_hold_gets_a_volume() -> None:
    after = fixed("image: mariadb, volumes: ['db:/var/lib/mysql']", READS)
    assert (after["tmpfs"], after["volumes"]) == (["/run/mysqld"], ["db:/var/lib/mysql", "/tmp"])
    assert fixed("image: mariadb, tmpfs: /tmp, volumes: ['/run/mysqld']", READS)["volumes"] == ["/run/mysqld"]


@pytest.mark.parametrize(
    ("body", "needs"),
    [
        ("image: docker.io/library/nginx:1.26", {"capabilities": "told", "root": "told", "writes": "told", "data": False}),
        ("image: postgres@sha256:ab", {"capabilities": "told", "root": "told", "writes": "told", "data": True, "asks": "told"}),
        (
            "image: nginx, command: nginx -g 'daemon off;'",
            {"capabilities": "told", "root": "told", "writes": "told", "data": False},
        ),
        ("image: nginx, command: [nginx, -p, /srv]", {"capabilities": "told", "root": "told", "data": False}),
        ("image: nginx, volumes: ['./a.conf:/etc/nginx/nginx.conf']", {"capabilities": "told", "root": "told", "data": False}),
        ("image: postgres, env_file: .env", {"capabilities": "told", "root": "told", "data": True, "asks": "told"}),
        (
            "image: redis, command: '--a /data/$$b'",
            {"capabilities": "told", "root": "told", "writes": "told", "data": True, "asks": "told"},
        ),
        ("image: redis, command: --a $B", {"capabilities": "told", "root": "told", "data": True, "asks": "told"}),
        (
            "image: redis, command: --dir /data",
            {"capabilities": "told", "root": "told", "writes": "told", "data": True, "asks": "told"},
        ),
        (
            "image: redis, command: [redis-server, /redis.conf], volumes: ['./redis.conf:/redis.conf']",
            {"capabilities": "told", "root": "told", "data": True},
        ),
        ("image: nginx, command: sh -c 'apt-get update && nginx'", {}),
        ("image: 'prom/prometheus:v1.8.2'", {}),
        (
            "image: mysql:8.4",
            {"capabilities": "told", "root": "told", "writes": "told", "data": True, "asks": "told"},
        ),
        ("image: wordpress", {"capabilities": "told", "root": "told", "writes": "told", "data": False}),
        ("image: adminer, environment: [ADMINER_PLUGINS=tables-filter]", {"capabilities": "told", "root": "told", "data": False}),
        ("image: gcr.io/cadvisor/cadvisor:v0.47.1, entrypoint: x", {"checks": True}),
        ("image: gcr.io/cadvisor/cadvisor:v0.47.1, build: .", {}),
        ("image: localhost:5000/nginx", {}),
        ("image: nginx, build: .", {}),
        ("image: nginx, entrypoint: /x", {}),
        ("image: nginx, user: root", {}),
        ("image: nginx, user: '${USER}'", {}),
        ("image: 'traefik:${TAG}'", {}),
    ],
)
def test_nothing_is_known_of_an_image_that_starts_otherwise(body: str, needs: Tree) -> None:
    assert seen(body)["image-needs"] == needs


@pytest.mark.parametrize(
    ("body", "needs"),
    [
        ("image: nginx, user: '101'", {"capabilities": "told", "writes": "told", "root": "told", "data": False}),
        ("image: grafana/grafana, user: '0'", {}),  # who may do more than the image's own
        ("image: grafana/grafana, user: '$UID'", {}),
        ("image: 'app:1', user: '1000:1000'", {"root": "told"}),
        ("image: 'app:1', user: '1000', privileged: true", {}),
        ("image: 'app:1', user: '1000', command: sudo app", {}),
        ("image: 'caddy:2', user: '1000'", {"capabilities": "told", "root": "told", "data": False}),  # keeps what its program has
        ("image: 'kong:1.5', user: kong", {}),
        ("image: grafana/grafana, entrypoint: [sh, -c, 'mkdir -p /var/lib/a && /run.sh']", {"root": "told"}),
        ("image: 'n8nio/n8n:1', entrypoint: [sudo, n8n]", {}),
        ("user: '1000', build: .", {}),
    ],
)
def test_another_user_than_root_needs_no_capabilities_unless_programs_give_him_some(body: str, needs: Tree) -> None:
    assert seen(body)["image-needs"] == needs


def test_another_user_than_root_gets_the_places_that_the_image_writes() -> None:
    assert fixed("image: postgres, user: '999'", READS)["tmpfs"] == ["/var/run/postgresql", "/tmp"]


@pytest.mark.parametrize(
    ("body", "calls"),
    [
        ("image: a", False),
        ("image: a, command: sudo -u b c", True),
        ("image: 'hashicorp/vault:1.15'", True),  # which gives its program the right to lock memory
        ("image: dpage/pgadmin4, network_mode: host", True),
        ("image: dpage/pgadmin4", False),  # Docker lets every user open low ports of a network of the container's own
        ("image: nginx, network_mode: host", False),
        ("image: a, environment: {GRANT_SUDO: yes}", True),
        ("image: a, command: sum", False),
        ("image: lscr.io/linuxserver/a, user: '1000:1000'", True),  # its init becomes root by a file of its own
        ("image: lscr.io/linuxserver/a, user: '1000', tmpfs: '/run:uid=1000,exec'", False),  # which has nothing to give away then
        ("image: lscr.io/linuxserver/a", False),
        ("image: '${REPO:-ghcr.io/jitsi}/web:${V:-stable}'", True),
        ("image: acme/a, user: '1000'", False),
        ("image: acme/a, privileged: true", True),  # as what starts containers or a system of its own
        ("image: 'store/saplabs/hanaexpress:2.00'", True),  # its programs are set-uid
        ("image: 'icr.io/db2_community/db2'", True),
        ("image: acme/vertical-scaler", False),
        ("image: 'zabbix/zabbix-server-pgsql:alpine-6.4-latest'", True),  # it may start nmap by sudo
        ("image: dpage/pgadmin4", False),
    ],
)
def test_a_service_tells_whether_it_calls_sudo(body: str, calls: bool) -> None:
    assert seen(body)["calls-sudo"] is calls


def test_all_is_all_however_written() -> None:
    assert seen("image: a, cap_drop: [all]")["cap_drop"] == ["ALL"]


def test_an_address_in_published_is_one() -> None:
    assert seen("image: a, ports: [{target: 80, published: '127.0.0.1:8080'}]")["ports"][0]["host_ip"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("body", "claim"),
    [
        ("image: x, ports: ['80:80']", True),
        ("image: x, expose: [80]", True),
        ("image: x, healthcheck: {test: [CMD, true]}", True),
        ("image: nginx", True),
        ("image: redis, command: redis-server --save ''", True),
        ("image: x, healthcheck: {disable: true}", False),
        ("image: nginx, command: nginx -t", False),
        ("image: x", False),
    ],
)
def test_what_is_asked_by_others_does_not_end_by_itself(body, claim):
    assert seen(body)["serves"] is claim


def test_the_policy_of_deploy_stands_in_front_of_restart():
    body = "image: x, restart: 'no', deploy: {restart_policy: {condition: on-failure, max_attempts: 9}}"
    assert seen(body)["restart"] == "on-failure:9"
    after = fixed(body, Edit(("restart",), "on-failure:5"))
    assert (after["restart"], after["deploy"]["restart_policy"]["max_attempts"]) == ("no", 5)
    with pytest.raises(BindingError, match="deploy/restart_policy"):
        fixed("image: x, deploy: {restart_policy: {condition: none}}", Edit(("restart",), "on-failure:5"))


@pytest.mark.parametrize(
    "body",
    [
        "image: acme/mysql:8, command: mysqld --skip-log-bin",
        "image: crate:2.3",
        "image: 'acme/postgres-ext:${V}'",
        "image: acme/app, user: app, environment: {APP_DATA_DIR: /srv/app}",
        "image: acme/app, user: app, environment: [DATABASE_URL=sqlite:////srv/app.db]",
    ],
)
def test_data_that_no_volume_holds_keeps_its_root_writable(body: str) -> None:
    with pytest.raises(BindingError, match="put a volume there first"):
        fixed(body, READS)


@pytest.mark.parametrize(
    ("body", "volumes"),
    [
        ("image: acme/app, environment: {APP_DATA_DIR: /srv/app}", ["/srv/app"]),
        ("image: acme/app, environment: [DATABASE_URL=sqlite:////srv/app.db, LOG_FILE=/srv/app.log]", ["/srv"]),
        (
            "image: acme/app, volumes: ['d:/srv'], environment: {APP_DATA_DIR: /srv/app, CONFIG_PATH: /opt/c, DATA_DIR: '${D}'}",
            ["d:/srv"],
        ),
        ("image: acme/mysql, volumes: ['d:/var/lib/mysql']", ["d:/var/lib/mysql"]),
        ("image: acme/mysql-exporter", None),
    ],
)
def test_what_the_environment_says_is_written_stands_on_a_volume(body: str, volumes: list[str] | None) -> None:
    assert fixed(body, READS).get("volumes") == volumes

"""Services in Compose files."""

from __future__ import annotations

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import compose
from setright.bindings.source import Source
from setright.lenses import get, put
from setright.model import Edit, Plain, Resource, Unknown


def sources(**files: str) -> dict[str, Source]:
    named = {name.replace("__", "/").replace("_", ".") + ".yml": text for name, text in files.items()}
    return {name: Source(name, "yaml", get("yaml", text.encode())) for name, text in named.items()}


def seen(**files: str) -> list[Resource]:
    return compose.view("compose/service", {}, sources(**files))


def only(body: str) -> Resource:
    [resource] = seen(compose="services:\n  web:\n" + body)
    return resource


def fixed(body: str, *edits: Edit, head: str = "") -> str:
    text = head + "services:\n  web:\n" + body
    [resource] = seen(compose=text)
    placed = compose.edit({}, resource, edits, [], sources(compose=text))
    return put("yaml", text.encode(), [edit for _, edit in placed]).decode().removeprefix(head + "services:\n  web:\n")


@pytest.mark.parametrize(
    ("written", "port"),
    [
        ('"8080:80"', {"published": "8080", "target": "80", "protocol": "tcp"}),
        ("80", {"target": "80", "protocol": "tcp"}),
        ('"127.0.0.1::80/udp"', {"host_ip": "127.0.0.1", "target": "80", "protocol": "udp"}),
        ('"[::1]:1:2"', {"host_ip": "::1", "published": "1", "target": "2", "protocol": "tcp"}),
        ('"${PORT:-8080}:80"', {"published": Unknown("${PORT:-8080}"), "target": "80", "protocol": "tcp"}),
        ('"${IP}:8080:80"', {"host_ip": Unknown("${IP}"), "published": "8080", "target": "80", "protocol": "tcp"}),
        ("{target: 80}", {"target": 80}),
    ],
)
def test_ports_read_the_same_in_either_form(written: str, port: Plain) -> None:
    assert only(f"    ports: [{written}]\n").tree["ports"] == [port]


@pytest.mark.parametrize(
    ("written", "volume"),
    [
        ("./a:/b:ro", {"type": "bind", "source": "./a", "target": "/b", "read_only": True, "options": ["ro"]}),
        ("data:/b", {"type": "volume", "source": "data", "target": "/b"}),
        ("/b", {"type": "volume", "target": "/b"}),
        ("C:\\a:/b", {"type": "bind", "source": "C:\\a", "target": "/b"}),
        ("${DIR:-./a}:/b", {"type": "bind", "source": Unknown("${DIR:-./a}"), "target": "/b"}),
    ],
)
def test_volumes_read_the_same_in_either_form(written: str, volume: Plain) -> None:
    assert only(f"    volumes: ['{written}']\n").tree["volumes"] == [volume]


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("host:5000/a", None),
        ("a:1.2", "1.2"),
        ("a:1@sha256:0f", "sha256:0f"),
        ("${REG}/a:1.2", "1.2"),
        ("a:${TAG:-1}", Unknown("a:${TAG:-1}")),
        ("${IMAGE}", Unknown("${IMAGE}")),
    ],
)
def test_an_image_tells_its_version(image: str, version: Plain) -> None:
    assert only(f"    image: '{image}'\n").tree.get("image_version") == version


def test_environment_reads_the_same_as_list_and_mapping() -> None:
    as_list = only("    environment: [A=b=c, D]\n").tree["environment"]
    assert as_list == only("    environment: {A: b=c, D: }\n").tree["environment"] == [{"name": "A", "value": "b=c"}, {"name": "D"}]


def test_the_values_of_a_chart_are_no_services() -> None:
    values = "services: {web: {image: nginx}}\n"
    texts = {"chart/values.yaml": values, "chart/Chart.yaml": "name: web\n", "values.yaml": values}
    files = {name: Source(name, "yaml", get("yaml", text.encode())) for name, text in texts.items()}
    assert [each.home[0] for each in compose.view("compose/service", {}, files)] == ["values.yaml"]


def test_services_beside_what_compose_does_not_know_are_those_of_another_program() -> None:
    text = "services: {web: {image: nginx}}\n{}: {}\n"
    texts = {"box.values.yaml": text.replace("{}:", "allowDomains:"), "box.yaml": text.replace("{}:", "x-common:")}
    texts["compose.yaml"] = texts["box.values.yaml"]
    files = {name: Source(name, "yaml", get("yaml", each.encode())) for name, each in texts.items()}
    assert [each.home[0] for each in compose.view("compose/service", {}, files)] == ["box.yaml", "compose.yaml"]


def test_an_override_answers_only_for_what_it_sets() -> None:
    main, over = "services:\n  web:\n    image: a:1\n    user: app\n", "services:\n  web:\n    deploy: {replicas: 2}\n"
    override, base = seen(compose=main, compose_override=over)
    assert base.only is None
    assert override.only == ("deploy", "name")
    assert override.tree["user"] == "app"


MAIN = "services:\n  web: {image: 'a:1', ports: ['8080:80']}\n  db: {image: 'b:1', user: app}\n"


@pytest.mark.parametrize(
    ("over", "is_alone"),
    [
        ("services: {web: {image: 'a:1', ports: ['8080:80']}}", True),  # says again what the main file says
        ("services: {web: {build: ., depends_on: [db]}, db: {image: 'b:2'}}", True),
        ("services: {web: {build: .}}", False),
        ("services: {web: {build: ., depends_on: [db, mail]}, mail: {image: 'c:1'}}", False),  # its db is the main file's
        ("services: {web: {image: 'a:1'}, db: {ports: ['5432:5432']}}", False),
    ],
)
def test_a_file_that_says_all_of_its_services_is_started_by_itself(over: str, is_alone: bool) -> None:
    found = [each for each in seen(compose=MAIN, compose_dev=over) if each.home[0] == "compose.dev.yml"]
    assert [each.only is None for each in found if each.name != "mail"] == [is_alone] * sum(each.name != "mail" for each in found)


@pytest.mark.parametrize("files", ["-f compose.yml -f compose.dev.yml", "-f compose.dev.yml"])
def test_a_file_that_a_pipeline_lays_over_another_is_an_override(files: str) -> None:
    workflow = f"jobs: {{t: {{steps: [{{run: docker compose {files} up}}]}}}}"
    there = sources(compose=MAIN, compose_dev="services: {web: {image: 'a:1'}}", _github__workflows__ci=workflow)
    [web] = [each for each in compose.view("compose/service", {}, there) if each.home[0] == "compose.dev.yml"]
    assert (web.only is None) is ("-f compose.yml" not in files)


@pytest.mark.parametrize(
    ("main", "over", "at"),
    [
        ("services: {web: {image: 'a:1'}}", "version: '3.8'\nservices: {web: {image: 'a:1'}}", "deploy"),
        ("version: '3.8'\nservices: {web: {image: 'a:1'}}", "services: {web: {image: 'a:1'}}", "mem_limit"),
        ("services: {web: {image: 'a:1', mem_limit: 1g}}", "services: {web: {image: 'a:1'}}", "mem_limit"),
        ("services: {db: {image: 'a:1', mem_limit: 1g}}", "services: {web: {image: 'a:1'}}", "deploy"),
    ],
)
def test_files_that_may_be_merged_say_their_limits_in_one_place(main: str, over: str, at: str) -> None:
    there = sources(compose=main, compose_dev=over)
    [web] = [each for each in compose.view("compose/service", {}, there) if each.home[0] == "compose.dev.yml"]
    wanted = Edit(("deploy", "resources", "limits", "memory"), "512m")
    assert [edit.path[4] for _, edit in compose.edit({}, web, [wanted], [], there)] == [at]


def test_what_may_lie_under_a_file_still_tells_what_its_image_needs() -> None:
    main = "services: {web: {image: 'a:1', command: sudo run}}"
    assert [each.tree["calls-sudo"] for each in seen(compose=main, compose_dev="services: {web: {image: 'a:1'}}")] == [True, True]


def test_an_override_answers_for_its_own_variables_alone() -> None:
    main = "services:\n  db:\n    image: a:1\n    environment: {DB_PASSWORD: s3cret, DB_NAME: shop}\n"
    over = "services:\n  db:\n    environment:\n      DB_NAME: test\n"
    override, base = seen(compose=main, compose_override=over)
    assert [each["name"] for each in base.tree["environment"]] == ["DB_PASSWORD", "DB_NAME"]
    assert override.tree["environment"] == [{"name": "DB_NAME", "value": "test"}]


def test_a_service_without_an_image_lies_over_one_that_is_not_here() -> None:
    [service] = seen(compose_override="services:\n  netbox:\n    ports: ['8000:8080']\n")
    assert service.only == ("ports", "name")


def test_a_service_that_extends_another_answers_only_for_what_it_sets() -> None:
    common = "services:\n  base:\n    image: a:1\n    read_only: true\n"
    mine = "services:\n  web:\n    extends: {file: common.yml, service: base}\n    user: root\n"
    _, web = seen(common=common, compose=mine)
    assert web.only == ("extends", "user", "name")
    assert web.tree["read_only"] is True


def test_what_others_wait_for_until_it_has_ended_is_told() -> None:
    body = "services:\n  a: {image: a}\n  b: {image: b, depends_on: {a: {condition: %s}}}\n  c: {image: c, depends_on: [a]}\n"
    assert [each.tree.get("ends") for each in seen(compose=body % "service_completed_successfully")] == [True, None, None]
    assert not any("ends" in each.tree for each in seen(compose=body % "service_started"))


def test_extending_in_circles_ends() -> None:
    assert len(seen(compose="services:\n  a: {extends: b}\n  b: {extends: a}\n")) == 2


@pytest.mark.parametrize(
    "text",
    ["services:\n  a: {class: A}\n", "services: [a]\n", "apiVersion: v1\nkind: X\nservices: {a: {image: b}}\n", "- services\n"],
)
def test_other_files_with_services_are_left_out(text: str) -> None:
    assert seen(other=text) == []


def test_a_port_keeps_its_form_and_its_variables() -> None:
    body = "    ports:\n      - '${P:-8125}:8125/udp'\n      - 3000\n"
    edits = [Edit(("ports", i, "host_ip"), "127.0.0.1") for i in (0, 1)]
    assert fixed(body, *edits) == "    ports:\n      - '127.0.0.1:${P:-8125}:8125/udp'\n      - '127.0.0.1::3000'\n"


def test_limits_of_a_file_of_version_two_are_written_its_way() -> None:
    edit = Edit(("deploy", "resources", "limits", "memory"), "512m")
    assert fixed("    image: a\n", edit, head='version: "2.3"\n') == "    image: a\n    mem_limit: 512m\n"
    assert fixed("    mem_limit: 0\n", edit) == "    mem_limit: 512m\n"
    cpus = Edit(("deploy", "resources", "limits", "cpus"), "1.0")
    assert fixed("    image: a\n", cpus, head='version: "2.3"\n') == "    image: a\n    cpus: 1\n"


@pytest.mark.parametrize("deploy", ["[]", "5", "{resources: x}", "{resources: {limits: [a]}}"])
def test_an_older_limit_beside_something_odd_is_no_newer_one(deploy: str) -> None:
    assert "limits" not in str(only(f"    mem_limit: 1g\n    deploy: {deploy}\n").tree["deploy"]).replace("'limits': ['a']", "")


PIDS = Edit(("deploy", "resources", "limits", "pids"), 99)
LIMITED = "    deploy:\n      resources:\n        limits:\n          memory: 1g\n"


@pytest.mark.parametrize(
    ("body", "head", "key"),
    [
        ("    image: a\n", "", "          pids: 99"),
        ("    image: a\n", "version: '3.7'\n", "    pids_limit: 99"),  # Compose 1 takes no file with the other one
        ("    image: a\n    mem_limit: 1g\n", "", "    pids_limit: 99"),  # and Compose 2 none with both
        (LIMITED, "", "          pids: 99"),
        (LIMITED, "version: '3.9'\n", "          pids: 99"),
        ("    deploy:\n      replicas: 2\n", "version: '3.10'\n", "          pids: 99"),
    ],
)
def test_a_limit_stands_where_whoever_starts_the_file_knows_it(body: str, head: str, key: str) -> None:
    assert key in fixed(body, PIDS, head=head).splitlines()


@pytest.mark.parametrize("body", ["    deploy:\n      replicas: 2\n", LIMITED])
def test_a_limit_that_whoever_starts_the_file_would_refuse_is_none(body: str) -> None:
    with pytest.raises(BindingError, match=r"raise it to 3\.9"):
        fixed(body, PIDS, head="version: '3.8'\n")


def test_a_list_that_loses_all_goes() -> None:
    body = "    image: a\n    cap_add:\n      - ALL\n      - SYS_ADMIN\n"
    assert fixed(body, Edit(("cap_add", 0), remove=True), Edit(("cap_add", 1), remove=True)) == "    image: a\n"


def test_what_an_option_was_written_as_stays() -> None:
    body = "    security_opt:\n      - seccomp=a.json\n"
    edit = Edit(("security_opt",), ["seccomp:a.json", "label:x"])
    assert fixed(body, edit) == "    security_opt:\n      - seccomp=a.json\n      - label:x\n"


def test_what_is_only_told_is_refused() -> None:
    with pytest.raises(BindingError, match="read off"):
        fixed("    image: a\n", Edit(("image_version",), "1"))


def test_a_value_is_found_where_it_is_written() -> None:
    text = "services:\n  web:\n    mem_limit: 1g\n    environment: {A: b, C: d}\n"
    [resource], given = seen(compose=text), sources(compose=text)
    at = ("documents", 0, "services", "web")
    assert compose.locate({}, resource, ("environment", 1), given)[1] == (*at, "environment", "C")
    assert compose.locate({}, resource, ("deploy", "resources", "limits", "memory"), given)[1] == (*at, "mem_limit")


@pytest.mark.parametrize(
    ("port", "address", "is_refused"),
    [
        ("443:443", "127.0.0.1", True),
        ("${TLS_PORT:-443}:8443", "127.0.0.1", True),
        ("${TLS_PORT}:443", "127.0.0.1", True),
        ("3478:3478/udp", "::1", True),
        ("${MEDIA}:10000/udp", "127.0.0.1", True),
        ("20000-20100:20000-20100/udp", "127.0.0.1", True),
        ("8125:8125/udp", "127.0.0.1", False),
        ("443:443", "203.0.113.9", False),
        ("8443:443", "127.0.0.1", False),
        ("80:80", "127.0.0.1", False),
        ("4242:22", "127.0.0.1", True),
        ("25565:25565", "127.0.0.1", True),
        ("2222:8022", "127.0.0.1", False),
    ],
)
def test_a_port_for_other_hosts_is_not_hidden_from_them(port: str, address: str, is_refused: bool) -> None:
    text = f"    ports: ['{port}']\n"
    wanted = Edit(("ports", 0, "host_ip"), address)
    if is_refused:
        with pytest.raises(BindingError, match="is there for other hosts"):
            fixed(text, wanted)
    else:
        assert address in fixed(text, wanted)


@pytest.mark.parametrize("beside", ["443:443", "'${TLS_PORT:-443}:443'", "80:80/udp"])
def test_the_port_beside_one_for_other_hosts_that_is_theirs_too_is_not_hidden(beside: str) -> None:
    with pytest.raises(BindingError, match="port 80 is there for other hosts"):
        fixed(f"    ports: ['80:80', {beside}]\n", Edit(("ports", 0, "host_ip"), "127.0.0.1"))


@pytest.mark.parametrize("variable", ["${SQL_PORT:-127.0.0.1:13306}", "$WEB_BIND", "${WEB_LISTEN}"])
def test_a_port_that_a_variable_tells_with_its_address_is_told_no_other(variable: str) -> None:
    [port] = only(f"    ports: ['{variable}:3306']\n").tree["ports"]
    assert port["host_ip"] == Unknown(variable)

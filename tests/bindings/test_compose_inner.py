"""Services that run containers, systemd or people's work within."""

from __future__ import annotations

from pathlib import Path

import pytest

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import compose
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.model import Edit, Plain

ROOT = Path(__file__).parents[2] / "bindings"
LAYOUT = load_one(ROOT / "compose/service.yaml", ROOT).layouts["compose"]


def fix(service: str, path: tuple[str | int, ...], value: Plain, file: str = "compose.yaml") -> dict[str, Plain]:
    text = f"services:\n  a: {service}\n"
    given = {file: Source(file, "yaml", lenses.get("yaml", text.encode()))}
    (resource,) = compose.view("compose/service", LAYOUT, given)
    placed = compose.edit(LAYOUT, resource, [Edit(path, value)], [], given)
    after = lenses.get("yaml", lenses.put("yaml", text.encode(), [edit for _, edit in placed]))
    return after["documents"][0]["services"]["a"]


@pytest.mark.parametrize(
    "service",
    [
        "{image: 'docker:dind', privileged: true}",
        "{image: 'docker:${V}-dind', privileged: true}",
        "{image: 'docker:27.5-dind-alpine3.21', privileged: true}",
        "{image: 'rancher/k3s:v1.31.1-k3s1', privileged: true}",
        "{image: 'jrei/systemd-ubuntu:22.04', privileged: true}",
        "{image: acme/ci, privileged: true, command: dockerd --host=unix:///a}",
        "{image: acme/node, privileged: true, entrypoint: [/sbin/init]}",
    ],
)
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("privileged",), False),
        (("cap_drop",), ["ALL"]),
        (("read_only",), True),
        (("security_opt",), ["no-new-privileges:true"]),
        (("deploy", "resources", "limits", "pids"), 4096),
    ],
)
def test_what_runs_containers_keeps_the_rights_for_it(service: str, path: tuple[str, ...], value: Plain) -> None:
    with pytest.raises(BindingError, match="runs others within"):
        fix(service, path, value)


@pytest.mark.parametrize("service", ["{image: acme/a, privileged: true}", "{image: 'docker:27-dind-rootless', privileged: true}"])
def test_what_runs_one_program_may_lose_them(service: str) -> None:
    assert fix(service, ("privileged",), False)["privileged"] is False


@pytest.mark.parametrize(
    ("service", "file", "is_left"),
    [
        ("{image: 'mcr.microsoft.com/devcontainers/base:ubuntu', command: sleep infinity}", "compose.yaml", True),
        ("{build: ., command: sleep infinity}", ".devcontainer/compose.yaml", True),
        ("{build: .}", ".devcontainer/docker-compose.yml", True),
        ("{image: 'acme/a'}", ".devcontainer/docker-compose.yml", False),
        ("{build: .}", "docker-compose.yml", False),
    ],
)
def test_where_people_work_they_keep_what_they_work_with(service: str, file: str, is_left: bool) -> None:
    if is_left:
        with pytest.raises(BindingError, match="people work in it"):
            fix(service, ("read_only",), True, file)
    else:
        assert fix(service, ("read_only",), True, file)["read_only"] is True


@pytest.mark.parametrize(
    "image", ["quay.io/prometheus/node-exporter:latest", "prom/node-exporter", "datadog/agent:7", "netdata/netdata"]
)
def test_what_watches_the_host_sees_its_processes(image: str) -> None:
    text = f"services:\n  a: {{image: '{image}', pid: host}}\n"
    given = {"compose.yaml": Source("compose.yaml", "yaml", lenses.get("yaml", text.encode()))}
    (resource,) = compose.view("compose/service", LAYOUT, given)
    with pytest.raises(BindingError, match="watches the host's processes"):
        compose.edit(LAYOUT, resource, [Edit(("pid",), remove=True)], [], given)


def test_what_loses_all_rights_of_root_keeps_those_of_a_program() -> None:
    assert "SETUID" in fix("{image: acme/a, privileged: true}", ("cap_drop",), ["ALL"])["cap_add"]


def test_a_capability_that_a_file_of_the_image_has_stays() -> None:
    text = "services:\n  a: {build: .}\n"
    made = b"FROM debian:12\nRUN setcap CAP_NET_BIND_SERVICE=+ep /usr/bin/a\nUSER nobody\nCMD a\n"
    given = {
        "compose.yaml": Source("compose.yaml", "yaml", lenses.get("yaml", text.encode())),
        "Dockerfile": Source("Dockerfile", "dockerfile", lenses.get("dockerfile", made)),
    }
    (resource,) = compose.view("compose/service", LAYOUT, given)
    placed = compose.edit(LAYOUT, resource, [Edit(("cap_drop",), ["ALL"])], [], given)
    assert Edit(("documents", 0, "services", "a", "cap_add"), ["NET_BIND_SERVICE"]) in [edit for _, edit in placed]

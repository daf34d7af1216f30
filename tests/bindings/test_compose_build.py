"""What the Dockerfile of a Compose service tells of it."""

from __future__ import annotations

from pathlib import Path as File

import pytest

from setright.bindings.layouts import compose
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.lenses import get
from setright.model import Edit, Tree

ROOT = File(__file__).parents[2] / "bindings"
LAYOUT = load_one(ROOT / "compose/service.yaml", ROOT).layouts["compose"]


def files(service: str, dockerfile: str) -> dict[str, Source]:
    texts = {"compose.yml": ("yaml", f"services:\n  web: {service}\n"), "app/Dockerfile": ("dockerfile", dockerfile)}
    return {file: Source(file, lens, get(lens, body.encode())) for file, (lens, body) in texts.items()}


def seen(service: str, dockerfile: str) -> Tree:
    [resource] = compose.view("compose/service", LAYOUT, files(service, dockerfile))
    return resource.tree


@pytest.mark.parametrize(
    ("service", "dockerfile", "needs"),
    [
        ("{build: ./app}", "FROM a\nUSER 1000\n", {"root": "told"}),
        ("{build: {context: app}, user: node}", "FROM a\n", {"root": "told"}),
        ("{build: {context: ., dockerfile: app/Dockerfile}}", "FROM a\nUSER app\n", {"root": "told"}),
        ("{build: ./app}", "FROM a\n", {}),
        ("{build: ./app}", "FROM a\nUSER $NAME\n", {}),
        ("{build: ./app, user: '0:0'}", "FROM a\nUSER app\n", {}),
        ("{build: ./app, privileged: true}", "FROM a\nUSER app\n", {}),
        ("{build: {context: app, target: dev}}", "FROM a AS dev\nFROM a\nUSER app\n", {}),
        ("{build: {context: app, target: dev}}", "FROM a AS dev\nUSER app\nFROM a\n", {"root": "told"}),
        ("{build: {context: app, target: 1}}", "FROM a\nUSER app\nFROM 0 AS b\nFROM a\n", {}),
        ("{build: {context: app, target: b}}", "FROM a AS c\nUSER app\nFROM c AS b\nFROM a\n", {"root": "told"}),
        ("{build: {context: app, target: gone}}", "FROM a\nUSER app\n", {}),
        ("{build: 'https://example.com/app.git'}", "FROM a\nUSER app\n", {}),
        ("{build: ./other}", "FROM a\nUSER app\n", {}),
        ("{image: app}", "FROM a\nUSER app\n", {}),
        ("{build: ./app}", "FROM a\nRUN setcap cap_net_raw+ep /app\nUSER app\n", {}),
        ("{build: ./app}", 'FROM grafana/grafana:${V:-11.1.0}\nENTRYPOINT ["/start.sh"]\n', {"root": "told"}),
        ("{build: ./app}", 'FROM grafana/grafana:11.1.0\nUSER root\nENTRYPOINT ["/start.sh"]\n', {}),
    ],
)
def test_a_service_that_is_built_to_start_as_another_user_needs_no_capabilities(service: str, dockerfile: str, needs: Tree) -> None:
    assert seen(service, dockerfile)["image-needs"] == needs


NGINX = {"capabilities": "told", "root": "told", "data": False}


@pytest.mark.parametrize(
    ("service", "dockerfile", "needs"),
    [
        ("{build: ./app}", "FROM nginx:1.27\nCOPY web /usr/share/nginx/html\n", {**NGINX, "writes": "told"}),
        (
            "{build: ./app}",
            "FROM node AS b\nCMD x\nFROM nginx\nCOPY --from=b /out /usr/share/nginx/html/\n",
            {**NGINX, "writes": "told"},
        ),
        ("{build: ./app}", 'FROM nginx AS base\nFROM base\nCOPY ["a", "/srv"]\n', {**NGINX, "writes": "told"}),
        ("{build: ./app}", "FROM nginx\nCOPY a.conf /etc/nginx/conf.d/\n", NGINX),
        ("{build: ./app}", "FROM nginx\nCOPY . .\n", NGINX),
        ("{build: ./app}", "FROM nginx\nRUN rm /etc/nginx/conf.d/default.conf\n", NGINX),
        ("{build: ./app}", 'FROM nginx\nCMD ["node"]\n', {}),
        ("{build: ./app}", "FROM nginx\nENTRYPOINT /x\n", {}),
        ("{build: ./app, command: node}", "FROM nginx\n", {}),
        ("{build: ./app}", "ARG V\nFROM traefik:$V\n", {}),
        ("{build: ./app}", "FROM scratch\nCOPY x /\n", {}),
    ],
)
def test_an_image_that_only_adds_files_needs_what_its_base_needs(service: str, dockerfile: str, needs: Tree) -> None:
    assert seen(service, dockerfile)["image-needs"] == needs


OWN = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "NET_BIND_SERVICE", "SETGID", "SETUID"]


@pytest.mark.parametrize(
    ("service", "dockerfile", "keeps"),
    [
        ("{build: ./app}", 'FROM node:20\nWORKDIR /app\nCOPY . .\nRUN npm ci\nCMD ["node", "server.js"]\n', OWN),
        ("{build: ./app}", "FROM golang:1 AS b\nRUN go build\nFROM alpine\nCOPY --from=b /app /app\nENTRYPOINT /app\n", OWN),
        ("{build: ./app, command: npm start}", "FROM node\n", OWN),
        ("{build: ./app}", "FROM docker.io/library/python:3.12-slim\nCMD python app.py\n", OWN),
        ("{build: ./app}", 'FROM nginx:1\nCMD ["nginx", "-g", "daemon off;"]\n', ["CHOWN", "NET_BIND_SERVICE", "SETGID", "SETUID"]),
        ("{image: 'node:20', command: npm start, volumes: ['.:/app']}", "FROM a\n", OWN),
        ("{image: 'node:20'}", "FROM a\n", None),
        ("{image: 'node:$TAG', command: npm start}", "FROM a\n", OWN),
        ("{image: 'python', command: ping db}", "FROM a\n", None),
        ("{image: 'app', command: npm start}", "FROM a\n", None),
        ("{build: ./other, command: npm start}", "FROM node\n", None),
        ("{command: npm start}", "FROM node\n", None),
        ("{build: ./app}", "FROM node\n", None),  # whatever it starts
        ("{build: ./app}", "FROM acme/base\nCMD app\n", None),
        ("{build: ./app}", "FROM debian\nRUN apt-get install -y iputils-ping nmap\nCMD ./app\n", None),
        ("{build: ./app}", "FROM debian\nRUN apt-get install -y openssh-server\nCMD /start.sh\n", None),
        ("{build: ./app, command: ping db}", "FROM debian\nCMD ./app\n", None),
        ("{build: ./app, command: chroot /srv app}", "FROM debian\nCMD ./app\n", None),
        ("{build: ./app, privileged: true}", "FROM node\nCMD node a.js\n", None),
    ],
)
def test_a_program_of_ones_own_keeps_what_root_does_with_files_users_and_ports(
    service: str, dockerfile: str, keeps: list[str] | None
) -> None:
    sources = files(service, dockerfile)
    [resource] = compose.view("compose/service", LAYOUT, sources)
    assert (resource.tree["image-needs"].get("root") == "told") is bool(keeps)
    placed = compose.edit(LAYOUT, resource, [Edit(("cap_drop",), ["ALL"])], [], sources)
    [added] = [set(each.value) for _, each in placed if each.path[-1] == "cap_add"] or [set()]
    assert added == set(keeps) if keeps else added >= set(OWN) or resource.tree.get("privileged")


def test_sudo_in_the_image_is_seen_from_the_service() -> None:
    assert seen("{build: app}", "FROM a\nRUN apt-get install -y sudo\n")["calls-sudo"] is True
    assert seen("{build: app}", "FROM a\nRUN apt-get install -y curl\n")["calls-sudo"] is False


@pytest.mark.parametrize(("user", "gains"), [("USER 1000\n", True), ("", False)])
def test_an_init_that_becomes_root_by_its_file_is_seen_where_another_user_starts_it(user: str, gains: bool) -> None:
    brings = "ADD https://github.com/just-containers/s6-overlay/releases/download/v3.2.0.0/s6-overlay-noarch.tar.xz /tmp\n"
    assert seen("{build: app}", f"FROM a\n{brings}{user}ENTRYPOINT /init\n")["calls-sudo"] is gains

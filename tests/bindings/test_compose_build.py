"""What the Dockerfile of a Compose service tells of it."""

from __future__ import annotations

import pytest

from setright.bindings.layouts import compose
from setright.bindings.source import Source
from setright.lenses import get
from setright.model import Tree


def seen(service: str, dockerfile: str, name: str = "app/Dockerfile") -> Tree:
    text = f"services:\n  web: {service}\n"
    files = {"compose.yml": ("yaml", text), name: ("dockerfile", dockerfile)}
    sources = {file: Source(file, lens, get(lens, body.encode())) for file, (lens, body) in files.items()}
    [resource] = compose.view("compose/service", {}, sources)
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
        ("{build: 'https://example.com/app.git'}", "FROM a\nUSER app\n", {}),
        ("{build: ./other}", "FROM a\nUSER app\n", {}),
        ("{image: app}", "FROM a\nUSER app\n", {}),
        ("{build: ./app}", "FROM a\nRUN setcap cap_net_raw+ep /app\nUSER app\n", {}),
    ],
)
def test_a_service_that_is_built_to_start_as_another_user_needs_no_capabilities(service: str, dockerfile: str, needs: Tree) -> None:
    assert seen(service, dockerfile)["image-needs"] == needs


def test_sudo_in_the_image_is_seen_from_the_service() -> None:
    assert seen("{build: app}", "FROM a\nRUN apt-get install -y sudo\n")["calls-sudo"] is True
    assert seen("{build: app}", "FROM a\nRUN apt-get install -y curl\n")["calls-sudo"] is False

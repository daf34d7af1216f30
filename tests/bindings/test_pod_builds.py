"""What the Dockerfiles of a tree tell of the pods that run their images."""

from __future__ import annotations

import pytest
from tests.bindings.test_pod_needs import WORKLOAD

from setright.bindings.layouts import kubernetes
from setright.bindings.source import Source
from setright.lenses import get
from setright.model import Tree

MADE = 'FROM python:3.12\nRUN useradd -u 10020 app\nUSER app\nCMD ["python", "-m", "app"]\n'
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: app, image: '%s'%s}]}\n"
COMPOSE = "services: {web: {image: 'example/shop:1', build: ./src}}\n"
SKAFFOLD = "apiVersion: skaffold/v4beta6\nkind: Config\nbuild: {artifacts: [{image: example/shop, context: src}]}\n"


def workload(files: dict[str, str], image: str, more: str = "") -> Tree:
    texts = {**files, "k8s/web.yaml": POD % (image, more)}
    lenses = {name: "dockerfile" if name.endswith("Dockerfile") else "yaml" for name in texts}
    sources = {name: Source(name, lenses[name], get(lenses[name], text.encode())) for name, text in texts.items()}
    [web] = kubernetes.view("k8s/workload", WORKLOAD, sources)
    told: Tree = web.tree["workload"]
    return told


@pytest.mark.parametrize(
    ("files", "image", "more", "user"),
    [
        ({"src/shop/Dockerfile": MADE}, "example/shop:1", "", 10020),
        ({"src/shop/Dockerfile": MADE}, "shop", ", command: [python, -m, other]", 10020),
        ({"src/shop/Dockerfile": MADE.replace("USER app", "USER 7")}, "example/shop:1", "", 7),
        ({"src/Dockerfile": MADE, "compose.yaml": COMPOSE}, "docker.io/example/shop:2", "", 10020),
        ({"src/Dockerfile": MADE, "skaffold.yaml": SKAFFOLD}, "example/shop", "", 10020),
        ({"src/Dockerfile": MADE}, "example/shop:1", "", None),
        ({"a/shop/Dockerfile": MADE, "b/shop/Dockerfile": MADE}, "example/shop:1", "", None),
        ({"src/shop/Dockerfile": MADE.replace("USER app", "USER root")}, "example/shop:1", "", None),
        ({"src/shop/Dockerfile": MADE.replace("USER app\n", "")}, "example/shop:1", "", None),
        ({"src/shop/Dockerfile": MADE.replace("useradd", "apt-get install sudo; useradd")}, "example/shop:1", "", None),
        ({"src/shop/Dockerfile": MADE.replace("python:3.12", "example/shop:1")}, "example/shop:1", "", None),
        ({"src/nginx/Dockerfile": MADE}, "nginx:1.25", "", 0),  # known by itself
    ],
)
def test_a_dockerfile_of_the_tree_tells_the_user_of_its_image(
    files: dict[str, str], image: str, more: str, user: int | None
) -> None:
    told = workload(files, image, more)
    known = told.get("image-needs", {}).get("containers/0", {})
    assert known.get("user") == user
    if user:
        assert told["can-leave-root"] is True
        assert told["uses-capabilities"] is False
        assert ("any-user" in told) is (user > 10000)

"""What else in the tree starts an image, and what that keeps from its Dockerfile."""

from __future__ import annotations

import pytest
from tests.bindings.test_dockerfile_derived import LAYOUT

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import dockerfile
from setright.bindings.source import Source
from setright.model import Edit, Plain

WEB = "FROM python:3.13 AS base\nFROM base AS dev\nFROM base AS prod\nEXPOSE 8000\nCMD python app.py\n"


def tree_of(**files: str) -> dict[str, Source]:
    lens = {True: "dockerfile", False: "yaml"}
    named = {name.replace("_", "/"): text for name, text in files.items()}
    named = {name if name.endswith("Dockerfile") else f"{name}.yml": text for name, text in named.items()}
    return {
        name: Source(name, lens[name.endswith("Dockerfile")], lenses.get(lens[name.endswith("Dockerfile")], text.encode()))
        for name, text in named.items()
    }


@pytest.mark.parametrize(
    ("service", "is_alone"),
    [
        ("{build: ./web}", True),
        ("{build: ./web, command: celery worker}", False),
        ("{build: {context: web}, entrypoint: [rq, worker]}", False),
        ("{build: ./web, command: celery worker, healthcheck: {test: pgrep celery}}", True),
        ("{build: ./web, command: flask run, ports: ['80:8000']}", True),
        ("{build: ./web, command: flask run, ports: [{target: 8000, published: 80}]}", True),
        ("{build: ./web, command: 'gunicorn -b :8000 a'}", True),
        ("{build: ./web, command: 'gunicorn -b :80 a'}", False),
        ("{build: {context: ./web, target: dev}, command: celery worker}", True),
        ("{build: {context: ./web, target: prod}, command: celery worker}", False),
        ("{build: ./other, command: celery worker}", True),
        ("{build: 'https://x.y/z.git', command: celery worker}", True),
    ],
)
def test_a_service_that_starts_something_else_is_seen(service: str, is_alone: bool) -> None:
    given = tree_of(web_Dockerfile=WEB, compose=f"services:\n  worker: {service}\n")
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    assert resource.tree["check"] == {"evidence": "exposed", "alone": is_alone}
    if is_alone:
        assert dockerfile.edit(LAYOUT, resource, [Edit(("Healthcheck",), "auto")], [], given)
    else:
        with pytest.raises(BindingError, match="starts something else from its image"):
            dockerfile.edit(LAYOUT, resource, [Edit(("Healthcheck",), "auto")], [], given)


@pytest.mark.parametrize(("image", "is_refused"), [("Dockerfile", True), ("docker://alpine:3", False), ("../Dockerfile", False)])
def test_an_action_stays_with_root(image: Plain, is_refused: bool) -> None:
    given = tree_of(a_Dockerfile="FROM alpine:3\nENTRYPOINT /a\n", a_action=f"runs: {{using: docker, image: '{image}'}}\n")
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    if is_refused:
        with pytest.raises(BindingError, match="GitHub starts an action's container as root"):
            dockerfile.edit(LAYOUT, resource, [Edit(("User",), "auto")], [], given)
    else:
        assert dockerfile.edit(LAYOUT, resource, [Edit(("User",), "auto")], [], given)


@pytest.mark.parametrize(
    ("name", "text", "purpose"),
    [
        ("Dockerfile", 'FROM alpine:3\nENTRYPOINT ["kubectl"]\nCMD ["--help"]\n', "tool"),
        ("Dockerfile", 'FROM alpine:3\nENTRYPOINT ["/usr/bin/restic"]\n', "tool"),
        ("Dockerfile", 'FROM alpine:3\nENTRYPOINT ["/usr/bin/restic", "serve"]\n', None),
        ("Dockerfile", 'FROM alpine:3\nEXPOSE 1313\nENTRYPOINT ["hugo"]\nCMD ["--help"]\n', None),
        ("Dockerfile", "FROM public.ecr.aws/lambda/python:3.13\nCMD a.b\n", "function"),
        ("Dockerfile", 'FROM debian:12\nRUN apt-get update\nCMD ["bash", "-l"]\n', "shell"),
        ("Dockerfile", 'FROM debian:12\nCMD ["bash", "run.sh"]\n', None),
        ("Dockerfile", "FROM debian:12\nRUN apt-get update\n", None),
        ("Dockerfile", "FROM a AS made\nRUN make\nFROM scratch\nCOPY --from=made /out /\n", "files"),
        ("Dockerfile", 'FROM scratch\nCOPY a /\nCMD ["/a"]\n', None),
        ("Dockerfile", "FROM debian:12\nRUN apt-get update && apt-get install -y build-essential git\n", "jobs"),
        ("Dockerfile", "FROM debian:12\nRUN apt-get install -y gcc\nCOPY . .\n", None),
        ("ci_Dockerfile", "FROM debian:12\nRUN apt-get update\n", "jobs"),
        ("ci_Dockerfile", "FROM debian:12\nCMD /bin/bash\n", "jobs"),
        ("ci_Dockerfile", "FROM debian:12\nCMD python app.py\n", None),
        ("ci_Dockerfile", "FROM postgres:17\nRUN true\n", None),
        ("Dockerfile", "FROM cimg/go:1.24\nRUN true\n", "jobs"),
        ("a_Dockerfile", "FROM alpine:3\nENTRYPOINT /a\n", "action"),
        ("web_Dockerfile", "FROM debian:12\nCMD bash\n", None),
    ],
)
def test_what_is_surely_no_service_is_told(name: str, text: str, purpose: str | None) -> None:
    others = {"a_action": "runs: {using: docker, image: Dockerfile}\n", "compose": "services: {w: {build: web}}\n"}
    (resource,) = dockerfile.view("docker/image", LAYOUT, tree_of(**{name: text}, **others))
    assert resource.tree.get("purpose") == purpose


def test_images_that_jobs_run_in_stay_with_root() -> None:
    given = tree_of(ci_Dockerfile="FROM debian:12\nRUN apt-get update\n")
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    with pytest.raises(BindingError, match="jobs run in its image"):
        dockerfile.edit(LAYOUT, resource, [Edit(("User",), "auto")], [], given)


@pytest.mark.parametrize(
    ("service", "is_left"),
    [
        ("{build: ./web, privileged: true}", True),
        ("{build: ./web, volumes: ['/var/run/docker.sock:/var/run/docker.sock']}", True),
        ("{build: {context: web}, devices: ['/dev/ttyUSB0']}", True),
        ("{build: ./web, cap_add: [NET_ADMIN]}", True),
        ("{build: ./web, cap_add: [NET_BIND_SERVICE]}", False),
        ("{build: ./web, privileged: true, user: '1000'}", False),
        ("{build: ./other, privileged: true}", False),
    ],
)
def test_what_a_service_gives_to_root_alone_keeps_its_image_with_root(service: str, is_left: bool) -> None:
    given = tree_of(web_Dockerfile=WEB, compose=f"services:\n  a: {service}\n")
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    if is_left:
        with pytest.raises(BindingError, match="starts its image"):
            dockerfile.edit(LAYOUT, resource, [Edit(("User",), "auto")], [], given)
    else:
        assert dockerfile.edit(LAYOUT, resource, [Edit(("User",), "auto")], [], given)

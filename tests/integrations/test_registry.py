"""A real registry (Debian's docker-registry) asked for digests: open, behind a password, and behind tokens that it verifies."""

import base64
import hashlib
import json
import shutil
import socket
import stat

import pytest
from lab.registry import LOGIN, push, registry

from setright.integrations.error import IntegrationError
from setright.integrations.registry import Registries, image_reference

IMAGE = "shop/web"


pytestmark = pytest.mark.skipif(not shutil.which("docker-registry"), reason="needs docker-registry")


@pytest.fixture(scope="module")
def open_one():
    with registry() as where:
        yield where


@pytest.fixture(scope="module", params=["password", "token"])
def guarded(request):
    with registry(request.param) as where:
        yield where


def config(folder, told):
    (folder / "config.json").write_text(json.dumps(told))
    return folder / "config.json"


def logged_in(folder, where, login=LOGIN):
    return config(folder, {"auths": {where: {"auth": base64.b64encode(login.encode()).decode()}}})


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("nginx", ("docker.io", "library/nginx", "latest")),
        ("nginx:1.27-alpine", ("docker.io", "library/nginx", "1.27-alpine")),
        ("grafana/grafana:11.2.0", ("docker.io", "grafana/grafana", "11.2.0")),
        ("docker.io/library/redis:7", ("docker.io", "library/redis", "7")),
        ("ghcr.io/acme/shop", ("ghcr.io", "acme/shop", "latest")),
        ("localhost/a:1", ("localhost", "a", "1")),
        ("registry.example:5000/team/a_b/c:v1", ("registry.example:5000", "team/a_b/c", "v1")),
    ],
)
def test_an_image_means_what_it_means_to_docker(written, meant):
    assert image_reference(written) == meant


@pytest.mark.parametrize("written", ["", "Nginx", "a:b:c", "nginx:", "../etc:1", "a//b", "nginx@sha256:00", "a:1\nb"])
def test_what_is_no_image_by_a_tag_is_asked_nowhere(written):
    with pytest.raises(IntegrationError, match="no image by a tag"):
        image_reference(written)


def test_the_digest_is_the_one_that_the_registry_gave_when_it_was_pushed(open_one, tmp_path):
    pushed = push(open_one, IMAGE, "2.0", "web 2.0")
    asked = Registries(tmp_path / "none")
    assert asked.digest(f"{open_one}/{IMAGE}:2.0") == pushed
    push(open_one, IMAGE, "2.0", "web 2.0, built anew")
    assert asked.digest(f"{open_one}/{IMAGE}:2.0") != pushed


def test_a_tag_that_is_not_there_is_named(open_one, tmp_path):
    with pytest.raises(IntegrationError, match=r"has no tag 9\.9 of shop/web"):
        Registries(tmp_path / "none").digest(f"{open_one}/{IMAGE}:9.9")


def test_a_login_that_docker_left_opens_a_guarded_registry(guarded, tmp_path):
    asked = Registries(logged_in(tmp_path, guarded))
    first, latest = (asked.digest(f"{guarded}/{IMAGE}:{tag}") for tag in ("1.4", "latest"))
    assert first.startswith("sha256:") and first != latest


def test_a_login_that_a_helper_keeps_opens_it_too(guarded, tmp_path, monkeypatch):
    helper = tmp_path / "docker-credential-lab"
    user, secret = LOGIN.split(":")
    answer = json.dumps({"Username": user, "Secret": secret})
    helper.write_text(f"#!/bin/sh\nread name; [ \"$1 $name\" = 'get {guarded}' ] || exit 1\nprintf %s '{answer}'\n")
    helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert Registries(config(tmp_path, {"credHelpers": {guarded: "lab"}})).digest(f"{guarded}/{IMAGE}:1.4").startswith("sha256:")


def test_without_a_login_it_says_how_to_log_in(guarded, tmp_path):
    with pytest.raises(IntegrationError, match=r"docker login"):
        Registries(tmp_path / "none").digest(f"{guarded}/{IMAGE}:1.4")


def test_a_wrong_password_is_told_and_never_shown(guarded, tmp_path):
    with pytest.raises(IntegrationError, match=r"docker login") as told:
        Registries(logged_in(tmp_path, guarded, "ops:wrong horse")).digest(f"{guarded}/{IMAGE}:1.4")
    assert "wrong horse" not in str(told.value)


def test_a_registry_that_does_not_answer_is_named(tmp_path):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{held.getsockname()[1]}"
        with pytest.raises(IntegrationError, match=f"{where}: cannot be reached"):
            Registries(tmp_path / "none").digest(f"{where}/a:1")


@pytest.mark.parametrize("told", ["{", "[]x"])
def test_a_configuration_that_cannot_be_read_is_named(guarded, tmp_path, told):
    (tmp_path / "config.json").write_text(told)
    with pytest.raises(IntegrationError, match=r"config\.json: cannot be read"):
        Registries(tmp_path / "config.json").digest(f"{guarded}/{IMAGE}:1.4")


def test_digests_are_those_of_the_bytes(open_one, tmp_path):
    import urllib.request

    digest = Registries(tmp_path / "none").digest(f"{open_one}/{IMAGE}:1.4")
    asked = urllib.request.Request(
        f"http://{open_one}/v2/{IMAGE}/manifests/1.4", headers={"Accept": "application/vnd.oci.image.manifest.v1+json"}
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert digest == f"sha256:{hashlib.sha256(answer.read()).hexdigest()}"

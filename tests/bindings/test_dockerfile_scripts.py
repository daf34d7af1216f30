"""What scripts that images start need root for."""

from __future__ import annotations

import pytest
from tests.bindings.test_dockerfile_derived import LAYOUT

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import dockerfile
from setright.bindings.source import Source
from setright.model import Edit, Tree

WEB = 'FROM debian:12\nRUN mkdir /etc/mine && chown 7 /etc/mine\nCOPY docker/start.sh /\nCMD ["/start.sh"]\n'


def sources_of(script: str, text: str, locator: str = "web/Dockerfile", path: str = "web/docker/start.sh") -> dict[str, Source]:
    return {
        locator: Source(locator, "dockerfile", lenses.get("dockerfile", text.encode())),
        path: Source(path, "text", lenses.get("text", f"#!/bin/sh\n{script}\n".encode())),
    }


def fix(script: str, text: str = WEB, locator: str = "web/Dockerfile", path: str = "web/docker/start.sh") -> None:
    given = sources_of(script, text, locator, path)
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    dockerfile.edit(LAYOUT, resource, [Edit(("User",), "auto")], [], given)


@pytest.mark.parametrize(
    ("script", "does"),
    [
        ("chown -R app /data\nexec app", "calls chown"),
        ('exec su-exec app "$@"', "calls su-exec"),
        ("apk add --no-cache curl && app", "calls apk"),
        ("cp -n /defaults/a.conf /etc/a/a.conf", "writes to /etc/a/a.conf"),
        ("envsubst < a > /etc/nginx/nginx.conf", "writes to /etc/nginx/nginx.conf"),
        ("sed -i s/a/b/ /usr/share/app/index.html", "writes to /usr/share/app/index.html"),
    ],
)
def test_a_script_that_only_root_can_run_keeps_its_image_with_root(script: str, does: str) -> None:
    with pytest.raises(BindingError, match=f"start.sh {does} when it starts"):
        fix(script)


@pytest.mark.parametrize(
    "script",
    [
        'exec "$@" 2>/dev/null',
        "# chown app\nmkdir -p /data && exec app",
        'if [ "$(id -u)" = 0 ]; then chown app /data; fi',
        "cp /etc/a /tmp/a; sed s/a/b/ /etc/a; echo > /etc/mine/a",
    ],
)
def test_a_script_that_any_user_can_run_keeps_nobody_from_it(script: str) -> None:
    fix(script)


@pytest.mark.parametrize(
    ("script", "alone"),
    [
        ("exec gunicorn --workers 2 app:app", True),
        ("celery -A a worker &\nexec gunicorn -k uvicorn.workers.UvicornWorker app:app", True),  # both at once
        ("python manage.py migrate\nexec celery -A a worker", True),  # nothing else than that
        ('if [ "$MODE" = worker ]; then\n  exec celery -A a worker\nelse\n  exec gunicorn app:app\nfi', "unless-told"),
        ('case "$1" in\n  web) exec puma ;;\n  sidekiq|jobs)\n    exec bundle exec sidekiq ;;\nesac', "unless-told"),
        ('case "$1" in\n  scheduler) shift; run $@;;\nesac\nexec app', "unless-told"),
        ('case "$1" in\n  dev) exec app --dev ;;\n  *) exec app ;;\nesac', True),
    ],
)
def test_a_check_may_not_fit_what_a_script_starts_where_it_is_told_to(script: str, alone: bool | str) -> None:
    given = sources_of(script, WEB.replace("CMD", "EXPOSE 8000\nCMD"))
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    assert resource.tree["check"] == {"evidence": "exposed", "alone": alone}


@pytest.mark.parametrize(
    ("script", "command", "evidence"),
    [
        ('set -e\nexport A=b\nexec "$@"', "", "presumed"),
        ('set -e\nexec "$@"', 'CMD ["app"]\n', "exposed"),
        ("exec app", "", "exposed"),
        ('[ -n "$1" ] || exec app\nexec "$@"', "", "exposed"),
    ],
)
def test_nothing_is_known_of_what_is_told_to_a_script_that_goes_on_to_it(script: str, command: str, evidence: str) -> None:
    text = WEB.replace('CMD ["/start.sh"]', f'EXPOSE 8000\nENTRYPOINT ["/start.sh"]\n{command}')
    (resource,) = dockerfile.view("docker/image", LAYOUT, sources_of(script, text))
    assert resource.tree["check"]["evidence"] == evidence


@pytest.mark.parametrize(
    ("script", "is_left"), [("apt-get install -y b", True), ("apt-get update\napt-get install -y b", False), ("echo b", False)]
)
def test_lists_stay_for_a_script_that_installs_by_them(script: str, is_left: bool) -> None:
    text = 'FROM debian:12\nRUN apt-get update && apt-get install -y a\nCOPY docker/start.sh /\nRUN /start.sh\nCMD ["a"]\n'
    given = sources_of(script, text)
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    edit = Edit(("stages", 0, "instructions", 1, "lists"), "removed")
    if is_left:
        with pytest.raises(BindingError, match="installs by these lists"):
            dockerfile.edit(LAYOUT, resource, [edit], [], given)
    else:
        assert dockerfile.edit(LAYOUT, resource, [edit], [], given)


@pytest.mark.parametrize(
    ("locator", "path", "is_read"),
    [
        ("web/build/Dockerfile", "web/docker/start.sh", True),  # a folder above is the context
        ("web/Dockerfile", "api/docker/start.sh", False),
        ("Dockerfile", "api/docker/start.sh", False),
        ("web/Dockerfile", "web/start.sh", False),
    ],
)
def test_only_a_script_that_is_copied_tells_of_an_image(locator: str, path: str, is_read: bool) -> None:
    if is_read:
        with pytest.raises(BindingError, match="calls chown"):
            fix("chown app /data", locator=locator, path=path)
    else:
        fix("chown app /data", locator=locator, path=path)


def test_of_a_whole_folder_the_word_says_which_script_it_is() -> None:
    text = 'FROM debian:12\nCOPY . /app\nCMD ["/app/docker/start.sh"]\n'
    with pytest.raises(BindingError, match="calls chown"):
        fix("chown app /data", text)
    fix("chown app /data", text, path="web/test/start.sh")


@pytest.mark.parametrize(
    ("copies", "text", "evidence"),
    [
        ("nginx.conf /etc/nginx/nginx.conf", "http { server { listen 0.0.0.0:80; } }", "base"),
        ("nginx.conf /etc/nginx/nginx.conf", "http { server { listen 8080; # not 80\n} }", "likely"),
        ("nginx.conf /etc/nginx/conf.d/default.conf", "upstream a { server b:99; }", "base"),
        ("other.conf /etc/nginx/nginx.conf", "http { server { listen 80; } }", "likely"),  # which is not here
        ("certs /etc/nginx/certs", "", "base"),
        ("nginx.conf /etc/nginx/nginx.conf\nEXPOSE 3000", "http { server { listen 3000; } }", "exposed"),
        ("nginx.conf /etc/nginx/nginx.conf\nEXPOSE 3000", "http { server { listen 80; } }", "likely"),
    ],
)
def test_the_port_of_a_base_image_is_asked_where_configuration_may_name_others(copies: str, text: str, evidence: str) -> None:
    given = {
        "web/Dockerfile": Source(
            "web/Dockerfile", "dockerfile", lenses.get("dockerfile", f"FROM nginx:1\nCOPY {copies}\n".encode())
        ),
        "web/nginx.conf": Source("web/nginx.conf", "text", lenses.get("text", f"{text}\n".encode())),
    }
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    assert resource.tree["check"]["evidence"] == evidence


@pytest.mark.parametrize(
    "text",
    [
        "FROM debian:12\nCOPY docker/start.sh /go.sh\nCMD /go.sh\n",
        'FROM debian:12\nCOPY <<EOF /go.sh\n#!/bin/sh\nrunuser -u app -- app\nEOF\nENTRYPOINT ["/go.sh"]\n',
    ],
)
def test_a_script_is_read_by_whatever_name_it_starts(text: str) -> None:
    with pytest.raises(BindingError, match="calls (?:chown|runuser)"):
        fix("chown app /data", text)


@pytest.mark.parametrize(
    ("script", "check"),
    [
        ("python manage.py migrate\nexec gunicorn -b 0.0.0.0:8000 a.wsgi", {"evidence": "named", "alone": True}),
        ("uvicorn app:app --host 0.0.0.0 --port 80", {"evidence": "named", "alone": True}),
        ("exec flask run", {"evidence": "usual", "alone": True}),
        ("python manage.py migrate", {}),
        ('exec "$@"', {}),
        ("if [ $A ]; then\n  exec gunicorn -b :80 a\nfi", {}),
    ],
)
def test_the_last_command_of_a_script_tells_the_port(script: str, check: Tree) -> None:
    given = sources_of(script, WEB)
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    assert resource.tree["check"] == check
    if check:
        assert dockerfile.edit(LAYOUT, resource, [Edit(("Healthcheck",), "auto")], [], given)

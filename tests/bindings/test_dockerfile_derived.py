"""What a Dockerfile tells of its image: the user that it can run as, and how to ask whether it works."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setright import lenses
from setright.bindings.error import BindingError
from setright.bindings.layouts import dockerfile
from setright.bindings.layouts._dockerfile_image import image_facts, image_of, program, users_made
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.bindings.trees import look_up
from setright.model import Edit, Plain, Tree

ROOT = Path(__file__).parents[2] / "bindings"
LAYOUT = load_one(ROOT / "docker/image.yaml", ROOT).layouts["dockerfile"]
IMAGES = LAYOUT["images"]


def seen(text: str) -> Tree:
    return dockerfile.view("docker/image", LAYOUT, {"Dockerfile": source(text)})[0].tree


def source(text: str) -> Source:
    return Source("Dockerfile", "dockerfile", lenses.get("dockerfile", text.encode()))


def fixed(text: str, key: str, value: Plain = "auto") -> str:
    given = {"Dockerfile": source(text)}
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    placed = dockerfile.edit(LAYOUT, resource, [Edit((key,), value)], [], given)
    return lenses.put("dockerfile", text.encode(), [edit for _, edit in placed]).decode()


def new_lines(text: str, key: str) -> list[str]:
    """What the fix adds, line by line."""
    before = text.splitlines()
    return [line.strip() for line in fixed(text, key).splitlines() if line not in before]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("FROM debian:12\nCMD x\n", ["RUN useradd --uid 10001 --create-home app", "USER 10001"]),
        ("FROM alpine\nWORKDIR /a\nCMD x\n", ["RUN adduser -D -u 10001 app \\", "&& chown -R app:app /a", "USER 10001"]),
        ("FROM node:22\nWORKDIR /a\nCMD x\n", ["RUN chown -R node:node /a", "USER 1000"]),
        ("FROM amazonlinux:2023\nWORKDIR /a\nCMD x\n", ["RUN chown -R 10001 /a", "USER 10001"]),
        ("FROM scratch\nCOPY a /\nCMD x\n", ["USER 65532"]),
        (
            "FROM python:3.13\nWORKDIR /home\nCMD x\n",
            ["RUN useradd --uid 10001 --create-home app \\", "&& chown -R app:app /home", "USER 10001"],
        ),
        ("FROM acme/base\nUSER root\nCMD x\n", ["USER 65532"]),
        ("FROM acme/base\nRUN chown root /b\nWORKDIR /a\nCMD x\n", ["RUN chown -R 65532 /a", "USER 65532"]),
        (
            'FROM acme/base\nRUN chown root /b\nVOLUME /a\nENTRYPOINT ["tini", "bash"]\n',
            ["RUN mkdir -p /a \\", "&& chown -R 65532 /a", "USER 65532"],
        ),
        ("FROM acme/base\nRUN apk add a\nCMD x\n", ["RUN adduser -D -u 10001 app", "USER 10001"]),
        ("FROM debian:12\nRUN useradd -r -u 7 me\nCMD x\n", ["USER 7"]),
        ("FROM debian:12\nRUN adduser --system --group me && adduser me dialout\nCMD x\n", ["USER me"]),
        ("FROM debian:12\nUSER me\nUSER root\nRUN x\nCMD x\n", ["USER me"][:0]),
        ("FROM mcr.microsoft.com/windows/servercore:ltsc2022\nCMD x\n", ["USER ContainerUser"]),
        ("FROM mcr.microsoft.com/dotnet/aspnet:8.0\nCMD x\n", ["USER 1654"]),
        ("FROM php:8.4-fpm\nCMD x\n", ["USER 33"]),
        ("FROM php:8.4-fpm-alpine\nCMD x\n", ["USER 82"]),
        ('FROM debian:12\nCMD ["rspamd", "-f", "-u", "_rspamd"]\n', ["USER _rspamd"]),
        ('FROM python:3.13\nCMD ["gunicorn", "--user=web", "a:b"]\n', ["USER web"]),
        ("FROM nginx:1.26-alpine\nCOPY a b\n", ["RUN touch /var/run/nginx.pid \\"]),
        ("FROM debian:12\nRUN chown -R postgres:postgres /data\nCMD x\n", ["USER postgres"]),
        ("FROM debian:12\nRUN chown www-data /a && chown root /b\nCMD x\n", ["USER 33"]),
        ("FROM debian:12\nRUN useradd -u 7 me && useradd you\nCOPY --chown=me:me a /a\nCMD x\n", ["USER 7"]),
        ("FROM alpine\nRUN adduser -D -u 7 me && mkdir -p /var/lib/a /src/data\nCMD x\n", ["RUN chown -R me /var/lib/a", "USER 7"]),
        ("FROM debian:12\nRUN useradd -u 7 me && mkdir /data && rm -r /data\nCMD x\n", ["USER 7"]),
        (
            'FROM debian:12\nRUN useradd -u 7 me && mkdir /a /b /c\nENV DATA_DIR=/b PATH=/c\nCMD ["x", "-d", "/a"]\n',
            ["RUN chown -R me /a /b", "USER 7"],
        ),
        (
            'FROM debian:12\nRUN useradd -u 7 me\nCMD ["x", "-d", "/db", "--log=/logs/a.txt", "-c", "/data/a.yml"]\n',
            ["RUN mkdir -p /db /logs \\", "&& chown -R me /db /logs", "USER 7"],
        ),
        ('FROM debian:12\nRUN useradd -u 7 me && chown me /db\nCMD ["x", "-d", "/db"]\n', ["USER 7"]),
        ("FROM alpine\nRUN adduser -D -u 7 me\nCOPY crontab /etc/crontab\nCMD supercronic /etc/crontab\n", ["USER 7"]),
        ("FROM debian:12\nRUN useradd -u 7 me && rm -rf /etc/cron.d/*\nCOPY crontab /app/\nCMD x\n", ["USER 7"]),
        ("FROM debian:12\nRUN useradd -u 7 me\nWORKDIR /root/\nCOPY a .\nCMD ./a\n", ["WORKDIR /app", "RUN chown -R me /app"]),
        ("FROM mcr.microsoft.com/devcontainers/javascript-node:22\nCMD x\n", ["USER 1000"]),
        ("FROM debian:12\nCOPY --chown=1000:1000 a /a\nCMD x\n", ["USER 1000"]),
        (
            "FROM tomcat:11\nWORKDIR /usr/local/tomcat/webapps\nCMD x\n",
            ["RUN useradd --uid 10001 --create-home app \\", "&& chown -R app:app /usr/local/tomcat"],
        ),
    ],
)
def test_the_user_is_one_that_the_image_has_or_a_new_one(text: str, lines: list[str]) -> None:
    assert new_lines(text, "User")[: len(lines)] == lines


def test_what_is_installed_elsewhere_than_in_the_home_of_root_may_run_as_another() -> None:
    for text in (
        "ENV POETRY_VIRTUALENVS_IN_PROJECT=1\nRUN poetry install",
        "RUN poetry config virtualenvs.create false && poetry install",
    ):
        assert "USER 10001" in fixed(f"FROM python:3.13\n{text}\nCMD ./a.sh\n", "User")


@pytest.mark.parametrize(
    ("begins", "is_refused"),
    [
        *(("acme/base:1", True), ("acme/other:1", False), ("debian:12", False)),
        *(("arm64v8/base:1", False), ("registry.opensuse.org/opensuse/base", False)),
    ],
)
def test_an_image_that_others_begin_from_stays_as_they_build_on_it(begins: str, is_refused: bool) -> None:
    other = Source(
        "web/Dockerfile", "dockerfile", lenses.get("dockerfile", f"FROM {begins}\nRUN apt-get install a\nCMD a\n".encode())
    )
    base = Source("base/Dockerfile", "dockerfile", lenses.get("dockerfile", b"FROM debian:12\nRUN apt-get install b\n"))
    given = {"web/Dockerfile": other, "base/Dockerfile": base}
    resource = next(each for each in dockerfile.view("docker/image", LAYOUT, given) if each.name == "base/Dockerfile")
    if is_refused:
        with pytest.raises(BindingError, match="web/Dockerfile begins from its image"):
            dockerfile.edit(LAYOUT, resource, [Edit(("User",), "auto")], [], given)
    else:
        assert dockerfile.edit(LAYOUT, resource, [Edit(("User",), "auto")], [], given)


@pytest.mark.parametrize("package", ["openssh-server", "openssh"])
def test_an_image_that_serves_ssh_keeps_saying_so(package: str) -> None:
    text = f"FROM alpine\nRUN apk add {package}\nEXPOSE 80 22\n"
    given = {"Dockerfile": source(text)}
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    with pytest.raises(BindingError, match=f"it has {package}"):
        dockerfile.edit(LAYOUT, resource, [Edit(("ExposedPorts", 1), remove=True)], [], given)
    assert dockerfile.edit(LAYOUT, resource, [Edit(("ExposedPorts", 0), remove=True)], [], given)


def test_a_program_that_is_started_as_it_is_needs_no_root_for_what_else_there_is() -> None:
    assert "USER 10001" in fixed('FROM debian:12\nRUN apt-get install -y gosu cron\nCMD ["python3", "app.py"]\n', "User")


@pytest.mark.parametrize("made", ["WORKDIR /var/lib/shop", "COPY data /var/lib/shop/", "VOLUME /var/lib/shop"])
def test_a_folder_of_root_that_no_shell_can_give_away_is_left_to_a_person(made: str) -> None:
    with pytest.raises(BindingError, match="/var/lib/shop belongs to root"):
        fixed(f'FROM gcr.io/distroless/static-debian12\n{made}\nCMD ["/shop"]\n', "User")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("FROM node:22\nUSER node:node\n", "USER 1000:node"),
        ("FROM debian:12\nRUN useradd -u 7 me\nUSER me\nCMD x\n", "USER 7"),
        ("FROM node:22 AS a\nUSER node\nFROM a\n", "USER 1000"),
        ("FROM gcr.io/distroless/static-debian12\nUSER nonroot\n", "USER 65532"),
        ("FROM alpine\nUSER nobody\n", "USER 65534"),
    ],
)
def test_a_user_that_is_known_by_number_is_said_by_it(text: str, line: str) -> None:
    given = {"Dockerfile": source(text)}
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    placed = dockerfile.edit(LAYOUT, resource, [Edit(("user-number",), remove=True)], [], given)
    assert line in lenses.put("dockerfile", text.encode(), [edit for _, edit in placed]).decode().splitlines()


@pytest.mark.parametrize(
    "text", ["FROM acme/a\nUSER me\n", "FROM debian:12\nUSER root\n", "FROM node:22\nUSER 1000\n", "FROM jetty\n"]
)
def test_no_number_is_made_up_for_a_user(text: str) -> None:
    assert "user-number" not in seen(text)


def test_an_image_that_is_known_elsewhere_runs_as_it_does_there() -> None:
    assert seen("FROM openzipkin/zipkin:3\n")["User"] == "1000"


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("FROM node:22-nanoserver\nEXPOSE 10000\nCMD a\n", r"curl\.exe .*localhost:10000"),
        ('FROM scratch\nEXPOSE 80\nENTRYPOINT ["/filer"]\n', r'"/filer", "--health".*"127\.0\.0\.1", "80"'),
        ("FROM debian:12\nRUN make\n", "take an exception"),
        ("FROM rust:1\nCMD cargo build\n", "take an exception"),
        ("FROM debian:12\nCMD /bin/bash\n", "take an exception"),
        ("FROM debian:12\nCMD /run.sh\n", "asks the program itself"),
        ('FROM alpine\nEXPOSE 1313\nENTRYPOINT ["hugo"]\nCMD ["--help"]\n', "only tells how it is used"),
    ],
)
def test_what_to_write_by_hand_fits_the_image(text: str, step: str) -> None:
    with pytest.raises(BindingError, match=step):
        fixed(text, "Healthcheck")


def test_of_several_ports_the_one_is_asked_that_programs_usually_serve_on() -> None:
    assert '"6881"' not in fixed("FROM alpine\nEXPOSE 6881 9000\nCMD npm start\n", "Healthcheck")
    assert '"6881"' in fixed("FROM alpine\nEXPOSE 6881 6882\nCMD npm start\n", "Healthcheck")


def test_a_shell_that_runs_says_nothing_of_its_script() -> None:
    with pytest.raises(BindingError, match="nothing tells"):
        fixed('FROM debian:12\nENTRYPOINT ["/bin/bash", "start_app.sh"]\n', "Healthcheck")


def test_root_between_two_others_gives_way_again_behind_its_work() -> None:
    text = "FROM debian:12\nUSER me\nUSER root\nRUN x\nCMD y\n"
    assert fixed(text, "User") == "FROM debian:12\nUSER me\nUSER root\nRUN x\nUSER me\nCMD y\n"


def test_a_volume_is_given_away_before_it_is_one() -> None:
    text = 'FROM debian:12\nVOLUME ["/data", "/tmp"]\nWORKDIR $HOME/a\nCOPY a b\nENTRYPOINT ["a"]\n'
    made = "RUN useradd --uid 10001 --create-home app \\\n    && mkdir -p /data \\\n    && chown -R app:app /data\n"
    assert fixed(text, "User") == (
        f'FROM debian:12\n{made}VOLUME ["/data", "/tmp"]\nWORKDIR $HOME/a\nCOPY a b\n'
        'RUN chown -R app:app .\nUSER 10001\nENTRYPOINT ["a"]\n'
    )


@pytest.mark.parametrize(
    "text",
    [
        "FROM node:22\nONBUILD RUN npm install\n",
        "FROM debian:12\nWORKDIR /root/app\n",
        'FROM debian:12\nCMD ["/usr/sbin/sshd", "-D"]\n',
        "ARG A=1\n",
        "FROM acme/server:1\nCOPY a.conf /etc/\n",
        'FROM acme/boot:1\nCOPY a.conf /etc/\nENTRYPOINT ["/usr/bin/boot"]\n',
        'FROM alpine\nRUN apk add iptables\nENTRYPOINT ["/a"]\n',
        'FROM alpine\nRUN apk add iproute2\nENTRYPOINT ["/vip-manager"]\n',
        'FROM debian:12\nRUN apt-get update && apt-get install -y gosu\nENTRYPOINT ["/start"]\n',
        "FROM alpine\nRUN apk add su-exec=0.2-r3\nCMD ./run.sh\n",
        'FROM debian:12\nADD https://a.org/gosu-amd64 /usr/sbin/gosu\nENTRYPOINT ["start.sh"]\n',
        "FROM debian:12\nRUN apt-get install -y nginx supervisor\nCMD /run.sh\n",
        "FROM debian:12\nRUN apt-get install -y postfix\nCMD /run.sh\n",
        'FROM acme/base\nENTRYPOINT ["tini", "--", "gosu", "app", "python", "app.py"]\n',
        "FROM alpine\nRUN chown -R frr:frr /etc/frr\nCMD /start\n",
        "FROM docker:17.12-dind\nCOPY a /etc/a\n",
        'FROM phusion/baseimage:1\nCMD ["/sbin/my_init"]\n',
        "FROM debian:12\nENV BUILDDIR=/root/rpmbuild\nCMD x\n",
        'FROM alpine\nENTRYPOINT ["/start"]\nCMD ["/usr/sbin/crond", "-f"]\n',
        "FROM alpine\nCMD cron.sh\n",
        "FROM debian:12\nCMD jupyterhub\n",
        "FROM dperson/samba\nRUN apk add a\nCMD b\n",
        "FROM alpine\nRUN apk add docker-cli\nCMD b\n",
        "FROM acme/base\nWORKDIR /a\nCMD x\n",  # which may have a user of its own
        "FROM python:3.13\nCOPY . .\nCMD python a.py\n",  # what it writes where it stands would be in /
        "FROM rust:1\nWORKDIR /\nCOPY . .\nCMD cargo run\n",
        'FROM alpine\nVOLUME /site\nENTRYPOINT ["hugo"]\nCMD ["--help"]\n',
        "FROM debian:12\nENV TMPDIR=/var/lib/docker/tmp\nCMD x\n",
        "FROM debian:12\nENV USER root\nCMD x\n",
        "FROM nginx\nENV DOCKER_HOST unix:///tmp/docker.sock\nCMD x\n",
        "FROM debian:12\nRUN curl -o /usr/local/bin/gosu https://a.org/gosu-amd64\nCMD /run.sh\n",
        "FROM alpine\nCOPY jobs /etc/crontabs/root\nCMD /run.sh\n",
        "FROM php:8-apache\nRUN echo '* * * * * a' > /var/spool/cron/crontabs/www-data\nCMD apache2-foreground\n",
        "FROM python:3.13\nRUN poetry install\nCMD ./a.sh\n",
        "FROM python:3.13\nRUN pip install --no-cache-dir --user flask\nCMD flask run\n",
        "FROM debian:12\nWORKDIR /root\nRUN cp a /root/b\nCMD ./b\n",
        "FROM scratch\nVOLUME /srv\nCOPY a /\nCMD /a\n",
        'FROM gcr.io/distroless/static\nCOPY etcd /bin/\nCOPY var/lib/etcd /var/lib/etcd\nCMD ["/bin/etcd"]\n',
        'FROM gcr.io/distroless/static\nCOPY mkdir etcd /bin/\nRUN mkdir -p /var/lib/etcd\nCMD ["/bin/etcd"]\n',
        'FROM gcr.io/distroless/static\nCOPY --from=a /data /data\nCMD ["/app"]\n',
        "FROM registry.access.redhat.com/ubi9/ubi-init\nRUN dnf install -y httpd\n",
        "FROM rockylinux:9\nRUN dnf install -y httpd && systemctl enable httpd\n",
        'FROM debian:12\nRUN apt-get install -y squid\nCMD ["squid", "-N"]\n',
        "FROM alpine\nRUN apk add redis\nCMD redis-server --port 1\n",
        "FROM debian:12\nCMD cp /work/a.conf /etc && ./a\n",
        'FROM debian:12\nCMD ["bash", "-c", "service a start && ./b"]\n',
        'FROM scratch\nCOPY . /\nENTRYPOINT ["/entrypoint", "/sbin/init"]\n',
        "FROM debian:12\nSTOPSIGNAL SIGRTMIN+3\nCMD ./a\n",
        "FROM node:4-onbuild\nCMD node app\n",
        "FROM alpine\n#USER app\n# made for less, but not yet:\n# USER root\nCMD ./a\n",
    ],
)
def test_what_another_user_would_surely_break_is_refused(text: str) -> None:
    with pytest.raises(BindingError):
        fixed(text, "User")


@pytest.mark.parametrize(
    ("text", "user"),
    [
        ("FROM debian AS a\nUSER me\nFROM a\n", "me"),
        ("FROM debian AS a\nUSER me\nFROM debian\n", None),
        ("FROM jenkins/jenkins:lts\n", "jenkins"),
        ("FROM gcr.io/distroless/static:nonroot\n", "nonroot"),
        ("FROM docker.io/library/node\n", None),
        ("FROM registry.docker.com/jenkins/jenkins:lts\n", "jenkins"),
    ],
)
def test_the_user_comes_from_the_stages_below_and_the_base_image(text: str, user: str | None) -> None:
    assert seen(text).get("User") == user


def test_what_is_made_for_several_systems_is_taken_for_none() -> None:
    text = "ARG BASE=alpine:3\nFROM $BASE\nRUN if x; then apk add a | b; else apt-get install -y a; fi\nEXPOSE 80\nCMD y\n"
    assert "evidence" not in seen(text)["check"]
    assert seen(text.replace("apt-get", "apk"))["check"]["evidence"] == "exposed"
    with pytest.raises(BindingError, match="which shell its image has"):
        fixed(text, "pipes")


@pytest.mark.parametrize(
    ("text", "check", "evidence"),
    [
        ("FROM alpine\nEXPOSE 80\nCMD x\n", ["nc", "-z", "127.0.0.1", "80"], "exposed"),
        ("FROM debian\nEXPOSE 80/udp 81\nCMD x\n", ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/81"], "exposed"),
        ("FROM debian\nENV PORT=80\nEXPOSE ${PORT}\nCMD x\n", ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$PORT"], "exposed"),
        (
            "FROM node:22-alpine\nCOPY --from=b /a/.next/standalone ./\nEXPOSE 80\nCMD node server.js\n",
            ["sh", "-c", "nc -z $HOSTNAME 80"],
            "exposed",
        ),
        (
            "FROM node\nENV HOSTNAME=0.0.0.0\nCOPY --from=b /a/.next/standalone ./\nEXPOSE 80\nCMD node server.js\n",
            ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/80"],
            "exposed",
        ),
        ("FROM alpine\nEXPOSE 22 80 81\nCMD x\n", ["nc", "-z", "127.0.0.1", "80"], "several"),
        ("FROM alpine\nEXPOSE 443 53/tcp 53/udp\nCMD x\n", ["nc", "-z", "127.0.0.1", "53"], "several"),
        ("FROM alpine\nEXPOSE 53/tcp 53/udp 3000 3000/udp\nCMD x\n", ["nc", "-z", "127.0.0.1", "53"], "several"),
        ("FROM alpine\nEXPOSE 80 443 443/udp\nCMD x\n", ["nc", "-z", "127.0.0.1", "80"], "several"),
        ("FROM alpine\nEXPOSE 80 81\nCMD x\n", ["nc", "-z", "127.0.0.1", "80"], "several"),
        ("FROM alpine\nCMD gunicorn -b 0.0.0.0:99 a\n", ["nc", "-z", "127.0.0.1", "99"], "named"),
        ('FROM alpine\nCMD ["uvicorn", "a", "--port", "99"]\n', ["nc", "-z", "127.0.0.1", "99"], "named"),
        ("FROM alpine\nCMD exec flask run\n", ["nc", "-z", "127.0.0.1", "5000"], "usual"),
        ("FROM alpine\nCMD redis_exporter\n", ["nc", "-z", "127.0.0.1", "9121"], "usual"),
        ("FROM node:24\nCMD node packages/backend\n", ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/7007"], "usual"),
        ("FROM redis:7-alpine\n", ["nc", "-z", "127.0.0.1", "6379"], "base"),
        ("FROM redis:7-alpine\nCMD x\n", ["nc", "-z", "127.0.0.1", "6379"], "likely"),
        (
            "FROM debian\nCMD celery -A a.b worker -l info\n",
            ["sh", "-c", "celery -A a.b inspect ping -d celery@$HOSTNAME"],
            "worker",
        ),
        ("FROM alpine\nEXPOSE 80\nCMD a $A_OPTS\n", ["nc", "-z", "127.0.0.1", "80"], "presumed"),
        ("FROM alpine\nENV A_OPTS=-w\nEXPOSE 80\nCMD a $A_OPTS\n", ["nc", "-z", "127.0.0.1", "80"], "exposed"),
        ('FROM debian\nEXPOSE 80\nENTRYPOINT ["/bin/bash"]\n', ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/80"], "presumed"),
        ("FROM debian\nEXPOSE 27015 27015/udp\nCMD x\n", ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/27015"], "likely"),
        ("FROM nginx:1-alpine\nEXPOSE 3000\n", ["nc", "-z", "127.0.0.1", "3000"], "likely"),
        (
            'FROM mcr.microsoft.com/dotnet/aspnet:6.0\nEXPOSE 80 443\nENTRYPOINT ["dotnet", "a.dll"]\n',
            ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/80"],
            "several",
        ),
        ("FROM alpine AS a\nEXPOSE 80\nFROM a\nCMD x\n", ["nc", "-z", "127.0.0.1", "80"], "exposed"),
        ('FROM alpine\nEXPOSE 80 81\nENTRYPOINT ["/sbin/tini", "--"]\n', ["nc", "-z", "127.0.0.1", "80"], "presumed"),
        ('FROM debian\nEXPOSE 8283 5432\nCMD ["/app/serve"]\n', ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8283"], "several"),
        ('FROM debian\nEXPOSE 22 8080 9000\nCMD ["/app/serve"]\n', ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080"], "several"),
        ('FROM debian\nEXPOSE 9999 8080\nCMD ["/app/serve"]\n', ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080"], "likely"),
        ("FROM pgvector/pgvector:pg17\nEXPOSE 5432 9187\n", ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/5432"], "several"),
        ("FROM python:3.13-slim\nEXPOSE 80\n", ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/80"], "presumed"),
        (
            "FROM alpine\nENV PORT=80\nEXPOSE $PORT\nCMD a --port 80\n",
            ["nc", "-z", "127.0.0.1", "80"],
            "exposed",
        ),  # whatever PORT is
        ("FROM grafana/grafana:5.2.4\nCOPY a /b\n", ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/3000"], "base"),  # no BusyBox yet
        ("FROM grafana/grafana:12.1.0\nCOPY a /b\n", ["nc", "-z", "127.0.0.1", "3000"], "base"),
        ("FROM nginx:1.27\nEXPOSE 80\n", ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/80"], "exposed"),
        ('FROM alpine\nEXPOSE 80\nCMD ["a-mcp"]\n', ["nc", "-z", "127.0.0.1", "80"], "presumed"),
        ('FROM alpine\nEXPOSE 80\nENTRYPOINT ["locust"]\n', ["nc", "-z", "127.0.0.1", "80"], "presumed"),
        ('FROM alpine\nEXPOSE 80\nCMD ["a-mcp-http"]\n', ["nc", "-z", "127.0.0.1", "80"], "exposed"),
        ('FROM alpine\nEXPOSE 80\nENV MCP_TRANSPORT=sse\nCMD ["a-mcp"]\n', ["nc", "-z", "127.0.0.1", "80"], "exposed"),
    ],
)
def test_the_check_asks_the_port_that_is_told(text: str, check: list[str], evidence: str) -> None:
    assert seen(text)["check"] == {"evidence": evidence, "alone": True}
    after = lenses.get("dockerfile", fixed(text, "Healthcheck").encode())["instructions"]
    assert [each["value"] for each in after if each["keyword"] == "HEALTHCHECK"] == [f"CMD {json.dumps(check)}"]


@pytest.mark.parametrize(
    "image",
    ["mcr.microsoft.com/dotnet/aspnet:8.0-jammy-chiseled", "mcr.microsoft.com/dotnet/aspnet:9.0-azurelinux3.0-distroless"]
    + ["oven/bun:1-distroless", "prom/prometheus:v3.10.0-distroless", "traefik:1.7", "acme/tool:debug"],
)
def test_nothing_is_asked_by_a_shell_that_an_image_of_its_kind_has_not(image: str) -> None:
    text = f'FROM {image}\nWORKDIR /app\nCOPY . .\nEXPOSE 8080\nCMD ["/app/a"]\n'
    assert seen(text)["check"] == {}
    told = seen(text).get("User")
    assert "RUN" not in (fixed(text, "User") if told is None and seen(text)["stages"][0]["image"] != "acme/tool" else "")


def test_a_user_whose_number_is_changed_is_the_one_that_runs_it() -> None:
    text = "FROM acme/php-fpm:8\nRUN apt-get clean && usermod -u 1000 www-data && usermod -aG tty sync\nWORKDIR /var/www\n"
    after = fixed(f'{text}CMD ["php-fpm"]\n', "User")
    assert after.endswith('RUN chown -R www-data /var/www\nUSER 1000\nCMD ["php-fpm"]\n')


@pytest.mark.parametrize("image", ["registry.access.redhat.com/ubi9/ubi-micro:9.4", "eclipse-temurin:21-jre-ubi9-minimal"])
def test_nobody_is_made_where_no_program_makes_users(image: str) -> None:
    after = fixed(f'FROM {image}\nWORKDIR /app\nCOPY . .\nCMD ["java", "-jar", "a.jar"]\n', "User")
    assert "RUN chown -R 10001 /app\nUSER 10001\n" in after


@pytest.mark.parametrize(
    "text",
    [
        "FROM scratch\nEXPOSE 80\nCMD x\n",  # nothing there to ask with
        "FROM debian\nENTRYPOINT curl\n",  # ends by itself
        "FROM debian\nCMD python worker.py\n",  # that it is there says nothing
        "FROM debian\nEXPOSE 99/udp\nCMD rtpproxy -F\n",
        'FROM mcr.microsoft.com/dotnet/aspnet:8.0\nEXPOSE 80\nENTRYPOINT ["dotnet", "a.dll"]\n',  # which listens on 8080 by itself
        "FROM debian\nCMD celery -A a worker -n b@%h\n",  # of another name
        "FROM debian\nCMD celery -A a worker --pool=solo\n",  # answers nobody while it works
        "FROM debian\nEXPOSE 80/udp\nCMD x\n",
        "FROM debian\nCMD ./run.sh\n",  # what it starts takes its place
        "FROM public.ecr.aws/lambda/python:3.12\nCMD app.handler\n",
    ],
)
def test_what_nobody_can_ask_stays_for_a_person(text: str) -> None:
    assert seen(text)["check"] == {}
    with pytest.raises(BindingError, match="nothing tells how to ask"):
        fixed(text, "Healthcheck")


@pytest.mark.parametrize("image", ["quay.io/jupyter/base-notebook", "nodered/node-red:4", "louislam/uptime-kuma:1"])
def test_the_check_of_a_base_image_is_one(image: str) -> None:
    assert "Healthcheck" in seen(f"FROM {image}\nCOPY a /b\n")


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ('ENTRYPOINT ["tini", "--", "/e"]\nCMD ["a", "b"]', ["/e", "a", "b"]),
        ("CMD a && exec b c", ["b", "c"]),
        ('CMD ["sh", "-c", "a; b"]', ["b"]),
        ('CMD ["gosu", "me", "b"]', ["b"]),
        ("ENTRYPOINT a\nCMD b", ["a"]),
        ("RUN a", []),
    ],
)
def test_the_program_is_what_wrappers_start(told: str, words: list[str]) -> None:
    instructions = lenses.get("dockerfile", f"FROM x\n{told}\n".encode())["instructions"]
    assert program(image_of(instructions, IMAGES).whole) == words


def test_users_are_told_from_groups_and_options() -> None:
    run = "RUN groupadd a && useradd -ms /bin/sh -u 5 b && adduser --uid=6 c && adduser -S -G a d && adduser d a && useradd $E"
    instructions = lenses.get("dockerfile", f"FROM x\n{run}\n".encode())["instructions"]
    assert users_made(instructions) == {"b": "5", "c": "6", "d": ""}


@pytest.mark.parametrize(
    ("image", "key", "value"),
    [
        ("php:8-apache", "port", 80),
        ("php:8-fpm", "port", 9000),
        ("public.ecr.aws/docker/library/node:22", "user", "node"),
        ("registry.example.com/node", "user", None),
        ("nginx@sha256:ab", "user", "nginx"),
    ],
)
def test_the_longest_name_tells_of_an_image(image: str, key: str, value: Plain) -> None:
    assert image_facts(image, IMAGES).get(key) == value


LINES = st.sampled_from(
    [
        "FROM debian:12",
        "FROM alpine AS a",
        "FROM a",
        "FROM scratch",
        "USER root",
        "USER me",
        "RUN useradd me",
        "RUN apt-get update && apt-get install x",
        "COPY a /b",
        "WORKDIR /srv/a",
        "VOLUME /data",
        "EXPOSE 80",
        "EXPOSE $P 81/tcp",
        "ENV P=80",
        'CMD ["python", "app.py"]',
        "ENTRYPOINT nginx -g x",
        "HEALTHCHECK NONE",
        "# comment",
        "",
    ]
)


FILES = st.lists(LINES, max_size=12).map(lambda lines: "\n".join(["FROM debian", *lines]) + "\n")


@given(
    FILES,
    st.sampled_from(["User", "Healthcheck"]),
)
@settings(max_examples=300, deadline=None)
def test_a_fix_holds_and_keeps_all_lines(text: str, key: str) -> None:
    try:
        after = fixed(text, key)
    except BindingError:
        return
    told = seen(after)
    assert told[key] not in ("NONE", "root")
    kept = [line for line in text.splitlines() if line not in ("USER root", "HEALTHCHECK NONE")]
    left = iter(after.splitlines())
    assert all(line in left for line in kept)


def commands_fixed(run: str, name: str, value: Plain, head: str = "FROM debian:12\n") -> str:
    text = f"{head}RUN {run}\n"
    given_sources = {"Dockerfile": source(text)}
    (resource,) = dockerfile.view("docker/image", LAYOUT, given_sources)
    at = text.count("\n") - 1
    edit = Edit(("stages", 0, "instructions", at, *(("commands", 0, name) if name in ("sudo", "name") else (name,))), value)
    placed = dockerfile.edit(LAYOUT, resource, [edit], [], given_sources)
    return lenses.put("dockerfile", text.encode(), [each for _, each in placed]).decode().removeprefix(f"{head}RUN ").rstrip("\n")


def test_root_needs_no_sudo() -> None:
    assert commands_fixed("sudo -E apt-get update", "sudo", False) == "apt-get update"
    for run, head in (
        ("sudo -u me x", "FROM debian:12\n"),
        ("sudo x", "FROM debian:12\nUSER me\n"),
        ("sudo x", "FROM jenkins/jenkins:lts\n"),
        ("sudo x", "FROM acme/base\n"),
    ):
        with pytest.raises(BindingError):
            commands_fixed(run, "sudo", False, head)


@pytest.mark.parametrize(
    ("run", "lists", "updates"),
    [
        ("apt-get update && apt-get install x", "kept", "with"),
        ("apt update; apt-get install x; rm -rf /var/lib/apt/lists/*", "removed", "with"),
        ("--mount=type=cache,target=/var/lib/apt apt-get update && apt-get install x", None, "with"),
        ("apt-get update", None, "alone"),
        ("apt-get install x", None, "never"),
        ("apk update && apk add x", None, "with"),
        ("yum -y update", None, "alone"),
        ("pacman -Syu --noconfirm", None, "alone"),
        ("pacman -Syu --noconfirm nginx", None, "with"),
        ("pacman -Sy && pacman -S nginx", None, "with"),
        ("pacman -S nginx", None, "never"),
    ],
)
def test_lists_of_packages_are_followed(run: str, lists: str | None, updates: str) -> None:
    instruction = seen(f"FROM debian\nRUN {run}\n")["stages"][0]["instructions"][1]
    assert (instruction.get("lists"), instruction["updates"]) == (lists, updates)


def test_lists_that_a_later_run_uses_are_told() -> None:
    assert seen("FROM debian\nRUN apt-get update && apt-get install a\nRUN apt-get install b\n")["lists-used-later"] is True
    assert seen("FROM debian\nRUN apt-get update && apt-get install a\n")["lists-used-later"] is False
    assert seen("FROM debian\nRUN apt-get update && apt-get install a gdebi\nRUN gdebi -n b.deb\n")["lists-used-later"] is True
    assert seen("FROM debian\nRUN apt-get update && apt-get install a\nRUN apt-cache policy a\n")["lists-used-later"] is True
    assert seen("FROM debian\nRUN apt-get update && gdebi -n b.deb\n")["lists-used-later"] is False


@pytest.mark.parametrize(
    ("later", "is_refused"),
    [
        ("RUN apt-get install -y b\n", True),
        ("RUN make\nRUN apt-get -y install b\n", True),
        ("FROM a AS b\nRUN apt-get install -y b\n", True),
        ("FROM a AS b\nRUN make\nFROM b AS c\nRUN apt-get install -y b\n", True),
        ("FROM a AS b\nRUN apt-get update\nFROM b AS c\nRUN apt-get install -y b\n", False),
        ("RUN xx-apt-get install -y b\n", True),
        ("RUN apt-get build-dep -y b\n", True),
        ("RUN apt-get update && apt-get install -y b\nRUN apt-get install -y c\n", False),
        ("FROM debian AS b\nRUN apt-get install -y b\n", False),
        ("RUN make\n", False),
    ],
)
def test_lists_that_are_used_further_down_stay(later: str, is_refused: bool) -> None:
    given = {"Dockerfile": source(f"FROM debian AS a\nRUN apt-get update && apt-get install -y a\n{later}")}
    (resource,) = dockerfile.view("docker/image", LAYOUT, given)
    edit = Edit(("stages", 0, "instructions", 1, "lists"), "removed")
    if is_refused:
        with pytest.raises(BindingError, match="further down installs"):
            dockerfile.edit(LAYOUT, resource, [edit], [], given)
    else:
        assert dockerfile.edit(LAYOUT, resource, [edit], [], given)


@pytest.mark.parametrize(
    ("run", "name", "ends"),
    [
        ("sudo apt-get update && sudo apt-get install -y a && go get b", "lists", "&& sudo rm -rf /var/lib/apt/lists/*"),
        ("apt-get update && apt-get install -y a && sudo b", "lists", "&& rm -rf /var/lib/apt/lists/*"),
        ("sudo dnf install -y a", "yum-cache", "&& sudo dnf clean all"),
    ],
)
def test_what_sudo_fetched_goes_by_sudo(run: str, name: str, ends: str) -> None:
    assert commands_fixed(run, name, "removed").endswith(ends)


@pytest.mark.parametrize(
    ("run", "after"),
    [
        ("apk add a && rm /var/cache/apk/*", "apk add --no-cache a && rm -f /var/cache/apk/*"),
        ("apk add a && rm -r /var/cache/apk", "apk add --no-cache a && rm -rf /var/cache/apk"),
        ("apk add a && rm -rf /var/cache/apk/*", "apk add --no-cache a && rm -rf /var/cache/apk/*"),
        ("apk add a && apk update && rm /var/cache/apk/*", "apk add --no-cache a && apk update && rm /var/cache/apk/*"),
        ("apk add a && rm b", "apk add --no-cache a && rm b"),
        ("apk -Ut a add b", "apk -Ut a add --no-cache b"),
        ("apk add -Ut a b", "apk add -Ut a --no-cache b"),
        ("apk add -qU a b", "apk add -qU --no-cache a b"),
    ],
)
def test_a_cache_that_may_be_empty_now_is_no_error(run: str, after: str) -> None:
    given_sources = {"Dockerfile": source(f"FROM alpine:3\nRUN {run}\n")}
    (resource,) = dockerfile.view("docker/image", LAYOUT, given_sources)
    path = ("stages", 0, "instructions", 1, "commands", 0, "options")
    edit = Edit(path, [*look_up(resource.tree, path), "--no-cache"])
    [(_, placed)] = dockerfile.edit(LAYOUT, resource, [edit], [], given_sources)
    assert placed.value == after


@pytest.mark.parametrize("end", ["x || true", "x &", "x # so", "x;"])
def test_nothing_is_put_behind_an_end_that_would_change_its_meaning(end: str) -> None:
    with pytest.raises(BindingError, match="where its commands end"):
        commands_fixed(f"apt-get update && apt-get install {end}", "lists", "removed")


@pytest.mark.parametrize(
    ("froms", "tag"),
    [
        ("FROM debian:11\nFROM debian", "12"),
        ("FROM debian:13.1\nFROM debian:latest", "13.1"),
        ("FROM debian:99-slim\nFROM debian", "12"),
    ],
)
def test_the_newest_version_that_is_known_is_the_tag(froms: str, tag: str) -> None:
    given_sources = {"Dockerfile": source(froms + " AS x\n")}
    (resource,) = dockerfile.view("docker/image", LAYOUT, given_sources)
    placed = dockerfile.edit(LAYOUT, resource, [Edit(("stages", 1, "tag"), {"debian": "12"})], [], given_sources)
    assert [each.value for _, each in placed] == [f"debian:{tag} AS x"]

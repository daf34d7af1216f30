"""What is known of the packages that others recommend."""

from __future__ import annotations

import pytest
from tests.bindings.test_dockerfile import seen

INSTALL = "RUN apt-get update && apt-get install -y"


@pytest.mark.parametrize(
    ("text", "known"),
    [
        (f"FROM debian:12\n{INSTALL} curl=7.88.* unzip make gcc\n", True),
        (f"FROM debian:12\n{INSTALL} curl git\n", False),  # whose less, patch and ssh scripts may call
        (f"FROM debian:12\n{INSTALL} build-essential\n", False),
        (f"FROM debian:12\n{INSTALL} $TOOLS\n", False),
        (f"FROM debian:12\n{INSTALL} python3-pip\n", True),
        (f"FROM ubuntu:18.04\n{INSTALL} python3-pip\n", False),  # whose setuptools are only recommended
        (f"FROM python:3.8-slim-buster\n{INSTALL} jq\n", False),
        (f"FROM debian:10\n{INSTALL} --no-install-recommends jq\n", True),
        (f"FROM debian:12\n{INSTALL} --no-install-recommends git\n{INSTALL} jq\n", True),
        (f"FROM debian:12 AS a\n{INSTALL} vim\nFROM debian:12\n{INSTALL} jq\n", False),
        (f"FROM debian:12\n{INSTALL} libpq-dev\n", False),
        (f"FROM debian:12\n{INSTALL} libpq-dev ca-certificates\n", True),
        (f"FROM python:3.13-slim\n{INSTALL} libpq-dev\n", True),
        (f"FROM shop/python:3.13\n{INSTALL} libpq-dev\n", False),
        (f"FROM debian:12\nRUN <<E\n{INSTALL[4:]} vim\nE\n", False),
        ("FROM debian:12\nRUN echo\n", True),
        (f"FROM node:22\n{INSTALL} git build-essential\n", True),  # which has all of that already
        (f"FROM node:22-slim\n{INSTALL} git\n", False),
        (f"FROM node:$VERSION\n{INSTALL} git\n", False),
        (f"FROM python:3.13-slim\n{INSTALL} python3-dev libgl1\n", False),  # a driver for Vulkan
        (f"FROM python:3.13-slim\n{INSTALL} git less openssh-client patch\n", True),
        (f"FROM python:3.13-slim\n{INSTALL} git less openssh-client\nRUN patch -p1 < a\n", False),
        (f"FROM python:3.13-slim AS a\n{INSTALL} build-essential\nFROM python:3.13-slim\nCOPY --from=a /a /a\n", True),
        (f"FROM debian:12 AS a\n{INSTALL} build-essential\nRUN gpg -d a\nFROM debian:12\nCOPY --from=a /a /a\n", False),
        (f"FROM debian:12 AS a\n{INSTALL} ca-certificates\nFROM a\n{INSTALL} libpq-dev\n", True),
    ],
)
def test_what_is_installed_may_recommend_nothing_that_matters(text: str, known: bool) -> None:
    assert (seen(text).get("recommended") == "known") is known

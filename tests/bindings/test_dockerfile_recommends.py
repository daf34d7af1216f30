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
        (f"FROM debian:12\n{INSTALL} --no-install-recommends git\n{INSTALL} jq\n", True),
        (f"FROM debian:12 AS a\n{INSTALL} vim\nFROM debian:12\n{INSTALL} jq\n", False),
        (f"FROM debian:12\n{INSTALL} libpq-dev\n", False),
        (f"FROM debian:12\n{INSTALL} libpq-dev ca-certificates\n", True),
        (f"FROM python:3.13-slim\n{INSTALL} libpq-dev\n", True),
        (f"FROM shop/python:3.13\n{INSTALL} libpq-dev\n", False),
        (f"FROM debian:12\nRUN <<E\n{INSTALL[4:]} vim\nE\n", False),
        ("FROM debian:12\nRUN echo\n", True),
    ],
)
def test_what_is_installed_may_recommend_nothing_that_matters(text: str, known: bool) -> None:
    assert (seen(text).get("recommended") == "known") is known

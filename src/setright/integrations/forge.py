"""What every forge can do with a pull request (a merge request, where it is called so), and which forge a remote is on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from setright.integrations.error import IntegrationError

SCP_FORM = re.compile(r"(?:[^@/]+@)?(?P<host>[^/:]+):(?!//)(?P<path>.+)")


class Unlabelled(IntegrationError):
    """The pull request is as wanted, but for its labels; says where it is."""


class Repository(NamedTuple):
    """A repository on a forge: ``github.com`` and ``acme/shop``. `host` is empty for a remote that is a path."""

    host: str
    project: str


class PullDraft(NamedTuple):
    """A pull request as it shall be. `body` is Markdown."""

    branch: str
    base: str
    title: str
    body: str
    labels: tuple[str, ...] = ()


class Pull(NamedTuple):
    """A pull request as it is. `state` is ``open``, ``closed`` or ``merged``."""

    number: int
    url: str
    state: str
    body: str


class Forge(Protocol):
    """One repository on one forge. Errors are IntegrationError and never hold the token."""

    def pulls(self, branch: str, base: str) -> list[Pull]:
        """All there ever were from this branch of this repository into that one, newest first."""

    def open(self, wanted: PullDraft) -> Pull:
        """A new one; where the forge says that it exists already, that one, updated."""

    def update(self, pull: Pull, wanted: PullDraft) -> Pull:
        """Title, description and labels as wanted; labels that people gave stay."""


def repository_of(url: str) -> Repository:
    """The host and project of a remote's URL: ``git@host:a/b.git``, ``ssh://git@host:22/a/b``, ``https://host/a/b.git``."""
    if "://" in url:
        parts = urlsplit(url)
        return Repository(parts.hostname or "", _project(parts.path))
    if match := SCP_FORM.fullmatch(url):
        return Repository(match["host"], _project(match["path"]))
    return Repository("", "")


def sort_of(host: str, environment: Mapping[str, str]) -> str:
    """``github`` or ``gitlab``. Raises IntegrationError where the host's name and the CI's variables do not tell."""
    if host == environment.get("CI_SERVER_HOST"):
        return "gitlab"
    if host and host == urlsplit(environment.get("GITHUB_SERVER_URL", "")).hostname:
        return "github"
    labels = set(re.split(r"[.-]", host))
    for sort in ("github", "gitlab"):
        if sort in labels or (sort == "github" and host.endswith(".ghe.com")):
            return sort
    raise IntegrationError(
        f"{host or 'the remote'}: its name does not tell which forge it is; say --forge github or --forge gitlab"
    )


def _project(path: str) -> str:
    return path.strip("/").removesuffix(".git")

"""Transports to try promises on: this host's files, a root file system, the shell scripts that ssh runs; and real ssh hosts."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from lab.hosts import Lab

from setright.model import Want
from setright.surfaces.linux.local import Local
from setright.surfaces.linux.offline import Offline
from setright.surfaces.linux.shell import Shell
from setright.surfaces.linux.surface import Linux, open_ssh
from setright.surfaces.linux.transport import Ran


class Done(NamedTuple):
    """A script that has ended already."""

    ran: Ran

    def ended(self) -> Ran:
        return self.ran

    def stop(self) -> None: ...


class HereShell(Shell):
    """The very scripts that travel by ssh, run by this host's sh; `user` runs them with another user's rights."""

    target = "shell:here"

    def __init__(self, user: int | None = None) -> None:
        self._user = user

    def run(self, script: str, timeout_s: float = 60.0) -> Ran:
        done = subprocess.run(["/bin/sh"], input=script.encode(), capture_output=True, timeout=timeout_s, user=self._user)
        return Ran(done.returncode, done.stdout, done.stderr.decode())

    def start(self, script: str, timeout_s: float = 60.0) -> Done:
        return Done(self.run(script, timeout_s))

    def reconnect(self) -> None: ...
    def close(self) -> None: ...
    def banner(self) -> str:
        return ""


Place = tuple[Linux, Callable[[str], str], Path]


@pytest.fixture(params=["local", "offline", "shell"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A surface, what a path below the test's own root is called on it, and that root."""
    if request.param == "offline":
        return Linux(Offline("root:test", tmp_path)), lambda path: path, tmp_path
    return Linux(Local() if request.param == "local" else HereShell()), lambda path: f"{tmp_path}{path}", tmp_path


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    if os.geteuid():
        pytest.skip("needs root: real hosts in namespaces")
    lab = Lab("t" + os.environ.get("PYTEST_XDIST_WORKER", "")[-2:] + str(os.getpid() % 1000))
    try:
        lab.up(1)
        yield lab
    finally:
        lab.down()


@pytest.fixture
def host(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """Host h1 as it was made, and this test inside its network with the lab's ~/.ssh."""
    lab.stop(1)
    lab.up(1)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / ".ssh").symlink_to(lab.folder / "ssh")
    with lab.inside():
        yield lab


@pytest.fixture
def web(host: Lab) -> Iterator[Linux]:
    """Host h1 by ssh, as a user with sudo."""
    surface = open_ssh("ssh://h1", timeout_s=5.0)
    yield surface
    surface.close()


def files(*globs: str, lens: str = "text", **layout: object) -> Want:
    return Want("linux/test", {"documents": list(globs), "lens": lens, **layout})


SSHD = Want(
    "linux/sshd",
    {
        "documents": ["/etc/ssh/sshd_config", "/etc/ssh/sshd_config.d/*.conf"],
        "lens": "sshd",
        "effective": "effective:sshd",
    },
)

"""Real ssh hosts for a test, and what of them must come back: every file they wrote, and what runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from lab.hosts import Lab

import setright
from tests.content import warm
from tests.journeys.manifest import Entry, entry

L = TypeVar("L", bound=Lab)
TREE = str(Path(setright.__file__).parents[1])  # the tests' own, whatever else is installed
TOPS = ("etc", "usr", "root", "home", "var/lib")
RUNNING = "sysctl -a 2>/dev/null | grep -v 'random\\|nf_conntrack_count\\|fib_\\|ns_last_pid'; sshd -T"
ITSELF = {"etc/hosts"}  # what a host writes when it starts
IN_USE = "/etc/modprobe.d/60-setright.conf"  # evidence speaks against it: the root of the lab's hosts is an overlay


class Program:
    """`setright` as people start it, where the hosts can be reached."""

    def __init__(self, lab: Lab, home: Path, timeout_s: float = 600.0) -> None:
        self.lab, self.state, self._timeout_s = lab, warm(home / "state"), timeout_s
        self._env = {"PATH": "/usr/bin:/bin", "SETRIGHT_STATE": str(self.state), "PYTHONPATH": TREE} | environment(lab, home)

    def __call__(self, *words: str) -> tuple[int, Any, str]:
        """Exit code, the JSON told, and the errors."""
        command = [sys.executable, "-c", "from setright.cli import main; main(prog_name='setright')", *words, "--format", "json"]
        with self.lab.inside():
            done = subprocess.run(
                command, env=self._env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=self._timeout_s
            )
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout), done.stderr


@contextmanager
def hosts(count: int, made: Callable[[str], L] = Lab) -> Iterator[L]:
    if os.geteuid():
        pytest.skip("needs root: real hosts in namespaces")
    lab = made(f"s{os.getpid() % 100000}")
    try:
        lab.up(count)
        yield lab
    finally:
        lab.down()


def environment(lab: Lab, home: Path) -> dict[str, str]:
    """Who the lab's hosts know: a home with its keys."""
    (home / ".ssh").symlink_to(lab.folder / "ssh")
    return {"HOME": str(home), "SSH_AUTH_SOCK": ""}


def logs_in(lab: Lab, n: int) -> bool:
    """Whether OpenSSH's own client comes in anew, and has root's rights there."""
    known, key = f"UserKnownHostsFile={lab.folder}/ssh/known_hosts", str(lab.folder / "ssh/id_ed25519")
    words = ["ssh", "-F", str(lab.folder / "ssh/config"), "-o", known, "-i", key, f"h{n}", "sudo", "-n", "true"]
    with lab.inside():
        return subprocess.run(words, timeout=60).returncode == 0


def files(lab: Lab, n: int) -> dict[str, Entry | None]:
    """What differs from the image that the host was made from; None: is gone."""
    upper, root = lab.upper(n), lab.root(n)
    paths = {str(p.relative_to(upper)) for top in TOPS for p in (upper / top).rglob("*")} - ITSELF
    now = {path: _seen(root / path) for path in paths}
    return {path: seen for path, seen in now.items() if seen != _seen(lab.base / path)}


def look(lab: Lab, n: int) -> dict[str, object]:
    lines = lab.command(n, RUNNING).stdout.splitlines()
    assert len(lines) > 200
    running = dict(re.split(r" = | ", line, maxsplit=1) if " " in line else (line, "") for line in lines)
    return {f"h{n}:{name}": value for name, value in {**files(lab, n), **running}.items()}


def _seen(path: Path) -> Entry | None:
    return entry(path) if os.path.lexists(path) else None

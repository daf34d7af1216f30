"""PAM and sudo put right on a real host: people still come in, guessers do not, and all of it can be taken back."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.hosts import Lab

from tests.hosts import environment, files, hosts, logs_in
from tests.journeys.loop import differences

pytestmark = pytest.mark.root

CONTROLS = ("pam", "faillock", "pwquality", "pwhistory", "sudoers", "limits", "login-text", "rsyslog", "journald", "job-users")
RIGHT, WRONG = "Right-horse-7-battery", "wrong"
WORN = """sed -i 's/^\\$FileCreateMode 0640/$FileCreateMode 0644/' /etc/rsyslog.conf
printf 'Defaults timestamp_timeout=-1, !use_pty\\n' >/etc/sudoers.d/10-lax; chmod 440 /etc/sudoers.d/10-lax
printf '* hard core unlimited\\n' >/etc/security/limits.d/lax.conf
"""
MAKE = f"{WORN}useradd -m -s /bin/bash guest && echo guest:{RIGHT} | chpasswd && rm -f /etc/.pwd.lock"
STACK = "pam_faillock.so preauth", "pam_faillock.so authfail"


class Host:
    """One host, and `setright` as people start it there."""

    def __init__(self, lab: Lab, home: Path) -> None:
        self.lab = lab
        self._env = {"PATH": "/usr/bin:/bin", "SETRIGHT_STATE": str(home / "state")} | environment(lab, home)

    def setright(self, *words: str) -> tuple[int, Any]:
        command = [sys.executable, "-c", "from setright.cli import main; main(prog_name='setright')", *words, "--format", "json"]
        with self.lab.inside():
            done = subprocess.run(command, env=self._env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def lets_in(self, password: str) -> bool:
        """Whether guest comes in with this password."""
        with self.lab.inside():
            return asyncio.run(_login(self.lab.address(1), password))

    def run(self, script: str) -> str:
        return str(self.lab.command(1, script).stdout)


async def _login(address: str, password: str) -> bool:
    import asyncssh

    try:
        async with asyncssh.connect(
            address, username="guest", password=password, known_hosts=None, client_keys=None, agent_path=None, login_timeout=30
        ):
            return True
    except asyncssh.PermissionDenied:
        return False


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    with hosts(1) as lab:
        host = Host(lab, tmp_path_factory.mktemp("rights"))
        host.run(MAKE)
        assert host.lets_in(RIGHT) and not host.lets_in(WRONG)
        yield host


def test_stacks_and_sudo_are_put_right_and_people_still_come_in(host: Host) -> None:
    before = files(host.lab, 1)
    asked = [word for name in CONTROLS for word in ("--control", f"linux/{name}/*")]
    code, fixed = host.setright("fix", "ssh://h1", "--all", "--yes", *asked)
    assert code == 0, fixed
    assert {plan["outcome"] for plan in fixed["plans"]} == {"verified", "hand"}
    assert all(part in host.run("cat /etc/pam.d/common-auth") for part in STACK)
    assert logs_in(host.lab, 1), "the key and sudo work"
    assert host.lets_in(RIGHT) and not host.lets_in(WRONG)
    assert "parsed OK" in host.run("visudo -c")
    assert "Defaults timestamp_timeout=15, use_pty" in host.run("cat /etc/sudoers.d/10-lax")
    assert "$FileCreateMode 0640" in host.run("cat /etc/rsyslog.conf")
    assert host.run("su - guest -c 'ulimit -Hc'").strip() == "0"

    left = host.setright("plan", "ssh://h1", *asked)[1]
    assert {plan["lane"] for plan in left["plans"]} <= {"hand"}

    for _ in range(5):
        assert not host.lets_in(WRONG)
    assert not host.lets_in(RIGHT), "five wrong ones lock the account"
    assert "guest" not in host.run("faillock --user nobody"), "and no other"
    host.run("faillock --user guest --reset")
    assert host.lets_in(RIGHT)
    refused = host.run("echo guest:short | chpasswd 2>&1; echo $?")
    assert refused.strip().splitlines()[-1] != "0", "a weak password is refused even to root"

    code, back = host.setright("rollback", fixed["run"])
    assert code == 0, back
    assert {n: v for n, v in differences(before, files(host.lab, 1)).items() if not n.startswith("var/lib/sudo/")} == {}
    assert host.lets_in(RIGHT) and logs_in(host.lab, 1)

"""A host whose sudo asks for a password: it is put right like any other, and what would take that sudo away comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.hosts import Lab

from tests.hosts import Program, hosts

pytestmark = [pytest.mark.root, pytest.mark.slow]

WORD = "Tr0ub4dor & 3"
ASKS = 'sed -i s/NOPASSWD:// /etc/sudoers.d/ops; echo "ops:$WORD" | chpasswd'
WISHES = ("--control", "linux/sudoers/*", "--control", "linux/pam/*", "--control", "linux/faillock/*", "--control", "linux/sshd/*")
TAKES_AWAY = """id: acme/root-s-word
title: Sudo asks for the password of root
severity: low
kind: linux/sudoers
require: {defaults/rootpw: true}
default: {defaults/rootpw: false}
why: So that this test can take sudo away.
breaks-if: {}
effect: {restart: none, disruption: low}
frameworks: {}
source: https://www.sudo.ws/docs/man/sudoers.man/
examples:
  - good: |
      Defaults rootpw
  - bad: |
      Defaults env_reset
    fixed: |
      Defaults env_reset, rootpw
"""


class Asking(Program):
    """The program, told where the password is."""

    def __init__(self, lab: Lab, home: Path, word: str) -> None:
        super().__init__(lab, home)
        self._env |= {"SETRIGHT_SUDO": "env:SUDO_WORD", "SUDO_WORD": word}


@pytest.fixture
def lab() -> Iterator[Lab]:
    with hosts(1) as lab:
        assert not lab.command(1, f"WORD='{WORD}'; {ASKS}").returncode
        yield lab


def test_it_is_put_right_and_back_and_sudo_still_takes_the_password(lab: Lab, tmp_path: Path) -> None:
    program = Asking(lab, tmp_path, WORD)
    before = lab.command(1, "cat /etc/pam.d/* /etc/sudoers /etc/sudoers.d/*").stdout
    _, told, _ = program("fix", "ssh://h1", *WISHES, "--all", "--yes")
    outcomes = {plan["outcome"] for plan in told["plans"]}
    assert outcomes <= {"verified", "hand"} and "verified" in outcomes, [p for p in told["plans"] if p["outcome"] != "verified"]
    assert lab.command(1, "cat /etc/pam.d/* /etc/sudoers /etc/sudoers.d/*").stdout != before
    _, back, _ = program("rollback", told["run"])
    assert {plan["outcome"] for plan in back["plans"]} == {"reverted"}
    assert lab.command(1, "cat /etc/pam.d/* /etc/sudoers /etc/sudoers.d/*").stdout == before
    kept = b"".join(path.read_bytes() for path in program.state.rglob("*") if path.is_file())
    assert WORD.encode() not in kept


def test_what_takes_this_sudo_away_is_taken_back(lab: Lab, tmp_path: Path) -> None:
    control = tmp_path / "content/controls/acme/root-s-word.yaml"
    control.parent.mkdir(parents=True)
    control.write_text(TAKES_AWAY)
    (tmp_path / "setright.toml").write_text(f'content = ["{tmp_path}/content"]\n')
    program = Asking(lab, tmp_path, WORD)
    program._env |= {"SETRIGHT_CONFIG": str(tmp_path / "setright.toml")}
    code, told, _ = program("fix", "ssh://h1", "--control", "acme/*", "--all", "--yes")
    (plan,) = told["plans"]
    assert (code, plan["outcome"]) == (1, "reverted"), plan
    assert "takes our rights away" in plan["why"]
    assert "rootpw" not in lab.command(1, "cat /etc/sudoers /etc/sudoers.d/*").stdout
    assert program("scan", "ssh://h1", "--control", "acme/*", "--fail-on", "never")[0] == 0


def test_a_wrong_password_is_one_clear_error(lab: Lab, tmp_path: Path) -> None:
    code, _, errors = Asking(lab, tmp_path, "guess")("fix", "ssh://h1", *WISHES, "--all", "--yes")
    assert code == 3
    assert errors.count("sudo refused the password; it was tried once, and is not tried again") == 1
    assert "guess" not in errors

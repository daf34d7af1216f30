"""Promises of what was approved on a host: all of it passes, and whatever comes to it is a finding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from lab.hosts import Lab

from setright.cli import main

pytestmark = pytest.mark.root

INTRUDER = """useradd -m -s /bin/bash eve
echo 'eve ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/eve; chmod 440 /etc/sudoers.d/eve
mkdir -p /root/.ssh; cp /home/ops/.ssh/authorized_keys /root/.ssh/authorized_keys
echo '* * * * * root /bin/true' > /etc/cron.d/eve
cp /bin/bash /usr/local/bin/back; chmod 4755 /usr/local/bin/back
ln -s /etc/systemd/system/eve.service /etc/systemd/system/multi-user.target.wants/eve.service
nft add table inet eve"""
FOUND = {
    "linux/accounts/approved": "eve",
    "linux/trust/sudo-rules": "eve ALL=(ALL) NOPASSWD ALL",
    "linux/trust/keys": "root SHA256:",
    "linux/trust/jobs": "/etc/cron.d/eve * * * * * root /bin/true",
    "linux/trust/services": "eve.service",
    "linux/trust/packet-rules": "inet eve sha256:",
    "linux/disk/setuid-approved": "/usr/local/bin/back",
}


def setright(tree: Path, *words: str) -> dict[str, object]:
    env = {"SETRIGHT_STATE": str(tree / "state")}
    ran = CliRunner().invoke(main, [*words, "--config", str(tree / "setright.toml"), "--format", "json"], env=env)
    assert ran.exit_code in (0, 1), ran.stderr
    told: dict[str, object] = json.loads(ran.stdout)
    return told


def test_what_was_approved_passes_and_what_an_intruder_leaves_is_found(host: Lab, tmp_path: Path) -> None:
    (tmp_path / "setright.toml").write_text(f'content = ["{tmp_path}/acme"]\n')
    (tmp_path / "acme").mkdir()
    told = setright(tmp_path, "baseline", "learn", "ssh://h1", "--name", "h1", "--into", str(tmp_path / "acme"))
    assert {"approved-sudo-rules", "approved-logins", "listening-ports", "setuid-programs"} <= told["parameters"].keys()
    scan = ("scan", "ssh://h1", "--baseline", "h1")
    assert setright(tmp_path, *scan)["findings"] == []
    assert host.command(1, INTRUDER).returncode == 0
    found = {f["control"]: json.dumps(f["have"]) for f in setright(tmp_path, *scan)["findings"]}
    assert found.keys() == FOUND.keys()
    assert {control: found[control] for control, words in FOUND.items() if words not in found[control]} == {}
    plans = setright(tmp_path, "plan", "ssh://h1", "--baseline", "h1")["plans"]
    evidence = {plan["controls"][0]: plan["breaks_if"][0]["evidence"] for plan in plans}
    assert evidence["linux/trust/sudo-rules"].startswith("/etc/sudoers.d/eve was changed last, at 20"), "when, and by whom"
    assert evidence["linux/disk/setuid-approved"].startswith("/usr/local/bin/back was changed last, at 20")
    setright(tmp_path, "baseline", "learn", "ssh://h1", "--name", "h1", "--into", str(tmp_path / "acme"), "--again")
    assert setright(tmp_path, *scan)["findings"] == []

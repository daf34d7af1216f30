"""Promises of what was approved on a host: all of it passes, and whatever comes to it is a finding."""

from __future__ import annotations

import json
import re
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


DOCUMENT = re.compile(r"^(?:---|[+]{3}) (?!/dev/null)(\S+)$", re.MULTILINE)
KEPT = "cd /; sha256sum etc/sudoers.d/* etc/cron.d/* etc/pam.d/su root/.ssh/* home/*/.ssh/* etc/nftables.conf etc/group etc/gshadow"
STATE = (
    f"{KEPT} 2>&1; stat -c '%n %U:%G %a' /usr/local/bin/* /etc/shadow /etc/sudoers.d/* /etc/pam.d/su; nft -s list table inet lab"
)
FIREWALL = """cat >/etc/nftables.conf <<'END'
flush ruleset
table inet lab { chain input { type filter hook input priority 0; policy accept; tcp dport 22 counter accept; }; }
END
nft -f /etc/nftables.conf"""
DRIFT = """usermod -aG sudo www-data
echo 'www-data ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/eve; chmod 440 /etc/sudoers.d/eve
ssh-keygen -q -t ed25519 -N '' -f /tmp/eve; cat /tmp/eve.pub >> /home/ops/.ssh/authorized_keys
echo '* * * * * root /bin/true' > /etc/cron.d/eve
cp /bin/bash /usr/local/bin/back; chmod 4755 /usr/local/bin/back
sed -i '1i auth sufficient pam_permit.so' /etc/pam.d/su; chmod 666 /etc/shadow
nft add rule inet lab input tcp dport 4444 accept; nft add table inet eve; echo 'table inet eve {}' >>/etc/nftables.conf"""
BACK = {
    "linux/trust/members": {"/etc/group", "/etc/gshadow"},
    "linux/trust/sudo-rules": {"/etc/sudoers.d/eve"},
    "linux/trust/keys": {"/home/ops/.ssh/authorized_keys"},
    "linux/trust/jobs": {"/etc/cron.d/eve"},
    "linux/disk/setuid-approved": {"stat:/usr/local/bin/back"},
    "linux/trust/files": {"/etc/nftables.conf", "/etc/pam.d/su", "stat:/etc/shadow", "state:packet-rules"},
}


def learned(tree: Path) -> tuple[str, ...]:
    """The words for a scan against what holds on h1 now."""
    (tree / "setright.toml").write_text(f'content = ["{tree}/acme"]\n')
    (tree / "acme").mkdir()
    setright(tree, "baseline", "learn", "ssh://h1", "--name", "h1", "--into", str(tree / "acme"))
    return "ssh://h1", "--baseline", "h1"


def test_what_an_intruder_changed_goes_back_and_comes_back_exactly(host: Lab, tmp_path: Path) -> None:
    assert host.command(1, FIREWALL).returncode == 0
    words = learned(tmp_path)
    approved = host.command(1, STATE).stdout
    assert host.command(1, DRIFT).returncode == 0
    drifted = host.command(1, STATE).stdout
    assert {f["lane"] for f in setright(tmp_path, "scan", *words)["findings"]} == {"ask"}
    plans = setright(tmp_path, "plan", *words)["plans"]
    assert {p["controls"][0]: set(DOCUMENT.findall(p["diff"])) for p in plans} == BACK
    assert {p["lane"] for p in plans} == {"ask"} and all("UTC" in p["reason"] for p in plans), "who and when, before anybody agrees"
    assert "NOPASSWD" not in (tmp_path / "acme/baselines/h1.yaml").read_text().partition("learned:")[2]
    waited = setright(tmp_path, "fix", *words, "--yes")
    assert {p["outcome"] for p in waited["plans"]} == {"refused"} and host.command(1, STATE).stdout == drifted
    run = setright(tmp_path, "fix", *words, "--all", "--yes")
    assert {p["outcome"] for p in run["plans"]} == {"verified"}
    assert setright(tmp_path, "scan", *words)["findings"] == []
    now = host.command(1, STATE).stdout.splitlines()
    left = "/usr/local/bin/back root:root 755"
    assert [line for line in now if line != left] == approved.splitlines(), "the program stays, and lends nothing"
    setright(tmp_path, "rollback", str(run["run"]))
    assert host.command(1, STATE).stdout == drifted


def test_only_what_was_approved_of_this_host_and_kept_goes_back(host: Lab, tmp_path: Path) -> None:
    words = learned(tmp_path)
    file = tmp_path / "acme/baselines/h1.yaml"
    approved = file.read_text()
    assert host.command(1, "echo '* * * * * root /bin/true' >> /etc/crontab").returncode == 0
    file.write_text(approved.replace("target: ssh://h1", "target: ssh://h2"))
    assert [p["lane"] for p in setright(tmp_path, "plan", *words)["plans"]] == ["hand"], "approved of another host"
    file.write_text(approved)
    for snapshot in (tmp_path / "state/snapshots").glob("??/*"):
        snapshot.unlink()
    (plan,) = setright(tmp_path, "plan", *words)["plans"]
    assert plan["lane"] == "hand" and "restore" in plan["reason"]


def test_a_host_that_nothing_can_be_written_to_is_learned_and_its_drift_is_for_a_person(host: Lab, tmp_path: Path) -> None:
    assert host.command(1, "mount -o remount,ro /").returncode == 0
    words = learned(tmp_path)
    assert setright(tmp_path, "scan", *words)["findings"] == []
    assert host.command(1, "mount -o remount,rw / && echo '* * * * * root /bin/true' >> /etc/crontab").returncode == 0
    assert [plan["lane"] for plan in setright(tmp_path, "plan", *words)["plans"]] == ["hand"]

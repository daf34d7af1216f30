"""Promises of what sudo includes from elsewhere: it is read as sudo reads it, and what could not be read is never a pass."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from setright.app import App, ScanOptions
from setright.bindings.layouts import sudoers
from setright.bindings.load import load_one
from setright.bindings.source import Source
from setright.engine.configuration import Configuration
from setright.lenses import get
from setright.model import Reading, Unknown, Want
from setright.surfaces.linux.surface import open_local, open_root

pytestmark = pytest.mark.root
ROOT = Path(__file__).parents[3] / "bindings"
LAYOUT = dict(load_one(ROOT / "linux/sudoers.yaml", ROOT).layouts["linux"])


def sources(read: Reading) -> dict[str, Source]:
    trees = {d.locator: get(d.lens, d.data) if d.data is not None else {} for d in read.documents}
    return {d.locator: Source(d.locator, d.lens, trees[d.locator], d.data is not None) for d in read.documents}


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """Includes of every sort, behind and within each other."""
    files = {
        "sudoers": "Defaults use_pty\nroot ALL=(ALL) ALL\n@includedir {at}/sudoers.d\nDefaults umask=0027\n@include more\\ rules\n",
        "sudoers.d/10-a": "#includedir {at}/opt\n",
        "sudoers.d/20.b": "Defaults umask=0001\n",
        "opt/a": "Defaults !use_pty\nbob ALL=(ALL) NOPASSWD: ALL\n",
        "opt/a~": "eve ALL=(ALL) NOPASSWD: ALL\n",
        "opt/z": '@include "{at}/deep"\n',
        "opt/more": "mallory ALL=(ALL) NOPASSWD: ALL\n",
        "deep": "carol ALL=(ALL) ALL\n@includedir {at}/none\n",
        "more rules": "Defaults umask=0077\ndave ALL=(ALL) ALL\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.replace("{at}", str(tmp_path)))
        (tmp_path / name).chmod(0o440)
    return tmp_path / "sudoers"


def test_what_sudo_includes_is_read_and_counts_as_with_sudo(policy: Path) -> None:
    layout = LAYOUT | {"main": str(policy), "documents": [str(policy), f"{policy}.d/*"], "new": f"{policy}.d/60-setright"}
    seen = sources(open_local().read([Want("linux/sudoers", layout)]))
    [sudo] = sudoers.view("linux/sudoers", layout, seen)
    checked = subprocess.run(["visudo", "-cf", policy], capture_output=True, text=True, check=True).stdout
    passed_over = {f"{policy}.d/20.b", f"{policy.parent}/opt/a~"}
    there = {each.locator for each in seen.values() if each.exists}
    assert {line.removesuffix(": parsed OK") for line in checked.splitlines()} == there - passed_over
    said = subprocess.run(["cvtsudoers", "-f", "json", policy], capture_output=True, text=True, check=True).stdout
    defaults: dict[str, object] = {}
    for each in json.loads(said)["Defaults"]:
        defaults |= {key: value for option in each["Options"] for key, value in option.items()}
    users = [user["username"] for spec in json.loads(said)["User_Specs"] for user in spec["User_List"]]
    assert [name for rule in sudo.tree["rules"] for name in rule["users"]] == users
    assert sudo.tree["defaults"] == defaults


@pytest.mark.parametrize(("named", "told"), [("/opt/s", "opt/s/a"), ("/opt/%h", None)])
def test_a_host_whose_policy_stands_elsewhere_is_not_passed(tmp_path: Path, named: str, told: str | None) -> None:
    files = {
        "etc/sudoers": f"Defaults use_pty\n@includedir {named}\n",
        "opt/s/a": "Defaults !use_pty\nbob ALL=(ALL) NOPASSWD: ALL\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    seen = sources(open_root(str(tmp_path)).read([Want("linux/sudoers", LAYOUT)]))
    [sudo] = sudoers.view("linux/sudoers", LAYOUT, seen)
    if told:
        assert sudo.tree["defaults"] == {"use_pty": False}
        assert sudoers.locate(LAYOUT, sudo, ("rules", 0, "nopasswd"), seen) == (f"/{told}", ("rules", 0, "nopasswd"))
    else:
        assert (
            sudo.tree["defaults"]
            == sudo.tree["rules"][-1]
            == Unknown(f"in {named}/, which /etc/sudoers includes and which was not read")
        )


@pytest.mark.parametrize(
    "named",
    [
        "../../opt/ssh/a.conf",
        "/etc/ssh/../..//opt/./ssh/*.conf",
        "/opt/ssh/*.conf",
        '"/opt/ssh/a.conf" /no/such',
        "=/opt/ssh/a.conf",
    ],
)
def test_what_sshd_includes_from_elsewhere_counts(tmp_path: Path, named: str) -> None:
    files = {"etc/ssh/sshd_config": f"Include {named}\nPermitRootLogin no\n", "opt/ssh/a.conf": "PermitRootLogin yes\n"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (scanned,) = App(Configuration(state=str(tmp_path / "state"))).scan(
        [f"root:{tmp_path}"], ScanOptions(controls=("linux/sshd/root-login",))
    )
    assert scanned.scan is not None and not scanned.scan.problems
    assert [(f.finding.verdict.value, f.finding.location.path) for f in scanned.scan.found] == [("fail", "/opt/ssh/a.conf")]

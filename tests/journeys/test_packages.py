"""Packages on a booted host with a real source: installed, patched, taken back, refused; and services that do not start."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.packages import Stocked

from setright.model import Change
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux import packages
from setright.surfaces.linux.surface import open_ssh
from tests.hosts import Program, environment, files, hosts, logs_in
from tests.journeys.loop import differences
from tests.sampling import ALL

pytestmark = [pytest.mark.root, pytest.mark.slow]

PACKAGE, BROUGHT = "systemd-journal-remote", "libmicrohttpd12"
# What Debian keeps for itself; it also keeps the accounts that a package made.
BOOKS = re.compile(r"var/lib/(dpkg|apt|systemd)/|etc/ld\.so\.cache$|etc/(passwd|group|g?shadow)-?$")
PATCHES = ("ssh://h1", "--control", "linux/patches/*")
BOUND = {
    "rival": ("Conflicts: cron\n", ""),
    "fallen": ("", "systemctl daemon-reload; systemctl start fallen.service || true"),
}
UNIT = "[Service]\nType=oneshot\nExecStart=/bin/false\n"


class Supplied(Stocked):
    """Hosts with a small source."""

    offered = (PACKAGE,)


@pytest.fixture(scope="module")
def lab() -> Iterator[Supplied]:
    with hosts(1, Supplied) as lab:
        lab.command(1, "systemctl is-system-running -q --wait")
        yield lab


def installed(lab: Supplied, *names: str) -> dict[str, str]:
    """Versions; empty for what is not there."""
    return {name: lab.command(1, f"dpkg-query -W -f='${{Version}}' {name} 2>/dev/null").stdout for name in names}


def moved(before: Any, lab: Supplied) -> list[str]:
    return [path for path in differences(before, files(lab, 1)) if not BOOKS.match(path)]


def test_a_package_is_installed_and_taken_back_with_what_it_brought(lab: Supplied, tmp_path: Path) -> None:
    program, before = Program(lab, tmp_path), files(lab, 1)
    words = ("ssh://h1", "--control", "linux/package/journal-upload", "--control", "linux/package/audit")
    _, told, _ = program("fix", *words, "--all", "--yes")
    ended = {plan["document"] or plan["why"]: plan for plan in told["plans"]}
    assert ended[f"package:{PACKAGE}"]["outcome"] == "verified"
    assert all(installed(lab, PACKAGE, BROUGHT).values())
    assert {plan["lane"] for name, plan in ended.items() if name != f"package:{PACKAGE}"} == {"hand"}
    assert any("cannot run in a container" in plan["why"] for plan in ended.values())
    assert not [plan for plan in program("plan", *words)[1]["plans"] if plan["lane"] != "hand"]
    _, back, _ = program("rollback", told["run"])
    assert {plan["outcome"] for plan in back["plans"]} == {"reverted"}
    assert not any(installed(lab, PACKAGE, BROUGHT).values())
    assert moved(before, lab) == []


def offer(lab: Supplied, place: Path, name: str, relation: str = "", script: str = "", version: str = "1") -> None:
    """A package that has nothing but what it needs and what it does when it is installed."""
    (place / name / "DEBIAN").mkdir(parents=True)
    about = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: lab <lab@localhost>\nDescription: {name}\n"
    (place / name / "DEBIAN/control").write_text(about + relation)
    (place / name / "DEBIAN/postinst").write_text(f"#!/bin/sh\n{script}\n")
    (place / name / "DEBIAN/postinst").chmod(0o755)
    lab.offer(place / name)


def transactions(lab: Supplied, kind: str = "Install") -> list[str]:
    """What apt installed (Install) or removed (Remove, Purge), the packages of each transaction."""
    log = lab.command(1, f"sed -n 's/^{kind}: //p' /var/log/apt/history.log").stdout
    return [" ".join(sorted(re.findall(r"(\S+):\w+ \(", line))) for line in log.splitlines()]


def test_packages_come_in_one_transaction_and_one_that_is_bad_keeps_no_other_from_coming(lab: Supplied, tmp_path: Path) -> None:
    offer(lab, tmp_path, "both-need")
    for name in ("aide", "aide-common"):
        offer(lab, tmp_path, name, "Depends: both-need\n")
    lab.update(1)
    program, before, known = Program(lab, tmp_path), files(lab, 1), len(transactions(lab))
    words = ["ssh://h1", "--control", "linux/package/file-integrity"]
    _, told, _ = program("fix", *words, "--all", "--yes")
    assert [plan["outcome"] for plan in told["plans"]] == ["verified"] * 2, told["plans"]
    assert transactions(lab)[known:] == ["aide aide-common both-need"]
    gone = len(transactions(lab, "Remove"))
    _, back, _ = program("rollback", told["run"])
    assert transactions(lab, "Remove")[gone:] == ["aide aide-common both-need"]
    assert {plan["outcome"] for plan in back["plans"]} == {"reverted"}
    assert not any(installed(lab, "aide", "aide-common", "both-need").values()) and moved(before, lab) == []

    offer(lab, tmp_path, "unattended-upgrades", "Depends: both-need\n", "exit 3")
    lab.update(1)
    _, told, _ = program("fix", *words, "--control", "linux/package/automatic-updates", "--all", "--yes")
    ended = {plan["document"]: plan for plan in told["plans"]}
    bad = ended.pop("package:unattended-upgrades")
    assert bad["outcome"] == "reverted" and "unattended-upgrades" in bad["why"]
    assert {plan["outcome"] for plan in ended.values()} == {"verified"} and len(ended) == 2
    assert installed(lab, "unattended-upgrades")["unattended-upgrades"] == ""
    offer(lab, tmp_path, "needs-aide", "Depends: aide\n")
    lab.update(1)
    assert lab.command(1, "apt-get -qq -y install needs-aide").returncode == 0
    code, back, _ = program("rollback", told["run"])
    left = [plan for plan in back["plans"] if plan["outcome"] != "reverted"]
    assert code and [plan["document"] for plan in left] == ["package:aide"] and "needs-aide" in left[0]["why"]
    assert not installed(lab, "aide-common")["aide-common"] and all(installed(lab, "aide", "both-need").values())
    assert lab.command(1, "apt-get -qq -y purge needs-aide").returncode == 0
    _, back, _ = program("rollback", told["run"])
    assert not any(installed(lab, "aide", "aide-common", "both-need").values()) and moved(before, lab) == []


def test_packages_go_in_one_transaction_and_come_back_in_one_as_they_were(lab: Supplied, tmp_path: Path) -> None:
    """One needs another, as Debian's telnet does; a newer version is offered by the time they come back."""
    for name, relation in {"telnet": "Depends: inetutils-telnet\n", "inetutils-telnet": "", "talk": ""}.items():
        offer(lab, tmp_path, name, relation)
    lab.update(1)
    lab.command(1, "apt-get -qq -y install telnet talk; echo mine >/etc/talk.conf")
    program, before, known = Program(lab, tmp_path), files(lab, 1), len(transactions(lab))
    words = ("ssh://h1", "--control", "linux/package/telnet", "--control", "linux/package/talk")
    _, told, _ = program("fix", *words, "--all", "--yes")
    assert [plan["outcome"] for plan in told["plans"]] == ["verified"] * 3, [plan["why"] for plan in told["plans"]]
    assert transactions(lab, "Remove")[-1] == "inetutils-telnet talk telnet"
    assert not program("plan", *words)[1]["plans"]
    offer(lab, tmp_path, "talk", version="2")
    lab.update(1)
    _, back, _ = program("rollback", told["run"])
    assert {plan["outcome"] for plan in back["plans"]} == {"reverted"}
    assert transactions(lab)[known:] == ["inetutils-telnet talk telnet"]
    assert installed(lab, "telnet", "inetutils-telnet", "talk") == dict.fromkeys(("telnet", "inetutils-telnet", "talk"), "1")
    assert moved(before, lab) == []
    lab.command(1, "apt-get -qq -y purge telnet inetutils-telnet talk; rm /etc/talk.conf")


def test_what_a_package_brings_is_put_right_in_the_same_run_and_goes_back_with_it(lab: Supplied, tmp_path: Path) -> None:
    """Its own log can be read by everybody."""
    tree = tmp_path / "needrestart"
    (tree / "DEBIAN").mkdir(parents=True)
    about = "Package: needrestart\nVersion: 1\nArchitecture: all\nMaintainer: lab <lab@localhost>\nDescription: a log\n"
    (tree / "DEBIAN/control").write_text(about)
    log = tree / "var/log/brought.log"
    log.parent.mkdir(parents=True)
    log.write_text("made\n")
    log.chmod(0o644)
    lab.offer(tree)
    lab.update(1)
    program, before = Program(lab, tmp_path), files(lab, 1)
    words = ("ssh://h1", "--control", "linux/package/restart-hints", "--control", "linux/file-access/other-logs")
    _, told, _ = program("fix", *words, "--all", "--yes")
    assert {plan["outcome"] for plan in told["plans"]} == {"verified"}
    assert [plan["document"] for plan in told["plans"] if plan["round"] > 1] == ["stat:/var/log/brought.log"]
    assert program("plan", *words)[1]["plans"] == []
    _, back, _ = program("rollback", told["run"])
    assert back["plans"][0]["document"] == "stat:/var/log/brought.log"
    assert {plan["outcome"] for plan in back["plans"]} == {"reverted"}
    assert moved(before, lab) == [] and not installed(lab, "needrestart")["needrestart"]


def test_the_first_database_of_aide_is_made_when_the_run_is_over_and_goes_back(lab: Supplied, tmp_path: Path) -> None:
    made = "mkdir -p /var/lib/aide; echo files >/var/lib/aide/aide.db"
    for name, script in (("aide", "true"), ("aideinit", made)):
        (lab.root(1) / "usr/sbin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (lab.root(1) / "usr/sbin" / name).chmod(0o755)
    program, before = Program(lab, tmp_path), files(lab, 1)
    words = ("ssh://h1", "--control", "linux/file-integrity/database")
    _, told, _ = program("fix", *words, "--all", "--yes")
    assert [plan["outcome"] for plan in told["plans"]] == ["verified"], told["plans"]
    assert lab.command(1, "test -e /var/lib/aide/aide.db").returncode, "nothing runs beside the other changes"
    lab.reboot(1)
    lab.command(1, "systemctl is-system-running -q --wait")
    assert program("scan", *words)[1]["findings"] == [], "it is made after a restart, too"
    lab.command(1, "systemctl start setright-aide.service; while systemctl is-active -q setright-aide.service; do sleep 0.1; done")
    assert not lab.command(1, "test -s /var/lib/aide/aide.db").returncode and program("plan", *words)[1]["plans"] == []
    assert not lab.command(1, "systemctl list-unit-files --no-legend 'setright-aide.*'").stdout, "it goes when its work is done"
    _, back, _ = program("rollback", told["run"])
    assert [plan["outcome"] for plan in back["plans"]] == ["reverted"]
    assert not lab.command(1, "systemctl list-timers --all --no-legend setright-aide.timer").stdout
    lab.command(1, "rmdir /var/lib/aide")
    assert moved(before, lab) in ([], ["etc/hostname"])  # written at each start
    lab.command(1, "rm /usr/sbin/aide /usr/sbin/aideinit")


def test_an_update_is_found_installed_as_told_and_taken_back(lab: Supplied, tmp_path: Path) -> None:
    program, before = Program(lab, tmp_path), files(lab, 1)
    assert program("scan", *PATCHES)[1]["findings"] == [], "nothing is offered yet"
    old, new = lab.mend("liblz4-1")
    lab.update(1)
    (found,) = program("scan", *PATCHES)[1]["findings"]
    assert (found["control"], found["have"]) == ("linux/patches/security", {"security": {"liblz4-1": {"from": old, "to": new}}})
    _, told, _ = program("fix", *PATCHES, "--all", "--yes")
    assert [plan["outcome"] for plan in told["plans"]] == ["verified"], told["plans"]
    assert {fear["fact"]: fear["holds"] for fear in told["plans"][0]["breaks_if"]} == {
        "ask": None,
        "linux/former-version-gone": False,
    }
    assert installed(lab, "liblz4-1") == {"liblz4-1": new}
    (waiting,) = program("scan", *PATCHES)[1]["findings"]
    assert waiting["control"] == "linux/patches/services" and "ssh.service" in waiting["have"]["restart-services"]
    _, back, _ = program("rollback", told["run"])
    assert [plan["outcome"] for plan in back["plans"]] == ["reverted"]
    assert installed(lab, "liblz4-1") == {"liblz4-1": old} and moved(before, lab) == []
    assert logs_in(lab, 1)


@pytest.mark.skipif(not ALL, reason="the other half of the patch story; SETRIGHT_ALL=1 runs it")
def test_an_update_that_cannot_be_taken_back_says_so_before(lab: Supplied, tmp_path: Path) -> None:
    program = Program(lab, tmp_path)
    _, middle = lab.mend("attr")
    lab.update(1)
    lab.command(1, "apt-get -qq -y install attr liblz4-1")
    _, last = lab.mend("attr")
    lab.update(1)
    _, told, _ = program("fix", *PATCHES, "--control", "linux/patches/security", "--all", "--yes")
    (plan,) = [plan for plan in told["plans"] if plan["lane"] != "hand"]
    assert (plan["outcome"], plan["undo"]) == ("verified", "none")
    assert f"attr {middle} can be had nowhere any more" in plan["reason"]
    code, back, _ = program("rollback", told["run"])
    assert code == 1 and middle in back["plans"][0]["why"], "and says so again"
    assert installed(lab, "attr") == {"attr": last}


@pytest.mark.parametrize(("name", "said"), [("rival", "would remove cron"), ("fallen", "does not start: fallen.service")])
def test_what_would_take_others_away_or_does_not_start_is_refused(lab: Supplied, tmp_path: Path, name: str, said: str) -> None:
    relation, script = BOUND[name]
    control = tmp_path / name / "DEBIAN"
    control.mkdir(parents=True)
    about = f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: lab <lab@localhost>\nDescription: {name}\n{relation}"
    (control / "control").write_text(about)
    (control / "postinst").write_text(f"#!/bin/sh\n{script}\ntrue\n")
    (control / "postinst").chmod(0o755)
    unit = tmp_path / name / "lib/systemd/system" / f"{name}.service"
    unit.parent.mkdir(parents=True)
    unit.write_text(UNIT)
    lab.offer(tmp_path / name)
    lab.update(1)
    kept = packages.former_state(lab.command(1, packages.former(name).name).stdout)
    ran = lab.command(1, packages.install("dpkg", name, kept))
    assert ran.returncode == 1 and said in ran.stderr
    assert lab.command(1, packages.removal_script("dpkg", name, kept)).returncode == 0
    assert installed(lab, name, "cron")[name] == "" and installed(lab, "cron")["cron"]


def test_a_service_that_falls_at_once_is_not_called_started_and_one_that_would_not_start_is_told(
    lab: Supplied, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(lab, tmp_path).items():
        monkeypatch.setenv(name, value)
    units = {"brief": ("", "/bin/false"), "barred": ("ConditionPathExists=/none", "/bin/true")}
    for unit, (condition, program) in units.items():
        text = f"[Unit]\n{condition}\n[Service]\nExecStart={program}\n[Install]\nWantedBy=multi-user.target\n"
        (lab.root(1) / f"etc/systemd/system/{unit}.service").write_text(text)
    lab.command(1, "systemctl daemon-reload")
    with lab.inside():
        surface = open_ssh("ssh://h1")
        try:
            told = surface.ask([f"linux/unit-would-not-start:{unit}.service" for unit in units])
            assert [answer.holds for answer in told.values()] == [False, True]
            for unit, why in (("brief", "did not stay up"), ("barred", "ConditionPathExists=/none failed")):
                name = f"unit:{unit}.service"
                before, (kept,) = surface.again([name])[name].data or b"", surface.keep([name])
                on = json.dumps(json.loads(before) | {"enabled": "enabled", "active": "active"}).encode()
                start = Change(name, "json", before, on)
                with pytest.raises(SurfaceError, match=why):
                    surface.write(start)
                surface.write(start.inverse(kept.meta))
                assert surface.again([name])[name].data == before
        finally:
            surface.close()

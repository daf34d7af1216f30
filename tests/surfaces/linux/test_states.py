"""Promises of what a host says of itself as a whole: the walk over its disk, its packages, updates and restarts."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.model import Want
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux import packages
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.offline import Offline
from setright.surfaces.linux.states import boot, confinement, deeds, disk, mounts, restarts, updates
from setright.surfaces.linux.surface import Linux
from setright.surfaces.linux.transport import Ask, Reply
from tests.surfaces.linux.conftest import HereShell
from tests.surfaces.linux.states import Loop, evidence

needs_root = pytest.mark.root
MADE = """mkdir -p /srv/drop; touch /srv/all /var/lost; chmod 777 /srv/drop; chmod 666 /srv/all; chown 4242:4242 /var/lost
cp /bin/true /srv/back; chmod 4755 /srv/back; cp /bin/true /usr/local/bin/tool; chmod 775 /usr/local/bin/tool"""


@needs_root
def test_a_walk_over_the_disk_finds_what_many_can_write_and_puts_it_right(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/disk/*")
    assert not loop.found(), "a stock Debian has nothing of the sort"
    loop.sh(MADE)
    here = {f"disk/{name}" for name in ("world-writable", "open-folders", "unowned", "setuid-unknown", "programs")}
    assert {control for control, _ in loop.wrong()} == here
    run = loop.fix()
    assert loop.outcomes(run) == ["state:disk: verified"]
    assert {control for control, _ in loop.wrong()} == here - {"disk/world-writable", "disk/open-folders"}
    assert loop.sh("stat -c %a /srv/all /srv/drop").split() == ["664", "1777"]
    loop.rollback(run)
    assert loop.sh("stat -c %a /srv/all /srv/drop").split() == ["666", "777"]


@needs_root
def test_a_walk_over_the_disk_that_is_cut_short_tells_what_it_saw_and_leaves_the_rest_open(host: Lab) -> None:
    """Once by the time that it has, once since there is no find of GNU."""
    host.command(1, "cp /bin/true /usr/bin/lends; chmod 775 /usr/bin/lends")
    timely, own = disk.WALK.name.replace(f"timeout {disk.LIMIT_S} ", "timeout 0.001 "), "/usr/local/bin/find"
    for walk, find in (
        (timely, ""),
        (disk.WALK.name, f"printf '#!/bin/sh\nexit 1\n' >{own}; chmod 755 {own}; PATH=/usr/local/bin:$PATH"),
    ):
        said = {
            ask: host.command(1, f"{find}\n{script}").stdout for ask, script in ((disk.WALK, walk), (disk.OTHERS, disk.OTHERS.name))
        }
        told = disk.tell(Evidence({ask: [Reply("", each.encode())] for ask, each in said.items()})) or {}
        assert told["setuid"] == told["devices"] == told["world-writable"] == disk.CUT
        assert told["programs-not-roots"] == (disk.CUT if find else ["/usr/bin/lends"])


@needs_root
def test_a_package_that_nothing_needs_is_removed_and_one_that_is_needed_stays(host: Lab) -> None:
    ran = host.command(1, packages.removal_script("dpkg", "libpwquality1"))
    assert ran.returncode and "would also remove libpam-pwquality" in ran.stderr
    assert host.command(1, packages.removal_script("dpkg", "acl")).returncode == 0
    assert host.command(1, "dpkg-query -W -f='${db:Status-Status}' acl").stdout != "installed"
    assert host.command(1, "dpkg-query -W -f='${db:Status-Status}' libpwquality1").stdout == "installed"


def test_the_packages_of_a_host_are_told_by_its_own_manager() -> None:
    ask = Ask("packages", "")
    (told,) = HereShell().find([ask])[ask]
    assert told.name == "dpkg" and b"\nbash\n" in (told.data or b"")


def test_an_image_tells_its_packages(tmp_path: Path) -> None:
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    status = "Package: telnet\nStatus: install ok installed\nVersion: 1\n\nPackage: nis\nStatus: deinstall ok config-files\n"
    (tmp_path / "var/lib/dpkg/status").write_text(status)
    want = Want("linux/package", {"documents": ["package:*"], "lens": "json"}, names=("telnet", "nis"))
    reading = Linux(Offline("root:test", tmp_path)).read([want])
    told = {d.locator: json.loads(d.data or b"")["installed"] for d in reading.documents}
    assert told == {"package:telnet": True, "package:nis": False}


def test_a_name_that_is_no_package_never_reaches_a_shell() -> None:
    with pytest.raises(SurfaceError, match="no name of a package"):
        packages.install("dpkg", "telnet; reboot")


@pytest.mark.parametrize(
    ("abbreviated", "said"),
    [("ii ", ""), ("rc ", ""), ("iW ", ""), ("iF ", "b"), ("iU ", "b"), ("iH ", "b"), ("iHR", "b"), ("iiR", "b")],
)
def test_nothing_is_installed_where_apt_would_go_on_with_what_was_cut_off(tmp_path: Path, abbreviated: str, said: str) -> None:
    (tmp_path / "dpkg-query").write_text(f"#!/bin/sh\nprintf 'ii  a\\n{abbreviated} b\\nii  c\\n'\n")
    (tmp_path / "dpkg-query").chmod(0o755)
    path = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-c", f"{packages.UNFINISHED}echo installs"], capture_output=True, text=True, env=path)
    assert (done.returncode, done.stdout) == ((1, "") if said else (0, "installs\n"))
    assert (f"was begun: {said} - run" in done.stderr) == bool(said)
    assert packages.UNFINISHED in packages.install("dpkg", "x")
    assert packages.UNFINISHED not in packages.install("dpkg", "x", {"version": "1"}), "that is a way back"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1.0~rc1-1", "1.0-1"),
        ("2.36-9+deb12u9", "2.36-9+deb12u10"),
        ("9.9-1", "1:0.1-1"),
        ("1.0-1~deb12u1", "1.0-1"),
        ("1.0", "1.0a"),
        ("1.0a", "1.0+b"),
        ("1.0-1", "1.0-1-2"),
    ],
)
def test_versions_are_ordered_as_dpkg_orders_them(old: str, new: str) -> None:
    for have, there in ((old, new), (new, old), (old, old)):
        newer = subprocess.run(["dpkg", "--compare-versions", have, "lt", there], timeout=10).returncode == 0
        told = updates.tell(evidence(updates=f"M apt\nA 3\nY\nS openssl {have} {there}\n"))
        assert ("security" in (told or {})) == newer


def test_security_updates_are_told_with_their_versions() -> None:
    told = updates.tell(evidence(updates="M apt\nA 3\nY\nS openssl 3.0.1 3.0.2\n"))
    assert told == {
        "manager": "apt",
        "lists-age-days": 3,
        "security": {"openssl": {"from": "3.0.1", "to": "3.0.2"}},
    }
    body = deeds("updates", told, {k: v for k, v in told.items() if k != "security"})
    assert "install -d" in body.splitlines()[0] and "openssl=3.0.2" in body.splitlines()[1]
    assert "openssl=3.0.1" in deeds("updates", {k: v for k, v in told.items() if k != "security"}, told)


def test_a_host_whose_sources_have_no_security_updates_is_not_called_up_to_date() -> None:
    told = updates.tell(evidence(updates="M apt\nA 0\n"))
    assert told == {"manager": "apt", "lists-age-days": 0, "security": updates.NOWHERE}
    assert updates.tell(evidence(updates="M apt\nA 0\nY\n")) == {"manager": "apt", "lists-age-days": 0}


def test_what_waits_for_a_restart_is_told() -> None:
    told = restarts.tell(evidence(waiting="W\nB\nR nginx.service\n"))
    assert told == {"restart-host": True, "restart-services": ["nginx.service"]}
    assert restarts.tell(evidence(waiting="")) is None


@needs_root
@pytest.mark.skipif(not os.path.exists("/usr/bin/dpkg-query"), reason="needs dpkg")  # noqa: PTH110
def test_a_host_without_lists_of_packages_says_that_it_cannot_tell(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/patches/*")
    assert {f.control: f.verdict.value for f in loop.found()} == {
        "linux/patches/security": "unknown",
        "linux/patches/lists": "unknown",
    }


def test_the_boot_loader_and_the_command_line_are_told() -> None:
    told = boot.tell(evidence(menu="loader\npassword\nsuperusers\n", line='audit=1 quiet x="a b"\n'))
    assert told == {
        "loader": "grub",
        "password": True,
        "unattended": False,
        "command-line": {"audit": "1", "quiet": True, "x": '"a b"'},
    }


def test_profiles_that_only_complain_are_named() -> None:
    profiles = "/usr/sbin/cupsd (complain)\nman_filter (enforce)\nlsb_release (enforce)\n"
    told = confinement.tell(evidence(profiles=profiles, uptime="9 9", on="Y\n", selinux=""))
    assert told == {"system": "none", "enabled": True, "enforced": 2, "complaining": ["/usr/sbin/cupsd"]}


def test_the_last_of_several_mounts_of_a_place_counts() -> None:
    info = [
        "1 0 0:1 / / rw - ext4 /dev/vda rw",
        "2 1 0:2 / /a\\040b rw,nodev - tmpfs t rw",
        "3 1 0:3 / /a\\040b ro x:1 - ext4 /dev/x rw",
    ]
    told = mounts.tell(evidence(info="\n".join(info)))
    assert told is not None
    assert told["/a b"] == {"source": "/dev/x", "fstype": "ext4", "options": {"ro": True}}


@needs_root
def test_a_package_that_cannot_be_had_is_left_to_people(host: Lab, tmp_path: Path) -> None:
    run = Loop(host, tmp_path, "linux/package/*").fix()
    assert {plan.lane for plan, _ in run.plans} == {"hand"}, "a fresh host has no lists of packages"
    assert all("apt-get update" in plan.reason or "apt-get update" in repr(outcome) for plan, outcome in run.plans)

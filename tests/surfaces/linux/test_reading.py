"""Promises of reading: what is there is told, what cannot be told is a problem with a way out, and no link leads out of a root."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.hosts import BASE, Lab

from setright.model import Change, Document, Problem, Want
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux import packed
from setright.surfaces.linux.documents import documents_of, part_of
from setright.surfaces.linux.local import Local
from setright.surfaces.linux.surface import Linux, open_local, open_root
from setright.surfaces.linux.transport import Reply
from tests.surfaces.linux.conftest import SSHD, HereShell, Place, files

pytestmark = pytest.mark.root


def by_locator(documents: tuple[Document, ...]) -> dict[str, bytes | None]:
    return {d.locator: d.data for d in documents}


def test_files_come_byte_for_byte_whatever_they_hold(place: Place) -> None:
    surface, name, root = place
    (root / "d").mkdir()
    odd = {
        "nul.conf": b"a\0b\r\n\xff\xfe",
        "empty.conf": b"",
        "no-newline.conf": b"x",
        "frames.conf": b"\n0123\tend\t0\n" * 3,
        "blank.conf": b"\n\n",
    }
    for file, data in odd.items():
        (root / "d" / file).write_bytes(data)
    read = surface.read([files(name("/d/*.conf"))])
    assert by_locator(read.documents) == {name(f"/d/{file}"): data for file, data in odd.items()}
    assert read.problems == ()


def test_names_with_blanks_quotes_and_dollars_are_only_names(place: Place) -> None:
    surface, name, root = place
    for odd in ("a b.conf", "$(touch pwned).conf", "it's.conf", "-n.conf", 'q".conf'):
        (root / odd).write_text(odd)
    read = surface.read([files(name("/*.conf")), files(name("/$(touch pwned).conf")), files(name("/it's.conf"))])
    assert len(read.documents) == 5
    assert not list(root.glob("pwned"))


def test_a_name_with_a_line_break_is_a_problem_not_a_gap(tmp_path: Path) -> None:
    (tmp_path / "a\nb.conf").write_text("x")
    read = Linux(HereShell()).read([files(f"{tmp_path}/*.conf")])
    assert [p.why for p in read.problems] == ["a name in this folder holds a control character; rename it"]


def test_what_is_not_there_is_a_document_that_a_plan_may_make(place: Place) -> None:
    surface, name, root = place
    read = surface.read([files(name("/etc/none.conf"), name("/etc/none.d/*.conf"))])
    assert by_locator(read.documents) == {name("/etc/none.conf"): None}
    assert surface.again([name("/etc/none.conf")])[name("/etc/none.conf")].data is None
    assert root.exists()


def test_files_of_two_names_and_of_odd_or_long_ones_are_read_in_their_order(place: Place) -> None:
    surface, name, root = place
    long = "/".join("d" * 60 for _ in range(4))
    (root / long).mkdir(parents=True)
    held = {"b.conf": b"one\n", "c\\.conf": b"two", "-o.conf": b"", "z.conf": b"last"}
    for file, data in held.items():
        (root / file).write_bytes(data)
    (root / "a.conf").hardlink_to(root / "b.conf")
    (root / long / "x.conf").write_bytes(b"deep")
    read = surface.read([files(name("/*.conf")), files(name(f"/{long}/x.conf")), files(name("/b.conf"))])
    assert read.problems == ()
    known = {d.locator.removeprefix(name("/")): d.data for d in read.documents}
    assert known == {"a.conf": b"one\n", f"{long}/x.conf": b"deep", **held}
    assert [d for d in known if "/" not in d] == sorted(d for d in known if "/" not in d)


def test_an_archive_that_was_cut_short_leaves_its_files_unread() -> None:
    rows = b"0\t/etc/a\n1\t/etc/b\n\n"
    assert list(packed.files(rows + b"x")) == [(0, "/etc/a", None), (1, "/etc/b", None)]


def test_what_is_no_file_or_too_large_is_a_problem(place: Place) -> None:
    surface, name, root = place
    (root / "d.conf").mkdir()
    os.mkfifo(root / "pipe.conf")
    with (root / "big.conf").open("wb") as big:
        big.truncate(9 << 20)
    read = surface.read([files(name("/*.conf"))])
    assert {p.locator.rpartition("/")[2]: p.why for p in read.problems} == {
        "d.conf": "is a folder",
        "pipe.conf": "is not a regular file",
        "big.conf": "is larger than 8 MiB",
    }


def test_a_link_is_one_document_with_the_file_it_leads_to(place: Place) -> None:
    surface, name, root = place
    (root / "etc/sysctl.d").mkdir(parents=True)
    (root / "etc/sysctl.conf").write_text("a=1\n")
    (root / "etc/other").write_text("o\n")
    (root / "etc/sysctl.d/99-sysctl.conf").symlink_to("../sysctl.conf")
    (root / "etc/sysctl.d/50-other.conf").symlink_to("../other")
    (root / "etc/sysctl.d/10-off.conf").symlink_to("/dev/null")
    (root / "etc/sysctl.d/20-gone.conf").symlink_to("../gone")
    (root / "dev").mkdir()
    (root / "dev/null").touch()
    read = surface.read([files(name("/etc/sysctl.conf"), name("/etc/sysctl.d/*.conf"))])
    found = by_locator(read.documents)
    assert found == {
        name("/etc/sysctl.conf"): b"a=1\n",
        name("/etc/sysctl.d/50-other.conf"): b"o\n",
        name("/etc/sysctl.d/10-off.conf"): b"",
    }


def test_inode_documents_name_owner_group_and_mode(place: Place) -> None:
    surface, name, root = place
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nshadow:x:42:\n")
    (root / "etc/shadow").write_text("")
    os.chown(root / "etc/shadow", 0, 42)
    (root / "etc/shadow").chmod(0o640)
    os.chown(root / "etc/passwd", 54321, 54321)
    (root / "logs/a").mkdir(parents=True)
    (root / "logs/x.log").touch()
    (root / "logs/a/y.log").touch()
    names = tuple(name(n) for n in ("/etc/shadow", "/etc/passwd", "/etc/absent", "/etc", "/logs/**"))
    read = surface.read([Want("linux/file-access", {"documents": ["stat:*"], "name": "path"}, names=names)])
    found = {d.locator.removeprefix("stat:"): json.loads(d.data or b"") for d in read.documents}
    assert found.pop(name("/etc/shadow")) == {
        "path": name("/etc/shadow"),
        "type": "file",
        "owner": "root",
        "group": "shadow",
        "mode": "0640",
    }
    assert found[name("/etc/passwd")]["owner"] == found[name("/etc/passwd")]["group"] == "54321"
    assert found[name("/etc")]["type"] == "directory"
    assert {p for p in found if "/logs/" in p} == {name("/logs/x.log"), name("/logs/a/y.log")}
    assert name("/etc/absent") not in found


def test_owners_are_told_by_the_roots_own_tables(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("captain:x:1234:1234::/:/bin/sh\n")
    (tmp_path / "etc/group").write_text("crew:x:1234:\n")
    (tmp_path / "log").touch()
    os.chown(tmp_path / "log", 1234, 1234)
    surface = open_root(str(tmp_path))
    document = surface.again(["stat:/log"])["stat:/log"].data
    assert document is not None
    assert json.loads(document) == {"path": "/log", "type": "file", "owner": "captain", "group": "crew", "mode": "0644"}


@pytest.mark.parametrize("link", ["../../../../../../secret", "/secret", "/../secret", "loop"])
def test_no_link_leads_out_of_an_offline_root(tmp_path: Path, link: str) -> None:
    (tmp_path / "secret").write_text("outside")
    root = tmp_path / "image"
    (root / "etc").mkdir(parents=True)
    (root / "etc/x.conf").symlink_to(link)
    (root / "etc/loop").symlink_to("loop")
    (root / "evil").symlink_to("..")
    surface = open_root(str(root))
    read = surface.read([files("/etc/x.conf", "/evil/secret", "/etc/../../secret", "/etc/*.conf")])
    assert all(d.data is None for d in read.documents)
    surface.write(Change("/evil/secret", "text", None, b"inside"))
    assert (tmp_path / "secret").read_text() == "outside"
    assert (root / "secret").read_bytes() == b"inside"


@pytest.fixture
def barred() -> Iterator[Path]:
    """A file and a folder that only root may open, where anybody gets near."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        place = Path(folder)
        place.chmod(0o755)
        (place / "open").mkdir()
        (place / "open/secret.conf").write_text("x")
        (place / "open/secret.conf").chmod(0o600)
        (place / "closed").mkdir(mode=0o700)
        (place / "closed/a.conf").write_text("x")
        yield place


@pytest.mark.parametrize("way", ["local", "shell"])
def test_what_may_not_be_read_is_a_problem_with_a_way_out(barred: Path, way: str) -> None:
    wants = [
        files(f"{barred}/open/*.conf"),
        files(f"{barred}/closed/*.conf"),
        files(f"{barred}/closed/a.conf"),
        Want("k", {"documents": ["stat:*"]}, names=(f"{barred}/closed/a.conf",)),
    ]
    os.seteuid(65534 if way == "local" else 0)
    try:
        surface = Linux(Local() if way == "local" else HereShell(user=65534))
        read = surface.read(wants)
        with pytest.raises(SurfaceError, match="run as root"):
            surface.again([f"{barred}/closed/a.conf"])
    finally:
        os.seteuid(0)
    assert read.documents == ()
    assert {p.locator.removeprefix(f"{barred}/") for p in read.problems} >= {"open/secret.conf", "closed/*.conf", "closed/a.conf"}
    assert all("run as root (sudo)" in p.why for p in read.problems)


@pytest.mark.parametrize("surface", [open_local(), Linux(HereShell())], ids=["local", "shell"])
def test_running_parameters_are_those_asked_for_that_exist(surface: Linux) -> None:
    keys = (
        "net.ipv4.ip_local_port_range",
        "net.ipv4.conf.*.rp_filter",
        "kernel.osrelease",
        "no.such.key",
        "net/ipv4/conf/lo/rp_filter",
    )
    read = surface.read([Want("linux/sysctl", {"documents": [], "lens": "sysctl", "running": "running:sysctl"}, keys=keys)])
    found = json.loads(by_locator(read.documents)["running:sysctl"] or b"")
    assert found["kernel.osrelease"] == os.uname().release
    assert found["net.ipv4.ip_local_port_range"] == " ".join(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    assert {"net.ipv4.conf.all.rp_filter", "net.ipv4.conf.lo.rp_filter"} <= found.keys()
    assert "no.such.key" not in found
    assert surface.again(["running:sysctl"])["running:sysctl"].data == by_locator(read.documents)["running:sysctl"]


@pytest.mark.parametrize("surface", [open_local(), Linux(HereShell())], ids=["local", "shell"])
def test_a_programs_own_opinion_is_read_or_its_absence_is_a_problem(surface: Linux) -> None:
    read = surface.read([SSHD])
    effective = by_locator(read.documents).get("effective:sshd")
    if effective is None:
        assert [p.locator for p in read.problems] == ["effective:sshd"]
    else:
        assert b"permitrootlogin" in effective


@pytest.mark.root
def test_what_sshd_was_started_with_counts_before_its_files(host: Lab, web: Linux) -> None:
    assert host.command(1, "/usr/sbin/sshd -p 2222 -oPermitRootLogin=yes -o MaxAuthTries=3; sleep 0.5").returncode == 0
    said = (web.again(["effective:sshd"])["effective:sshd"].data or b"").splitlines()
    assert {b"permitrootlogin yes", b"maxauthtries 3", b"port 22"} <= {*said}
    host.command(1, "kill $(cat /run/sshd.pid)")
    said = (web.again(["effective:sshd"])["effective:sshd"].data or b"").splitlines()
    assert b"maxauthtries 6" in said


def test_an_offline_root_has_no_running_state(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/modules").write_text("cramfs 1 0 - Live 0x0\n")
    wants = [
        Want("k", {"documents": [], "running": ["running:sysctl", "running:modules"], "effective": "effective:sshd"}, keys=("a",))
    ]
    assert open_root(str(tmp_path)).read(wants).documents == ()


def test_there_must_be_a_root(tmp_path: Path) -> None:
    with pytest.raises(SurfaceError, match="there is no folder"):
        open_root(str(tmp_path / "none"))


def test_a_kind_that_needs_names_says_so(tmp_path: Path) -> None:
    read = open_root(str(tmp_path)).read([Want("k", {"documents": ["running:sysctl", "stat:/etc/x"]})])
    assert read.problems == ()


def test_the_same_host_reads_alike_by_ssh_and_as_an_image(web: Linux, host: Lab) -> None:
    units = Want("linux/service", {"documents": ["unit:*"]})
    stats = Want("linux/file-access", {"documents": ["stat:*"]}, names=("/etc/*", "/var/log/**", "/usr/bin/su", "/tmp"))
    wants = [files("/etc/*.conf", "/etc/ssh/*", "/etc/sudoers", "/etc/pam.d/*"), stats, units]
    live = by_locator(web.read(wants).documents)
    image = by_locator(open_root(str(BASE)).read(wants).documents)
    changed = {"stat:/etc/hosts", "stat:/tmp", "stat:/etc/mtab"}  # what booting changes
    moved = {locator for locator in live.keys() | image.keys() if live.get(locator) != image.get(locator)} - changed
    assert moved == set()
    assert len(live) > 200


@pytest.mark.skipif(not shutil.which("systemctl"), reason="no systemctl to compare with")
def test_units_are_told_as_systemctl_tells_them(lab: Lab) -> None:
    read = open_root(str(BASE)).read([Want("linux/service", {"documents": ["unit:*"]})])
    told = {row["unit"]: row["enabled"] for d in read.documents for row in [json.loads(d.data or b"")]}
    command = ["systemctl", f"--root={BASE}", "list-unit-files", "--no-legend", "--no-pager"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    theirs = {line.split()[0]: line.split()[1] for line in listed.splitlines()}
    both = {
        name
        for name in told.keys() & theirs.keys()
        if "@" not in name and theirs[name] not in ("generated", "indirect", "transient")
    }
    assert {name: told[name] for name in both} == {name: theirs[name] for name in both}
    assert len(both) > 80


@pytest.mark.parametrize("name", ["disk", "job-programs", "search-path", "setuid-programs"])
def test_what_only_root_may_see_is_told_as_unread_to_others(name: str) -> None:
    part = part_of(f"state:{name}", "json")
    (problem,) = documents_of(part, {ask: [Reply("-", b"", "ended with 13")] for ask in part.asks})
    assert isinstance(problem, Problem) and "run as root" in problem.why

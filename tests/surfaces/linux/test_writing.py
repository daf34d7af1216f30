"""Promises of writing, kept alike by the three ways to write."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.model import Change, Kept, Steps
from setright.surfaces.base import Moved, SurfaceError
from setright.surfaces.linux import steps
from setright.surfaces.linux import surface as surfaces
from setright.surfaces.linux.local import Local
from setright.surfaces.linux.surface import Linux
from setright.surfaces.linux.writes import put, scripted
from tests.surfaces.linux.conftest import HereShell, Place, files

pytestmark = pytest.mark.root


def seen(file: Path) -> tuple[object, ...]:
    """Everything an exact restore must bring back."""
    now = file.stat()
    kept = {name: os.getxattr(file, name) for name in os.listxattr(file)}
    return file.read_bytes(), now.st_uid, now.st_gid, oct(now.st_mode), now.st_mtime_ns, kept


def special(file: Path) -> Path:
    """A file with an owner, mode, ACL, attribute and time that no default gives."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"old\n\xff\x00")
    os.chown(file, 7, 8)
    file.chmod(0o2640)
    os.setxattr(file, "user.note", b"\x00binary\xff")
    subprocess.run(["setfacl", "-m", "u:9:rw", file], check=True)
    os.utime(file, ns=(1, 1_600_000_000_123_456_789))
    return file


def only(kept: list[Kept]) -> Kept:
    assert len(kept) == 1
    return kept[0]


def test_a_written_file_keeps_owner_mode_acl_and_attributes(place: Place) -> None:
    surface, name, root = place
    file = special(root / "etc/app.conf")
    before = seen(file)
    surface.write(Change(name("/etc/app.conf"), "text", before[0], b"new\n"))
    after = seen(file)
    assert after[0] == b"new\n"
    assert (after[1:4], after[5]) == (before[1:4], before[5])
    assert [p.name for p in file.parent.iterdir()] == ["app.conf"], "a temporary file was left"


def test_a_restored_file_is_exactly_as_it_was(place: Place) -> None:
    surface, name, root = place
    file = special(root / "etc/app.conf")
    before = seen(file)
    kept = only(surface.keep([name("/etc/app.conf")]))
    change = Change(kept.locator, "text", kept.data, b"new\n")
    surface.write(change)
    surface.write(change.inverse(kept.meta))
    assert seen(file) == before


def test_a_removed_file_comes_back_exactly(place: Place) -> None:
    surface, name, root = place
    file = special(root / "etc/app.conf")
    before = seen(file)
    kept = only(surface.keep([name("/etc/app.conf")]))
    change = Change(kept.locator, "text", kept.data, None)
    surface.write(change)
    assert not file.exists()
    surface.write(change.inverse(kept.meta))
    assert seen(file) == before


def test_a_restore_that_finds_the_bytes_in_place_still_restores_the_rest(place: Place) -> None:
    surface, name, root = place
    file = special(root / "etc/app.conf")
    before = seen(file)
    kept = only(surface.keep([name("/etc/app.conf")]))
    file.chmod(0o600)
    os.chown(file, 0, 0)
    surface.write(Change(kept.locator, "text", b"whatever was written", kept.data, kept.meta))
    assert seen(file) == before


def test_a_new_file_is_roots_and_its_undo_leaves_no_trace(place: Place) -> None:
    surface, name, root = place
    (root / "etc").mkdir()
    kept = only(surface.keep([name("/etc/app.d/sub/60-new.conf")]))
    change = Change(kept.locator, "text", None, b"x = 1\n")
    surface.write(change)
    new = root / "etc/app.d/sub/60-new.conf"
    assert seen(new)[:4] == (b"x = 1\n", 0, 0, "0o100644")
    surface.write(change.inverse(kept.meta))
    assert list((root / "etc").iterdir()) == []


def test_a_folder_that_others_use_by_now_stays(place: Place) -> None:
    surface, name, root = place
    (root / "etc").mkdir()
    kept = only(surface.keep([name("/etc/app.d/60-new.conf")]))
    change = Change(kept.locator, "text", None, b"x\n")
    surface.write(change)
    (root / "etc/app.d/70-theirs.conf").write_text("y")
    surface.write(change.inverse(kept.meta))
    assert [p.name for p in (root / "etc/app.d").iterdir()] == ["70-theirs.conf"]


def test_a_document_that_moved_is_left_alone(place: Place) -> None:
    surface, name, root = place
    (root / "app.conf").write_bytes(b"theirs\n")
    for change in (
        Change(name("/app.conf"), "text", b"planned\n", b"ours\n"),
        Change(name("/app.conf"), "text", None, b"ours\n"),
        Change(name("/app.conf"), "text", b"planned\n", None),
        Change(name("/gone.conf"), "text", b"planned\n", b"ours\n"),
    ):
        with pytest.raises(Moved, match="scan again"):
            surface.write(change)
    assert (root / "app.conf").read_bytes() == b"theirs\n"
    assert not (root / "gone.conf").exists()


def test_putting_what_is_there_touches_nothing(place: Place) -> None:
    surface, name, root = place
    file = special(root / "app.conf")
    before, inode = seen(file), file.stat().st_ino
    surface.write(Change(name("/app.conf"), "text", b"planned on\n", before[0]))
    surface.write(Change(name("/gone.conf"), "text", b"planned on\n", None))
    assert (seen(file), file.stat().st_ino) == (before, inode)


def test_a_link_stays_and_what_it_leads_to_is_written(place: Place) -> None:
    surface, name, root = place
    (root / "etc/sysctl.d").mkdir(parents=True)
    (root / "etc/sysctl.conf").write_bytes(b"a=1\n")
    (root / "etc/sysctl.d/99-sysctl.conf").symlink_to("../sysctl.conf")
    surface.write(Change(name("/etc/sysctl.d/99-sysctl.conf"), "text", b"a=1\n", b"a=2\n"))
    assert (root / "etc/sysctl.d/99-sysctl.conf").readlink() == Path("../sysctl.conf")
    assert (root / "etc/sysctl.conf").read_bytes() == b"a=2\n"


def test_of_two_writers_at_once_exactly_one_wins(place: Place) -> None:
    surface, name, root = place
    (root / "app.conf").write_bytes(b"0")
    outcomes: list[object] = []

    def write(new: bytes) -> None:
        try:
            surface.write(Change(name("/app.conf"), "text", b"0", new))
            outcomes.append(new)
        except Moved as error:
            outcomes.append(type(error))

    writers = [threading.Thread(target=write, args=(str(n).encode(),)) for n in range(1, 7)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    winners = [each for each in outcomes if each is not Moved]
    assert winners == [(root / "app.conf").read_bytes()]
    assert len(outcomes) == 6


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB, with an old file in it."""
    (tmp_path / "full").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path / "full"], check=True)
    (tmp_path / "full/app.conf").write_bytes(b"old\n")
    yield tmp_path / "full"
    subprocess.run(["umount", tmp_path / "full"], check=True)


def test_a_full_disk_leaves_the_old_file_and_says_so(place: Place, small: Path) -> None:
    surface, name, _ = place
    with pytest.raises(SurfaceError, match=r"app\.conf: .*No space left.*free some space"):
        surface.write(Change(name("/full/app.conf"), "text", b"old\n", b"x" * 200_000))
    assert [p.name for p in small.iterdir()] == ["app.conf"]
    assert (small / "app.conf").read_bytes() == b"old\n"


def test_a_read_only_file_system_is_named(place: Place, small: Path) -> None:
    surface, name, _ = place
    subprocess.run(["mount", "-o", "remount,ro", small], check=True)
    with pytest.raises(SurfaceError, match=r"app\.conf: .*Read-only file system.*remount"):
        surface.write(Change(name("/full/app.conf"), "text", b"old\n", b"new\n"))


@pytest.mark.parametrize("surface", [Linux(Local()), Linux(HereShell(user=65534))], ids=["local", "shell"])
def test_without_the_right_to_write_the_way_out_is_said(surface: Linux, tmp_path: Path) -> None:
    (tmp_path / "app.conf").write_bytes(b"old\n")
    tmp_path.chmod(0o755)
    os.seteuid(65534 if surface.target == "host:local" else 0)
    try:
        with pytest.raises(SurfaceError, match="run as root"):
            surface.write(Change(f"{tmp_path}/app.conf", "text", b"old\n", b"new\n"))
    finally:
        os.seteuid(0)


def test_a_write_that_is_killed_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    file, old, new = tmp_path / "app.conf", b"old\n" * 5000, b"new\n" * 5000
    file.write_bytes(old)
    script = scripted(put(str(file), "any", new, {})).encode()
    outcomes = set()
    for delay_ms in range(0, 60, 3):
        process = subprocess.Popen(["/bin/sh"], stdin=subprocess.PIPE, process_group=0)
        timer = threading.Timer(delay_ms / 1000, os.killpg, (process.pid, 9))
        timer.start()
        process.communicate(script)
        timer.cancel()
        outcomes.add(file.read_bytes())
        file.write_bytes(old)
    assert outcomes <= {old, new}


def test_a_script_cut_short_on_its_way_does_nothing(tmp_path: Path) -> None:
    file = tmp_path / "app.conf"
    file.write_bytes(b"old\n")
    script = scripted(put(str(file), "any", b"new\n", {}))
    for part in range(0, len(script) - len("main\n"), 97):
        subprocess.run(["/bin/sh"], input=script[:part].encode(), capture_output=True)
        assert file.read_bytes() == b"old\n"
    subprocess.run(["/bin/sh"], input=script.encode(), check=True)
    assert file.read_bytes() == b"new\n"


def test_owner_and_mode_are_changed_and_put_back(place: Place) -> None:
    surface, name, root = place
    file = special(root / "etc/app.conf")
    (root / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nlp:x:7:7::/:/bin/sh\n")
    (root / "etc/group").write_text("root:x:0:\nmail:x:8:\nshadow:x:42:\n")
    locator = f"stat:{name('/etc/app.conf')}"
    before = surface.again([locator])[locator].data
    assert before is not None
    want = before.replace(b'"lp"', b'"root"').replace(b'"mail"', b'"shadow"').replace(b"2660", b"0640")
    assert want != before
    change = Change(locator, "json", before, want)
    surface.write(change)
    assert (file.stat().st_uid, file.stat().st_gid, oct(file.stat().st_mode)) == (0, 42, "0o100640")
    surface.write(change)
    surface.write(change.inverse())
    assert surface.again([locator])[locator].data == before
    file.chmod(0o600)
    with pytest.raises(Moved):
        surface.write(change)


def test_a_new_file_has_the_mode_that_its_kind_asks_for(place: Place) -> None:
    surface, name, root = place
    surface.read([files(name("/keys/*"), **{"new-mode": "0600"})])
    surface.write(Change(name("/keys/new"), "text", None, b"x"))
    assert oct((root / "keys/new").stat().st_mode) == "0o100600"


def test_a_device_keeps_its_mode_and_stays_a_device_whatever_leads_to_it(place: Place) -> None:
    """A unit or drop-in that is switched off is a link to /dev/null, which every program writes to."""
    surface, name, root = place
    (root / "etc").mkdir(exist_ok=True)
    os.mknod(root / "null", 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    (root / "etc/off.service").symlink_to("../null")
    before = (root / "null").stat()
    locator = f"stat:{name('/etc/off.service')}"
    assert surface.again([locator])[locator].data is None
    row = {"path": name("/etc/off.service"), "type": "file", "owner": "root", "group": "root", "mode": "0666"}
    was, narrowed = json.dumps(row).encode(), json.dumps(row | {"mode": "0644"}).encode()
    for change in (Change(locator, "json", was, narrowed), Change(name("/etc/off.service"), "text", b"", b"x\n")):
        with pytest.raises(SurfaceError):
            surface.write(change)
    assert (root / "null").stat() == before


def test_forwarding_that_is_switched_leaves_redirects_as_they_are(web: Linux, host: Lab) -> None:
    """The kernel accepts redirects anew when a host ceases to be a router."""
    redirects = "sysctl -n net.ipv4.conf.all.accept_redirects"
    host.command(1, "sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.accept_redirects=0")
    router, end = b'{"net.ipv4.ip_forward": "1"}', b'{"net.ipv4.ip_forward": "0"}'
    web.write(Change("running:sysctl", "json", router, end))
    assert host.command(1, f"{redirects}; sysctl -n net.ipv4.ip_forward").stdout == "0\n0\n"
    host.command(1, "sysctl -qw net.ipv4.conf.all.accept_redirects=1")
    web.write(Change("running:sysctl", "json", end, router))
    assert host.command(1, redirects).stdout == "1\n"


def test_an_access_list_is_told_where_somebody_is_named(place: Place) -> None:
    surface, name, root = place
    for file in ("plain", "with space"):
        special(root / "etc" / file)
    subprocess.run(["setfacl", "-b", root / "etc/plain"], check=True)
    locators = [f"stat:{name(f'/etc/{file}')}" for file in ("plain", "with space")]
    found = surface.again(locators)
    assert [json.loads(found[locator].data or b"").get("acl") for locator in locators] == [None, True]


@pytest.mark.parametrize(
    ("lock", "unlock", "said"),
    [
        ("chattr +i /srv/x/app.conf", "chattr -i /srv/x/app.conf", "is locked"),
        ("mount --bind /srv/x /srv/x; mount -o remount,bind,ro /srv/x", "umount /srv/x", "is mounted read-only"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is(web: Linux, host: Lab, lock: str, unlock: str, said: str) -> None:
    assert host.command(1, f"mkdir -p /srv/x; echo a >/srv/x/app.conf; {lock}").returncode == 0
    try:
        with pytest.raises(SurfaceError, match=said):
            web.keep(["/srv/x/app.conf"])
    finally:
        host.command(1, unlock)
    assert web.keep(["/srv/x/app.conf"])[0].data == b"a\n"


def test_every_reload_runs_and_only_what_holds_late_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = f"echo ran >>{tmp_path}/reloads; echo not before a restart\n"
    monkeypatch.setattr(steps, "RELOADS", {"one-reload": script, "late-reload": script})
    monkeypatch.setattr(surfaces, "SAYS_LATE", ("late-reload",))
    surface = Linux(HereShell())
    for names, late in ((("one-reload", "late-reload"), ["not before a restart"]), (("one-reload",), [])):
        surface.reload(Steps(reload=names))
        assert surface.late() == late
    assert (tmp_path / "reloads").read_text() == "ran\n" * 3

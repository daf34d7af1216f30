"""Promises about the way to a host: no key is trusted unseen, and every failure says what to do."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.model import Change, Want
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.surface import Linux, open_ssh
from tests.surfaces.linux.conftest import files

pytestmark = pytest.mark.root


def own_ssh(lab: Lab, home: Path, **replace: str) -> None:
    """A ~/.ssh of the test's own, like the lab's but for some files."""
    (home / ".ssh").unlink()
    (home / ".ssh").mkdir()
    for name in ("config", "known_hosts", "id_ed25519"):
        text = replace.get(name, (lab.folder / "ssh" / name).read_text())
        (home / ".ssh" / name).write_text(text)
        (home / ".ssh" / name).chmod(0o600)


def refused(url: str) -> str:
    surface = open_ssh(url, timeout_s=4.0)
    try:
        with pytest.raises(SurfaceError) as caught:
            surface.again(["/etc/hostname"])
    finally:
        surface.close()
    return str(caught.value)


def test_an_unknown_host_is_refused_with_its_fingerprint(host: Lab, tmp_path: Path) -> None:
    own_ssh(host, tmp_path, known_hosts="")
    told = refused("ssh://h1")
    assert "is not known" in told and "SHA256:" in told and "connect once with ssh" in told


def test_a_changed_host_key_is_refused_as_changed(host: Lab, tmp_path: Path) -> None:
    lines = (host.folder / "ssh/known_hosts").read_text().splitlines()
    (ed25519,) = (line for line in lines if "ssh-ed25519" in line)
    other = (host.folder / "ssh/id_ed25519").parent / "other"
    os.system(f"rm -f {other} {other}.pub; ssh-keygen -q -t ed25519 -N '' -f {other}")
    name = ed25519.split()[0]
    own_ssh(host, tmp_path, known_hosts=f"{name} {' '.join((other.with_suffix('.pub')).read_text().split()[:2])}\n")
    told = refused("ssh://h1")
    assert "CHANGED" in told and "ssh-keygen -R" in told


def test_a_configuration_that_turns_host_keys_off_is_refused(host: Lab, tmp_path: Path) -> None:
    own_ssh(host, tmp_path, config=(host.folder / "ssh/config").read_text() + "  UserKnownHostsFile none\n")
    assert "turns host keys off" in refused("ssh://h1")


def test_a_refused_login_names_the_user_and_no_secret(host: Lab) -> None:
    told = refused("ssh://nobody-here@h1")
    assert "nobody-here" in told and "authorized_keys" in told


@pytest.mark.parametrize("url", ["ssh://198.18.0.1:2222", "ssh://no-such-host.invalid"])
def test_a_host_that_is_not_there_is_said_to_be_so(host: Lab, url: str) -> None:
    assert "cannot connect" in refused(url)


def test_a_host_that_never_answers_ends_in_time(host: Lab) -> None:
    started = time.monotonic()
    host.command(1, "nft add table ip t; nft 'add chain ip t in { type filter hook input priority 0; policy drop; }'")
    surface = open_ssh("ssh://h1", timeout_s=1.0)
    with pytest.raises(SurfaceError, match="firewall|cannot connect"):
        surface.again(["/etc/hostname"])
    surface.close()
    host.command(1, "nft delete table ip t")
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("url", ["ssh://", "ssh://h1/etc", "ssh://user:secret@h1", "ssh://h1:port"])
def test_what_is_no_ssh_target_is_refused_without_showing_a_password(url: str) -> None:
    with pytest.raises(SurfaceError, match="ssh://\\[user@\\]host") as caught:
        open_ssh(url)
    assert "secret" not in str(caught.value)


def test_without_sudo_what_may_not_be_read_is_a_problem(web: Linux, host: Lab) -> None:
    host.command(1, "rm /etc/sudoers.d/ops")
    read = web.read([files("/etc/shadow", "/etc/passwd", "/etc/sudoers.d/*")])
    assert [d.locator for d in read.documents] == ["/etc/passwd"]
    assert {p.locator for p in read.problems} == {"/etc/shadow", "/etc/sudoers.d/README"}
    with pytest.raises(SurfaceError, match="run as root"):
        web.write(Change("/etc/motd", "text", (b"x"), b"y"))


def test_a_cut_connection_is_said_to_be_cut_and_the_next_question_connects_anew(web: Linux, host: Lab) -> None:
    before = web.again(["/etc/passwd"])["/etc/passwd"].data
    cut = threading.Timer(0.3, host.command, (1, "for p in $(pgrep -f 'sshd: ops'); do kill -9 $p; done"))
    cut.start()
    with pytest.raises(SurfaceError, match="connection was cut"):
        web._transport.run("sleep 5")
    cut.join()
    assert web.again(["/etc/passwd"])["/etc/passwd"].data == before


def test_a_script_that_does_not_end_is_given_up(web: Linux) -> None:
    with pytest.raises(SurfaceError, match="no answer within"):
        web._transport.run("sleep 5", timeout_s=0.3)


def test_many_targets_share_one_thread_that_ends_with_the_last(host: Lab) -> None:
    def read(_: int) -> int:
        surface = open_ssh("ssh://h1")
        found = surface.read([files("/etc/hostname")])
        threads = [t.name for t in threading.enumerate()].count("setright-ssh")
        surface.close()
        return threads if found.documents else 0

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(read, range(6))) == {1}
    assert "setright-ssh" not in [t.name for t in threading.enumerate()]


def test_kernel_parameters_are_written_live_and_put_back(web: Linux, host: Lab) -> None:
    want = Want(
        "linux/sysctl", {"documents": [], "running": "running:sysctl"}, keys=("net.ipv4.ip_forward", "net.ipv4.conf.all.rp_filter")
    )
    before = web.read([want]).documents[0].data
    assert before is not None and b'"net.ipv4.ip_forward": "0"' in before
    change = Change("running:sysctl", "json", before, before.replace(b'ip_forward": "0"', b'ip_forward": "1"'))
    web.write(change)
    web.write(change)
    assert host.command(1, "cat /proc/sys/net/ipv4/ip_forward").stdout == "1\n"
    assert web.again(["running:sysctl"])["running:sysctl"].data == change.after
    web.write(change.inverse())
    assert web.again(["running:sysctl"])["running:sysctl"].data == before

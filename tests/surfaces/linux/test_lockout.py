"""Promises of the dead-man's switch, on a real sshd: whoever locks themselves out is let in again, and nobody else notices."""

from __future__ import annotations

import threading
import time

import pytest
from lab.hosts import Lab

from setright.model import Change, Kept, Steps
from setright.surfaces.base import Rejected, SurfaceError
from setright.surfaces.linux.surface import Linux, open_ssh

pytestmark = pytest.mark.root

DROP_IN = "/etc/ssh/sshd_config.d/01-test.conf"
STEPS = Steps(validate=("sshd-t",), reload=("ssh-reload",), probe=("ssh-banner",), next_start=("sshd-t",), arm=True)


def create(data: bytes) -> Change:
    return Change(DROP_IN, "sshd", None, data)


def apply(surface: Linux, change: Change, within_s: float, token: str = "run.1") -> list[Kept]:
    """The protocol's steps up to the reload."""
    kept = surface.keep([change.locator])
    surface.validate([change], STEPS)
    assert surface.arm(kept, STEPS, within_s, token)
    surface.write(change)
    surface.reload(STEPS)
    return kept


def wait_until_healed(limit_s: float) -> float:
    started = time.monotonic()
    while time.monotonic() - started < limit_s:
        fresh = open_ssh("ssh://h1", timeout_s=2.0)
        try:
            fresh.reconnect()
            return time.monotonic() - started
        except SurfaceError:
            time.sleep(0.1)
        finally:
            fresh.close()
    raise AssertionError("still locked out")


def time_is_up(lab: Lab, within_s: int) -> None:
    """Ends the wait of the switch that was set for so long, and what it does then: whoever tests races against no clock."""
    words = f"for p in $(pgrep -x -f 'sleep {within_s}'); do w=$(ps -o ppid= $p | tr -d ' '); kill $p;"
    ended = lab.command(1, f"{words} while grep -q watch /proc/$w/cmdline 2>/dev/null; do sleep 0.02; done; done")
    assert ended.returncode == 0, ended.stderr


def changed(lab: Lab) -> set[str]:
    """Every path below /etc and /var/lib that the host wrote."""
    upper = lab.upper(1)
    return {str(p.relative_to(upper)) for top in ("etc", "var/lib") for p in (upper / top).rglob("*") if not p.is_dir()} - {
        "etc/hosts"
    }


def test_a_valid_change_that_locks_us_out_heals_itself(web: Linux, host: Lab) -> None:
    before = web.probe(STEPS)
    apply(web, create(b"AllowUsers nobody-at-all\n"), 2.5)
    assert web.probe(STEPS) == before, "sshd still greets"
    with pytest.raises(SurfaceError, match="login as 'ops' was refused"):
        web.reconnect()
    assert web.again([DROP_IN])[DROP_IN].data is not None, "the old connection stays open"
    assert wait_until_healed(8.0) < 6.0
    web.reconnect()
    assert web.again([DROP_IN])[DROP_IN].data is None
    with pytest.raises(SurfaceError, match="already fired"):
        web.disarm("run.1")
    with pytest.raises(SurfaceError, match="already fired"):
        web.disarm("run.1")


def test_a_moved_port_is_seen_by_the_probe_and_heals_itself(web: Linux, host: Lab) -> None:
    before = web.probe(STEPS)
    assert before["ssh-banner"].startswith("SSH-2.0-OpenSSH")
    assert before["next start: sshd-t"] == "would work"
    apply(web, create(b"Port 2222\n"), 2.5)
    assert web.probe(STEPS)["ssh-banner"].startswith("no answer")
    wait_until_healed(8.0)
    assert web.probe(STEPS) == before


def test_losing_sudo_counts_as_locked_out(web: Linux, host: Lab) -> None:
    web.again(["/etc/sudoers.d/ops"])
    host.command(1, "sed -i s/NOPASSWD:// /etc/sudoers.d/ops")
    with pytest.raises(SurfaceError, match="sudo asks for a password now"):
        web.reconnect()


def test_a_confirmed_change_stays_and_the_switch_leaves_no_trace(web: Linux, host: Lab) -> None:
    change = create(b"MaxAuthTries 3\n")
    kept = apply(web, change, 61)
    web.reconnect()
    web.disarm("run.1")
    time_is_up(host, 61)
    assert web.again([DROP_IN])[DROP_IN].data == change.after
    assert changed(host) == {DROP_IN.lstrip("/")}
    assert "watch" not in host.command(1, "cat /proc/[0-9]*/cmdline | tr '\\0' ' '").stdout
    web.disarm("run.1")
    web.write(change.inverse(kept[0].meta))
    web.reload(STEPS)
    assert changed(host) == set(), "undo leaves the host as it was made"


def test_the_switch_restores_files_owners_units_and_kernel_parameters(web: Linux, host: Lab) -> None:
    from setright.model import Want

    keys = Want("k", {"documents": [], "running": "running:sysctl"}, keys=("net.ipv4.ip_forward",))
    web.read([keys])
    locators = ["/etc/motd", "stat:/etc/crontab", "unit:cron.service", "running:sysctl", "/etc/new.d/x"]
    script = "cat /etc/motd; stat -c '%a %U' /etc/motd /etc/crontab; stat -c %Y /etc/motd; ls /etc/new.d"
    script += "; readlink /etc/systemd/system/cron.service; cat /proc/sys/net/ipv4/ip_forward"
    host.command(1, "setfacl -m u:ops:r /etc/motd")
    before = host.command(1, script).stdout
    kept = web.keep(locators)
    web.arm(kept, Steps(), 61, "all")
    host.command(
        1,
        "echo changed >/etc/motd; setfacl -b /etc/motd; chmod 600 /etc/motd; chmod 666 /etc/crontab;"
        "mkdir /etc/new.d; touch /etc/new.d/x; ln -s /dev/null /etc/systemd/system/cron.service;"
        "echo 1 >/proc/sys/net/ipv4/ip_forward",
    )
    assert host.command(1, script).stdout != before
    time_is_up(host, 61)
    assert host.command(1, script).stdout == before
    assert "user:ops:r--" in host.command(1, "getfacl /etc/motd").stdout


def test_the_switch_brings_a_dead_sshd_back(web: Linux, host: Lab) -> None:
    """A second sshd, not PID 1, so that it can die without the host: the switch starts what the reload has ended."""
    host.command(1, "mkdir -p /etc/ssh/sshd_config.d; /usr/sbin/sshd -p 2222 -o PidFile=/run/sshd.pid")
    surface = open_ssh("ssh://198.18.0.1:2222", timeout_s=3.0)
    (known := host.folder / "ssh/known_hosts").write_text(known.read_text().replace("198.18.0.1,", "198.18.0.1,[198.18.0.1]:2222,"))
    try:
        kept = surface.keep([DROP_IN])
        surface.arm(kept, STEPS, 61, "dead")
        surface.write(create(b"NoSuchKeyword yes\n"))
        surface.reload(STEPS)
        assert surface.probe(STEPS)["ssh-banner"].startswith("no answer")
        time_is_up(host, 61)
        assert host.command(1, "pgrep -x sshd").stdout
        assert surface.again([DROP_IN])[DROP_IN].data is None
    finally:
        surface.close()


def test_disarming_and_firing_at_once_has_exactly_one_winner(web: Linux, host: Lab) -> None:
    for attempt in range(6):
        kept = web.keep([DROP_IN])
        web.arm(kept, Steps(), 61, f"race.{attempt}")
        web.write(create(b"MaxAuthTries 3\n"))
        firing = threading.Timer(0.02 * attempt, time_is_up, (host, 61))
        firing.start()
        try:
            web.disarm(f"race.{attempt}")
            disarmed = True
        except SurfaceError:
            disarmed = False
        firing.join()
        there = web.again([DROP_IN])[DROP_IN].data is not None
        assert there == disarmed
        host.command(1, f"rm -f {DROP_IN}")


def test_arming_again_starts_the_time_anew(web: Linux, host: Lab) -> None:
    kept = web.keep([DROP_IN])
    web.arm(kept, Steps(), 61, "again")
    web.write(create(b"MaxAuthTries 3\n"))
    web.arm(kept, Steps(), 62, "again")
    time_is_up(host, 61)
    assert web.again([DROP_IN])[DROP_IN].data is not None, "the first time is up, the second is not"
    time_is_up(host, 62)
    assert web.again([DROP_IN])[DROP_IN].data is None


def test_a_switch_that_a_restart_of_the_host_left_open_is_reported_and_can_be_thrown(web: Linux, host: Lab) -> None:
    kept = web.keep([DROP_IN])
    web.arm(kept, Steps(), 60.0, "reboot")
    web.write(create(b"MaxAuthTries 3\n"))
    assert web.read([]).problems == ()
    host.reboot(1)
    (problem,) = web.read([]).problems
    assert problem.locator == "/var/lib/setright/arm-reboot"
    assert "before the host restarted" in problem.why
    assert host.command(1, f"sh {problem.locator}/restore").returncode == 0
    assert web.again([DROP_IN])[DROP_IN].data is None
    web.disarm("reboot")
    assert web.read([]).problems == ()
    assert changed(host) == set()


def test_what_the_switch_keeps_is_roots_alone(web: Linux, host: Lab) -> None:
    web.arm(web.keep(["/etc/shadow"]), Steps(), 30.0, "secret")
    modes = host.command(
        1, "stat -c %U:%a /var/lib/setright /var/lib/setright/arm-secret /var/lib/setright/arm-secret/*"
    ).stdout.split()
    assert all(mode in ("root:700", "root:600") for mode in modes)
    web.disarm("secret")


@pytest.mark.parametrize("token", ["", "a/b", "a b", "$(id)", "x" * 101])
def test_a_token_that_is_no_name_is_refused(web: Linux, token: str) -> None:
    with pytest.raises(SurfaceError, match="cannot name"):
        web.arm([], Steps(), 1.0, token)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (create(b"PermitRootLogin perhaps\n"), r"/etc/ssh/sshd_config\.d/01-test\.conf.*line 1"),
        (create(b"Match User x\n  Ciphers aes128-ctr\n"), r"not allowed within a Match block"),
        (create(b"MACs hmac-sha2-256,no-such-mac\n"), r"Bad SSH2 mac spec"),
    ],
)
def test_sshd_judges_the_staged_file_in_its_context(web: Linux, host: Lab, change: Change, said: str) -> None:
    with pytest.raises(Rejected, match=said):
        web.validate([change], STEPS)
    assert changed(host) == set()
    assert host.command(1, "ls /run/setright").stdout == "", "the staged copies are gone"


def test_a_good_change_beside_a_bad_file_of_others_is_judged_with_it(web: Linux, host: Lab) -> None:
    web.validate([create(b"MaxAuthTries 3\n")], STEPS)
    host.command(1, "echo 'Nonsense 1' > /etc/ssh/sshd_config.d/99-theirs.conf")
    with pytest.raises(Rejected, match="99-theirs"):
        web.validate([create(b"MaxAuthTries 3\n")], STEPS)
    web.validate([Change("/etc/ssh/sshd_config.d/99-theirs.conf", "sshd", b"Nonsense 1\n", None)], STEPS)


def test_new_kernel_parameters_must_exist(web: Linux) -> None:
    steps = Steps(validate=("sysctl-keys",))
    good = Change("/etc/sysctl.d/60-x.conf", "sysctl", b"no.such.old = 1\n", b"no.such.old = 1\nnet.ipv4.ip_forward = 0\n")
    web.validate([good], steps)
    with pytest.raises(Rejected, match="/proc/sys/net/ipv4/ip_froward"):
        web.validate([Change(good.locator, "sysctl", good.before, b"net.ipv4.ip_froward = 0\n")], steps)


def test_a_file_of_others_that_keeps_a_change_from_being_checked_is_named(web: Linux, host: Lab) -> None:
    host.command(1, "echo 'ops2 ALL=(ALL NOPASSWD: ALL' >/etc/sudoers.d/zz; chmod 440 /etc/sudoers.d/zz")
    try:
        with pytest.raises(Rejected, match=r"zz:1:15: syntax error. .* was so before: .*visudo -f /etc/sudoers.d/zz"):
            web.validate([Change("/etc/sudoers.d/x", "text", None, b"ops ALL=(ALL) ALL\n")], Steps(validate=("visudo-c",)))
    finally:
        host.command(1, "rm /etc/sudoers.d/zz")


def test_a_broken_sudoers_file_is_refused(web: Linux) -> None:
    with pytest.raises(Rejected, match="visudo-c refuses"):
        web.validate([Change("/etc/sudoers.d/x", "text", None, b"ops ALL=(ALL NOPASSWD: ALL\n")], Steps(validate=("visudo-c",)))
    web.validate([Change("/etc/sudoers.d/x", "text", None, b"ops ALL=(ALL) NOPASSWD: ALL\n")], Steps(validate=("visudo-c",)))


def test_an_unknown_step_is_an_error_that_lists_the_known_ones(web: Linux) -> None:
    with pytest.raises(SurfaceError, match="sshd-t"):
        web.validate([], Steps(validate=("nonsense",)))
    with pytest.raises(SurfaceError, match="ssh-reload"):
        web.reload(Steps(reload=("nonsense",)))


def test_two_hosts_of_work_do_not_wait_for_each_other(host: Lab) -> None:
    """One target's slow script holds no other up: they share a loop, not a turn."""
    slow, quick = open_ssh("ssh://h1"), open_ssh("ssh://h1")
    thread = threading.Thread(target=slow._transport.run, args=("sleep 6",))
    quick.again(["/etc/hostname"])
    thread.start()
    started = time.monotonic()
    quick.again(["/etc/hostname"])
    assert time.monotonic() - started < 5
    thread.join()
    slow.close()
    quick.close()

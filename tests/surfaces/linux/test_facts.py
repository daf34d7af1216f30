"""Promises of facts: an answer comes with its evidence, and what cannot be known is not made up."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lab.hosts import Lab

import setright.surfaces.linux.facts as facts
from setright.app import App
from setright.app import ScanOptions as Selected
from setright.engine.configuration import Configuration
from setright.model import Answer
from setright.surfaces.linux import logins
from setright.surfaces.linux.evidence import UPTIME, Evidence
from setright.surfaces.linux.surface import Linux, open_local, open_root
from setright.surfaces.linux.transport import Reply
from tests.surfaces.linux.conftest import HereShell

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)
NAMES = sorted(p.stem.replace("_", "-") for p in Path(facts.__file__).parent.glob("[a-z]*.py"))


def image(root: Path, files: dict[str, str]) -> Linux:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return open_root(str(root))


def one(surface: Linux, fact: str) -> Answer:
    return surface.ask([f"linux/{fact}"])[f"linux/{fact}"]


@pytest.mark.parametrize("surface", [open_local(), Linux(HereShell())], ids=["local", "shell"])
def test_every_fact_answers_on_this_host_with_words(surface: Linux) -> None:
    asked = [f"linux/{name}" for name in NAMES]
    told = surface.ask(asked)
    assert list(told) == asked
    assert all(answer.text for answer in told.values())
    assert len(NAMES) >= 16


def test_no_fact_is_sure_of_an_image_it_knows_nothing_of(tmp_path: Path) -> None:
    told = image(
        tmp_path, {"etc/machine-id": "0123456789abcdef0123456789abcdef\n", "etc/passwd": "root:x:0:0::/root:/bin/sh\n"}
    ).ask(
        [
            f"linux/{name}"
            for name in ("root-ssh-logins-30-days", "password-ssh-logins-30-days", "ip-forwarding-in-use", "asymmetric-routes")
        ]
    )
    assert {answer.holds for answer in told.values()} == {None}


def test_an_image_that_never_booted_was_never_used(tmp_path: Path) -> None:
    surface = image(tmp_path, {"etc/machine-id": "", "var/log/wtmp": ""})
    for fact in ("root-ssh-logins-30-days", "password-ssh-logins-30-days", "ip-forwarding-in-use", "module-in-use:cramfs"):
        answer = one(surface, fact)
        assert answer.holds is False
        assert "never been started" in answer.text
        assert answer.source


@pytest.mark.parametrize("fact", ["linux/no-such-fact", "linux/../os", "linux/managed-by:$(id)", "aws/x", "linux/__init__"])
def test_an_unknown_fact_is_not_told(tmp_path: Path, fact: str) -> None:
    assert open_root(str(tmp_path)).ask([fact])[fact].holds is None


def log(days: float, words: str, classic: bool = False) -> str:
    when = NOW - timedelta(days=days)
    stamp = when.strftime("%b %e %H:%M:%S") if classic else when.isoformat()
    return f"{stamp} web sshd[7]: {words}\n"


def told(lines: list[str], first: str, host_days: float = 400, user: str = "root", methods: tuple[str, ...] = ()) -> Answer:
    made = {"mtime_ns": int((NOW - timedelta(days=host_days)).timestamp() * 10**9)}
    return logins.answer(
        Evidence(
            {
                logins.NOW: [Reply("", str(int(NOW.timestamp())).encode())],
                logins.LOGS[0]: [Reply("/var/log/auth.log", "".join(lines).encode())],
                UPTIME: [Reply("/proc/uptime", b"1000.0 900.0\n")],
                logins.FIRST: [Reply("", first.encode())],
                logins.HOST_KEY: [Reply("", json.dumps(made).encode())],
            }
        ),
        "root login",
        methods,
        user,
    )


@pytest.mark.parametrize("classic", [True, False])
def test_logins_of_the_last_30_days_count_and_older_ones_do_not(classic: bool) -> None:
    words = "Accepted publickey for root from 192.0.2.7 port 50000 ssh2: ED25519 SHA256:x"
    recent = told([log(40, words, classic), log(3, words, classic)], log(90, "x", classic))
    assert recent == Answer(True, "1 root login in the last 30 days, the last 3 days ago", "/var/log/auth.log")
    old = told([log(40, words, classic)], log(90, "x", classic))
    assert old == Answer(False, "0 root logins; the logs reach back 90 days", "/var/log/auth.log")


def test_a_short_log_is_no_evidence_unless_the_host_is_as_young() -> None:
    assert told([], log(4, "x")).holds is None
    assert "only 4 days" in told([], log(4, "x")).text
    assert told([], log(4, "x"), host_days=4.5).holds is False
    assert told([], "").holds is None


def test_names_that_only_look_like_root_do_not_count() -> None:
    lines = [
        log(1, "Accepted publickey for rooted from 192.0.2.7 port 1 ssh2"),
        log(1, "Failed password for root from 192.0.2.7 port 1 ssh2"),
        log(1, "Accepted publickey for ops from 192.0.2.7 port 1 ssh2"),
    ]
    assert told(lines, log(90, "x")).holds is False


def test_password_logins_are_told_from_keys() -> None:
    key, word = (
        log(1, "Accepted publickey for ops from ::1 port 1"),
        log(1, "Accepted keyboard-interactive/pam for ops from ::1 port 1"),
    )
    methods = ("password", "keyboard-interactive")
    assert told([key], log(90, "x"), user="", methods=methods).holds is False
    assert told([key, word], log(90, "x"), user="", methods=methods).holds is True


def test_packed_logs_count_too(tmp_path: Path) -> None:
    surface = image(tmp_path, {"var/log/auth.log": ""})
    line = log(3, "Accepted publickey for root from 192.0.2.7 port 1 ssh2")
    (tmp_path / "var/log/auth.log.2.gz").write_bytes(gzip.compress(line.encode()))
    assert one(surface, "root-ssh-logins-30-days").holds is True


PASSWD = "root:x:0:0::/root:/bin/bash\nops:x:1000:1000::/home/ops:/bin/bash\nbot:x:1001:1001::/home/bot:/usr/sbin/nologin\n"
WHEEL = {"etc/sudoers": "%sudo ALL=(ALL:ALL) ALL\n", "etc/group": "sudo:x:27:ops\n"}
SECRET = {"etc/shadow": "ops:$y$j9T$x:19000::::::\n"}


@pytest.mark.parametrize(
    ("files", "holds"),
    [
        ({"home/ops/.ssh/authorized_keys": "k", "etc/sudoers.d/ops": "ops ALL=(ALL) NOPASSWD:ALL\n"}, False),
        ({"home/ops/.ssh/authorized_keys": "k", **WHEEL}, True),
        ({"home/ops/.ssh/authorized_keys": "k", **WHEEL, **SECRET}, False),
        ({**WHEEL, **SECRET, "etc/ssh/sshd_config": "PasswordAuthentication no\n"}, True),
        ({**WHEEL, **SECRET, "etc/ssh/sshd_config": "Match User x\nPasswordAuthentication no\nAllowUsers x\n"}, False),
        ({**WHEEL, **SECRET, "etc/ssh/sshd_config": "AllowUsers root b*\n"}, True),
        ({**WHEEL, **SECRET, "etc/ssh/sshd_config.d/a.conf": "allowgroups staff\nAllowGroups sudo\n"}, False),
        ({**WHEEL, **SECRET, "etc/ssh/sshd_config": "DenyGroups sud?\n"}, True),
        ({"home/ops/.ssh/authorized_keys": "k", "etc/sudoers.d/a": "ops ALL=(postgres) NOPASSWD: ALL\n"}, True),
        ({"home/ops/.ssh/authorized_keys": "k", "etc/sudoers": "%sudo ALL=(ALL:ALL) ALL\n", "etc/group": "sudo:x:27:\n"}, True),
        ({"etc/shadow": "ops:$y$j9T$x:19000::::::\n", "etc/sudoers": "Defaults use_pty\n\nops ALL=(ALL) ALL\n"}, False),
        ({"etc/shadow": "ops:!:19000::::::\n", "etc/sudoers": "ops ALL=(ALL) ALL\n"}, True),
        ({"home/bot/.ssh/authorized_keys": "k", "etc/sudoers": "bot ALL=(ALL) ALL\n"}, True),
    ],
)
def test_who_else_can_log_in_and_become_root(tmp_path: Path, files: dict[str, str], holds: bool) -> None:
    answer = one(image(tmp_path, {"etc/passwd": PASSWD, **files}), "only-root-can-log-in")
    assert answer.holds is holds
    assert "$y$" not in answer.text


def test_other_small_facts_of_an_image(tmp_path: Path) -> None:
    surface = image(
        tmp_path,
        {
            "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
            "etc/passwd": PASSWD,
            "etc/shadow": "root:*:1::::::\nops::1::::::\nbot::1::::::\n",
            "var/spool/cron/crontabs/ops": "* * * * * true\n",
            "var/spool/cron/crontabs/root": "* * * * * true\n",
            "etc/fstab": "/dev/sdb1 /mnt/old hfsplus defaults 0 0\n",
            "etc/modules-load.d/x.conf": "sctp\n",
            "etc/puppet/puppet.conf": "",
            "etc/ssh/sshd_config": "# Ansible managed\n",
            "etc/network/interfaces": "# iface eth1 inet6 auto\niface eth0 inet6 auto\n",
            "lib/systemd/system/docker.service": "[Install]\nWantedBy=multi-user.target\n",
            "usr/bin/gdb": "",
        },
    )
    (tmp_path / "etc/systemd/system/multi-user.target.wants").mkdir(parents=True)
    (tmp_path / "etc/systemd/system/multi-user.target.wants/docker.service").symlink_to("/lib/systemd/system/docker.service")
    expected = {
        "empty-password-accounts": (True, "ops can be entered without a password"),
        "cron-users": (True, "ops have a crontab"),
        "module-in-use:hfsplus": (True, "/mnt/old is a hfsplus file system"),
        "module-in-use:sctp": (True, "sctp is loaded at every start"),
        "ip-forwarding-in-use": (True, "forwarding is what docker.service work by"),
        "ipv6-by-router-advertisement": (True, "'iface eth0 inet6 auto' asks for it"),
        "debugger-in-use": (None, "nothing is traced now, but /usr/bin/gdb is installed"),
        "service-in-use:cups": (False, "cups.service is not installed"),
        "service-in-use:docker": (None, "docker.service is enabled; whether it runs cannot be told here"),
        "hostbased-in-use": (False, "no host-based login can work: no file names a trusted host"),
        "gssapi-in-use": (False, "no Kerberos login can work: there is no /etc/krb5.keytab"),
        "x11-in-use": (False, "no X11 can work: neither xauth nor an X server is installed"),
    }
    assert {fact: (answer.holds, answer.text) for fact in expected for answer in [one(surface, fact)]} == expected
    managed = one(surface, "managed-by")
    assert managed.holds and "Puppet" in managed.text and "Ansible" in managed.text
    assert one(surface, "managed-by:chef").holds is False


def test_who_plans_is_told_what_else_writes_the_configuration(tmp_path: Path) -> None:
    image(tmp_path / "host", {"etc/ssh/sshd_config": "# This file is managed by Puppet.\nPermitRootLogin yes\n"})
    app = App(Configuration(state=str(tmp_path / "state")))
    (planned,) = app.plan([f"root:{tmp_path}/host"], Selected(controls=("linux/sshd/root-login",)))
    assert planned.scan is not None and [notice.why for notice in planned.scan.notices] == [
        "traces of Puppet (a note in /etc/ssh/sshd_config): put it right there too, or it may be undone"
    ]


@pytest.mark.root
def test_a_host_that_runs_was_started_whatever_its_files_say(web: Linux, host: Lab) -> None:
    host.command(1, ": >/etc/machine-id; : >/var/log/wtmp")
    assert one(web, "root-ssh-logins-30-days").holds is None


@pytest.mark.root
def test_a_router_is_seen_to_forward(web: Linux, host: Lab) -> None:
    assert one(web, "ip-forwarding-in-use").holds is False
    host.command(1, "ip link add docker0 type bridge")
    answer = one(web, "ip-forwarding-in-use")
    assert (answer.holds, answer.text) == (True, "forwarding is what docker0 work by")


@pytest.mark.root
def test_a_router_that_waits_for_its_turn_is_told_by_its_rules_and_its_settings(web: Linux, host: Lab) -> None:
    host.command(1, "echo 'net.ipv4.ip_forward = 1' >/etc/sysctl.d/router.conf")
    answer = one(web, "ip-forwarding-in-use")
    assert answer.holds is (None if float(Path("/proc/uptime").read_text().split()[0]) < 7 * 86400 else False)
    host.command(1, "nft 'table ip n { chain c { type nat hook postrouting priority 100; oifname eth9 masquerade; }; }'")
    answer = one(web, "ip-forwarding-in-use")
    assert (answer.holds, answer.text) == (True, "rules for packets that pass through are loaded: masquerade")


@pytest.mark.root
def test_several_ways_out_are_not_called_one(web: Linux, host: Lab) -> None:
    assert one(web, "asymmetric-routes").holds is False
    host.command(1, "ip link add d0 type bridge; ip addr add 192.0.2.1/24 dev d0; ip link set d0 up")
    assert one(web, "asymmetric-routes").holds is None


@pytest.mark.root
def test_a_home_that_another_account_works_in_is_read(web: Linux, host: Lab) -> None:
    host.command(1, "useradd -m ann; useradd -m bob; mkdir /home/ann/shared; chmod 755 /home/ann /home/ann/shared")
    assert one(web, "home-is-read:ann").holds is False
    host.command(1, "cd /home/ann/shared && (setsid setpriv --reuid=bob --clear-groups sleep 60 >/dev/null 2>&1 &)")
    answer = one(web, "home-is-read:ann")
    assert (answer.holds, answer.text) == (True, "/home/ann/shared")
    assert one(web, "home-is-read:bob").holds is False


@pytest.mark.root
def test_a_program_that_runs_from_a_folder_is_seen(web: Linux, host: Lab) -> None:
    assert one(web, "runs-from:/tmp").holds is False
    host.command(1, "mkdir '/tmp/a b'; cp /bin/sleep '/tmp/a b/nap'; (setsid '/tmp/a b/nap' 60 >/dev/null 2>&1 &)")
    answer = one(web, "runs-from:/tmp")
    assert (answer.holds, answer.text) == (True, "/tmp/a b/nap in use now")


@pytest.mark.root
def test_a_login_on_a_real_host_is_found_in_its_log(web: Linux, host: Lab) -> None:
    host.command(
        1,
        "date '+%Y-%m-%dT%H:%M:%S+00:00 h1 sshd[9]: Accepted password for root from 198.18.255.254 port 4 ssh2' >/var/log/auth.log",
    )
    for fact in ("root-ssh-logins-30-days", "password-ssh-logins-30-days"):
        assert one(web, fact).holds is True
    host.command(1, "date -d '-40 days' '+%b %e %H:%M:%S h1 sshd[9]: Server listening' >/var/log/auth.log")
    answer = one(web, "root-ssh-logins-30-days")
    assert (answer.holds, answer.text) == (False, "0 root logins; the logs reach back 40 days")

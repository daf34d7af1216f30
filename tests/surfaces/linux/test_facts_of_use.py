"""Promises of facts about what people and programs use: each is proven by what is made to happen, and denied by its absence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.model import Answer
from setright.surfaces.linux import logins
from setright.surfaces.linux.evidence import PASSWD, SHADOW, UPTIME, Evidence
from setright.surfaces.linux.facts import (
    account_in_use,
    full,
    kernel_objects_in_use,
    listens_now,
    package_sources,
    password_older_than_a_year,
    people_run_much,
    program_used,
    reached_over_ipv6,
    service_in_use,
    several_routers,
    sudo_by_programs,
    unit_masked,
    unit_would_not_start,
)
from setright.surfaces.linux.surface import Linux, open_root
from setright.surfaces.linux.transport import Ask, Reply

DAYS = Reply("", b"864000.0 1.0\n")  # it runs for ten days
HOUR = Reply("", b"3600.0 1.0\n")


def told(module: object, argument: str, outs: dict[Ask, str], runs: Reply = DAYS) -> Answer:
    found = {ask: [Reply(ask.name, text.encode())] for ask, text in outs.items()} | {UPTIME: [runs]}
    answer: Answer = module.answer(argument, Evidence(found))  # type: ignore[attr-defined]
    return answer


@pytest.mark.parametrize(("text", "holds"), [("91 4096\n", True), ("91 8388608\n", False), ("20 4096\n", False), ("", None)])
def test_a_disk_is_full_at_four_fifths_where_little_is_left(text: str, holds: bool | None) -> None:
    assert told(full, "/var/log", {full._used("/var/log"): text}).holds is holds


@pytest.mark.parametrize(
    ("mask", "holds"), [("", False), ("L\t/etc/systemd/system/a.service\tl\t/dev/null\n", True),
                        ("L\t/run/systemd/system/a.service\tl\t/dev/null\n", True),
                        ("L\t/lib/systemd/system/b.service\tf\t\n", False)]
)  # fmt: skip
def test_a_mask_is_somebodys_decision(mask: str, holds: bool) -> None:
    listing = "R\nL\t/lib/systemd/system/a.service\tf\t\n" + mask
    assert told(unit_masked, "a", {Ask("unit", "a.service"): listing}).holds is holds
    assert told(unit_masked, "c", {Ask("unit", "c.service"): listing}).holds is False


@pytest.mark.parametrize(("count", "runs", "holds"), [(3, HOUR, True), (0, DAYS, False), (0, HOUR, None)])
def test_redirects_are_counted_since_the_start(count: int, runs: Reply, holds: bool | None) -> None:
    table = f"Icmp: InMsgs InRedirects\nIcmp: 9 {count}\n"
    assert told(several_routers, "", {several_routers.COUNTERS[0]: table}, runs).holds is holds


@pytest.mark.parametrize(
    ("addresses", "peers", "holds"),
    [
        ("00000000000000000000000000000001 01 80 10 80 lo\n", "", False),
        ("20010db8000000000000000000000001 02 40 00 80 eth0\n", "", None),
        ("20010db8000000000000000000000001 02 40 00 80 eth0\n", "[2001:db8::9]:50022\n", True),
    ],
)
def test_without_a_wide_address_nobody_comes_over_ipv6(addresses: str, peers: str, holds: bool | None) -> None:
    outs = {reached_over_ipv6.ADDRESSES: addresses, reached_over_ipv6.PEERS: peers}
    assert told(reached_over_ipv6, "", outs).holds is holds


@pytest.mark.parametrize(
    ("called", "ages", "holds"),
    [
        ("/etc/cron.daily/x\n", "9999999 9999999\n", True),
        ("", "9999999 9999999\n", False),
        ("", "", False),
        ("", "3600 9999999\n", None),
        ("", "7200 7100\n", False),
    ],
)
def test_a_program_is_unused_where_its_file_lay_unread(called: str, ages: str, holds: bool | None) -> None:
    assert told(program_used, "telnet", {program_used._called("telnet"): called, program_used._read("telnet"): ages}).holds is holds


@pytest.mark.parametrize(("date", "holds"), [("20000", False), ("19000", True), ("", True)])
def test_the_age_of_a_password_is_told(date: str, holds: bool) -> None:
    shadow = Ask("file", "/etc/shadow")
    outs = {shadow: f"ops:$y$x:{date}:0:99999:7:::\n", password_older_than_a_year.TODAY: "20100\n"}
    assert told(password_older_than_a_year, "ops", outs).holds is holds
    assert told(password_older_than_a_year, "ann", outs).holds is None


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("Nov 20 09:00:00 h sudo: deploy : PWD=/ ; USER=root ; COMMAND=/bin/sh -c x\n", True),
        ("Nov 20 09:00:00 h sudo:   ops : TTY=unknown ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id\n", True),
        ("Nov 20 09:00:00 h sudo:   ops : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id\n", None),
    ],
)
def test_sudo_without_a_terminal_is_of_a_program(line: str, holds: bool | None) -> None:
    assert told(sudo_by_programs, "", {sudo_by_programs.LOGS[0]: line}).holds is holds


@pytest.mark.parametrize(
    ("work", "runs", "holds"), [("90000 12", DAYS, True), ("20 3", DAYS, False), ("20 3", HOUR, None), ("", DAYS, None)]
)
def test_what_people_run_is_weighed_by_its_processor_time(work: str, runs: Reply, holds: bool | None) -> None:
    assert told(people_run_much, "", {people_run_much.WORK: work}, runs).holds is holds


@pytest.mark.parametrize(("holders", "runs", "holds"), [("redis\n", HOUR, True), ("", DAYS, False), ("", HOUR, None)])
def test_kernel_objects_are_seen_with_who_holds_them(holders: str, runs: Reply, holds: bool | None) -> None:
    assert told(kernel_objects_in_use, "io_uring", {kernel_objects_in_use._holders("io_uring"): holders}, runs).holds is holds


@pytest.mark.parametrize(("unit", "holds"), [("auditd.service", True), ("cron.service", False)])
def test_no_container_has_an_audit_of_its_own(unit: str, holds: bool) -> None:
    assert unit_would_not_start.CONTAINER in unit_would_not_start.asks("auditd.service")
    assert told(unit_would_not_start, unit, {unit_would_not_start.CONTAINER: "systemd-nspawn\n"}).holds is holds
    assert told(unit_would_not_start, unit, {unit_would_not_start.CONTAINER: ""}).holds is False


@pytest.mark.parametrize(
    ("line", "unsigned", "own"),
    [
        ("deb https://deb.debian.org/debian stable main", False, False),
        ("deb [trusted=yes] http://mirror.example/debian stable main", True, False),
        ("deb [signed-by=/k.gpg] https://packages.example.com stable main", False, True),
        ("# deb [trusted=yes] https://packages.example.com stable main", False, False),
    ],
)
def test_sources_are_told_by_sort(line: str, unsigned: bool, own: bool, tmp_path: Path) -> None:
    (tmp_path / "etc/apt").mkdir(parents=True)
    (tmp_path / "etc/apt/sources.list").write_text(f"{line}\n")
    answers = open_root(str(tmp_path)).ask(["linux/package-sources:unsigned", "linux/package-sources:own-tls"])
    assert [answer.holds for answer in answers.values()] == [unsigned, own]
    assert package_sources.answer("x", Evidence({})).holds is None


MADE = {
    "home-has:.ssh/rc": "useradd -m ann; mkdir /home/ann/.ssh; touch /home/ann/.ssh/rc",
    "keys-of-people:short": "useradd -m ann; mkdir /home/ann/.ssh; ssh-keygen -q -t rsa -b 2048 -N '' -f /tmp/k; "
    "cp /tmp/k.pub /home/ann/.ssh/authorized_keys",
    "keys-of-people:environment": "useradd -m ann; mkdir /home/ann/.ssh; echo 'environment=\"A=b\" ssh-ed25519 AAAA' "
    ">/home/ann/.ssh/authorized_keys",
    "loose-homes": "useradd -m ann; mkdir /home/ann/.ssh; touch /home/ann/.ssh/authorized_keys; chmod 777 /home/ann/.ssh",
    "ssh-forwarding-in-use": "printf 'Match User jump\\n\\tAllowTcpForwarding yes\\n' >>/etc/ssh/sshd_config.d/9.conf",
    "second-factor": "echo 'auth required pam_google_authenticator.so' >>/etc/pam.d/sshd",
    "people-own-in:/srv+/var/www": "useradd -m ann; mkdir /srv/site; chown ann /srv/site",
    "names-from:": "sed -i 's/^passwd:.*/passwd: files sss/' /etc/nsswitch.conf",
    "any-runs:keepalived+corosync": "cp /bin/sleep /tmp/keepalived; (setsid /tmp/keepalived 60 >/dev/null 2>&1 &)",
    "fixed-addresses": "(setsid setarch -R sleep 60 >/dev/null 2>&1 &); sleep 0.3",
    "shared-temporary-files": "mkfifo -m 622 /tmp/pipe",
    "most-processes:60": "useradd -m ann; (setsid setpriv --reuid=ann --clear-groups sh -c "
    "'for i in $(seq 40); do sleep 60 & done; wait' >/dev/null 2>&1 &); sleep 0.5",
    "tcp-wrappers-in-use": "echo 'in.ftpd: ALL' >/etc/hosts.allow",
}


NEVER_DENIED = ("ssh-forwarding-in-use",)


@pytest.mark.root
@pytest.mark.parametrize("fact", MADE)
def test_what_was_made_to_happen_is_seen(fact: str, host: Lab, web: Linux) -> None:
    def ask() -> bool | None:
        return web.ask([f"linux/{fact}"])[f"linux/{fact}"].holds

    host.command(1, "echo 'sshd: ALL' >/etc/hosts.allow")
    assert ask() is (None if fact in NEVER_DENIED else False)
    assert host.command(1, MADE[fact]).returncode == 0
    assert ask() is True


UPLOADS = """useradd -M -s /usr/sbin/nologin upl; echo upl:Upload.here11 | chpasswd
printf 'Match User upl\nForceCommand internal-sftp\n' >/etc/ssh/sshd_config.d/upl.conf
useradd -r -m -s /bin/sh deploy; install -d -o deploy ~deploy/.ssh; cp ~ops/.ssh/authorized_keys ~deploy/.ssh/"""


@pytest.mark.root
def test_ways_in_that_nobody_took_yet_keep_an_account_from_being_called_unused(host: Lab, web: Linux) -> None:
    host.command(1, UPLOADS)
    answers = web.ask(["linux/account-in-use:upl", "linux/account-in-use:deploy"])
    assert [answer.holds for answer in answers.values()] == [None, True]
    assert answers["linux/account-in-use:upl"].text == "sshd serves files to accounts without a shell, and upl has a password"
    assert answers["linux/account-in-use:deploy"].text.endswith("and nothing else, in /home/deploy/.ssh/authorized_keys")


ELSEWHERE = """useradd -m ann; mkdir /etc/ssh/keys; ssh-keygen -q -t rsa -b 2048 -N '' -f /tmp/elsewhere; cd /etc/ssh
(printf 'environment="A=b" '; cat /tmp/elsewhere.pub) >keys/ann; chmod 666 keys/ann
printf 'AuthorizedKeysFile none\nMatch Group ann\n\tAuthorizedKeysFile /etc/ssh/keys/%%u\n' >sshd_config.d/9.conf"""


@pytest.mark.root
def test_keys_are_found_where_sshd_looks_for_them(host: Lab, web: Linux) -> None:
    facts = [f"linux/{name}" for name in ("keys-of-people:short", "keys-of-people:environment", "loose-homes")]
    assert host.command(1, ELSEWHERE).returncode == 0
    answers = web.ask([*facts, "linux/only-root-can-log-in", "linux/changed-last:keys"])
    assert [answers[fact].holds for fact in facts] == [True, True, True] and "/etc/ssh/keys/ann" in answers[facts[0]].text
    assert answers["linux/only-root-can-log-in"].holds is True, "ops has a key, and sshd looks nowhere for it"
    assert answers["linux/changed-last:keys"].text.startswith("/etc/ssh/keys/ann was changed last")
    state = json.loads(host_state(web))
    assert [line.split()[0] for line in state["keys"]] == ["ann"] and state["places"]["keys"] == ["/etc/ssh/keys/ann"]


def host_state(web: Linux) -> bytes:
    return web.again(["state:trust"])["state:trust"].data or b""


@pytest.mark.root
def test_a_job_of_another_account_leaves_open_what_it_reads(host: Lab, web: Linux) -> None:
    fact = "linux/jobs-without-root"
    assert web.ask([fact])[fact].holds is False
    host.command(1, "echo '0 3 * * * www-data /opt/report' >/etc/cron.d/report")
    answer = web.ask([fact])[fact]
    assert answer.holds is None and "/etc/cron.d/report (www-data)" in answer.text
    assert json.dumps(answer.text)


def test_a_service_that_another_needs_is_in_use() -> None:
    listing = "L\t/lib/systemd/system/rpcbind.service\tf\t\nR\nA\tNames=rpcbind.service\nA\tActiveState=inactive\n"
    outs = {Ask("unit", "rpcbind.service"): listing}
    assert told(service_in_use, "rpcbind", outs).holds is False
    answer = told(service_in_use, "rpcbind", outs | {service_in_use._needed("rpcbind.service"): "nfs-server.service\n"})
    assert (answer.holds, answer.text) == (True, "nfs-server.service runs and cannot without rpcbind.service")


@pytest.mark.parametrize(
    ("what", "said", "because"),
    [
        (
            "_connected",
            "by a program of this host\nby a program of this host\n",
            "with 2 connections by a program of this host now",
        ),
        ("_served", "/var/log/nginx/access.log\n", "had clients by /var/log/nginx/access.log"),
        ("_made", "/etc/nginx/nginx.conf\n", "somebody set it up: /etc/nginx/nginx.conf"),
    ],
)
def test_a_service_that_runs_is_in_use_where_it_serves_or_was_set_up(what: str, said: str, because: str) -> None:
    listing = "L\t/lib/systemd/system/nginx.service\tf\t\nR\nA\tNames=nginx.service\nA\tActiveState=active\n"
    outs = {Ask("unit", "nginx.service"): listing}
    assert told(service_in_use, "nginx", outs).holds is None, "as its package brought it"
    answer = told(service_in_use, "nginx", outs | {getattr(service_in_use, what)("nginx.service"): said})
    assert answer.holds is True and because in answer.text


@pytest.mark.parametrize(
    ("line", "holds"),
    [
        ("su: pam_unix(su-l:session): session opened for user postgres(uid=110) by (uid=0)", True),
        ("sudo:   ann : TTY=pts/0 ; PWD=/ ; USER=postgres ; COMMAND=/bin/bash", True),
        ("sudo:   ann : TTY=pts/0 ; PWD=/ ; USER=postgres ; COMMAND=/usr/bin/psql", False),
        ("CRON[7]: pam_unix(cron:session): session opened for user postgres(uid=110) by (uid=0)", False),
        ("su: pam_unix(su:session): session opened for user postgres2(uid=111) by (uid=0)", False),
    ],
)
def test_an_account_that_people_became_by_a_shell_is_in_use(line: str, holds: bool) -> None:
    journal = {account_in_use._became("postgres")[0]: line}
    assert told(account_in_use, "postgres", UNUSED | journal).holds is holds


UNUSED = {account_in_use._sessions("postgres"): "0", logins.NOW: "1795392000", logins.FIRST: "2026-09-01T09:00:00+00:00 h x: y\n"}
KEYS = "root\t/root/.ssh/authorized_keys\npostgres\t/srv/.ssh/authorized_keys\n"
SECRET = {PASSWD: "postgres:x:110:110::/srv:/usr/sbin/nologin\n", SHADOW: "postgres:$y$x:20000::::::\n"}


@pytest.mark.parametrize(
    ("seen", "holds"),
    [
        ({}, False),
        ({logins.FIRST: "2026-11-22T09:00:00+00:00 h x: y\n"}, None),
        ({logins.JOURNAL: "2026-11-22T09:00:00+0000 h sshd[1]: Accepted publickey for postgres from ::1 port 1"}, True),
        ({logins.JOURNAL: "2026-11-22T09:00:00+0000 h sshd[1]: Accepted publickey for postgres2 from ::1 port 1"}, False),
        ({account_in_use.KEYED: KEYS}, True),
        (SECRET | {account_in_use.KEYED: KEYS}, None),
        ({account_in_use.JOBS: "postgres\t/etc/cron.d/dump\n"}, None),
        (SECRET, False),
        (SECRET | {account_in_use.FILES_ONLY[0]: "Subsystem sftp internal-sftp\n"}, None),
        (SECRET | {account_in_use.FILES_ONLY[1]: "#\tForceCommand cvs server\n"}, False),
        (SECRET | {account_in_use.CHECKS: "sshd\n(sd-pam)\nauth\n"}, None),
    ],
)
def test_what_may_still_use_an_account_keeps_it_from_being_called_unused(seen: dict[Ask, str], holds: bool | None) -> None:
    answer = told(account_in_use, "postgres", UNUSED | seen)
    assert answer.holds is holds, answer.text


def test_who_listens_is_told_with_the_service_and_since_when() -> None:
    rows = "2026-11-22 14:41:10 tcp/8080 python3 eve.service www-data\n2026-11-01 09:00:00 tcp/22 sshd - root\n"
    answer = told(listens_now, "", {listens_now.LISTENERS: rows})
    assert answer.holds is None and answer.source
    assert answer.text.startswith("tcp/8080 is python3 of eve.service, as www-data, since 2026-11-22 14:41:10 UTC, tcp/22 is sshd")


@pytest.mark.root
def test_the_sshd_of_a_host_is_seen_to_listen(web: Linux) -> None:
    answer = web.ask(["linux/listens-now"])["linux/listens-now"]
    assert answer.holds is None and "tcp/22 is sshd" in answer.text and ", as root, since 20" in answer.text


@pytest.mark.parametrize(
    ("file", "text", "unsent"),
    [
        ("etc/systemd/journal-upload.conf", "[Upload]\n# URL=\n", True),
        ("etc/systemd/journal-upload.conf", "[Upload]\nURL=\n", True),
        ("etc/systemd/journal-upload.conf.d/a.conf", "[Upload]\nURL = https://logs.example.org:19532\n", False),
    ],
)
def test_whether_the_journal_has_a_receiver_is_told_by_its_files(tmp_path: Path, file: str, text: str, unsent: bool) -> None:
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(text)
    (answer,) = open_root(str(tmp_path)).ask(["linux/journal-unsent"]).values()
    assert answer.holds is unsent

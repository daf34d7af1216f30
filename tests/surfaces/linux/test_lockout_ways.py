"""Every way that a change of accounts, rights or network can lock us out of a real host: found out, and healed by itself.

Whether we are in is asked of a NEW session by key that becomes root where one could before; the old session stays open.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.app import App, ScanOptions
from setright.engine.configuration import Configuration
from setright.engine.desk import RunDesk
from setright.engine.workflow import protocol
from setright.model import Change, Kept, Steps, Want
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.surface import Linux, open_ssh
from tests.content import warm
from tests.evidence import check_proof
from tests.hosts import files, logs_in

pytestmark = pytest.mark.root

WITHIN_S = 4.0
STEPS = Steps(arm=True)
REPLACED = {
    "sudo asks for a password": ("/etc/sudoers.d/ops", b"NOPASSWD:", b""),
    "sudo knows the account no more": ("/etc/sudoers.d/ops", b"ops ALL", b"opz ALL"),
    "a PAM account module refuses": ("/etc/pam.d/sshd", b"@include common-account", b"account required pam_deny.so"),
    "a PAM session module refuses": ("/etc/pam.d/sshd", b"@include common-session", b"session required pam_deny.so"),
    "PAM lets nobody be root": ("/etc/pam.d/sudo", b"@include common-account", b"account required pam_deny.so"),
    "the shell is no shell": ("/etc/passwd", b"/home/ops:/bin/bash", b"/home/ops:/usr/sbin/nologin"),
    "the account has expired": ("/etc/shadow", b"ops:*:", b"ops:*:1:0:1:1:1:1:#"),
    "the keys are elsewhere": ("/etc/passwd", b":/home/ops:", b":/nonexistent:"),
    "the account may not log in at all": ("/etc/security/limits.conf", b"# End of file", b"ops - maxlogins 0\n* hard nproc 0"),
}


def change(web: Linux, locator: str, old: bytes, new: bytes) -> Change:
    before = web.again([locator])[locator].data or b""
    after = b"".join(_swapped(line, old, new) for line in before.splitlines(keepends=True))
    assert after != before
    return Change(locator, "text", before, after)


def _swapped(line: bytes, old: bytes, new: bytes) -> bytes:
    if old not in line:
        return line
    if b"#" in new and old.startswith(b"ops"):  # of shadow: nothing of the line but the name is kept
        return new.removesuffix(b"#").rstrip(b":") + b"::\n"
    return line.replace(old, new)


def armed(web: Linux, *changes: Change) -> list[Kept]:
    kept = web.keep([each.locator for each in changes])
    assert web.arm(kept, STEPS, WITHIN_S, "run.1")
    for each in changes:
        web.write(each)
    return kept


def healed(limit_s: float = 12.0) -> None:
    """A new session becomes root again, by itself and in time."""
    until = time.monotonic() + limit_s
    while True:
        fresh = open_ssh("ssh://h1", timeout_s=2.0)
        try:
            if fresh._transport.run("id -u").out == b"0\n":
                return
        except SurfaceError:
            assert time.monotonic() < until, "still locked out"
        finally:
            fresh.close()
        assert time.monotonic() < until, "still without root's rights"
        time.sleep(0.1)


@pytest.mark.parametrize("way", REPLACED)
def test_a_change_that_takes_the_way_in_is_seen_by_a_new_session_and_heals_itself(web: Linux, host: Lab, way: str) -> None:
    made = change(web, *REPLACED[way])
    armed(web, made)
    with pytest.raises(SurfaceError):
        web.reconnect()
    healed()
    web.reconnect()
    assert web.again([made.locator])[made.locator].data == made.before
    assert logs_in(host, 1)
    with pytest.raises(SurfaceError, match="already fired"):
        web.disarm("run.1")


def test_a_firewall_that_lets_no_new_session_in_heals_itself(web: Linux, host: Lab) -> None:
    """The open session goes on, since its packets are of a connection that is known; so only a new one can tell."""
    seen = web.read([Want("linux/firewall", {"documents": ["state:firewall"], "lens": "json"})]).documents
    (before,) = [json.loads(document.data or b"") for document in seen]
    assert before["listening"] == ["tcp/22"]
    unheard = before | {"owners": ["nftables"], "listening": []}  # as if nobody could tell what listens
    kept = web.keep(["state:firewall"])
    web.arm(kept, STEPS, WITHIN_S, "run.1")
    first, then = (json.dumps(each, indent=2).encode() for each in (unheard, unheard | {"input": "drop"}))
    web.write(Change("state:firewall", "json", first, then))
    assert web._transport.run("true").status == 0, "the open session is not cut"
    impatient = open_ssh("ssh://h1", timeout_s=1.0)
    with pytest.raises(SurfaceError, match="no answer within 1 s"):
        impatient.reconnect()
    impatient.close()
    healed()
    assert host.command(1, "nft list ruleset").stdout == ""
    assert not {path for path in files(host, 1) if path.startswith("etc/nftables")}


@pytest.mark.parametrize("cut", [False, True], ids=["the old session stays", "the old session is cut"])
def test_a_fix_that_takes_sudo_away_is_taken_back(host: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: bool) -> None:
    """The product's own control, approved by somebody who did not know that the program has no password to give."""
    host.command(1, "usermod -p '$6$a$b' ops")
    before = files(host, 1)
    monkeypatch.setattr(protocol, "ARMED_FOR_S", 6.0)
    if cut:
        monkeypatch.setattr(RunDesk, "at", lambda _, step: _cut(host) if step == "verify" else None)
    app = App(Configuration(state=str(warm(tmp_path / "state"))))
    (planned,) = app.plan(["ssh://h1"], ScanOptions(controls=("linux/sudoers/nopasswd",)), together=True)
    assert planned.plans, planned
    run = app.apply(planned.plans, lambda plan: True, lambda plan, outcome: None)
    assert {outcome.outcome for _, outcome in run.plans} == {"reverted"}, [outcome.why for _, outcome in run.plans]
    assert logs_in(host, 1)
    after = files(host, 1)
    assert {path: after[path] for path in after if not path.startswith("var/lib/setright")} == before, "but for the switch's record"
    check_proof(tmp_path / "state")
    app.store.close()


def _cut(host: Lab) -> None:
    host.command(1, "for p in $(pgrep -x sshd); do [ $p = 1 ] || kill -9 $p; done")


KEYS = r"""printf '#!/bin/sh\ncat /home/$1/.ssh/authorized_keys\n' >/usr/local/bin/keys
chmod 755 /usr/local/bin/keys /home/ops /home/ops/.ssh; chmod 644 /home/ops/.ssh/authorized_keys
printf 'AuthorizedKeysFile none\nAuthorizedKeysCommand /usr/local/bin/keys %%u\nAuthorizedKeysCommandUser nobody\n' \
  >/etc/ssh/sshd_config.d/00-keys.conf; kill -HUP 1; sleep 0.5"""
RECORD = r"""printf '#!/bin/sh\nset -e\ndate >>/var/log/bastion\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n' >/usr/local/bin/record
chmod 755 /usr/local/bin/record; touch /var/log/bastion; chmod 666 /var/log/bastion
printf 'Match User ops\n ForceCommand /usr/local/bin/record\n' >>/etc/ssh/sshd_config; kill -HUP 1; sleep 0.5"""
ON_TMP = r"""mkdir -p /tmp && mount -t tmpfs tmpfs /tmp && chmod 1777 /tmp; echo 'tmpfs /tmp tmpfs defaults 0 0' >>/etc/fstab
printf '#!/bin/sh\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n' >/tmp/wrap; chmod 755 /tmp/wrap
printf 'Match User ops\n ForceCommand /tmp/wrap\n' >>/etc/ssh/sshd_config; kill -HUP 1; sleep 0.5"""


@pytest.mark.parametrize(
    ("made", "control", "why"),
    [
        (KEYS, "linux/home/mode", "login as 'ops' was refused"),
        (RECORD, "linux/disk/world-writable", ""),
        (ON_TMP, "linux/mount/no-programs-temporary", "Permission denied"),
    ],
    ids=["a command reads keys in homes", "a session writes a record first", "a session's program stands on /tmp"],
)
def test_what_logins_lean_on_comes_back(
    host: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: str, control: str, why: str
) -> None:
    host.command(1, f"{made}; chmod 644 /etc/crontab")
    before = files(host, 1)
    monkeypatch.setattr(protocol, "ARMED_FOR_S", 5.0)
    app = App(Configuration(state=str(warm(tmp_path / "state"))))
    (planned,) = app.plan(["ssh://h1"], ScanOptions(controls=(control, "linux/file-access/crontab")), together=True)
    run = app.apply(planned.plans, lambda plan: plan.lane != "hand", lambda plan, outcome: None)
    ends = {plan.document: outcome for plan, outcome in run.plans}
    assert ends.pop("stat:/etc/crontab").outcome == "verified"
    assert {end.outcome for end in ends.values()} == {"reverted"} and all(why in end.why for end in ends.values())
    assert logs_in(host, 1)
    changed = {path for path, seen in files(host, 1).items() if before.get(path) != seen}
    assert {path for path in changed if not path.startswith("var/lib/setright")} == {"etc/crontab"}

"""Promises about PAM and sudo on a real host: what takes our login or our rights away heals itself."""

from __future__ import annotations

import time

import pytest
from lab.hosts import Lab

from setright.model import Change, Kept, Steps
from setright.surfaces.base import Rejected, SurfaceError
from setright.surfaces.linux.surface import Linux

pytestmark = pytest.mark.root

ARMED = Steps(arm=True)
SUDO = Steps(validate=("visudo-c",), arm=True)


def change(web: Linux, lens: str, path: str, data: bytes) -> Change:
    return Change(path, lens, web.again([path])[path].data, data)


def apply(web: Linux, made: Change, steps: Steps, within_s: float, token: str) -> list[Kept]:
    kept = web.keep([made.locator])
    web.validate([made], steps)
    assert web.arm(kept, steps, within_s, token)
    web.write(made)
    return kept


def heals(lab: Lab, path: str, data: bytes, limit_s: float = 12.0) -> bool:
    """Whether the file is as before within that time, seen from outside."""
    ends = time.monotonic() + limit_s
    while time.monotonic() < ends:
        if (lab.root(1) / path.lstrip("/")).read_bytes() == data:
            return True
        time.sleep(0.1)
    return False


def test_a_stack_that_lets_nobody_in_is_taken_back(web: Linux, host: Lab) -> None:
    before = web.again(["/etc/pam.d/sshd"])["/etc/pam.d/sshd"].data or b""
    apply(web, change(web, "pam", "/etc/pam.d/sshd", b"account required pam_deny.so\n" + before), ARMED, 5.0, "pam.1")
    with pytest.raises(SurfaceError):
        web.reconnect()
    assert heals(host, "/etc/pam.d/sshd", before)
    web.reconnect()


def test_a_stack_that_takes_sudo_away_is_taken_back(web: Linux, host: Lab) -> None:
    before = web.again(["/etc/pam.d/sudo"])["/etc/pam.d/sudo"].data or b""
    web.reconnect()
    apply(web, change(web, "pam", "/etc/pam.d/sudo", b"account required pam_deny.so\n" + before), ARMED, 5.0, "pam.2")
    with pytest.raises(SurfaceError, match="takes our rights away"):
        web.reconnect()
    assert heals(host, "/etc/pam.d/sudo", before)
    web.reconnect()


def test_a_rule_that_asks_us_for_a_password_we_do_not_have_is_taken_back(web: Linux, host: Lab) -> None:
    before = web.again(["/etc/sudoers.d/ops"])["/etc/sudoers.d/ops"].data or b""
    assert b"NOPASSWD" in before
    apply(web, change(web, "sudoers", "/etc/sudoers.d/ops", before.replace(b"NOPASSWD:", b"")), SUDO, 2.5, "sudo.1")
    with pytest.raises(SurfaceError, match="takes our rights away"):
        web.reconnect()
    assert heals(host, "/etc/sudoers.d/ops", before)
    web.reconnect()


def test_sudoers_that_sudo_cannot_read_are_refused_before_they_are_written(web: Linux, host: Lab) -> None:
    path = "/etc/sudoers.d/60-setright"
    with pytest.raises(Rejected, match="visudo-c"):
        web.validate([Change(path, "sudoers", None, b"Defaults use_ptty x\n")], SUDO)
    web.validate([Change(path, "sudoers", None, b"Defaults use_pty\n")], SUDO)

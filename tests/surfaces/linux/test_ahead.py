"""Promises of facts that are found out while a host is read and judged: the same answers, none stale, nobody waits for others'."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.model import Change, Want
from setright.surfaces.linux.ahead import lots
from setright.surfaces.linux.facts import asks_of
from setright.surfaces.linux.local import Local
from setright.surfaces.linux.surface import Linux, open_ssh
from setright.surfaces.linux.transport import Ask
from tests.surfaces.linux.conftest import HereShell

FACTS = ("linux/cron-users", "linux/second-factor", "linux/only-root-can-log-in", "linux/x11-in-use", "linux/sudo-by-programs")
PLAIN = {"documents": ["/etc/hostname", "/etc/passwd"], "lens": "text"}
needs_root = pytest.mark.root


@needs_root
@pytest.mark.parametrize("sessions", [10, 1])
def test_answers_found_ahead_are_those_of_a_question_asked_alone(sessions: int, web: Linux, host: Lab) -> None:
    """Also where sshd lets nothing run beside the reading."""
    host.command(1, f"echo 'MaxSessions {sessions}' >/etc/ssh/sshd_config.d/00-few.conf; kill -HUP 1")
    time.sleep(0.2)
    read = web.read([Want("k", PLAIN, facts=FACTS)])
    assert [document.locator for document in read.documents] == ["/etc/hostname", "/etc/passwd"] and not read.problems
    ahead, alone = web.ask(FACTS), open_ssh("ssh://h1", timeout_s=5.0)
    try:
        assert ahead == alone.ask(FACTS)
    finally:
        alone.close()


@needs_root
def test_what_was_found_ahead_is_asked_again_once_something_was_written(tmp_path: Path) -> None:
    file, surface, fact = tmp_path / "a.conf", Linux(Local()), f"linux/people-own-in:{tmp_path}"
    file.write_text("a")
    surface.read([Want("k", {"documents": [str(file)], "lens": "text"}, facts=(fact,))])
    assert surface.ask([fact])[fact].holds is False
    os.chown(file, 4242, 4242)
    assert surface.ask([fact])[fact].holds is False, "this was found with the reading"
    surface.write(Change(str(file), "text", b"a", b"b"))
    assert surface.ask([fact])[fact].holds is True


def test_a_reading_without_facts_finds_nothing_out_ahead(tmp_path: Path) -> None:
    for transport in (Local(), HereShell()):
        surface = Linux(transport)
        surface.read([Want("k", PLAIN)])
        assert surface._ahead is None


def test_nobody_waits_for_what_nobody_asked() -> None:
    began, surface = time.monotonic(), Linux(Local())
    lot = Local().begin([Ask("run", "sleep 30")])
    lot.stop()
    surface.read([Want("k", PLAIN, facts=FACTS)])
    surface.close()
    assert time.monotonic() - began < 10


def test_quick_questions_do_not_wait_for_logs_and_what_is_of_one_program_waits_until_it_is_asked() -> None:
    quick, long = lots(["linux/cron-users", "linux/su-in-use", "linux/service-in-use:cups.service"])
    assert {*quick} == {*(asks_of("linux/cron-users") or ())}
    assert {ask.what for ask in long} >= {"grep"} and not {*quick} & {*long}
    assert {*quick, *long} <= {*(asks_of("linux/cron-users") or ()), *(asks_of("linux/su-in-use") or ())}

"""Promises of facts that are found out while a host is judged: the same answers, none stale, nobody waits for others'."""

from __future__ import annotations

import gc
import time
from pathlib import Path
from pkgutil import iter_modules

import pytest
from lab.hosts import Lab

from setright.model import Change, Want
from setright.surfaces.linux import facts
from setright.surfaces.linux.ahead import Ahead, often
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
    """Also where sshd lets one thing run at a time."""
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
def test_who_leaves_before_an_answer_leaves_nothing_behind(host: Lab, capfd: pytest.CaptureFixture[str]) -> None:
    alone = open_ssh("ssh://h1", timeout_s=5.0)
    alone.read([Want("k", PLAIN, facts=FACTS)])
    assert alone._ahead is not None
    alone._transport.begin([Ask("run", "sleep 60")])
    begun = time.monotonic()
    alone.close()
    gc.collect()
    assert time.monotonic() - begun < 30 and capfd.readouterr().err == ""


@needs_root
def test_what_was_found_ahead_counts_no_more_once_something_was_written(tmp_path: Path) -> None:
    file, surface = tmp_path / "a.conf", Linux(Local())
    file.write_text("a")
    surface.read([Want("k", {"documents": [str(file)], "lens": "text"}, facts=FACTS)])
    assert surface._ahead is not None
    surface.write(Change(str(file), "text", b"a", b"b"))
    assert surface._ahead is None


def test_what_is_given_up_is_asked_anew(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("before")
    ask = Ask("run", f"cat {file}")
    ahead = Ahead([ask], {}, Local().begin)
    assert [each.data for each in ahead.answers([ask])[ask]] == [b"before"]
    ahead.stop()
    assert not ahead.answers([ask])


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


def test_only_what_most_hosts_are_asked_is_found_out_ahead() -> None:
    asked = often(["linux/cron-users", "linux/su-in-use", "linux/service-in-use:cups.service", "linux/no-such-fact"])
    assert asked == [*(asks_of("linux/cron-users") or ())]


def test_nothing_that_looks_through_folders_or_logs_is_found_out_ahead() -> None:
    modules = [module.name.replace("_", "-") for module in iter_modules(facts.__path__)]
    asked = often(f"linux/{name}:/tmp" for name in modules)
    assert len(asked) > 20 and not {ask.what for ask in asked} & {"walk", "grep"}

"""Promises of what a host says of passwords that are guessed first, and of the folders where root's commands are looked for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.model import Unknown
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.states import credentials, search_path
from setright.surfaces.linux.surface import open_root
from setright.surfaces.linux.transport import Reply
from tests.surfaces.linux.states import Loop

MADE = """useradd -m pi; echo pi:raspberry | chpasswd; useradd -m ann; echo 'ann:ann123' | chpasswd
useradd -m eve; echo 'eve:Tr0ub4dor&3-x' | chpasswd; chage -d 2999-01-01 eve"""


@pytest.mark.root
def test_a_password_that_is_guessed_first_is_found_and_never_shown(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/credentials/*")
    assert not loop.wrong()
    loop.sh(MADE)
    found = {f.control: [m.have for m in f.mismatches] for f in loop.found()}
    assert found == {"linux/credentials/known": [["pi", "ann"]], "linux/credentials/dates": [["eve"]]}
    assert "raspberry" not in repr(loop.found()) and "$y$" not in repr(loop.found())


@pytest.mark.root
def test_a_folder_of_another_account_in_roots_path_is_found(host: Lab, tmp_path: Path) -> None:
    loop = Loop(host, tmp_path, "linux/search-path/*")
    assert not loop.wrong()
    loop.sh("useradd -m ann; mkdir -m 775 /opt/bin; chown ann /opt/bin; echo 'PATH=$PATH::/opt/bin:/nowhere' >>/root/.profile")
    (finding,) = loop.found()
    assert {m.path[0]: m.have for m in finding.mismatches} == {
        "relative": ["."],
        "missing": ["/nowhere"],
        "not-roots": ["/opt/bin (ann)"],
        "writable": ["/opt/bin 775"],
    }


def test_nothing_is_told_of_what_does_not_run(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/shadow").write_text("pi:x:1::::::\n")
    assert [d.data for d in open_root(str(tmp_path)).again(["state:credentials", "state:search-path"]).values()] == [None, None]


@pytest.mark.parametrize("state", [credentials, search_path])
def test_a_host_that_may_not_be_asked_tells_nothing(state: object) -> None:
    (ask,) = state.ASKS  # type: ignore[attr-defined]
    assert state.tell(Evidence({ask: [Reply(ask.name, b"", "ended with 13")]})) is None  # type: ignore[attr-defined]


def test_accounts_that_there_was_no_time_for_are_counted() -> None:
    told = credentials.tell(Evidence({credentials.GUESSED: [Reply("", b"checked 8\nleft 4\nknown pi\n")]}))
    assert json.dumps(told) == '{"checked": 8, "not-checked": 4, "known": ["pi"]}'


def test_accounts_that_were_not_tried_leave_it_open_whether_one_is_known() -> None:
    told = credentials.tell(Evidence({credentials.GUESSED: [Reply("", b"checked 8\nleft 4\n")]}))
    assert told is not None and isinstance(told["known"], Unknown) and "4 of the accounts" in told["known"].text
    assert "known" not in (credentials.tell(Evidence({credentials.GUESSED: [Reply("", b"checked 8\nleft 0\n")]})) or {})

"""Promises of accounts and home directories, kept on a real host; and what a look at one never tells."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.model import Want
from setright.surfaces.linux.local import Local
from setright.surfaces.linux.offline import Offline
from setright.surfaces.linux.surface import Linux
from setright.surfaces.linux.transport import Ask
from tests.hosts import logs_in
from tests.surfaces.linux.conftest import HereShell
from tests.surfaces.linux.states import Loop

pytestmark = pytest.mark.root

MADE = """
useradd -r -s /bin/sh app; useradd -m -s /bin/bash ann; useradd -M -s /bin/bash lost; useradd -o -u 0 -M -s /bin/sh toor
echo 'ann:a-pass-phrase-nobody-guesses' | chpasswd; passwd -d lost; usermod -aG shadow ann
chmod 755 /home/ann; touch /home/ann/.rhosts /home/ann/.netrc; chmod 666 /home/ann/.netrc; chown ann: /home/ann/.*[a-z]
ln -s /etc/shadow /home/ann/.link
"""
WRONG = {
    ("account/empty-password", "lost"),
    ("account/system-shells", "app"),
    ("account/password-age", "ann"),
    ("account/password-minimum-age", "ann"),
    ("account/inactive", "ann"),
    ("accounts/superusers", "accounts"),
    ("accounts/ids-twice", "accounts"),
    ("group/shadow-members", "shadow"),
    ("home/mode", "ann"),
    ("home/owner", "lost"),
    ("dot-file/writable", "/home/ann/.netrc"),
    ("dot-file/secrets", "/home/ann/.netrc"),
    ("dot-file/trust", "/home/ann/.rhosts"),
}
FILES = """for f in passwd shadow group gshadow; do stat -c '%n %a %U %G' /etc/$f; sha256sum /etc/$f; done
stat -c '%n %a' /home/ann /home/ann/.*"""


@pytest.fixture
def loop(host: Lab, tmp_path: Path) -> Loop:
    kinds = ("account", "accounts", "group", "home", "dot-file")
    loop = Loop(host, tmp_path, *(f"linux/{kind}/*" for kind in kinds))
    loop.sh("cd /; " + MADE.replace("\n", "; ").strip("; "))
    return loop


def test_what_is_wrong_is_found_and_put_right_without_closing_the_way_in(loop: Loop, host: Lab) -> None:
    assert loop.wrong() >= WRONG
    before = loop.sh(FILES)
    run = loop.fix()
    assert {outcome.rpartition(" ")[2] for outcome in loop.outcomes(run)} == {"verified"}, loop.outcomes(run)
    by_hand = {("accounts/superusers", "accounts"), ("accounts/ids-twice", "accounts"), ("home/owner", "lost")}
    assert loop.wrong() & WRONG == by_hand | {("dot-file/trust", "/home/ann/.rhosts")}
    assert loop.sh("getent passwd app").strip().endswith(":/usr/sbin/nologin")
    assert "pwck" not in loop.sh("pwck -rq || true")
    assert logs_in(host, 1)
    loop.rollback(run)
    assert loop.sh(FILES) == before


def test_a_hash_shows_nowhere(loop: Loop) -> None:
    secret = loop.sh("sed -n 's/^ann:\\([^:]*\\):.*/\\1/p' /etc/shadow").strip()
    assert secret.startswith("$")
    run = loop.fix()
    told = repr([plan for plan, _ in run.plans]) + repr(loop.found())
    assert secret not in told and secret.rpartition("$")[2] not in told


@pytest.mark.parametrize("transport", [Local(), HereShell()])
def test_homes_are_told_alike_by_files_and_by_the_shell(transport: Local | HereShell) -> None:
    asks = [Ask("home", "folders"), Ask("home", "dot-files")]
    told = {ask.name: sorted(transport.find(asks)[ask], key=lambda found: found.name) for ask in asks}
    assert told["folders"]
    other = HereShell() if isinstance(transport, Local) else Local()
    assert told == {ask.name: sorted(other.find(asks)[ask], key=lambda found: found.name) for ask in asks}


def test_a_link_in_a_home_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "home/eve").mkdir(parents=True)
    (tmp_path / "etc/passwd").write_text("eve:x:1001:1001::/home/eve:/bin/bash\n")
    (tmp_path / "home/eve/.trap").symlink_to("/etc/passwd")
    layout = {"documents": ["/etc/passwd", "stat:~", "stat:~/.*"], "lens": "passwd"}
    reading = Linux(Offline("root:test", tmp_path)).read([Want("linux/dot-file", layout)])
    assert [d.locator for d in reading.documents] == ["/etc/passwd", "stat:/home/eve"]

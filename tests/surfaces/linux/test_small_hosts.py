"""Promises on hosts whose programs are small ones: what cannot be told there is unknown, and never "there is none"."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.model import Unknown
from setright.surfaces.linux import facts, script
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.offline import Offline
from setright.surfaces.linux.states import credentials, setuid_programs
from setright.surfaces.linux.transport import Answers, Ask, Reply
from tests.hosts import hosts
from tests.surfaces.linux.conftest import HereShell

pytestmark = pytest.mark.root

NONCE = "5" * 32
# As find and tar of busybox: what they do not know they refuse.
SMALL = r"""for p in find tar; do mv /usr/bin/$p /usr/bin/gnu-$p; done
printf '#!/bin/sh\ncase "$*" in *-printf*|*-lname*|*-ignore_*) exit 1 ;; esac\nexec gnu-find "$@"\n' >/usr/bin/find
printf '#!/bin/sh\ncase "$*" in *-T*) exit 1 ;; esac\nexec gnu-tar "$@"\n' >/usr/bin/tar
chmod 755 /usr/bin/find /usr/bin/tar; mv /usr/bin/perl /usr/bin/gnu-perl"""
ASKED = (Ask("file", "/etc/passwd"), Ask("file", "/etc/pam.d/*"), Ask("unit", "*"), Ask("unit", "cron.service"))


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with hosts(2) as lab:
        assert not lab.command(2, SMALL).returncode
        yield lab


def told(lab: Lab, n: int, asks: Sequence[Ask]) -> Answers:
    return script.answers(asks, NONCE, lab.command(n, script.question(asks, NONCE)).stdout.encode())


def rows(found: Reply) -> list[bytes]:
    return sorted((found.data or b"").splitlines())


def test_files_and_units_are_told_as_elsewhere(lab: Lab) -> None:
    here, elsewhere = (told(lab, n, ASKED) for n in (2, 1))
    assert len(elsewhere[ASKED[1]]) > 10
    for ask in ASKED[:2]:
        assert here[ask] == elsewhere[ask]
    for ask in ASKED[2:]:
        assert [rows(each) for each in here[ask]] == [rows(each) for each in elsewhere[ask]]


@pytest.mark.parametrize("fact", ["linux/home-is-read:ops", "linux/shared-temporary-files", "linux/at-users"])
def test_what_only_other_programs_could_find_out_is_unknown(lab: Lab, fact: str) -> None:
    asks = facts.asks_of(fact) or ()
    assert [facts.fact_answer(fact, told(lab, n, asks)).holds for n in (1, 2)] == [False, None]


def test_what_lends_rights_and_which_passwords_are_weak_is_unknown(lab: Lab) -> None:
    lends, weak = (state.tell(Evidence(told(lab, 2, state.ASKS))) or {} for state in (setuid_programs, credentials))
    assert "needs find of GNU" in lends["cut"]
    assert isinstance(weak["known"], Unknown) and isinstance(weak["from-the-future"], Unknown)


def test_a_home_that_cannot_be_looked_into_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As where homes are on a server that takes our root for nobody."""
    ask = Ask("home", "dot-files")
    (found,) = (each for each in HereShell(65534).find([ask])[ask] if each.name == "/root/.*")
    assert found.data is None and "may not be read" in found.error
    for name in ("root", "home/ann", "etc"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / ".netrc").touch()
    passwd = "root:x:0:0::/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\nbob:x:1001:1001::/home/bob:/bin/sh\n"
    (tmp_path / "etc/passwd").write_text(passwd)
    real = Path.iterdir

    def barred(folder: Path) -> Iterator[Path]:
        if folder.name == "root":
            raise PermissionError
        return real(folder)

    monkeypatch.setattr(Path, "iterdir", barred)
    (closed, netrc) = Offline("root:x", tmp_path).find([ask])[ask]
    assert (closed.name, closed.data, netrc.name) == ("/root/.*", None, "/home/ann/.netrc") and netrc.data

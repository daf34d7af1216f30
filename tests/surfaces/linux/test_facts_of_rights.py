"""Promises of facts about su and PAM modules."""

from pathlib import Path

import pytest

from setright.model import Answer
from setright.surfaces.linux.surface import open_root


def one(root: Path, files: dict[str, str], fact: str) -> Answer:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return open_root(str(root)).ask([fact])[fact]


LINES = {
    "Nov 20 09:00:00 h su: (to root) alice on pts/0\n": True,
    "2026-11-20T09:00:00+00:00 h su[812]: (to root) alice on pts/1\n": True,
    "Nov 20 09:00:00 h su: pam_unix(su:session): x\nNov 20 09:00:00 h su: (to root) root on none\n": False,
    "Nov 20 09:00:00 h sshd[1]: Accepted publickey for alice (to x)\n": False,
}


@pytest.mark.parametrize("line", LINES)
def test_who_used_su_is_named_from_the_log(line: str, tmp_path: Path) -> None:
    answer = one(tmp_path, {"var/log/auth.log": line, "etc/machine-id": "a\n"}, "linux/su-in-use")
    assert answer.holds is LINES[line]
    assert ("alice" in answer.text) is LINES[line]


def test_without_any_log_nobody_can_tell_who_used_su(tmp_path: Path) -> None:
    assert one(tmp_path, {"etc/machine-id": "abc\n"}, "linux/su-in-use").holds is None


def test_an_image_that_never_booted_was_never_used_for_su(tmp_path: Path) -> None:
    assert one(tmp_path, {"etc/machine-id": "", "var/log/wtmp": ""}, "linux/su-in-use").holds is False


def test_a_module_is_there_where_its_file_is(tmp_path: Path) -> None:
    fact = "linux/pam-module-missing:pam_pwquality"
    assert one(tmp_path, {"etc/machine-id": ""}, fact).holds is True
    assert one(tmp_path, {"usr/lib/x86_64-linux-gnu/security/pam_pwquality.so": ""}, fact).holds is False

"""Promises of facts about su, sudo and PAM modules."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from setright.model import Answer
from setright.surfaces.linux import logins
from setright.surfaces.linux.evidence import UPTIME, Evidence
from setright.surfaces.linux.facts import su_in_use
from setright.surfaces.linux.sudo_rules import administrators
from setright.surfaces.linux.surface import open_root
from setright.surfaces.linux.transport import Reply


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
    assert answer.holds is (LINES[line] or None), "how long ago the log began cannot be told of an image"
    assert ("alice" in answer.text) is LINES[line]


@pytest.mark.parametrize(("first", "holds"), [("2026-10-01", False), ("2026-11-20", None)])
def test_that_nobody_used_su_takes_a_log_of_a_month(first: str, holds: bool | None) -> None:
    log = f"{first}T09:00:00+00:00 h cron[1]: x\n".encode()
    now = str(int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())).encode()
    found = {logins.NOW: now, logins.FIRST: log, UPTIME: b"9 9\n", su_in_use.LOGS[0]: b""}
    answer = su_in_use.answer("", Evidence({ask: [Reply("", data)] for ask, data in found.items()}))
    assert answer.holds is holds, answer.text


def test_without_any_log_nobody_can_tell_who_used_su(tmp_path: Path) -> None:
    assert one(tmp_path, {"etc/machine-id": "abc\n"}, "linux/su-in-use").holds is None


def test_an_image_that_never_booted_was_never_used_for_su(tmp_path: Path) -> None:
    assert one(tmp_path, {"etc/machine-id": "", "var/log/wtmp": ""}, "linux/su-in-use").holds is False


def test_a_module_is_there_where_its_file_is(tmp_path: Path) -> None:
    fact = "linux/pam-module-missing:pam_pwquality"
    assert one(tmp_path, {"etc/machine-id": ""}, fact).holds is True
    assert one(tmp_path, {"usr/lib/x86_64-linux-gnu/security/pam_pwquality.so": ""}, fact).holds is False


@pytest.mark.parametrize(
    ("rules", "able"),
    [
        ("ann ALL=(ALL) ALL\n", {"ann": True}),
        ("ann ALL = (ALL:ALL) NOPASSWD : ALL\n", {"ann": False}),
        ("ann ALL=(root) NOPASSWD: /usr/bin/systemctl reload nginx\n", {}),
        ("ann ALL=(postgres) NOPASSWD: ALL\n", {}),
        ("%admins ALL=(www-data, root) ALL  # all of them\n", {"ann": True}),
        (
            "User_Alias O = ann, %x : W = bob\nCmnd_Alias E = /bin/ls, \\\n  ALL\nRunas_Alias R = root\nO ALL = (R) E\n",
            {"ann": True},
        ),
        ("ann ALL=(ALL) ALL, !/usr/bin/passwd root\n", {}),
        ("ann ALL=(ALL) NOPASSWD: ALL\n%admins ALL=(ALL) ALL\n", {"ann": True}),
        ("ann ALL=(ALL) ALL\n%admins ALL=(ALL) NOPASSWD: ALL\n", {"ann": False}),
        ("ann ALL=(ALL) ALL\nann ALL=(root) NOPASSWD: /usr/bin/id\n", {"ann": True}),
        ("ann ALL=(www-data) NOPASSWD: ALL, (root) /bin/bash\n", {"ann": False}),
        ("Defaults targetpw\nann ALL=(ALL) ALL\n", {}),
        ("Defaults env_reset, !authenticate\nann ALL=(ALL) ALL\n", {"ann": False}),
        ("ann web1=(ALL) ALL\n", {}),
        ("ALL ALL=(ALL) /bin/su\n", {"ann": True}),
        ("#ann ALL=(ALL) ALL\n@includedir /etc/sudoers.d\nDefaults:ann !requiretty\n", {}),
    ],
)
def test_who_may_do_all_as_root(rules: str, able: dict[str, bool]) -> None:
    assert administrators([rules], {"ann": ["ann", "admins"]}) == able


@pytest.mark.parametrize(
    ("more", "holds"), [("", False), ("@includedir /etc/sudoers.d\n", False), ("@include /opt/policy\n", None)]
)
def test_nobody_is_believed_to_administer_where_sudos_policy_goes_on_elsewhere(
    more: str, holds: bool | None, tmp_path: Path
) -> None:
    files = {
        "etc/passwd": "root:x:0:0::/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/bash\n",
        "etc/shadow": "root:*:1::::::\nann:$y$j9T$abc$def:1::::::\n",
        "etc/group": "ann:x:1000:\n",
        "etc/sudoers": f"ann ALL=(ALL) ALL\n{more}",
    }
    assert one(tmp_path, files, "linux/only-root-can-log-in").holds is holds

"""Promises of what Samba, rsync and xinetd offer to whoever calls, and of pins of packages."""

from __future__ import annotations

import pytest

from setright.model import Unknown
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.states import package_pins, strangers
from setright.surfaces.linux.transport import Ask, Reply


def told(path: str, text: str | None, asked: str = "") -> dict[str, object]:
    reply = Reply(path, None if text is None else text.encode(), "may not be read" if text is None else "")
    tree = dict(strangers.tell(Evidence({Ask("file", asked or path): [reply]})) or {})
    return {key: value for key, value in tree.items() if key != "of"}


SMB, RSYNC, TELNET = "/etc/samba/smb.conf", "/etc/rsyncd.conf", "/etc/xinetd.d/telnet"


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        (SMB, "[global]\n map to guest = bad user\n[homes]\n read only = no\n[p$]\n guest ok = no\n", {}),
        (SMB, "[x]\n path=/srv\n Guest OK = Yes\n read only = No\n", {"samba-write": ["x (/srv)"]}),
        (SMB, "[global]\n public = yes\n[x]\n path = /srv\n[y]\n public = no\n", {"samba-read": ["x (/srv)"]}),
        (
            SMB,
            "[x]\n guest ok = yes\n writeable = yes\n hosts allow = 192.0.2.\n[printers]\n guest ok = yes\n printable = yes\n",
            {},
        ),
        (SMB, "[global]\n ; min protocol = NT1\n server min protocol = SMB3\n ntlm auth = no\n", {}),
        (SMB, "[GLOBAL]\n min \\\nprotocol = nt1\n", {"samba-old": ["serverminprotocol = nt1"]}),
        (RSYNC, "uid = nobody\n[pub]\n path = /srv/mirror\n", {}),
        (RSYNC, "read only = false\n[x]\n path = /srv/x\n[y]\n path = /y\n auth users = a\n", {"rsync-write": ["x (/srv/x)"]}),
        (
            RSYNC,
            "[all]\npath=/\n[e]\npath = /etc\nhosts allow = 10.0.0.0/8\n[h]\npath=/home/a\n",
            {"rsync-read": ["all (/)", "h (/home/a)"]},
        ),
        (TELNET, "service telnet\n{\n disable = no\n}\n", {"clear-text": [f"telnet ({TELNET})"]}),
        (TELNET, "service telnet\n{\n #disable = yes\n}\n", {"clear-text": [f"telnet ({TELNET})"]}),
        (
            TELNET,
            "service telnet\n{\n disable\t\t= yes\n}\ndefaults\n{\n disabled = echo\n}\nservice echo\n{\n}\nservice rsync\n{\n}\n",
            {},
        ),
    ],
)
def test_what_strangers_get_is_told_as_the_programs_read_it(path: str, text: str, found: dict[str, object]) -> None:
    assert told(path, text, "/etc/xinetd.d/*" if path == TELNET else path) == found


@pytest.mark.parametrize("text", [None, "[global]\ninclude = /srv/smb.conf\n"])
def test_what_was_not_read_of_samba_is_open(text: str | None) -> None:
    assert all(isinstance(told(SMB, text)[f"samba-{sort}"], Unknown) for sort in ("write", "read", "old"))


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("Package: *\nPin: origin apt.example.org\nPin-Priority: 1001\n", "downgrades"),
        ("Package: *\nPin: origin apt.example.org\nPin-Priority: 500\n", ""),
        ("Package: firefox*\nPin: origin packages.example.org\nPin-Priority: 1000\n", ""),
        ("# all\nPackage: *\nPin: release l=Debian-Security\nPin-Priority: -1\n", "held-back"),
        ("Package: *\nPin: release n=bookworm-security\nPin-Priority: 1001\n", ""),
        ("Package: snapd\nPin: release a=*\nPin-Priority: -10\n", ""),
    ],
)
def test_a_pin_of_everything_and_one_of_security_updates_is_told(text: str, sort: str) -> None:
    place = "/etc/apt/preferences.d/a"
    files = {Ask("file", "/etc/apt/preferences.d/*"): [Reply(place, text.encode()), Reply(f"{place}.bak", text.encode())]}
    found = package_pins.tell(Evidence(files))
    assert [*found] == ["of", *([sort] if sort else [])] and len(found.get(sort, [1])) == 1

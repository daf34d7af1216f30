"""Is root the only account that can log in and administer the host? Another one needs a way in, and sudo for all that root does."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from setright.model import Answer
from setright.surfaces.linux.evidence import GROUP, PASSWD, SHADOW, Evidence, some
from setright.surfaces.linux.included import INCLUDE
from setright.surfaces.linux.login_keys import KEY_FILES
from setright.surfaces.linux.sudo_rules import administrators
from setright.surfaces.linux.transport import Ask

OFTEN = True
KEYS = (Ask("list", "/home/*/.ssh/authorized_keys"), Ask("list", "/etc/ssh/authorized_keys/*"))
KEYED = Ask("run", f"{KEY_FILES}key_files | cut -f 1 | sort -u")
SUDOERS = (Ask("file", "/etc/sudoers"), Ask("file", "/etc/sudoers.d/*"))
SSHD = (Ask("file", "/etc/ssh/sshd_config.d/*.conf"), Ask("file", "/etc/ssh/sshd_config"))
LISTS = re.compile(r"^[ \t]*((?:allow|deny)(?:users|groups))[ \t=]+(.+)$", re.MULTILINE | re.IGNORECASE)
BY_PASSWORD = re.compile(r"^[ \t]*(passwordauthentication|kbdinteractiveauthentication)[ \t=]+(\w+)", re.MULTILINE | re.IGNORECASE)
MATCH = re.compile(r"^[ \t]*match[ \t]", re.MULTILINE | re.IGNORECASE)


def asks(argument: str) -> Sequence[Ask]:
    return (PASSWD, SHADOW, GROUP, *KEYS, KEYED, *SUDOERS, *SSHD)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Does not hold where somebody else can log in and do by sudo all that root does, and names them and how.

    Cannot be told where sudo's policy goes on in places that are not asked for here."""
    source = "passwd, shadow, authorized_keys, sudoers, sshd_config"
    barred = evidence.barred(SHADOW, *KEYS, *SUDOERS)
    if barred or not evidence.rows(PASSWD):
        return Answer(None, f"cannot be told: {barred or 'there is no /etc/passwd'}", source)
    able, secret = _able(evidence), _with_password(evidence)
    policy = [each.data for ask in SUDOERS for each in evidence.all(ask) if each.data]
    if elsewhere := [found[0] for data in policy for found in INCLUDE.finditer(data) if not _is_read(found)]:
        place = elsewhere[0].decode(errors="replace").strip()
        return Answer(None, f"cannot be told: what `{place}` brings may take away what the rest of sudo's policy gives", source)
    admins = administrators([data.decode(errors="replace") for data in policy], _groups(evidence))
    both = sorted(name for name in able if name in admins and (not admins[name] or name in secret))
    if both:
        return Answer(False, f"{some([f'{name} ({able[name]})' for name in both])} can log in and use sudo", source)
    if able:
        return Answer(True, f"{some(sorted(able))} can log in, but none of them can do by sudo what root does", source)
    return Answer(True, "no other account has a key or a password to log in with", source)


def _is_read(found: re.Match[bytes]) -> bool:
    """Whether an include is of the folder that is asked for here."""
    return (found["quoted"] or found["path"]).rstrip(b"/") == b"/etc/sudoers.d"


def _able(evidence: Evidence) -> dict[str, str]:
    """Accounts that can log in -> how."""
    shells = evidence.shells()
    shells.pop("root", None)
    keyed, told = evidence.names(*KEYS), evidence.lines(KEYED)
    by_key = {
        name: "key"
        for name, home in shells.items()
        if (
            name in told if evidence.ran(KEYED) else {f"{home}/.ssh/authorized_keys", f"/etc/ssh/authorized_keys/{name}"} & {*keyed}
        )
    }
    sshd = _sshd(evidence)
    hashed = dict.fromkeys(shells.keys() & _with_password(evidence), "password") if _takes_passwords(sshd) else {}
    groups = _groups(evidence)
    return {name: how for name, how in (hashed | by_key).items() if _admitted(sshd, name, groups.get(name, []))}


def _with_password(evidence: Evidence) -> set[str]:
    return {row[0] for row in evidence.rows(SHADOW) if row[1] and row[1][0] not in "!*"}


def _groups(evidence: Evidence) -> dict[str, list[str]]:
    """Accounts and the names of their groups."""
    rows = [row for row in evidence.rows(GROUP) if len(row) > 3]
    names = {row[2]: row[0] for row in rows}
    return {
        row[0]: [*(names[gid] for gid in [row[3]] if gid in names), *(each[0] for each in rows if row[0] in each[3].split(","))]
        for row in evidence.rows(PASSWD)
        if len(row) > 3
    }


def _sshd(evidence: Evidence) -> str:
    """What sshd's files say of everybody, the first of each setting being the one that counts."""
    return "\n".join(MATCH.split((each.data or b"").decode(errors="replace"))[0] for ask in SSHD for each in evidence.all(ask))


def _takes_passwords(sshd: str) -> bool:
    said: dict[str, str] = {}
    for key, value in BY_PASSWORD.findall(sshd):
        said.setdefault(key.lower(), value.lower())
    return said.get("passwordauthentication", "yes") != "no" or said.get("kbdinteractiveauthentication", "no") == "yes"


def _admitted(sshd: str, name: str, groups: Sequence[str]) -> bool:
    """Whether the lists of sshd let an account in, from some address at least. Source: sshd_config(5), AllowUsers."""
    lists: dict[str, list[str]] = {}
    for key, words in LISTS.findall(sshd):
        lists.setdefault(key.lower(), []).extend(words.replace('"', "").split("#")[0].split())
    return (
        not _named(lists, "denyusers", [name])
        and not _named(lists, "denygroups", groups)
        and ("allowusers" not in lists or _named(lists, "allowusers", [name]))
        and ("allowgroups" not in lists or _named(lists, "allowgroups", groups))
    )


def _named(lists: Mapping[str, Sequence[str]], key: str, names: Sequence[str]) -> bool:
    patterns = [word.partition("@")[0] if key == "allowusers" else word for word in lists.get(key, ())]
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)

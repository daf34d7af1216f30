"""Is root the only account that can log in and administer the host? Another one needs a key or password, and sudo."""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.model import Answer
from setright.surfaces.linux.evidence import GROUP, PASSWD, SHADOW, Evidence, some
from setright.surfaces.linux.login_keys import KEY_FILES
from setright.surfaces.linux.transport import Ask

OFTEN = True
KEYS = (Ask("list", "/home/*/.ssh/authorized_keys"), Ask("list", "/etc/ssh/authorized_keys/*"))
KEYED = Ask("run", f"{KEY_FILES}key_files | cut -f 1 | sort -u")
SUDOERS = (Ask("file", "/etc/sudoers"), Ask("file", "/etc/sudoers.d/*"))
RULE = re.compile(r"^[ \t]*(%?[\w.-]+)[ \t]+[^=\n]+=", re.MULTILINE)


def asks(argument: str) -> Sequence[Ask]:
    return (PASSWD, SHADOW, GROUP, *KEYS, KEYED, *SUDOERS)


def answer(argument: str, evidence: Evidence) -> Answer:
    """Does not hold where somebody else can log in and use sudo, and names them and how."""
    source = "passwd, shadow, authorized_keys, sudoers"
    barred = evidence.barred(SHADOW, *KEYS, *SUDOERS)
    if barred or not evidence.rows(PASSWD):
        return Answer(None, f"cannot be told: {barred or 'there is no /etc/passwd'}", source)
    able, admins = _able(evidence), _admins(evidence)
    both = sorted(able.keys() & admins)
    if both:
        return Answer(False, f"{some([f'{name} ({able[name]})' for name in both])} can log in and use sudo", source)
    if able:
        return Answer(True, f"{some(sorted(able))} can log in, but none of them may use sudo", source)
    return Answer(True, "no other account has a key or a password to log in with", source)


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
    hashed = {row[0]: "password" for row in evidence.rows(SHADOW) if row[0] in shells and row[1] and row[1][0] not in "!*"}
    return hashed | by_key


def _admins(evidence: Evidence) -> set[str]:
    """Accounts that some sudo rule names, by name or group."""
    ruled = {name for ask in SUDOERS for name in RULE.findall(evidence.text(ask))}
    gids = {row[3]: row[0] for row in evidence.rows(PASSWD) if len(row) > 3}
    members: set[str] = set()
    for row in evidence.rows(GROUP):
        if f"%{row[0]}" in ruled and len(row) > 3:
            members |= {name for name in row[3].split(",") if name} | ({gids[row[2]]} if row[2] in gids else set())
    return {name for name in ruled if not name.startswith("%")} | members

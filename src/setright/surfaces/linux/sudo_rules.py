"""Which accounts may do all as root by sudo, and which of them must give their password for it. Pure. Source: sudoers(5).

What is not understood, speaks of certain hosts or takes something away again counts for nobody.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

ALIAS = re.compile(r"^(User|Runas|Cmnd|Cmd)_Alias\s+(.*)$")
RULE = re.compile(r"^(\S+)\s+ALL=(?!.*\s:\s)(.*)$")
GRANT = re.compile(r"(?:\(([^)]*)\)\s*)?((?:[A-Z_]+:\s*)*)(.*)")
SHELLS = re.compile(r"(?:/usr)?/bin/(?:ba|da|z|k)?s[hu]$")
OF_ANOTHER = re.compile(r"^Defaults\b.*\b(?<!!)(?:rootpw|targetpw|runaspw)\b", re.MULTILINE)
UNASKED = re.compile(r"^Defaults\s+(?:.*,\s*)?!authenticate\b", re.MULTILINE)


class SudoRule(NamedTuple):
    """Who a line speaks of, if they may do all as root, and give their password for it; `all` is None where some is forbidden."""

    users: Sequence[str]
    all: bool | None
    asks: bool


def administrators(texts: Sequence[str], groups: Mapping[str, Collection[str]]) -> dict[str, bool]:
    """Those of the accounts, each with its groups, that may do all as root -> whether they must give their own password.

    Of several rules the last counts. `texts` are the files in the order they are read in.
    """
    lines = [line for text in texts for line in _lines(text)]
    if OF_ANOTHER.search("\n".join(lines)):
        return {}
    unasked = UNASKED.search("\n".join(lines)) is not None
    aliases = _aliases(lines)
    rules = [rule for line in lines if (rule := _rule(line, aliases))]
    able: dict[str, bool] = {}
    for name, of in groups.items():
        meant = {name, "ALL", *(f"%{group}" for group in of)}
        mine = [rule for rule in rules if meant & {*rule.users} and rule.all is not False]
        if mine and mine[-1].all:
            able[name] = mine[-1].asks and not unasked
    return able


def _lines(text: str) -> Iterator[str]:
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        bare = re.sub(r"#(?!-?\d).*", "", line).strip()
        if bare:
            yield re.sub(r"\s*([,=])\s*|(?<=PASSWD)\s+(?=:)", lambda found: found[1] or "", bare)


def _aliases(lines: Sequence[str]) -> dict[str, list[str]]:
    """By the first letter of their kind and their name: ``U ADMINS``."""
    found: dict[str, list[str]] = {}
    for line in lines:
        match = ALIAS.match(line)
        for part in re.split(r"\s+:\s+", match[2]) if match else ():
            name, _, members = part.partition("=")
            found.setdefault(f"{match[1][0] if match else ''} {name.strip()}", []).extend(members.split(","))
    return found


def _meant(kind: str, words: Sequence[str], aliases: Mapping[str, Sequence[str]], depth: int = 0) -> list[str]:
    """The words with aliases put in, as deep as anybody writes them."""
    found: list[str] = []
    for word in map(str.strip, words):
        inner = aliases.get(f"{kind} {word}")
        found += _meant(kind, inner, aliases, depth + 1) if inner is not None and depth < 8 else [word]
    return found


def _rule(line: str, aliases: Mapping[str, Sequence[str]]) -> SudoRule | None:
    match = RULE.match(line)
    if match is None or line.startswith("Defaults"):
        return None
    users = _meant("U", match[1].split(","), aliases)
    if any(user.startswith("!") for user in users):
        return None
    runas, asks, all_, forbids, settled = "root", True, False, False, True
    for part in re.sub(r"\([^)]*\)", lambda found: found[0].replace(",", "|"), match[2]).split(","):
        grant = GRANT.fullmatch(part.strip())
        if grant is None:
            return SudoRule(users, None, True)
        runas = grant[1].partition(":")[0] if grant[1] is not None else runas
        asks = "NOPASSWD" not in grant[2] and (asks or "PASSWD" in grant[2])
        forbids = forbids or grant[3].startswith("!")
        if {"root", "ALL", "#0"} & {*_meant("R", runas.split("|"), aliases)} and not all_:
            all_ = any(word == "ALL" or SHELLS.match(word) for word in _meant("C", [grant[3].strip()], aliases))
            settled = asks
    return SudoRule(users, None if forbids else all_, settled)

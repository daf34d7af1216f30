"""Which line of pg_hba.conf decides about a login: the server's own search, over rows of pg_hba_file_rules. Pure.

Source: src/backend/libpq/hba.c, check_hba (PostgreSQL 15): the first line that matches decides; no line means no.
The view drops quotes, so a role or database really named ``all`` cannot be told from the keyword; a new login after the change can.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from ipaddress import ip_address, ip_network

import msgspec

MATCHES_ANYBODY = ("all", "samehost", "samenet")
TLS_ONLY = {"hostssl": True, "hostnossl": False}


class HbaRule(msgspec.Struct, frozen=True):
    """One line as the server reads it; see `broken` for what `error` means."""

    line: int
    type: str | None
    database: Sequence[str] | None
    user: Sequence[str] | None
    address: str | None
    netmask: str | None
    method: str | None
    options: Sequence[str] | None
    error: str | None

    @property
    def broken(self) -> bool:
        """Whether the server cannot read the line, and so never loads the file. An error beside a type is a mere warning: hostssl
        without TLS matches nobody.
        """
        return self.error is not None and self.type is None

    def __str__(self) -> str:
        where = self.address if not self.netmask else f"{self.address}/{_prefix(self.netmask)}"
        words = [self.type, ",".join(self.database or ()), ",".join(self.user or ()), where, self.method]
        return f"line {self.line}: {' '.join(word for word in words if word)}"


class Login(msgspec.Struct, frozen=True):
    """Who connects to what, from where. `address` is None for a Unix socket; physical replication has database ``replication``."""

    user: str
    database: str
    address: str | None
    tls: bool
    gss: bool = False
    verifier: str = "unknown"  # scram-sha-256, md5, none

    def __str__(self) -> str:
        return f"{self.user}@{self.address or 'the local socket'} to {self.database}"


def deciding(rules: Sequence[HbaRule], login: Login, groups: Mapping[str, Set[str]]) -> HbaRule | bool | None:
    """The rule that decides; None where no rule matches (refused); False where it cannot be told (a host name)."""
    for rule in rules:
        if rule.broken or not _names_match(rule, login, groups):
            continue
        matched = _comes_from(rule, login)
        if matched is None:
            return False
        if matched:
            return rule
    return None


def refusal(rules: Sequence[HbaRule], login: Login, groups: Mapping[str, Set[str]]) -> str:
    """Why these rules would not let this login in; empty where they would, or where it cannot be told."""
    rule = deciding(rules, login, groups)
    if isinstance(rule, bool):
        return ""
    if rule is None:
        return f"no line matches {login}"
    if rule.method == "reject":
        return f"{rule} rejects {login}"
    if rule.method == "scram-sha-256" and login.verifier in ("md5", "none"):
        return f"{rule} wants SCRAM, and {login.user} has {'no password' if login.verifier == 'none' else 'an md5 verifier'}"
    if rule.method in ("md5", "password") and login.verifier == "none":
        return f"{rule} wants a password, and {login.user} has none"
    return ""


def _names_match(rule: HbaRule, login: Login, groups: Mapping[str, Set[str]]) -> bool:
    member = groups.get(login.user, frozenset())
    return any(_database_matches(word, login, member) for word in rule.database or ()) and any(
        _user_matches(word, login.user, member) for word in rule.user or ()
    )


def _database_matches(word: str, login: Login, member: Set[str]) -> bool:
    if login.database == "replication" or word == "replication":
        return word == login.database
    if word in ("samegroup", "samerole"):
        return login.database in member or login.database == login.user
    if word == "sameuser":
        return login.database == login.user
    return word == "all" or _name_matches(word, login.database)


def _user_matches(word: str, user: str, member: Set[str]) -> bool:
    if word.startswith("+"):
        return word[1:] in member or word[1:] == user
    return word == "all" or _name_matches(word, user)


def _name_matches(word: str, name: str) -> bool:
    """Equality, or a PostgreSQL 16 ``/regular expression``, of which only plain anchored prefixes are told here."""
    if not word.startswith("/"):
        return word == name
    plain = re.fullmatch(r"/\^?([\w-]*)(\.\*)?\$?", word)
    return plain is not None and name.startswith(plain[1])


def _comes_from(rule: HbaRule, login: Login) -> bool | None:
    if rule.type == "local" or login.address is None:
        return rule.type == "local" and login.address is None
    if rule.type in TLS_ONLY and TLS_ONLY[rule.type] != login.tls:
        return False
    if rule.type in ("hostgssenc", "hostnogssenc") and (rule.type == "hostgssenc") != login.gss:
        return False
    return _address_matches(rule, login.address)


def _address_matches(rule: HbaRule, address: str) -> bool | None:
    here = ip_address(address.partition("%")[0])
    if rule.address == "all":
        return True
    if rule.address in MATCHES_ANYBODY:
        return True if here.is_loopback else None
    try:
        there = ip_network(f"{rule.address}/{_prefix(rule.netmask)}", strict=False)
    except ValueError:
        return None
    return here in there


def _prefix(netmask: str | None) -> int:
    """The prefix length of a netmask; holes in it are not told apart."""
    return bin(int(ip_address(netmask or "255.255.255.255"))).count("1")

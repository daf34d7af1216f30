"""Whom an estate belongs to and how much hangs on each part of it; data only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

Environment = Literal["production", "staging", "test", "development", ""]
Importance = Literal["critical", "high", "medium", "low", ""]
Exposure = Literal["internet", "partner", "internal", "isolated", ""]


class Organisation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A company or a part of one; `parent` is the organisation it belongs to, empty at the top.

    `fallback` is the owner who is asked where nobody else is known; `names` are others it goes by (certificates, WHOIS).
    `lead` hears what stays undone there.
    """

    name: str
    parent: str = ""
    fallback: str = ""
    names: tuple[str, ...] = ()
    lead: str = ""

    def is_called(self, name: str) -> bool:
        """Whether a name found somewhere means this organisation; case does not matter."""
        return name.casefold() in {known.casefold() for known in (self.name, *self.names)}


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who may be asked; `login` is the name that the operating system knows them by, `slack` their user id there."""

    name: str
    login: str = ""
    email: str = ""
    roles: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    slack: str = ""

    def is_called(self, name: str) -> bool:
        return name in (self.name, self.login or self.name)


class Asset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something of the estate and what is known of it: a host, a bucket, a domain, whether it is a target or a part of one.

    `name` and `aliases` are names, addresses or ids, globs allowed; `targets` where they mean it (empty: anywhere).
    `signal` says who told its owner: a key of `owners.WEIGHTS`. `source` is the file it came from.
    """

    name: str
    aliases: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    environment: Environment = ""
    organisation: str = ""
    owner: str = ""
    importance: Importance = ""
    exposure: Exposure = ""
    tags: tuple[str, ...] = ()
    signal: Literal["asset", "certificate", "whois"] = "asset"
    source: str = ""


class Subject(msgspec.Struct, frozen=True):
    """What is decided about: a target, with all that was declared or found out about it.

    `names` are its name and its URL; `organisations` the one it belongs to and all above it. Empty: not known.
    """

    names: tuple[str, ...]
    environment: str = ""
    owner: str = ""
    organisations: tuple[str, ...] = ()
    importance: str = ""
    exposure: str = ""
    tags: tuple[str, ...] = ()
    exposure_why: str = ""


def lineage(name: str, organisations: Sequence[Organisation]) -> tuple[str, ...]:
    """The organisation and all above it, nearest first. One that is its own ancestor ends where it comes round again."""
    parents: Mapping[str, str] = {each.name: each.parent for each in organisations}
    line: list[str] = []
    while name and name not in line:
        line.append(name)
        name = parents.get(name, "")
    return tuple(line)

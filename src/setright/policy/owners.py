"""Who answers for a target: its declared owner, else the first rule that speaks of it. Pure; patterns as in fnmatch(3)."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import msgspec


class Owner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A team or person, how to reach them, and what is theirs: targets by name or URL, or by tag; globs allowed."""

    name: str
    contact: str = ""
    targets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def owns(self, names: Sequence[str], tags: Sequence[str]) -> bool:
        return _any_match(self.targets, names) or _any_match(self.tags, tags)


def owner_of(names: Sequence[str], tags: Sequence[str], declared: str, owners: Sequence[Owner]) -> Owner | None:
    """`names` are the target's name and URL. A declared owner needs no entry of its own; None: nobody answers."""
    if declared:
        return next((owner for owner in owners if owner.name == declared), Owner(declared))
    return next((owner for owner in owners if owner.owns(names, tags)), None)


def _any_match(patterns: Sequence[str], texts: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns for text in texts)

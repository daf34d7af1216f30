"""Who answers for something: evidence that names owners, weighed against each other. Pure; patterns as in fnmatch(3).

Each signal has a weight between 0 and 1. What names one owner adds up as independent witnesses do, 1 - (1 - a)(1 - b);
what an owner sent back as not theirs counts a tenth, so that the next one is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec

WEIGHTS = {
    "declared": 0.95,  # the target's own `owner`
    "tag": 0.85,  # an owner or team tag, label or annotation of the resource
    "rule": 0.8,  # `targets` or `tags` of an owner
    "codeowners": 0.8,
    "catalogue": 0.75,  # a software catalogue's entry
    "account": 0.6,  # whoever the cloud account or cluster belongs to
    "last-change": 0.3,
}
SENT_BACK = 0.1


class Owner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A team or person, how to reach them, and what is theirs: targets by name or URL, or by tag; globs allowed.

    `handles` are other names: @acme/web in CODEOWNERS, a tag's value, an e-mail address. `lead` hears what stays undone.
    """

    name: str
    contact: str = ""
    targets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    lead: str = ""
    organisation: str = ""

    def owns(self, names: Sequence[str], tags: Sequence[str]) -> bool:
        return _any_match(self.targets, names) or _any_match(self.tags, tags)

    def is_called(self, name: str) -> bool:
        """Whether a name found somewhere means this owner; case does not matter."""
        return name.casefold() in {known.casefold() for known in (self.name, self.contact, *self.handles) if known}


class Evidence(NamedTuple):
    """One witness: whom it names, what sort of signal it is (a key of WEIGHTS), and where it stands."""

    owner: str
    signal: str
    where: str


class Ownership(NamedTuple):
    """Who answers, how sure that is (0 to 1), and why. `owner` empty: nobody is known to."""

    owner: str = ""
    confidence: float = 0.0
    evidence: tuple[Evidence, ...] = ()

    @property
    def why(self) -> str:
        return "; ".join(f"{each.signal}: {each.where}" for each in self.evidence) or "nothing names an owner"


def declared(names: Sequence[str], tags: Sequence[str], owner: str, owners: Sequence[Owner]) -> list[Evidence]:
    """What the configuration says of a target: `names` are its name and its URL. Of the owners' rules the first counts."""
    said = [Evidence(owner, "declared", "the target's owner in the configuration")] if owner else []
    ruled = next((each for each in owners if each.owns(names, tags)), None)
    return [*said, *([Evidence(ruled.name, "rule", f"targets or tags of owner {ruled.name}")] if ruled else [])]


def ranked(evidence: Iterable[Evidence], owners: Sequence[Owner], sent_back: Collection[str] = ()) -> list[Ownership]:
    """Every owner that something names, the surest first; of equals the one named by the stronger single witness."""
    by_owner: dict[str, list[Evidence]] = {}
    for each in evidence:
        mine = by_owner.setdefault(_known_as(each.owner, owners), [])
        if each not in mine:
            mine.append(each)
    told = [Ownership(owner, _confidence(mine, owner in sent_back), tuple(mine)) for owner, mine in by_owner.items()]
    return sorted(told, key=lambda each: (-each.confidence, -max(WEIGHTS[e.signal] for e in each.evidence)))


def _known_as(name: str, owners: Sequence[Owner]) -> str:
    return next((owner.name for owner in owners if owner.is_called(name)), name)


def _confidence(evidence: Sequence[Evidence], sent_back: bool) -> float:
    doubt = 1.0
    for signal in {each.signal for each in evidence}:
        doubt *= 1 - WEIGHTS[signal] * (SENT_BACK if sent_back else 1)
    return round(1 - doubt, 2)


def _any_match(patterns: Sequence[str], texts: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns for text in texts)

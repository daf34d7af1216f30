"""Who answers for something: evidence that names owners, weighed against each other. Pure; patterns as in fnmatch(3).

Each signal has a weight between 0 and 1. What names one owner adds up as independent witnesses do, 1 - (1 - a)(1 - b);
what an owner sent back as not theirs counts a tenth, so that the next one is asked. A witness that was wrong is believed less
elsewhere, too; that passes with time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import NamedTuple

import msgspec

WEIGHTS = {
    "declared": 0.95,  # the target's own `owner`
    "tag": 0.85,  # an owner or team tag of the resource
    "rule": 0.8,  # `targets` or `tags` of an owner
    "codeowners": 0.8,
    "named": 0.9,  # whom somebody named who sent it back
    "asset": 0.85,  # a list of assets that was imported
    "catalogue": 0.75,  # a software catalogue's entry
    "label": 0.7,  # a label or annotation of a workload
    "account": 0.6,  # whoever the cloud account, namespace or cluster belongs to
    "certificate": 0.5,  # the organisation that a certificate was given to
    "whois": 0.4,
    "last-change": 0.3,
    "fallback": 0.05,  # asked where nothing names anybody
}
SENT_BACK = 0.1
HALF_LIFE = timedelta(days=90)  # after so long half of a doubt is gone
LEAST = 0.05  # what a witness counts at the least, however often it was wrong


class Owner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A team or person, how to reach them, and what is theirs: targets by name or URL, or by tag; globs allowed.

    `handles` are other names: @acme/web in CODEOWNERS, a tag's value, an e-mail address. `lead` hears what stays undone.
    `accounts` are cloud accounts, namespaces and clusters; `zone` is where they work; `channel` a chat channel of theirs.
    """

    name: str
    contact: str = ""
    targets: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    lead: str = ""
    organisation: str = ""
    accounts: tuple[str, ...] = ()
    zone: str = ""
    channel: str = ""

    def owns(self, names: Sequence[str], tags: Sequence[str]) -> bool:
        return _any_match(self.targets, names) or _any_match(self.tags, tags)

    def is_called(self, name: str) -> bool:
        """Whether a name found somewhere means this owner; case does not matter."""
        return name.casefold() in {known.casefold() for known in (self.name, self.contact, *self.handles) if known}


class Witness(NamedTuple):
    """One witness: whom it names, what sort of signal it is (a key of WEIGHTS), and where it stands."""

    owner: str
    signal: str
    where: str


class Returned(NamedTuple):
    """One witness that its owner said was wrong."""

    evidence: Witness
    at: datetime


class Returns(NamedTuple):
    """What owners sent back: how far each witness is believed since, and by finding who said no and who was named instead."""

    belief: Mapping[Witness, float] = {}
    refused: Mapping[str, frozenset[str]] = {}
    named: Mapping[str, tuple[Witness, ...]] = {}


class Ownership(NamedTuple):
    """Who answers, how sure that is (0 to 1), and why. `owner` empty: nobody is known to. `others` are named by weaker evidence."""

    owner: str = ""
    confidence: float = 0.0
    evidence: tuple[Witness, ...] = ()
    others: tuple[Witness, ...] = ()

    @property
    def why(self) -> str:
        return "; ".join(f"{each.signal}: {each.where}" for each in self.evidence) or "nothing names an owner"


def declared_witnesses(names: Sequence[str], tags: Sequence[str], owner: str, owners: Sequence[Owner]) -> list[Witness]:
    """What the configuration says of a target: `names` are its name and its URL. Of the owners' rules the first counts."""
    said = [Witness(owner, "declared", "the target's owner in the configuration")] if owner else []
    ruled = next((each for each in owners if each.owns(names, tags)), None)
    return [*said, *([Witness(ruled.name, "rule", f"targets or tags of owner {ruled.name}")] if ruled else [])]


def ranked(
    evidence: Iterable[Witness], owners: Sequence[Owner], sent_back: Collection[str] = (), belief: Mapping[Witness, float] = {}
) -> list[Ownership]:
    """Every owner that something names, the surest first; of equals the one named by the stronger single witness.

    `sent_back` are owners who said that it is not theirs, and come last; `belief` is what is left of a witness that was wrong.
    """
    by_owner: dict[str, list[Witness]] = {}
    for each in evidence:
        mine = by_owner.setdefault(_known_as(each.owner, owners), [])
        if each not in mine:
            mine.append(each)
    told = [Ownership(owner, _confidence(mine, owner in sent_back, belief), tuple(mine)) for owner, mine in by_owner.items()]
    return sorted(told, key=lambda o: (o.owner in sent_back, -o.confidence, -max(WEIGHTS[e.signal] for e in o.evidence)))


def _known_as(name: str, owners: Sequence[Owner]) -> str:
    return next((owner.name for owner in owners if owner.is_called(name)), name)


def believed(returned: Iterable[Returned], now: datetime) -> dict[Witness, float]:
    """What is left of each witness: a tenth just after it was wrong, more as time passes; 1 of all that are not named here."""
    left: dict[Witness, float] = {}
    for each in returned:
        doubt = (1 - SENT_BACK) * 0.5 ** (max(now - each.at, timedelta()) / HALF_LIFE)
        left[each.evidence] = max(LEAST, left.get(each.evidence, 1.0) * (1 - doubt))
    return left


def _confidence(evidence: Sequence[Witness], sent_back: bool, belief: Mapping[Witness, float]) -> float:
    best: dict[str, float] = {}  # of each signal its most credible witness
    for each in evidence:
        best[each.signal] = max(best.get(each.signal, 0.0), belief.get(each, 1.0))
    doubt = 1.0
    for signal, credit in best.items():
        doubt *= 1 - WEIGHTS[signal] * credit * (SENT_BACK if sent_back else 1)
    return round(1 - doubt, 2)


def _any_match(patterns: Sequence[str], texts: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns for text in texts)

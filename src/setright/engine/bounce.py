"""A finding sent back by whoever was asked: that witness is believed less from now on, and the next one named is asked."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from setright.engine.configuration import Configuration
from setright.engine.error import EngineError
from setright.engine.times import now, stamp
from setright.policy.estate import lineage
from setright.policy.owners import Ownership, Witness, ranked

if TYPE_CHECKING:
    from setright.engine.ledger import Ledger
    from setright.engine.store import SentBack, Standing, Store

MOST = 3  # times that one finding is passed on by itself; then it stays where somebody decides


class Bounced(NamedTuple):
    """Whose it was thought to be, and who is asked now."""

    was: str
    now: Ownership


def bounce(configuration: Configuration, store: Store, ledger: Ledger, finding: str, told: tuple[str, str, str]) -> Bounced:
    """`told`: why, who says so, and whom they name instead (empty: the next who is known).

    Raises EngineError where the finding is not known, nobody was asked, or nobody else could be.
    """
    from setright.engine.store import SentBack

    reason, by, to = told
    standing = store.standing(finding)
    if standing is None or not standing.owner:
        why = "nobody was asked yet" if standing else "is no finding that a scan has weighed"
        raise EngineError(f"{finding}: {why}; `setright findings` lists them")
    named = _known(configuration, to) if to else ""
    before = store.sent_back(finding)
    wrong = tuple(each for each in standing.evidence if _called(configuration, each[0]) == standing.owner and each[1] != "fallback")
    given = SentBack(finding, standing.owner, wrong, reason, by, named, stamp(now()))
    following = _next(configuration, standing, before, given)
    if named == standing.owner or following.owner in ("", standing.owner):
        raise EngineError(f"{finding}: nobody but {standing.owner} is known; name whose it is with --to")
    ledger.append("sent back", _record(given, following))
    store.send_back(given)
    store.keep_standings([replace(standing, owner=following.owner, confidence=following.confidence)], now())
    return Bounced(standing.owner, following)


def _next(configuration: Configuration, standing: Standing, before: Sequence[SentBack], given: SentBack) -> Ownership:
    refused = {each.owner for each in (*before, given)} - {given.named}
    evidence = [Witness(*each) for each in standing.evidence]
    if given.named:
        evidence.append(Witness(given.named, "named", f"{given.by} said so on {given.at[:10]}: {given.reason}"))
    elif len(before) >= MOST:
        evidence = []  # it has been passed on often enough
    evidence += _fallbacks(configuration, standing)
    told = [each for each in ranked(evidence, configuration.owners, refused) if each.owner not in refused]
    return told[0] if told else Ownership()


def _fallbacks(configuration: Configuration, standing: Standing) -> list[Witness]:
    """Who is asked in the finding's organisation, or anywhere, where nobody is known."""
    by_name = {each.name: each.fallback for each in configuration.organisations}
    owner = next((each for each in configuration.owners if each.name == standing.owner), None)
    line = (*standing.organisations, *lineage(owner.organisation if owner else "", configuration.organisations))
    names = [*(by_name.get(name, "") for name in line), configuration.fallback]
    return [Witness(name, "fallback", "nobody else is known to own it") for name in names if name][:1]


def _known(configuration: Configuration, name: str) -> str:
    """An owner by any of their names. Raises EngineError with the near ones."""
    found = _called(configuration, name)
    names = [owner.name for owner in configuration.owners]
    if found in names:
        return found
    near = get_close_matches(name, names, 1)
    raise EngineError(f"there is no owner {name!r}; {f'did you mean {near[0]!r}?' if near else f'there are {names}'}")


def _called(configuration: Configuration, name: str) -> str:
    return next((owner.name for owner in configuration.owners if owner.is_called(name)), name)


def _record(given: SentBack, following: Ownership) -> dict[str, str | list[str]]:
    return {
        "finding": given.finding,
        "was": given.owner,
        "now": following.owner,
        "reason": given.reason,
        "by": given.by,
        "wrong": [f"{signal}: {where}" for _, signal, where in given.evidence],
    }

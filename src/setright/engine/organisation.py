"""What an organisation has laid down in its configuration, made ready to decide about one target's findings."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from setright.engine import exposure, witnesses
from setright.engine.configuration import Configuration, Target
from setright.engine.decision import About, as_decided
from setright.engine.ownership import Claims
from setright.engine.scan import Found
from setright.engine.times import now
from setright.engine.world import World
from setright.model import Resource
from setright.policy.assets import Traits, names_of_url, traits_of
from setright.policy.decide import Decision
from setright.policy.estate import Asset, Subject, lineage
from setright.policy.exploit import Exploits, Signal, cves_in
from setright.policy.owners import Returns, Witness, declared_witnesses, ranked
from setright.policy.risk import Past
from setright.policy.ruling import Case, ruled, speaks_at_all


def unreached() -> str:
    """Nothing says that anybody reaches the target from outside."""
    return ""


class OutsideKnowledge(NamedTuple):
    """What is known beyond the configuration: what was sent back, what is attacked, why the Internet reaches the target, and
    how often the fixes of each control were taken back."""

    returns: Returns = Returns()
    exploits: Exploits = Exploits()
    reached: Callable[[], str] = unreached
    reverts: Mapping[str, int] = {}


NOTHING = OutsideKnowledge()
NO_SIGNAL = Signal()


def about(configuration: Configuration, target: Target, root: Path | None, told: OutsideKnowledge = NOTHING) -> About:
    """`root` is where a tree of sources has its files; None for any other target."""
    estate = _Estate(configuration, target)
    said = declared_witnesses(estate.names, target.tags, target.owner, configuration.owners)
    claims = Claims(said, configuration.owners, root, estate.owners, list(_last(configuration, target)), told.returns)
    return _about(configuration, _Place(estate, claims, told.reached, told.exploits, told.reverts), None)


class _Place(NamedTuple):
    """All that decides about a target's resources."""

    estate: _Estate
    claims: Claims
    reached: Callable[[], str]
    exploits: Exploits
    reverts: Mapping[str, int]


def _about(configuration: Configuration, place: _Place, world: World | None) -> About:
    opened = exposure.ways(world) if world else []

    at = now()
    subjects: dict[tuple[int, str], tuple[Resource, Subject]] = {}  # by the id of the resource that each holds, and its owner

    def subject(found: Found) -> Subject:
        resource, owner = found.resource, place.claims.of(found).owner
        known = subjects.get((id(resource), owner))
        if known is None:
            told = subject_of(configuration, place.estate.target, owner, _traits(place, resource, opened))
            known = subjects[id(resource), owner] = resource, told
        return known[1]

    def rule(found: Found, decision: Decision, case: Case) -> Decision:
        return ruled(configuration.policy, subject(found), case, decision, at)

    def exploit(found: Found) -> Signal:
        return place.exploits.of(_cves(found)) if place.exploits.kev or place.exploits.epss else NO_SIGNAL

    def past(found: Found) -> Past:
        return Past(reverts=place.reverts.get(found.control.id, 0))

    within = None if world else lambda seen: _about(configuration, place, seen)
    return About(subject, place.claims.of, rule if speaks_at_all(configuration.policy) else as_decided, past, exploit, within)


class _Estate:
    """The assets that a target and its resources are."""

    def __init__(self, configuration: Configuration, target: Target) -> None:
        self.target = target
        self.names = (target.name, target.url)
        self._assets = configuration.register
        self._organisations = configuration.organisations

    def of(self, resource: Resource) -> list[Asset]:
        names = (resource.name, resource.name.rpartition("/")[2])
        return self._assets.called(names, self.names)

    @functools.cached_property
    def whole(self) -> list[Asset]:
        """What the target itself is."""
        return self._assets.called((*self.names, *names_of_url(self.target.url)), self.names)

    @functools.cached_property
    def traits(self) -> Traits:
        """What the configuration says of the target, and what assets say of it where that says nothing."""
        target = self.target
        own = Traits(target.environment, target.organisation, target.importance, target.exposure, target.tags, "the target's own")
        return own.over(traits_of(self.whole))

    def owners(self, found: Found) -> Iterator[Witness]:
        """Whom lists of assets name. A legal name of an organisation means whoever answers for that."""
        for asset in (*self.of(found.resource), *self.whole):
            if asset.owner:
                legal = next((o.fallback for o in self._organisations if o.fallback and o.is_called(asset.owner)), asset.owner)
                yield Witness(legal, asset.signal, f"{asset.source or 'asset'}: {asset.name}: {asset.owner}")


def _traits(place: _Place, resource: Resource, opened: list[exposure.Way]) -> Traits:
    """What assets, tags and the configuration say of a resource; who reaches it is inferred only where nobody says it."""
    told = traits_of(place.estate.of(resource)).over(witnesses.traits(resource.tree)).over(place.estate.traits)
    if told.exposure:
        return told
    why = exposure.of_resource(resource) or exposure.by_ways(resource, opened) or place.reached()
    return told.over(Traits(exposure="internet", why=why)) if why else told


def _last(configuration: Configuration, target: Target) -> Iterator[Witness]:
    """Who is asked where nothing names anybody: the fallback of the organisation, or of one above it, else everybody's."""
    by_name = {each.name: each for each in configuration.organisations}
    for name in lineage(target.organisation, configuration.organisations):
        if name in by_name and by_name[name].fallback:
            yield Witness(by_name[name].fallback, "fallback", f"nobody is known to own it; {name} has it asked here")
            return
    if configuration.fallback:
        yield Witness(configuration.fallback, "fallback", "nobody is known to own it; such are asked here")


def _cves(found: Found) -> set[str]:
    return cves_in(f"{found.resource.tree} {found.finding.mismatches} {found.finding.title}")


def subject_of(configuration: Configuration, target: Target, owner: str = "", traits: Traits | None = None) -> Subject:
    """A target as policy sees it, or a resource on it. Without an owner: the one that the configuration names."""
    estate = _Estate(configuration, target)
    told = traits or estate.traits
    if not owner:
        known = ranked(declared_witnesses(estate.names, target.tags, target.owner, configuration.owners), configuration.owners)
        owner = next((each.owner for each in known), "") or next((asset.owner for asset in estate.whole if asset.owner), "")
    organisation = told.organisation or next((o.organisation for o in configuration.owners if o.name == owner), "")
    line = lineage(organisation, configuration.organisations)
    return Subject(estate.names, told.environment, owner, line, told.importance, told.exposure, told.tags, told.why)


def life(configuration: Configuration) -> timedelta:
    """How long a plan holds."""
    return timedelta(hours=configuration.policy.plan_life_h)

"""What an organisation has laid down in its configuration, made ready to decide about one target's findings."""

from __future__ import annotations

import functools
from datetime import timedelta
from pathlib import Path

from setright.engine.configuration import Configuration, Target
from setright.engine.decision import About, nothing_past
from setright.engine.ownership import Claims
from setright.engine.scan import Found
from setright.engine.times import now
from setright.policy.decide import Decision
from setright.policy.estate import Subject, lineage
from setright.policy.owners import declared, ranked
from setright.policy.ruling import Case, ruled


def about(configuration: Configuration, target: Target, root: Path | None) -> About:
    """`root` is where a tree of sources has its files; None for any other target."""
    names = (target.name, target.url)
    claims = Claims(declared(names, target.tags, target.owner, configuration.owners), configuration.owners, root)

    @functools.cache
    def owned_by(owner: str) -> Subject:
        return subject_of(configuration, target, owner)

    def subject(found: Found) -> Subject:
        return owned_by(claims.of(found).owner)

    def rule(found: Found, decision: Decision, case: Case) -> Decision:
        return ruled(configuration.policy, subject(found), case, decision, now())

    return About(subject, claims.of, rule, nothing_past)


def subject_of(configuration: Configuration, target: Target, owner: str = "") -> Subject:
    """A target as policy sees it. Without an owner: the one that the configuration names."""
    names = (target.name, target.url)
    known = ranked(declared(names, target.tags, target.owner, configuration.owners), configuration.owners)
    owner = owner or next((each.owner for each in known), "")
    organisation = target.organisation or next((o.organisation for o in configuration.owners if o.name == owner), "")
    return Subject(
        names,
        target.environment,
        owner,
        lineage(organisation, configuration.organisations),
        target.importance,
        target.exposure,
        target.tags,
    )


def life(configuration: Configuration) -> timedelta:
    """How long a plan holds."""
    return timedelta(hours=configuration.policy.plan_life_h)

"""What only other scanners see, as tickets speak of it: one for each rule and owner, closed when it is reported no more. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from setright.engine.store import Fate, Foreign, ToldFinding
from setright.model import SEVERITIES
from setright.policy.estate import Subject


class Others(NamedTuple):
    """`items` are open; `fates` are by item, of those that are gone, too; `told` by matter: the scanner's own words."""

    items: tuple[ToldFinding, ...] = ()
    fates: Mapping[str, Fate] = {}
    told: Mapping[str, Foreign] = {}


def by_hand(found: Iterable[Foreign], subject: Callable[[str], Subject]) -> Others:
    """Those that no control of ours speaks of. What ours speak of is in tickets of our own, or holds. `subject` is of a target."""
    mine = [each for each in found if each.state == "by-hand"]
    fates = {each.key: Fate(each.key, each.target, each.place, each.last_seen_at, each.closed_at, 0) for each in mine}
    told = {_matter(each): each for each in reversed(mine)}
    return Others(tuple(_item(each, subject(each.target)) for each in mine if each.closed_at is None), fates, told)


def _matter(found: Foreign) -> str:
    """In the place of a control: whose rule it is, which no id of a control looks like."""
    return f"{found.tool}: {found.rule}"


def _item(found: Foreign, of: Subject) -> ToldFinding:
    severity = found.severity if found.severity in SEVERITIES else "medium"
    what = found.key, _matter(found), found.title, severity, found.target, found.place
    return ToldFinding(*what, found.first_seen_at, None, 0, of.owner, of.organisations, None, "hand")


def is_of_control(matter: str) -> bool:
    """Whether a matter is of a control."""
    return ": " not in matter


def witness(matter: str) -> str:
    """Who sees what a ticket speaks of, as the beginning of a sentence."""
    return "our own look sees" if is_of_control(matter) else f"{matter.partition(': ')[0]} reports"

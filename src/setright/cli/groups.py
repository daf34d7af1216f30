"""Findings by resource, the worst first, and the ways to put them right."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from setright.engine.scan import Found
from setright.model import Plain

LEFT = {"excepted": "excepted", "suppressed": "suppressed by comments", "adopted": "adopted", "outside": "outside the change"}
WAYS = {
    "auto": "by `setright fix` without asking",
    "ask": "when somebody has agreed",
    "hold": "when a window opens",
    "source": "where it is made",
    "shield": "behind a protection first",
    "hand": "by hand",
}


class ResourceGroup(NamedTuple):
    """One resource and what was found of it."""

    target: str
    resource: str
    document: str
    found: list[Found]


def grouped(found: Iterable[Found]) -> list[ResourceGroup]:
    """By resource, in the order in which each first comes."""
    groups: dict[tuple[str, str, str], ResourceGroup] = {}
    for each in found:
        place = (each.finding.target, each.finding.resource, each.resource.home[0])
        groups.setdefault(place, ResourceGroup(*place, [])).found.append(each)
    return list(groups.values())


def to_put_right(told: dict[str, Plain]) -> list[str]:
    """How many findings of a summary go which way: ``12 by `setright fix` without asking``."""
    return [f"{told['lanes'][lane]} {sentence}" for lane, sentence in WAYS.items() if told["lanes"].get(lane)]

"""A plan whose documents moved while its run went on: was it the run itself, and what is left of the plan? Pure but for `left`.

A change shows in other documents too: one file's mode in what a walk over the disk finds, a package in its service. Then the
plan is not stale as one that somebody else overtook. What is planned again does nothing that was not shown before.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from setright.engine.plan import PlanOptions, plan
from setright.engine.scan import Scan
from setright.model import LANES, Document, Plan, Verdict
from setright.surfaces.base import Surface

SET = re.compile(r"\{([^{}]*)\}")  # as nftables writes a set
LETS_IN = re.compile(
    r"\+[^!]* accept\s*\Z"
)  # with fewer members it lets in less; a rule that drops, or says which not, is the other way round
HELD = "other changes of this run have done it"
AGAIN = "planned again for what is left, since other changes of this run moved it"


class Anew(NamedTuple):
    """Why a plan is not stale; empty where it is. `hashes` are the plans for what is left of it; none: all holds."""

    because: str
    hashes: tuple[str, ...] = ()


def follows(locator: str) -> bool:
    """Whether a document of a host is no file's bytes but what is so there, which changes of others may move."""
    return not locator.startswith("/")


def followers(plans: Sequence[Plan]) -> list[Plan]:
    return [each for each in plans if each.family == "linux" and any(follows(c.locator) for c in each.changes)]


def standing(plans: Sequence[Plan], now: Mapping[str, Document]) -> list[str]:
    """Of plans in the order that they run in, those whose documents are as planned, or will be after the ones before."""
    known = {locator: {document.digest} for locator, document in now.items()}
    stood = []
    for each in plans:
        if all(c.before in known[c.locator] for c in each.changes if c.locator in known):
            stood.append(each.hash)
            for change in each.changes:
                known.setdefault(change.locator, set()).add(change.after)
    return stood


def moved_by_us(mine: Plan, others: Sequence[Plan], now: Mapping[str, Document], stood: bool) -> bool:
    """Whether the run moved all that moved. `others` are the run's plans for the target that have ended.

    Each document is as one of them found it or left it; one that follows others was as planned when the run began.
    """
    known = {(c.locator, digest) for each in others for c in each.changes for digest in (c.before, c.after)}
    return bool(others) and all(
        now[c.locator].digest == c.before or (c.locator, now[c.locator].digest) in known or (stood and follows(c.locator))
        for c in mine.changes
    )


def left(mine: Plan, scan: Scan, surface: Surface, options: PlanOptions) -> tuple[Plan, ...] | None:
    """Plans for the findings that are still there. None where that cannot be told, or would do what nobody was shown."""
    still = tuple(each for each in scan.found if each.finding.id in mine.findings)
    if scan.problems or any(each.finding.verdict is Verdict.UNKNOWN for each in still):
        return None
    made = plan(scan._replace(found=still), surface, options).plans if still else ()
    return made if all(_is_within(each, mine) for each in made) else None


def _is_within(new: Plan, old: Plan) -> bool:
    return (
        bool(new.changes)
        and set(new.findings) <= set(old.findings)
        and LANES.index(new.lane) <= LANES.index(old.lane)
        and _feared(new) <= _feared(old)
        and all(any(_is_less(line, shown) for shown in _moved_lines(old)) for line in _moved_lines(new))
    )


def _is_less(line: tuple[str, str], shown: tuple[str, str]) -> bool:
    """Whether a line that comes or goes was shown, or one that lets in, of whose sets more was shown: a port less."""
    if line == shown:
        return True
    if line[0] != shown[0] or not LETS_IN.match(line[1]) or SET.sub("{}", line[1]) != SET.sub("{}", shown[1]):
        return False
    return all(_members(few) <= _members(many) for few, many in zip(SET.findall(line[1]), SET.findall(shown[1]), strict=True))


def _members(text: str) -> set[str]:
    return {each.strip() for each in text.split(",")}


def _feared(each: Plan) -> set[str]:
    """What evidence says will break."""
    return {sentence for sentence, _, answer in each.breaks_if if answer.holds}


def _moved_lines(each: Plan) -> set[tuple[str, str]]:
    """The lines of the diffs that come or go. The comma after an item is no part of it, nor is what a key had before."""
    moved = {
        (change.locator, line.rstrip().rstrip(","))
        for change in each.changes
        for line in change.diff.splitlines()
        if line.startswith(("+", "-")) and not line.startswith(("+++ ", "--- "))
    }
    come = {(locator, _key(line)) for locator, line in moved if line[0] == "+"}
    return {(locator, line) for locator, line in moved if line[0] == "+" or (locator, _key(line)) not in come}


def _key(line: str) -> str:
    """The key that a line of JSON gives a value; the whole line where it gives none."""
    return line[1:].partition('":')[0]

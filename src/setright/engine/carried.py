"""Exceptions that a repository carries: a file at its top, reviewed with the code, in which each has a reason, a name and an end.

A finding is known again as an adopted one is: by control, kind, resource and file, wherever the clone is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec

from setright.engine.adopted import Key, key_in_list
from setright.engine.error import EngineError
from setright.engine.scan import Excepted, Found, Scan, set_aside
from setright.model import Problem
from setright.policy.estate import Person
from setright.policy.exceptions import ExceptionRules, FindingException, why_refused

NAME = ".setright-exceptions.json"
SCHEMA = "setright/1"
LONGEST_DAYS = 366  # where policy names no other: somebody looks again each year


class Carried(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One finding left open; `until` is the last day on which that holds (UTC), `who` the one who answers for it."""

    id: str
    control: str
    kind: str
    resource: str
    file: str
    reason: str
    who: str
    made_at: date
    until: date
    compensating: str = ""

    @property
    def key(self) -> Key:
        return self.control, self.kind, self.resource, self.file

    @property
    def plainly(self) -> FindingException:
        """As an exception of the store would be."""
        made, end = (datetime.combine(day, time(), UTC) for day in (self.made_at, self.until))
        return FindingException(self.id, self.reason, self.who, end + timedelta(days=1), made, self.compensating)


class CarriedList(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All of the file; sorted, so that changes to it are easy to review."""

    schema: str
    exceptions: tuple[Carried, ...]


class Measure(NamedTuple):
    """What exceptions are held against: the rules, the people, and the time."""

    rules: ExceptionRules
    people: Sequence[Person]
    at: datetime


def carried_file(root: Path) -> Path:
    """At the top of the repository that a tree is in; at the tree's own where that is in none."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), root) / NAME


def load_carried(file: Path) -> dict[Key, Carried]:
    """The exceptions of a file. Raises EngineError where it cannot be read, or is none."""
    try:
        held = msgspec.json.decode(file.read_bytes(), type=CarriedList)
    except OSError as error:
        raise EngineError(f"{file}: {error.strerror}; `setright except FINDING --in-repository` writes it") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EngineError(f"{file}: no list of exceptions: {error}") from error
    if held.schema != SCHEMA:
        raise EngineError(f"{file}: schema {held.schema!r} is not {SCHEMA!r}")
    by_key = {each.key: each for each in held.exceptions}
    if len(by_key) < len(held.exceptions):
        raise EngineError(f"{file}: names a finding twice; leave one of them")
    return by_key


def text_of_carried(entries: Iterable[Carried]) -> str:
    """The list as its file has it."""
    made = CarriedList(SCHEMA, tuple(sorted(entries, key=lambda each: (each.file, each.resource, each.control))))
    return msgspec.json.format(msgspec.json.encode(made), indent=2).decode() + "\n"


def why_not_carried(made: Carried, measure: Measure) -> str:
    """Why an exception of a repository is not honoured, with what to do; empty where it is."""
    plainly, longest = made.plainly, measure.rules.longest_days or LONGEST_DAYS
    if not made.reason.strip() or not made.who.strip():
        return "it says no reason, or nobody who answers for it"
    if plainly.made_at > measure.at:
        return f"it is made on {made.made_at}, which is still to come"
    if plainly.until <= measure.at:
        return f"it ended on {made.until}; put it right, or say it anew"
    if plainly.until - plainly.made_at > timedelta(days=longest + 1):
        return f"an exception lasts {longest} days at most; end it by {made.made_at + timedelta(days=longest)}"
    return why_refused(msgspec.structs.replace(measure.rules, longest_days=0), plainly, measure.people)


def why_none_carried(rules: ExceptionRules) -> str:
    """Why no repository may carry exceptions; empty where they may."""
    if rules.in_repositories is False:
        return "policy honours none of a repository ([policy.exceptions] in_repositories)"
    if rules.role and rules.in_repositories is None:
        return f"policy wants the role {rules.role}, which a file cannot show; in_repositories = true takes its word, as reviewed"
    return ""


def without_carried(scan: Scan, root: Path | None, measure: Measure) -> Scan:
    """The scan with the findings set aside that the repository excepts; what is not honoured, ends soon or is over is a notice."""
    file = carried_file(root) if root else None
    if root is None or file is None or not file.is_file():
        return scan
    try:
        entries = load_carried(file)
    except EngineError as error:
        return _told(scan, [Problem(NAME, f"{error}; none of its exceptions is honoured")])
    if why := why_none_carried(measure.rules):
        return _told(scan, [Problem(NAME, f"not honoured: {why}")])
    made = [(found, entry) for found in scan.found if (entry := entries.get(key_in_list(found, file, root)))]
    holding = [(found, entry) for found, entry in made if not why_not_carried(entry, measure)]
    left = set_aside(scan, [_excepted(found, entry) for found, entry in holding])
    notices = [Problem(NAME, f"{e.control} on {e.resource}: {said}") for _, e in made if (said := _notice(e, measure))]
    return _told(left, [*notices, *_over(scan, file, root, entries)])


def _notice(made: Carried, measure: Measure) -> str:
    if why := why_not_carried(made, measure):
        return f"not honoured: {why}"
    near = made.plainly.until - measure.at < timedelta(days=measure.rules.warn_days)
    return f"its exception ({made.reason}) ends on {made.until}" if near else ""


def _over(scan: Scan, file: Path, root: Path, entries: Mapping[Key, Carried]) -> Iterator[Problem]:
    """Those whose findings are none any more, of files that this scan has read, or that are gone."""
    still = {key_in_list(found, file, root) for found in (*scan.found, *(each.found for each in scan.excepted))}
    asked, unread = set(scan.controls.ids), {problem.locator for problem in scan.problems}
    for key, made in entries.items():
        place = file.parent / made.file
        locator = str(place.relative_to(root)) if place.is_relative_to(root) else ""
        seen = locator in scan.world.documents and locator not in unread
        if key not in still and made.control in asked and locator and (seen or not place.exists()):
            out = f"`setright except {made.id} --in-repository --end` takes it out"
            yield Problem(NAME, f"{made.control} on {made.resource}: is no finding any more; {out}")


def _excepted(found: Found, made: Carried) -> Excepted:
    meanwhile = f"; meanwhile: {made.compensating}" if made.compensating else ""
    return Excepted(found, "repository", f"{made.reason} ({made.who}, {made.made_at}{meanwhile})", made.until.isoformat())


def _told(scan: Scan, notices: Iterable[Problem]) -> Scan:
    return scan._replace(notices=(*scan.notices, *notices))

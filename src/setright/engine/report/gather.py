"""A report out of the store: looks and open findings, counted by control and target, then by the framework's sections."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from setright.controls.frameworks import Cited, Framework, controls_by_section
from setright.engine.configuration import Configuration, Target
from setright.engine.error import EngineError
from setright.engine.organisation import subject_of
from setright.engine.redact import without_password
from setright.engine.report.model import (
    EXCEPTED,
    FAIL,
    UNKNOWN,
    UNTESTED,
    ControlResult,
    Counts,
    Report,
    ReportedFinding,
    SectionResult,
    Seen,
)
from setright.engine.store import Open, Store
from setright.engine.times import moment, stamp
from setright.model import Verdict
from setright.policy.due import due_at
from setright.policy.estate import Subject
from setright.policy.exceptions import FindingException, latest

WITHIN_DAYS = 30
LONGEST_WHY = 300  # characters
NO_CHECK = "no check of ours bears on it"
NOT_LATELY = "nothing was looked at in {days} days"
NOTHING_THERE = "there was nothing to look at on {targets} target{s}"
Place = tuple[str, str]  # control, target
Looked = tuple[str, str, str, int, int]  # control, target, at, passed, unseen


class Coverage(NamedTuple):
    """Whose targets, and how old a look may be. Empty: everybody's."""

    organisation: str = ""
    owner: str = ""
    within_days: int = WITHIN_DAYS


class Content(NamedTuple):
    """What the catalogue says: the framework, what each control cites, and each control's title and severity."""

    framework: Framework
    cited: Cited
    titles: Mapping[str, tuple[str, str]]


class Estate:
    """Whose each target is, by its URL; asked once for each."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self.declared = {without_password(target.url): target for target in configuration.targets}
        self._known: dict[str, Subject] = {}

    def subject(self, url: str) -> Subject:
        if url not in self._known:
            self._known[url] = subject_of(self._configuration, self.declared.get(url) or Target(url, url))
        return self._known[url]

    def has(self, url: str, wanted: Coverage) -> bool:
        subject = self.subject(url)
        return (not wanted.owner or subject.owner == wanted.owner) and (
            not wanted.organisation or wanted.organisation in subject.organisations
        )

    def check(self, wanted: Coverage) -> None:
        """Raises EngineError for an organisation or owner that the configuration does not name: a typing slip reports nothing."""
        for word, name, there in (
            ("organisation", wanted.organisation, [each.name for each in self._configuration.organisations]),
            ("owner", wanted.owner, [each.name for each in self._configuration.owners] + [t.owner for t in self.declared.values()]),
        ):
            if name and name not in there:
                raise EngineError(f"there is no {word} {name!r} in setright.toml; there are: {', '.join(sorted({*there} - {''}))}")


def report(store: Store, configuration: Configuration, content: Content, wanted: Coverage, now: datetime) -> Report:
    """Looks at no target. Raises EngineError where the store cannot be read, or for an owner or organisation that is not there."""
    estate = Estate(configuration)
    estate.check(wanted)
    store.lapse(now)
    gathered = _Gathered(store, estate, wanted, now)
    bearing = controls_by_section(content.framework, content.cited)
    rolled = gathered.rolled({control for each in bearing.values() for control in each})
    sections = tuple(
        _section(content.framework, name, tuple(mine), [rolled[c] for c in mine if c in rolled], wanted.within_days)
        for name, mine in bearing.items()
    )
    listing = _Listing(gathered, configuration, _cited_in(bearing))
    return Report(
        content.framework,
        now,
        wanted.within_days,
        {name: said for name, said in (("organisation", wanted.organisation), ("owner", wanted.owner)) if said},
        tuple(gathered.targets()),
        sections,
        lambda: gathered.parts(set(rolled)),
        sum((each.counts for each in rolled.values()), Counts()),
        content.titles,
        listing.items,
    )


class _Rolled(NamedTuple):
    """One control on all targets: those that were looked at lately, and the first and last of these looks (empty: none)."""

    counts: Counts
    targets: frozenset[str] = frozenset()
    looks: tuple[str, ...] = ()


NEVER = _Rolled(Counts())


class _Gathered:
    """What the store says of the targets in question. `excepted` are the findings that exceptions of the store leave open now."""

    def __init__(self, store: Store, estate: Estate, wanted: Coverage, now: datetime) -> None:
        self.store, self.estate, self.now = store, estate, now
        self._wanted = wanted
        self._is_whole = not (wanted.owner or wanted.organisation)
        self._since = stamp(now - timedelta(days=wanted.within_days))
        self._last: dict[str, str] = {url: "" for url in estate.declared if self.has(url)}
        self.excepted = self._excepted()

    def has(self, target: str) -> bool:
        return self.estate.has(target, self._wanted)

    def rolled(self, controls: set[str]) -> dict[str, _Rolled]:
        """Of each control all that is known of it, on all targets together."""
        found: dict[str, _Rolled] = {}
        for control, looks in groupby(self._looks(), key=itemgetter(0)):
            each = self._noted(list(looks))
            fresh = [look for look in each if look[2] >= self._since]
            if control in controls and fresh:
                _, targets, at, passed, unseen = zip(*fresh, strict=True)
                found[control] = _Rolled(Counts(sum(passed), unseen=sum(unseen)), frozenset(targets), (min(at), max(at)))
        for (control, _), counts in self._open(by_target=not self._is_whole):
            if control in controls:
                known = found.get(control, NEVER)
                found[control] = known._replace(counts=known.counts + counts)
        return found

    def _noted(self, looks: list[Looked]) -> list[Looked]:
        """The looks, after taking down when each target was last looked at."""
        for _, target, at, _, _ in looks:
            if at > self._last.get(target, ""):
                self._last[target] = at
        return looks

    def parts(self, controls: set[str]) -> list[ControlResult]:
        """One for each control and target that was ever looked at or has open findings; what held long ago does not count."""
        counts: dict[Place, Counts] = {}
        at: dict[Place, str] = {}
        for control, target, looked_at, passed, unseen in self._looks():
            if control in controls:
                is_fresh = looked_at >= self._since
                at[control, target] = looked_at
                counts[control, target] = Counts(passed, unseen=unseen) if is_fresh else Counts()
        for place, each in self._open(by_target=True):
            if place[0] in controls:
                counts[place] = counts.get(place, Counts()) + each
        return [ControlResult(*place, counts[place], at.get(place, "")) for place in sorted(counts)]

    def targets(self) -> Iterator[Seen]:
        """Those of the configuration and those that were looked at, the longest unseen first."""
        for url, at in sorted(self._last.items(), key=lambda each: (each[1], each[0])):
            subject = self.estate.subject(url)
            yield Seen(subject.names[0], url, subject.owner, next(iter(subject.organisations), ""), at, at < self._since)

    def _looks(self) -> Iterator[Looked]:
        looks = self.store.looks()
        return looks if self._is_whole else (look for look in looks if self.has(look[1]))

    def _open(self, by_target: bool) -> Iterator[tuple[Place, Counts]]:
        for tally in self.store.tallies(by_target):
            if not by_target or self._is_whole or self.has(tally.target):
                yield (tally.control, tally.target), _counted(tally.verdict, tally.aside, tally.number)
        for found, _ in self.excepted.values():
            if not found.aside:
                yield (found.control, found.target), _counted(found.verdict, "", -1) + Counts(excepted=1)

    def _excepted(self) -> dict[str, tuple[Open, FindingException]]:
        made = {id_: each for id_, each in latest(self.store.exceptions(), self.now).items() if each.holds(self.now)}
        found = [each for each in self.store.open_by_id(sorted(made)) if self.has(each.target)]
        return {f.id: (f, made[f.id]) for f in found if not made[f.id].void(self.estate.subject(f.target))}


class _Listing:
    """The open findings of a report, one by one."""

    def __init__(self, gathered: _Gathered, configuration: Configuration, cited: Mapping[str, tuple[str, ...]]) -> None:
        self._gathered = gathered
        self._due_days = configuration.policy.due
        self._cited = cited

    def items(self, state: str) -> Iterator[ReportedFinding]:
        excepted = self._gathered.excepted
        if state == EXCEPTED:
            yield from (self._item(found, state, made) for found, made in excepted.values() if found.control in self._cited)
        for verdict in Verdict.FAIL, Verdict.UNKNOWN:
            if state in (EXCEPTED, str(verdict)):
                for found in self._gathered.store.open_in_order(verdict.value, aside=state == EXCEPTED):
                    if found.control in self._cited and found.id not in excepted and self._gathered.has(found.target):
                        yield self._item(found, state, None)

    def _item(self, found: Open, state: str, made: FindingException | None) -> ReportedFinding:
        due = due_at(moment(found.first_seen_at), found.severity, self._due_days) if state == FAIL else None
        return ReportedFinding(
            found.id,
            state,
            found.control,
            found.title,
            found.severity,
            found.target,
            found.resource,
            f"{found.path}:{found.line}" if found.line else found.path,
            self._cited[found.control],
            found.owner or self._gathered.estate.subject(found.target).owner,
            found.first_seen_at,
            found.last_seen_at,
            stamp(due) if due else "",
            bool(due and due < self._gathered.now),
            "exception" if made else found.aside,
            _shortened(made.reason if made else found.said),
            made.approver if made else "",
            stamp(made.until) if made else found.until,
        )


def _shortened(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST_WHY else f"{flat[:LONGEST_WHY]}…"


def _counted(verdict: str, aside: str, number: int) -> Counts:
    if aside:
        return Counts(excepted=number)
    return Counts(unknown=number) if verdict == UNKNOWN else Counts(failed=number)


def _section(framework: Framework, name: str, controls: tuple[str, ...], rolled: Sequence[_Rolled], days: int) -> SectionResult:
    counts = sum((each.counts for each in rolled), Counts())
    looks = sorted(at for each in rolled for at in each.looks)
    targets = len(frozenset[str]().union(*(each.targets for each in rolled)))
    why = ""
    if counts.state == UNTESTED:
        nothing_there = NOTHING_THERE.format(targets=targets, s="" if targets == 1 else "s")
        why = NO_CHECK if not controls else nothing_there if looks else NOT_LATELY.format(days=days)
    about = framework.sections[name].about if name in framework.sections else ""
    first, last = (looks[0], looks[-1]) if looks else ("", "")
    return SectionResult(name, about, framework.family(name), counts.state, counts, controls, targets, first, last, why)


def _cited_in(bearing: Mapping[str, Iterable[str]]) -> dict[str, tuple[str, ...]]:
    """By control, the sections it bears on."""
    found: dict[str, list[str]] = {}
    for section, controls in bearing.items():
        for control in controls:
            found.setdefault(control, []).append(section)
    return {control: tuple(sections) for control, sections in found.items()}

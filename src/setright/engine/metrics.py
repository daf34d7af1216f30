"""How well things are put right, told honestly: what is open, unknown or taken back counts, what cannot be told is not told.

The text form is that of Prometheus (prometheus.io/docs/instrumenting/exposition_formats, 0.0.4).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache

import msgspec

from setright.engine.configuration import Configuration
from setright.engine.report.gather import Estate
from setright.engine.store import Store
from setright.engine.survival import Curve, curve
from setright.engine.times import stamp
from setright.model import SEVERITIES
from setright.policy.exceptions import latest

HORIZONS_DAYS = (1, 7, 30, 90)
A_DAY_MIN = 24 * 60
APPLIED = ("verified", "unverified", "reverted")
Group = tuple[str, str]  # all, severity, organisation or owner; and which
EVERYTHING: Group = ("all", "")


class Figures(msgspec.Struct, frozen=True):
    """One group's. Shares are between 0 and 1, and None where there is nothing to take them of or nobody knows.

    `median_days` and `closed_within` are by Kaplan and Meier, open findings counted in. A finding is closed when a later look
    no longer finds it. `recurrence` is the share of those once closed that came back; `revert_rate` the share of plans
    written whose change was taken back, by itself or because somebody asked. What is not counted by severity is None there.
    """

    kind: str
    name: str
    open: int
    closed: int
    median_days: float | None
    closed_within: Mapping[str, float | None]
    recurrence: float | None
    applied: int | None = None
    reverted: int | None = None
    rolled_back: int | None = None
    revert_rate: float | None = None
    passed: int | None = None
    unknown: int | None = None
    excepted: int | None = None
    unknown_share: float | None = None
    exceptions_ending: int | None = None


class Metrics(msgspec.Struct, frozen=True):
    """Everything first, then by severity, organisation and owner; `warn_days` is how soon an exception ends to be counted."""

    groups: tuple[Figures, ...]
    warn_days: int


class _Sums:
    """What is counted of one group."""

    def __init__(self) -> None:
        self.lives: Counter[tuple[int, bool]] = Counter()
        self.once_closed = self.came_back = 0
        self.numbers: Counter[str] = Counter()


def metrics(store: Store, configuration: Configuration, now: datetime) -> Metrics:
    """Looks at no target. Raises EngineError where the store cannot be read."""
    store.lapse(now)
    counting = _Counting(store, configuration, now)
    counting.lives()
    counting.plans()
    counting.looks()
    counting.exceptions()
    found = {group: _figures(group, sums) for group, sums in counting.groups.items()}
    return Metrics(tuple(found[group] for group in sorted(found, key=_in_order)), configuration.policy.exceptions.warn_days)


def prometheus(store: Store, configuration: Configuration, now: datetime) -> str:
    """The metrics as a scrape has them; what is not known has no line."""
    told = metrics(store, configuration, now)
    return "".join(_lines(told.groups))


class _Counting:
    """Goes through the store once for each sort of thing; each target's groups are found once."""

    def __init__(self, store: Store, configuration: Configuration, now: datetime) -> None:
        self.groups: dict[Group, _Sums] = {EVERYTHING: _Sums()}
        self._store, self._now = store, now
        self._estate = Estate(configuration)
        self._rules = configuration.policy.exceptions
        self._of_target: dict[tuple[str, str], list[Group]] = {}

    def lives(self) -> None:
        """First by where and whose, so that a million findings are not counted for each of their groups."""
        sums: dict[tuple[str, str, str], _Sums] = {}
        at_now = _at_minute(stamp(self._now))
        for severity, target, first, resolved, reopened, owner in self._store.lives():
            mine = sums.get((severity, target, owner)) or sums.setdefault((severity, target, owner), _Sums())
            lived = max(0, (_at_minute(resolved) if resolved else at_now) - _at_minute(first)), resolved is not None
            mine.lives[lived] = mine.lives.get(lived, 0) + 1
            mine.once_closed += resolved is not None or reopened > 0
            mine.came_back += reopened > 0
        for (severity, target, owner), each in sums.items():
            for group in [*self._groups(target, owner), ("severity", severity)]:
                known = self.groups.setdefault(group, _Sums())
                known.lives.update(each.lives)
                known.once_closed += each.once_closed
                known.came_back += each.came_back

    def plans(self) -> None:
        for kind, outcome, target, number in self._store.ends():
            if kind == "rollback":
                self._count(target, "rolled_back", number if outcome == "reverted" else 0)
            elif outcome in APPLIED:
                self._count(target, "applied", number)
                self._count(target, "reverted", number if outcome == "reverted" else 0)

    def looks(self) -> None:
        for target, passed in self._store.passes():
            self._count(target, "passed", passed)
        for target, verdict, aside, number in self._store.open_by_target():
            self._count(target, "excepted" if aside else "unknown" if verdict == "unknown" else "failed", number)

    def exceptions(self) -> None:
        """Those that hold; a finding that is left open is counted so, and not as unknown."""
        made = {id_: each for id_, each in latest(self._store.exceptions(), self._now).items() if each.holds(self._now)}
        soon = self._now + timedelta(days=self._rules.warn_days)
        for found in self._store.open_by_id(sorted(made)):
            if made[found.id].void(self._estate.subject(found.target)):
                continue
            self._count(found.target, "exceptions_ending", int(made[found.id].until < soon))
            if not found.aside:
                self._count(found.target, "excepted", 1)
                self._count(found.target, "unknown" if found.verdict == "unknown" else "failed", -1)

    def _count(self, target: str, name: str, number: int) -> None:
        for group in self._groups(target, ""):
            self.groups.setdefault(group, _Sums()).numbers[name] += number

    def _groups(self, target: str, owner: str) -> list[Group]:
        """The groups that a target is in; `owner` is whose a finding of it is, where that is another."""
        if (target, owner) not in self._of_target:
            subject = self._estate.subject(target)
            whose = owner or subject.owner
            groups = [EVERYTHING, *(("organisation", each) for each in subject.organisations)]
            self._of_target[target, owner] = [*groups, ("owner", whose)] if whose else groups
        return self._of_target[target, owner]


def _figures(group: Group, sums: _Sums) -> Figures:
    drawn = curve(sums.lives)
    lived = Figures(
        *group,
        open=drawn.open,
        closed=drawn.closed,
        median_days=None if drawn.median is None else round(drawn.median / A_DAY_MIN, 3),
        closed_within={f"{days}d": _closed(drawn, days) for days in HORIZONS_DAYS},
        recurrence=_share(sums.came_back, sums.once_closed),
    )
    return lived if group[0] == "severity" else msgspec.structs.replace(lived, **_counted(sums.numbers))


def _counted(numbers: Counter[str]) -> dict[str, int | float | None]:
    plain = ("applied", "reverted", "rolled_back", "passed", "unknown", "excepted", "exceptions_ending")
    known = sum(numbers[name] for name in ("passed", "failed", "excepted", "unknown"))
    return {name: numbers[name] for name in plain} | {
        "revert_rate": _share(numbers["reverted"] + numbers["rolled_back"], numbers["applied"]),
        "unknown_share": _share(numbers["unknown"], known),
    }


def _closed(drawn: Curve, days: int) -> float | None:
    still = drawn.still_open(days * A_DAY_MIN)
    return None if still is None else round(1 - still, 4)


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


@lru_cache(maxsize=1 << 14)
def _day(text: str) -> int:
    return date.fromisoformat(text).toordinal()


def _at_minute(text: str) -> int:
    """A stamp as minutes; five times as quick as reading all of it, and there may be a million."""
    return _day(text[:10]) * A_DAY_MIN + int(text[11:13]) * 60 + int(text[14:16])


def _in_order(group: Group) -> tuple[int, int, str]:
    kind, name = group
    rank = -SEVERITIES.index(name) if kind == "severity" and name in SEVERITIES else 0
    return ("all", "severity", "organisation", "owner").index(kind), rank, name


GAUGES = {
    "open": ("setright_findings_open", "Findings that are open."),
    "closed": ("setright_findings_closed", "Findings that a later look no longer found."),
    "median_days": ("setright_days_to_close_median", "Days until half are closed, by Kaplan and Meier, open ones counted in."),
    "recurrence": ("setright_recurrence_ratio", "Share of findings once closed that came back."),
    "applied": ("setright_plans_written", "Plans whose changes were written."),
    "revert_rate": ("setright_revert_ratio", "Share of plans written whose change was taken back."),
    "passed": ("setright_judgements_passed", "Judgements of a control on a resource that held, at the last look."),
    "unknown": ("setright_findings_unknown", "Findings of which nothing could be told."),
    "excepted": ("setright_findings_excepted", "Findings left open knowingly."),
    "unknown_share": ("setright_unknown_ratio", "Share of judgements that could not be made."),
    "exceptions_ending": ("setright_exceptions_ending", "Exceptions that end soon."),
}
WITHIN = "setright_closed_within_ratio", "Share closed within so many days, by Kaplan and Meier."


def _lines(groups: Iterable[Figures]) -> Iterator[str]:
    groups = list(groups)
    for field, (name, about) in GAUGES.items():
        yield f"# HELP {name} {about}\n# TYPE {name} gauge\n"
        for each in groups:
            if (value := getattr(each, field)) is not None:
                yield f"{name}{{{_labels(each)}}} {value}\n"
    yield f"# HELP {WITHIN[0]} {WITHIN[1]}\n# TYPE {WITHIN[0]} gauge\n"
    for each in groups:
        for days, share in each.closed_within.items():
            if share is not None:
                yield f'{WITHIN[0]}{{{_labels(each)},within="{days}"}} {share}\n'


def _labels(figures: Figures) -> str:
    return f'group="{figures.kind}",name="{_quoted(figures.name)}"'


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

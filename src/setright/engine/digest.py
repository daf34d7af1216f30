"""What a team or a part of the company should know once a day or a week: what came, what went, what is overdue, what is gravest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from setright.engine.configuration import Configuration
from setright.engine.letters import Letter, LetterTable, key_of
from setright.engine.picture import Bar, bars
from setright.engine.remind import Reminder, finding_due_at
from setright.engine.store import ToldFinding
from setright.engine.times import moment
from setright.model import SEVERITIES
from setright.policy.estate import lineage

WEEKS = 8  # in the picture
GRAVEST = 10
DAYS = {"daily": 1, "weekly": 7}
KEY = " (from below: critical dark red, high orange, medium yellow, low blue, info grey)."


class Circle(NamedTuple):
    """Somebody who gets a digest, and what of the findings is theirs."""

    name: str
    to: tuple[str, ...]
    items: tuple[ToldFinding, ...]


def digests(configuration: Configuration, items: Sequence[ToldFinding], period: str, at: datetime) -> Iterator[Reminder]:
    """`items` are those of the last weeks, resolved ones too; `period` is ``daily`` or ``weekly``. One a period for each circle."""
    stretch = f"{at:%G-W%V}" if period == "weekly" else f"{at:%Y-%m-%d}"
    for circle in _circles(configuration, items):
        if any(each.resolved_at is None for each in circle.items):
            mark = f"{period} {stretch}"
            yield Reminder(_letter(configuration, circle, period, at), ((f"digest {circle.name}", 0, mark),))


def history(items: Sequence[ToldFinding], at: datetime) -> tuple[Bar, ...]:
    """How much was open at the end of each of the last weeks, by severity, the gravest at the bottom."""
    ends = [at - timedelta(weeks=back) for back in range(WEEKS - 1, -1, -1)]
    return tuple(Bar(f"{end:%d %b}", _counts([item for item in items if _was_open(item, end)])) for end in ends)


def _circles(configuration: Configuration, items: Sequence[ToldFinding]) -> Iterator[Circle]:
    """Every owner, and every organisation with somebody who leads it, with all that is below it."""
    for owner in configuration.owners:
        yield Circle(owner.name, (owner.name,), tuple(item for item in items if item.owner == owner.name))
    of_owner = {owner.name: lineage(owner.organisation, configuration.organisations) for owner in configuration.owners}
    for each in configuration.organisations:
        if each.lead:
            mine = tuple(i for i in items if each.name in i.organisations or each.name in of_owner.get(i.owner, ()))
            yield Circle(each.name, (each.lead,), mine)


def _letter(configuration: Configuration, circle: Circle, period: str, at: datetime) -> Letter:
    since = at - timedelta(days=DAYS[period])
    still = [item for item in circle.items if item.resolved_at is None]
    late = [item for item in still if (due := finding_due_at(configuration, item)) and due <= at]
    came = sum(moment(item.first_seen_at) > since for item in circle.items)
    went = sum(item.resolved_at is not None and moment(item.resolved_at) > since for item in circle.items)
    columns = history(circle.items, at)
    said = (
        f"{len(still)} open: {_words(_counts(still))}. {came} came, {went} were put right, {len(late)} overdue.",
        *([f"Nobody is known to own {sum(not item.owner for item in still)} of them."] if any(not i.owner for i in still) else []),
    )
    rows = tuple(_row(configuration, item) for item in _gravest(still))
    table = LetterTable(("severity", "what", "where", "due"), rows)
    words = "Open at each week's end: " + "; ".join(f"{bar.label} {bar.total}" for bar in columns) + KEY
    key = key_of("digest", circle.name, period, f"{at:%G-W%V}" if period == "weekly" else f"{at:%Y-%m-%d}")
    subject = f"{circle.name}: {len(still)} open, {len(late)} overdue ({period})"
    return Letter(key, "message.digest", circle.name, circle.to, subject, said, table, (bars([*columns]), words))


def _gravest(items: Sequence[ToldFinding]) -> list[ToldFinding]:
    return sorted(items, key=lambda item: (-(item.risk or 0), -SEVERITIES.index(item.severity), item.first_seen_at))[:GRAVEST]


def _row(configuration: Configuration, item: ToldFinding) -> tuple[str, ...]:
    due = finding_due_at(configuration, item)
    return item.severity, item.title, f"{item.resource} ({item.target})", f"{due:%Y-%m-%d}" if due else ""


def _counts(items: Sequence[ToldFinding]) -> tuple[tuple[str, int], ...]:
    found = Counter(item.severity for item in items)
    return tuple((severity, found[severity]) for severity in reversed(SEVERITIES) if found[severity])


def _words(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{number} {severity}" for severity, number in counts) or "nothing"


def _was_open(item: ToldFinding, at: datetime) -> bool:
    return moment(item.first_seen_at) <= at and (item.resolved_at is None or moment(item.resolved_at) > at)

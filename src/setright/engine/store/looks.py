"""What each look at a target saw of each control: how many resources it held for, and what hid others. The last look counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from setright.engine.store.database import Connection, Database, inserted
from setright.engine.store.plans import among
from setright.engine.times import stamp
from setright.model import SEVERITIES, Plain

Left = tuple[str, str, str]  # where it is said that a finding stays open (comment, adopted), why, until when
# Open findings by control, or by control and target; answered from an index alone.
BY_CONTROL = """SELECT control, '' AS target, verdict, aside, COUNT(*) AS number FROM findings
    WHERE resolved_at IS NULL GROUP BY verdict, aside, control"""
BY_TARGET = """SELECT control, target, verdict, aside, COUNT(*) AS number FROM findings
    WHERE resolved_at IS NULL GROUP BY verdict, aside, control, target"""
LOOKS = "SELECT control, target, at, passed, unseen FROM looks ORDER BY control, target"
# The detail is read only where it says more than lists tell anyway.
OPEN = """SELECT id, control, title, severity, verdict, target, resource, path, line, first_seen_at, last_seen_at, aside,
    COALESCE((SELECT owner FROM standings WHERE finding = findings.id), '') AS owner,
    CASE WHEN aside = '' AND verdict = 'fail' THEN '' ELSE detail END AS detail FROM findings WHERE resolved_at IS NULL"""
LEFT_UNTIL = """SELECT id, detail FROM findings
    WHERE resolved_at IS NULL AND verdict IN ('fail', 'unknown') AND aside IN ('comment', 'repository')"""
RANKS = " ".join(f"WHEN '{name}' THEN {-place}" for place, name in enumerate(SEVERITIES))
GRAVEST = f"CASE severity {RANKS} END"


class Tally(msgspec.Struct, frozen=True):
    """So many open findings of a control, on a target or (empty) on all; `aside` is where the source leaves them open, or empty."""

    control: str
    target: str
    verdict: str
    aside: str
    number: int


class Open(msgspec.Struct, frozen=True):
    """An open finding, as much of it as lists need. `owner` is whose the last scan held it to be.

    `said` is why the source leaves it open, or why it cannot be told."""

    id: str
    control: str
    title: str
    severity: str
    verdict: str
    target: str
    resource: str
    path: str
    line: int | None
    first_seen_at: str
    last_seen_at: str
    aside: str
    owner: str
    said: str = ""
    until: str = ""


class Looks(Database):
    """The looks' part of the store."""

    def looks(self) -> Iterator[tuple[str, str, str, int, int]]:
        """Every control's last look at each target, control by control: there may be a million.

        Control, target, when, how much passed, and how many documents it may speak of could not be read or understood.
        """
        with self.reading() as connection:
            yield from connection.each(LOOKS)

    def tallies(self, by_target: bool) -> Iterator[Tally]:
        with self.reading() as connection:
            yield from (Tally(*row) for row in connection.each(BY_TARGET if by_target else BY_CONTROL))

    def open_by_id(self, ids: Sequence[str]) -> list[Open]:
        """Those of the findings that are open."""
        with self.reading() as connection:
            return [
                _open(tuple(row.values()))
                for names, values in among(ids)
                for row in connection.rows(f"{OPEN} AND id IN {names}", values)
            ]

    def open_in_order(self, verdict: str, aside: bool = False) -> Iterator[Open]:
        """Open findings of a verdict, the gravest and oldest first; those that the source leaves open, or the others.

        What fails is most of all there is, so it is read in the order that an index by age has.
        """
        if verdict == "fail" and not aside:
            query = f"{OPEN} AND severity = :severity AND verdict || '' = 'fail' AND aside || '' = '' ORDER BY first_seen_at"
            for severity in reversed(SEVERITIES):
                yield from self._each(query, {"severity": severity})
        else:
            left = "aside > ''" if aside else "aside = ''"
            yield from self._each(
                f"{OPEN} AND verdict = :verdict AND {left} ORDER BY {GRAVEST}, first_seen_at", {"verdict": verdict}
            )

    def lapse(self, at: datetime) -> int:
        """What the source left open until a day that is over counts again, before the next scan says so; how many those are."""
        today = at.astimezone(UTC).date().isoformat()
        with self.reading() as connection:
            over = [id_ for id_, detail in connection.each(LEFT_UNTIL) if "" < _left(msgspec.json.decode(detail))[1] < today]
        if over:
            with self.writing() as connection:
                connection.change_each("UPDATE findings SET aside = '' WHERE id = :id", [{"id": id_} for id_ in over])
        return len(over)

    def _each(self, query: str, values: dict[str, Plain]) -> Iterator[Open]:
        with self.reading() as connection:
            yield from map(_open, connection.each(query, values))


def _open(row: Sequence[Plain]) -> Open:
    found = Open(*row[:-1])
    if not row[-1]:
        return found
    told = msgspec.json.decode(row[-1])
    said, until = _left(told) if found.aside else ("", "")
    return msgspec.structs.replace(found, said=said or told["why_unknown"], until=until)


def _left(detail: dict[str, dict[str, str]]) -> tuple[str, str]:
    """Why the source leaves a finding open and until which day, of its detail; empty where it does not say."""
    left = detail.get("aside") or {}
    return left.get("reason", ""), left.get("until", "")


class Seeing(msgspec.Struct, frozen=True):
    """What a scan says of itself beyond its findings: what held, what was hidden, what the source leaves open.

    `passed` and `unseen` are by control; `aside` by finding.
    """

    passed: dict[str, int] = {}
    unseen: dict[str, int] = {}
    aside: dict[str, Left] = {}


def keep_looks(connection: Connection, target: str, seeing: Seeing, at: datetime) -> None:
    """Takes the place of what earlier looks for the same controls saw of the target."""
    now = stamp(at)
    rows = [
        {"control": control, "target": target, "at": now, "passed": number, "unseen": seeing.unseen.get(control, 0)}
        for control, number in sorted(seeing.passed.items())
    ]
    renewed = ", ".join(f"{name} = excluded.{name}" for name in ("at", "passed", "unseen"))
    if rows:
        connection.change_each(inserted("looks", rows[0], f"ON CONFLICT (control, target) DO UPDATE SET {renewed}"), rows)

"""Whom each finding belongs to and what hangs on it, what was sent back, what was reminded of, which links were used."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter

import msgspec

from setright.engine.store.database import Database, inserted, stored_json
from setright.engine.store.outbox import post_all
from setright.engine.store.plans import among
from setright.engine.times import moment, stamp
from setright.integrations.message import Message
from setright.model import Plain, Verdict
from setright.policy.owners import Returned, Returns, Witness, believed

ITEMS = """SELECT findings.id, control, title, severity, target, resource, first_seen_at, resolved_at, reopened_count,
    COALESCE(standings.owner, '') AS owner, COALESCE(standings.organisations, '[]') AS organisations, risk,
    COALESCE(standings.lane, '') AS lane
    FROM findings LEFT JOIN standings ON standings.finding = findings.id WHERE verdict = :fail AND aside = ''"""
OPEN = f"{ITEMS} AND resolved_at IS NULL ORDER BY first_seen_at, findings.id"
SINCE = f"{ITEMS} AND (resolved_at IS NULL OR resolved_at >= :since) ORDER BY first_seen_at, findings.id"
REOPEN = "UPDATE findings SET reopened_count = reopened_count + 1 WHERE id = :finding AND resolved_at IS NULL"
FAIL = {"fail": Verdict.FAIL.value}
WHOSE = """UPDATE findings SET owner = :owner, organisation = :organisation, lane = :lane
    WHERE id = :finding AND (owner <> :owner OR organisation <> :organisation OR lane <> :lane)"""
TOLD = ("owner", "confidence", "evidence", "organisations", "risk", "risk_why", "change_risk", "lane", "reason")
STANDINGS = f"SELECT finding, {', '.join(TOLD)} FROM standings WHERE finding IN"  # noqa: S608 - names of ours
REMINDER = ("finding", "opening", "rung", "at")


class Standing(msgspec.Struct, frozen=True):
    """What the last scan knew of a finding beyond itself. `evidence` is all there is, that of other owners too.

    `organisations` are from its own to the topmost.
    """

    finding: str
    owner: str
    confidence: float
    evidence: tuple[tuple[str, str, str], ...]
    organisations: tuple[str, ...]
    risk: int
    risk_why: str
    change_risk: int | None
    lane: str
    reason: str


class ToldFinding(msgspec.Struct, frozen=True):
    """A failing finding as people are told of it; `risk` None: no scan has weighed it yet. `resolved_at` None: open."""

    id: str
    control: str
    title: str
    severity: str
    target: str
    resource: str
    first_seen_at: str
    resolved_at: str | None
    reopened_count: int
    owner: str
    organisations: tuple[str, ...]
    risk: int | None
    lane: str


class SentBack(msgspec.Struct, frozen=True):
    """A finding that its owner says is not theirs; `named` is whose it is instead, where they said so."""

    finding: str
    owner: str
    evidence: tuple[tuple[str, str, str], ...]
    reason: str
    by: str
    named: str
    at: str


class People(Database):
    """The people's part of the store."""

    def keep_standings(self, standings: Iterable[Standing], at: datetime) -> None:
        """One that is as it was stays as it is, since when it was first so."""
        by_finding = {each.finding: each for each in standings}
        rows = [_standing(each, stamp(at)) for each in by_finding.values()]
        renewed = ", ".join(f"{name} = excluded.{name}" for name in (*TOLD, "at"))
        with self.writing() as connection:
            known = {row[0]: row for names, ids in among([*by_finding]) for row in connection.each(f"{STANDINGS} {names}", ids)}
            new = [row for row in rows if known.get(row["finding"]) != _told(row)]
            on_conflict = f"ON CONFLICT (finding) DO UPDATE SET {renewed}"
            connection.change_each(inserted("standings", ("finding", *TOLD, "at"), on_conflict), new)
            connection.change_each(WHOSE, [_whose(by_finding[row["finding"]]) for row in new])

    def standing(self, finding: str) -> Standing | None:
        query = "SELECT * FROM standings WHERE finding = :finding"
        with self.reading() as connection:
            row = next(iter(connection.rows(query, {"finding": finding})), None)
        if row is None:
            return None
        told = {name: msgspec.json.decode(row[name]) for name in ("evidence", "organisations")}
        return msgspec.convert({**row, **told, "confidence": row["confidence"] / 100}, Standing)

    def items(self, since: datetime | None = None) -> list[ToldFinding]:
        """Every open failing finding; with `since` those that were resolved from then on, too."""
        with self.reading() as connection:
            rows = connection.rows(SINCE, {**FAIL, "since": stamp(since)}) if since else connection.rows(OPEN, FAIL)
        return [ToldFinding(**row | {"organisations": tuple(msgspec.json.decode(row["organisations"]))}) for row in rows]

    def send_back(self, given: SentBack) -> None:
        row = {**msgspec.to_builtins(given), "evidence": stored_json(given.evidence)}
        with self.writing() as connection:
            connection.change(inserted("sent_back", row), row)

    def sent_back(self, finding: str | None = None) -> list[SentBack]:
        """All, or those of one finding; the oldest first."""
        only = "" if finding is None else "WHERE finding = :finding"
        with self.reading() as connection:
            rows = connection.rows(f"SELECT * FROM sent_back {only} ORDER BY at, finding", {"finding": finding})  # noqa: S608
        return [msgspec.convert({**row, "evidence": msgspec.json.decode(row["evidence"])}, SentBack) for row in rows]

    def returns(self, at: datetime) -> Returns:
        """What was sent back, as it counts at a time."""
        refused: dict[str, set[str]] = defaultdict(set)
        named: dict[str, tuple[Witness, ...]] = {}
        wrong: list[Returned] = []
        for each in self.sent_back():
            refused[each.finding].add(each.owner)
            wrong += [Returned(Witness(*witness), moment(each.at)) for witness in each.evidence]
            if each.named:
                refused[each.finding].discard(each.named)
                named[each.finding] = (Witness(each.named, "named", f"{each.by} said so on {each.at[:10]}: {each.reason}"),)
        return Returns(believed(wrong, at), {finding: frozenset(owners) for finding, owners in refused.items()}, named)

    def reminded(self) -> set[tuple[str, int, str]]:
        """Finding, how often it had come back, and rung of everything that was told."""
        with self.reading() as connection:
            return {(row["finding"], row["opening"], row["rung"]) for row in connection.rows("SELECT * FROM reminders")}

    def remind(self, messages: Sequence[Message], told: Iterable[tuple[str, int, str]], at: datetime) -> int:
        """Posts messages and notes what they tell of, both or neither; how many messages were new."""
        rows = [{"finding": finding, "opening": opening, "rung": rung, "at": stamp(at)} for finding, opening, rung in told]
        with self.writing() as connection:
            connection.change_each(inserted("reminders", REMINDER, "ON CONFLICT DO NOTHING"), rows)
            return post_all(connection, messages, locks=not self.is_sqlite)

    def reopen(self, findings: Iterable[str]) -> None:
        """Counts open findings as come back: what left them open has ended."""
        with self.writing() as connection:
            connection.change_each(REOPEN, [{"finding": finding} for finding in findings])

    def spend(self, id_: str, by: str, what: str, at: datetime) -> bool:
        """Uses up something that works once; False where it was used before."""
        row = {"id": id_, "by": by, "what": what, "at": stamp(at)}
        with self.writing() as connection:
            return connection.change(inserted("spent", row, "ON CONFLICT DO NOTHING"), row) == 1

    def spent(self, id_: str) -> str:
        """When, by whom and for what something was used up; empty: it was not."""
        with self.reading() as connection:
            row = next(iter(connection.rows("SELECT * FROM spent WHERE id = :id", {"id": id_})), None)
        return f"{row['by']} used it at {row['at'][:16]}Z: {row['what']}" if row else ""


def _standing(standing: Standing, at: str) -> dict[str, Plain]:
    return {
        "finding": standing.finding,
        "owner": standing.owner,
        "confidence": round(standing.confidence * 100),
        "evidence": stored_json(standing.evidence),
        "organisations": stored_json(standing.organisations),
        "risk": standing.risk,
        "risk_why": standing.risk_why,
        "change_risk": standing.change_risk,
        "lane": standing.lane,
        "reason": standing.reason,
        "at": at,
    }


_told = itemgetter("finding", *TOLD)


def _whose(standing: Standing) -> dict[str, Plain]:
    """What lists of findings are asked by."""
    organisation = standing.organisations[0] if standing.organisations else ""
    return {"finding": standing.finding, "owner": standing.owner, "organisation": organisation, "lane": standing.lane}

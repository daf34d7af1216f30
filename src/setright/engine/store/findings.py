"""What was found on which target, since when, and whether it came back. One transaction a scan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter

import msgspec
from msgspec import to_builtins

from setright.controls.words import value_in_words
from setright.engine.redact import OF_THIS_PROCESS, fingerprint, printable, redact_value
from setright.engine.store.database import Connection, Database, Row, inserted, stored_json
from setright.engine.store.looks import Left, Seeing, keep_looks
from setright.engine.store.outbox import post_all
from setright.engine.store.plans import among
from setright.engine.times import stamp
from setright.integrations.message import Message
from setright.model import SEVERITIES, Finding, Location, Mismatch, Path, Plain, Verdict

COUNTED = 1_000  # nobody reads more, and counting a million takes long
LOCK_TARGET = "SELECT pg_advisory_xact_lock(hashtextextended(:target, 0))"
NO_MORE = Seeing()
TOLD = ("title", "severity", "verdict", "resource", "path", "line", "end_line", "detail", "aside")
NOBODY: dict[str, Plain] = {"owner": "", "organisation": "", "lane": ""}
RENEWED = (*TOLD, "last_seen_at")
KNOWN = f"SELECT id, control, resolved_at, {', '.join(TOLD)} FROM findings WHERE target = :target"  # noqa: S608 - names of ours
SEEN_AGAIN = "UPDATE findings SET last_seen_at = :at WHERE id IN"  # no index has that, as most have what is told


class StoredTarget(msgspec.Struct, frozen=True):
    """A target as the store knows it."""

    name: str
    url: str
    environment: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class Known(msgspec.Struct, frozen=True):
    """A finding and its history. `resolved_at` None: open. `owner` and `lane` are those of the last look, empty: not known."""

    finding: Finding
    first_seen_at: str
    last_seen_at: str
    resolved_at: str | None
    reopened_count: int
    owner: str = ""
    lane: str = ""


class Wanted(msgspec.Struct, frozen=True):
    """Which findings to list; empty: all. `before` has for each severity the moment before which they were first seen.

    `without` are ids of findings that are knowingly left open; what the source leaves open is not listed either.
    """

    severities: tuple[str, ...] = tuple(reversed(SEVERITIES))
    targets: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    lanes: tuple[str, ...] = ()
    before: Mapping[str, str] = {}
    limit: int = 100
    without: tuple[str, ...] = ()

    @property
    def among(self) -> dict[str, tuple[str, ...]]:
        """By column, the values of which one is wanted."""
        names = {"target": self.targets, "control": self.controls, "owner": self.owners}
        return {**names, "organisation": self.organisations, "lane": self.lanes}


class Seen(msgspec.Struct, frozen=True):
    """Finding ids by what a scan changed about them."""

    new: tuple[str, ...]
    reopened: tuple[str, ...]
    resolved: tuple[str, ...]


class Findings(Database):
    """The findings' part of the store."""

    def record_target(self, asset: StoredTarget, at: datetime) -> None:
        row = {**msgspec.to_builtins(asset), "tags": stored_json(asset.tags), "first_seen_at": stamp(at), "last_seen_at": stamp(at)}
        renewed = ", ".join(f"{name} = excluded.{name}" for name in row if name not in ("name", "first_seen_at"))
        with self.writing() as connection:
            connection.change(inserted("targets", row, f"ON CONFLICT (name) DO UPDATE SET {renewed}"), row)

    def targets(self) -> list[StoredTarget]:
        with self.reading() as connection:
            rows = connection.rows("SELECT name, url, environment, owner, tags FROM targets ORDER BY name")
        return [StoredTarget(**row | {"tags": tuple(msgspec.json.decode(row["tags"]))}) for row in rows]

    def record_scan(  # noqa: PLR0913 - what one transaction takes in
        self,
        target: str,
        controls: Iterable[str],
        found: Sequence[Finding],
        at: datetime,
        key: bytes = OF_THIS_PROCESS,
        tell: Callable[[Seen], Sequence[Message]] = lambda seen: (),
        seeing: Seeing = NO_MORE,
        whose: Callable[[str], dict[str, Plain]] = lambda finding: NOBODY,
    ) -> Seen:
        """Takes in what a scan of `target` for `controls` found; what it no longer found of those is resolved.

        Values are redacted under `key`. Scans of one target wait for each other. What `tell` makes of it is posted with it.
        `seeing` has what held, and what comments and lists leave open; `whose` tells the owner, organisation and
        lane of a finding, with which one that was not kept before begins.
        """
        now = stamp(at)
        rows = {f.id: _row(f, now, key, seeing.aside.get(f.id)) | whose(f.id) for f in found}
        with self.writing() as connection:
            if not self.is_sqlite:
                connection.rows(LOCK_TARGET, {"target": target})
            known = _known(connection, target, rows)
            scanned = set(controls)
            vanished = sorted(
                id_ for id_, (control, is_open, _) in known.items() if is_open and control in scanned and id_ not in rows
            )
            same = sorted(id_ for id_, (_, _, is_same) in known.items() if is_same)
            _upsert(connection, [rows[id_] for id_ in sorted(rows.keys() - same)])
            for names, values in among(same):
                connection.change(f"{SEEN_AGAIN} {names}", {**values, "at": now})
            _resolve(connection, vanished, now)
            keep_looks(connection, target, seeing, at)
            seen = Seen(
                tuple(id_ for id_ in rows if id_ not in known),
                tuple(id_ for id_ in rows if id_ in known and not known[id_][1]),
                tuple(vanished),
            )
            post_all(connection, tell(seen), locks=not self.is_sqlite)
        return seen

    def findings(self, target: str | None = None, control: str | None = None, open_only: bool = True) -> list[Known]:
        given = {name: value for name, value in (("target", target), ("control", control)) if value is not None}
        wanted = [f"{name} = :{name}" for name in given] + (["resolved_at IS NULL"] if open_only else [])
        query = f"SELECT * FROM findings WHERE {' AND '.join(wanted) or 'TRUE'} ORDER BY target, control, id"  # noqa: S608 - names of ours
        with self.reading() as connection:
            return [_read(row) for row in connection.rows(query, given)]

    def listed(self, wanted: Wanted) -> tuple[list[Known], int]:
        """The open findings, the gravest and oldest first, as many as wanted; and how many there are, `COUNTED` at most."""
        found: list[Known] = []
        count = 0
        with self.reading() as connection:
            for severity in wanted.severities:
                where, given = _where(wanted, severity)
                few = f"SELECT 1 FROM findings WHERE {where} LIMIT :most"  # noqa: S608 - names of ours
                counted = connection.rows(f"SELECT count(*) AS number FROM ({few}) AS few", {**given, "most": COUNTED - count})  # noqa: S608
                count += counted[0]["number"]
                query = f"SELECT * FROM findings WHERE {where} ORDER BY resolved_at, first_seen_at, id LIMIT :left"  # noqa: S608 - names of ours
                if (left := wanted.limit - len(found)) > 0:
                    found += map(_read, connection.rows(query, {**given, "left": left}))
        return found, max(count, len(found))

    def finding(self, id_: str) -> Known | None:
        with self.reading() as connection:
            return next((_read(row) for row in connection.rows("SELECT * FROM findings WHERE id = :id", {"id": id_})), None)


def _where(wanted: Wanted, severity: str) -> tuple[str, dict[str, Plain]]:
    """The condition for one severity, and its values."""
    given: dict[str, Plain] = {"severity": severity}
    lines = ["severity = :severity", "resolved_at IS NULL", "aside = ''"]
    for column, values in wanted.among.items():
        if values:
            names = [f"{column}{number}" for number in range(len(values))]
            given |= dict(zip(names, values, strict=True))
            lines.append(f"{column} IN (:{', :'.join(names)})")
    if wanted.without:
        given |= {f"without{number}": id_ for number, id_ in enumerate(wanted.without)}
        lines.append(f"id NOT IN (:{', :'.join(f'without{number}' for number in range(len(wanted.without)))})")
    if wanted.before:
        given["before"] = wanted.before.get(severity, "")
        lines.append("first_seen_at < :before")
    return " AND ".join(lines), given


def _upsert(connection: Connection, rows: list[Row]) -> None:
    renewed = ", ".join(f"{name} = excluded.{name}" for name in RENEWED)
    came_back = "reopened_count = findings.reopened_count + CASE WHEN findings.resolved_at IS NULL THEN 0 ELSE 1 END"
    on_conflict = f"ON CONFLICT (id) DO UPDATE SET {renewed}, {came_back}, resolved_at = NULL"
    if rows:
        connection.change_each(inserted("findings", rows[0], on_conflict), rows)


def _known(connection: Connection, target: str, rows: Mapping[str, Row]) -> dict[str, tuple[str, bool, bool]]:
    """Each finding of a target: its control, whether it is open, and whether the store says the same of it as its row."""
    known = {}
    for id_, control, resolved_at, *told in connection.each(KNOWN, {"target": target}):
        is_open = resolved_at is None
        known[id_] = control, is_open, is_open and id_ in rows and tuple(told) == _told(rows[id_])
    return known


def _resolve(connection: Connection, ids: list[str], at: str) -> None:
    connection.change_each("UPDATE findings SET resolved_at = :at WHERE id = :id", [{"id": id_, "at": at} for id_ in ids])


def _row(finding: Finding, at: str, key: bytes, aside: Left | None) -> dict[str, Plain]:
    return {
        "id": finding.id,
        "control": finding.control,
        "title": finding.title,
        "severity": finding.severity,
        "verdict": finding.verdict.value,
        "target": finding.target,
        "resource": printable(finding.resource),
        "kind": finding.kind,
        "path": printable(finding.location.path),
        "line": finding.location.line,
        "end_line": finding.location.end_line,
        "detail": stored_json(_detail(finding, key) | _left_open(aside, key)),
        "aside": aside[0] if aside else "",
        "first_seen_at": at,
        "last_seen_at": at,
        "reopened_count": 0,
    }


_told = itemgetter(*TOLD)


def _detail(finding: Finding, key: bytes) -> dict[str, Plain]:
    return {
        "mismatches": [
            Mismatch(m.path, _shown(m.path, m.want, key), _have(finding, m, key), m.op, m.live) for m in finding.mismatches
        ],
        "why_unknown": redact_value((), finding.why_unknown, key),
        "frameworks": finding.frameworks,
    }


def _left_open(aside: Left | None, key: bytes) -> dict[str, Plain]:
    return {"aside": {"reason": redact_value((), aside[1], key), "until": aside[2]}} if aside else {}


def _have(finding: Finding, mismatch: Mismatch, key: bytes) -> Plain:
    if finding.secret and mismatch.have is not None:
        return fingerprint(value_in_words(mismatch.have), key)
    return _shown(mismatch.path, mismatch.have, key)


def _shown(path: Path, value: Plain, key: bytes) -> Plain:
    if value is None or value.__class__ is bool:
        return value
    return redact_value(path, to_builtins(value, str_keys=True), key)


def _read(row: Row) -> Known:
    detail = msgspec.json.decode(row["detail"])
    finding = Finding(
        id=row["id"],
        control=row["control"],
        title=row["title"],
        severity=row["severity"],
        verdict=Verdict(row["verdict"]),
        target=row["target"],
        resource=row["resource"],
        kind=row["kind"],
        location=Location(row["path"], row["line"], row["end_line"]),
        mismatches=msgspec.convert(detail["mismatches"], tuple[Mismatch, ...]),
        why_unknown=detail["why_unknown"],
        frameworks=msgspec.convert(detail["frameworks"], dict[str, tuple[str, ...]]),
    )
    seen = (row["first_seen_at"], row["last_seen_at"], row["resolved_at"], row["reopened_count"])
    return Known(finding, *seen, row["owner"], row["lane"])

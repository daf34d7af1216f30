"""What was found on which target, since when, and whether it came back. One transaction a scan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter

import msgspec
from msgspec import structs, to_builtins
from sqlalchemy import Connection, Row, bindparam, case, func, literal_column, null, select, text

from setright.engine.redact import OF_THIS_PROCESS, redact_value, shown
from setright.engine.store.database import Database, as_json
from setright.engine.store.schema import findings, targets
from setright.engine.times import stamp
from setright.model import Finding, Location, Mismatch, Path, Plain, Verdict

LOCK_TARGET = "SELECT pg_advisory_xact_lock(hashtextextended(:target, 0))"
RENEWED = ("title", "severity", "verdict", "resource", "path", "line", "end_line", "detail", "last_seen_at")


class Asset(msgspec.Struct, frozen=True):
    """A target as the store knows it."""

    name: str
    url: str
    environment: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()


class Known(msgspec.Struct, frozen=True):
    """A finding and its history. `resolved_at` None: open."""

    finding: Finding
    first_seen_at: str
    last_seen_at: str
    resolved_at: str | None
    reopened_count: int


class Seen(msgspec.Struct, frozen=True):
    """Finding ids by what a scan changed about them."""

    new: tuple[str, ...]
    reopened: tuple[str, ...]
    resolved: tuple[str, ...]


class Findings(Database):
    """The findings' part of the store."""

    def record_target(self, asset: Asset, at: datetime) -> None:
        row = {**msgspec.to_builtins(asset), "tags": as_json(asset.tags), "first_seen_at": stamp(at), "last_seen_at": stamp(at)}
        insert = self.insert(targets).values(row)
        renewed = {name: insert.excluded[name] for name in row if name not in ("name", "first_seen_at")}
        with self.writing() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=renewed))

    def targets(self) -> list[Asset]:
        with self.reading() as connection:
            rows = connection.execute(select(targets).order_by(targets.c.name)).all()
        return [Asset(row.name, row.url, row.environment, row.owner, tuple(msgspec.json.decode(row.tags))) for row in rows]

    def record_scan(
        self, target: str, controls: Iterable[str], found: Sequence[Finding], at: datetime, key: bytes = OF_THIS_PROCESS
    ) -> Seen:
        """Takes in what a scan of `target` for `controls` found; what it no longer found of those is resolved.

        Values are redacted under `key`. Scans of one target wait for each other.
        """
        now = stamp(at)
        rows = {finding.id: _row(finding, now, key) for finding in found}
        with self.writing() as connection:
            if not self.is_sqlite:
                connection.execute(text(LOCK_TARGET), {"target": target})
            known = _known(connection, target)
            scanned = set(controls)
            vanished = sorted(
                id_ for id_, (control, is_open) in known.items() if is_open and control in scanned and id_ not in rows
            )
            self._upsert(connection, [rows[id_] for id_ in sorted(rows)])
            _resolve(connection, vanished, now)
        return Seen(
            tuple(id_ for id_ in rows if id_ not in known),
            tuple(id_ for id_ in rows if id_ in known and not known[id_][1]),
            tuple(vanished),
        )

    def findings(self, target: str | None = None, control: str | None = None, open_only: bool = True) -> list[Known]:
        query = select(findings).order_by(findings.c.target, findings.c.control, findings.c.id)
        for column, value in ((findings.c.target, target), (findings.c.control, control)):
            if value is not None:
                query = query.where(column == value)
        if open_only:
            query = query.where(findings.c.resolved_at.is_(None))
        with self.reading() as connection:
            return [_read(row) for row in connection.execute(query)]

    def finding(self, id_: str) -> Known | None:
        with self.reading() as connection:
            row = connection.execute(select(findings).where(findings.c.id == id_)).one_or_none()
        return _read(row) if row else None

    def open_counts(self) -> dict[tuple[str, str], int]:
        """Open failures by target and severity."""
        query = (
            select(findings.c.target, findings.c.severity, func.count())
            .where(findings.c.resolved_at.is_(None), findings.c.verdict == Verdict.FAIL.value)
            .group_by(findings.c.target, findings.c.severity)
        )
        with self.reading() as connection:
            return {(target, severity): count for target, severity, count in connection.execute(query)}

    def _upsert(self, connection: Connection, rows: list[dict[str, Plain]]) -> None:
        """Handed to the driver as compiled: what SQLAlchemy does to each row's parameters takes longer than the database does."""
        if not rows:
            return
        insert = self.insert(findings)
        came_back = case((findings.c.resolved_at.is_not(None), literal_column("1")), else_=literal_column("0"))
        renewed: dict[str, Plain] = {name: insert.excluded[name] for name in RENEWED}
        renewed |= {"resolved_at": null(), "reopened_count": findings.c.reopened_count + came_back}
        statement = insert.on_conflict_do_update(index_elements=["id"], set_=renewed)
        compiled = statement.compile(dialect=connection.dialect, column_keys=list(rows[0]))
        if compiled.positiontup is None:
            connection.exec_driver_sql(str(compiled), rows)
        else:
            ordered = itemgetter(*compiled.positiontup)
            connection.exec_driver_sql(str(compiled), [ordered(row) for row in rows])


def _known(connection: Connection, target: str) -> dict[str, tuple[str, bool]]:
    """Each finding of a target: its control, and whether it is open."""
    columns = (findings.c.id, findings.c.control, findings.c.resolved_at.is_(None))
    rows = connection.execute(select(*columns).where(findings.c.target == target))
    return {id_: (control, bool(is_open)) for id_, control, is_open in rows}


def _resolve(connection: Connection, ids: list[str], at: str) -> None:
    if ids:
        update = findings.update().where(findings.c.id == bindparam("gone")).values(resolved_at=at)
        connection.execute(update, [{"gone": id_} for id_ in ids])


def _row(finding: Finding, at: str, key: bytes) -> dict[str, Plain]:
    return {
        "id": finding.id,
        "control": finding.control,
        "title": finding.title,
        "severity": finding.severity,
        "verdict": finding.verdict.value,
        "target": finding.target,
        "resource": shown(finding.resource),
        "kind": finding.kind,
        "path": shown(finding.location.path),
        "line": finding.location.line,
        "end_line": finding.location.end_line,
        "detail": as_json(_detail(finding, key)),
        "first_seen_at": at,
        "last_seen_at": at,
        "reopened_count": 0,
    }


def _detail(finding: Finding, key: bytes) -> dict[str, Plain]:
    mismatches = [
        structs.replace(m, want=_shown(m.path, m.want, key), have=_shown(m.path, m.have, key)) for m in finding.mismatches
    ]
    return {
        "mismatches": mismatches,
        "why_unknown": redact_value((), finding.why_unknown, key),
        "frameworks": finding.frameworks,
    }


def _shown(path: Path, value: Plain, key: bytes) -> Plain:
    return redact_value(path, to_builtins(value, str_keys=True), key)


def _read(row: Row[*tuple[Plain, ...]]) -> Known:
    detail = msgspec.json.decode(row.detail)
    finding = Finding(
        id=row.id,
        control=row.control,
        title=row.title,
        severity=row.severity,
        verdict=Verdict(row.verdict),
        target=row.target,
        resource=row.resource,
        kind=row.kind,
        location=Location(row.path, row.line, row.end_line),
        mismatches=msgspec.convert(detail["mismatches"], tuple[Mismatch, ...]),
        why_unknown=detail["why_unknown"],
        frameworks=msgspec.convert(detail["frameworks"], dict[str, tuple[str, ...]]),
    )
    return Known(finding, row.first_seen_at, row.last_seen_at, row.resolved_at, row.reopened_count)

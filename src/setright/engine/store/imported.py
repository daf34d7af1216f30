"""What other scanners found, and which findings of ours it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from setright.engine.store.database import Database, Row, inserted, stored_json
from setright.engine.times import stamp

OPEN = """SELECT imported.*, findings.resolved_at FROM imported LEFT JOIN findings ON findings.id = imported.finding
    ORDER BY imported.closed_at IS NOT NULL, tool, target, rule, place"""
STAYS = "EXISTS (SELECT 1 FROM findings WHERE id = imported.finding AND resolved_at IS NOT NULL)"
KEPT_MATCH = {
    name: f"{name} = CASE WHEN {STAYS} THEN imported.{name} ELSE excluded.{name} END" for name in ("finding", "state", "controls")
}
GONE = """UPDATE imported SET closed_at = :at
    WHERE tool = :tool AND target = :target AND closed_at IS NULL AND last_seen_at < :at"""


class Foreign(msgspec.Struct, frozen=True):
    """One finding of another scanner. `state`: matched, not-confirmed (ours hold there), by-hand (no control of ours speaks of it).

    `closed_at`: its scanner reports it no more. `put_right_at`: the finding it matches was seen to be gone by our own look.
    """

    key: str
    tool: str
    target: str
    rule: str
    title: str
    severity: str
    place: str
    text: str = ""
    remedy: str = ""
    link: str = ""
    controls: tuple[str, ...] = ()
    finding: str = ""
    state: str = "by-hand"
    first_seen_at: str = ""
    last_seen_at: str = ""
    closed_at: str | None = None
    put_right_at: str | None = None


class ImportedFindings(Database):
    """The part of the store for what others found."""

    def record_imported(self, tool: str, target: str, found: Sequence[Foreign], at: datetime) -> int:
        """Takes in all that a scanner reports of a target; what it no longer does is closed. How many those are.

        One whose finding of ours is gone by now stays matched with it, and so stays put right.
        """
        now = stamp(at)
        rows = [_row(each, now) for each in found]
        names = [name for name in (rows[0] if rows else ()) if name not in ("key", "first_seen_at")]
        renewed = ", ".join(KEPT_MATCH.get(name) or f"{name} = excluded.{name}" for name in names)
        with self.writing() as connection:
            if rows:
                connection.change_each(inserted("imported", rows[0], f"ON CONFLICT (key) DO UPDATE SET {renewed}"), rows)
            return connection.change(GONE, {"tool": tool, "target": target, "at": now})

    def imported(self) -> list[Foreign]:
        """All of them, the open ones first."""
        with self.reading() as connection:
            return [_read(row) for row in connection.rows(OPEN)]


def _row(each: Foreign, now: str) -> Row:
    row: Row = msgspec.to_builtins(each)
    del row["put_right_at"]
    return row | {"controls": stored_json(each.controls), "first_seen_at": now, "last_seen_at": now, "closed_at": None}


def _read(row: Row) -> Foreign:
    gone = row.pop("resolved_at")
    return Foreign(**row | {"controls": tuple(msgspec.json.decode(row["controls"])), "put_right_at": gone})

"""Findings knowingly left open, with reason, approver and end; none is ever overwritten, so their history stays."""

from __future__ import annotations

from datetime import datetime

from setright.engine.store.database import Database, inserted
from setright.engine.times import moment, stamp
from setright.policy.exceptions import FindingException


class Exceptions(Database):
    """The exceptions' part of the store."""

    def add_exception(self, made: FindingException) -> None:
        row = {
            "finding": made.finding,
            "made_at": stamp(made.made_at),
            "reason": made.reason,
            "approver": made.approver,
            "until": stamp(made.until),
            "compensating": made.compensating,
            "owner": made.owner,
            "exposure": made.exposure,
        }
        with self.writing() as connection:
            connection.change(inserted("exceptions", row), row)

    def end_exception(self, finding: str, at: datetime) -> int:
        """Ends what still holds for a finding; how many did."""
        end = "UPDATE exceptions SET until = :at WHERE finding = :finding AND until > :at"
        with self.writing() as connection:
            return connection.change(end, {"finding": finding, "at": stamp(at)})

    def exceptions(self, finding: str | None = None) -> list[FindingException]:
        """All ever made, those that ended too: `policy.exceptions` tells which hold now."""
        only = "" if finding is None else "WHERE finding = :finding"
        query = f"SELECT * FROM exceptions {only} ORDER BY made_at, finding"  # noqa: S608 - names of ours
        with self.reading() as connection:
            rows = connection.rows(query, {"finding": finding})
        return [FindingException(**row | {"until": moment(row["until"]), "made_at": moment(row["made_at"])}) for row in rows]

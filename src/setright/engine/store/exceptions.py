"""Findings knowingly left open, with reason, approver and end; none is ever overwritten, so their history stays."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from setright.engine.store.database import Database
from setright.engine.store.schema import exceptions
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
            connection.execute(exceptions.insert().values(row))

    def end_exception(self, finding: str, at: datetime) -> int:
        """Ends what still holds for a finding; how many did."""
        holding = (exceptions.c.finding == finding) & (exceptions.c.until > stamp(at))
        with self.writing() as connection:
            return connection.execute(exceptions.update().where(holding).values(until=stamp(at))).rowcount

    def exceptions(self, finding: str | None = None) -> list[FindingException]:
        """All ever made, those that ended too: `policy.exceptions` tells which hold now."""
        query = select(exceptions).order_by(exceptions.c.made_at, exceptions.c.finding)
        if finding is not None:
            query = query.where(exceptions.c.finding == finding)
        with self.reading() as connection:
            return [
                FindingException(**row | {"until": moment(row["until"]), "made_at": moment(row["made_at"])})
                for row in map(dict, connection.execute(query).mappings())
            ]

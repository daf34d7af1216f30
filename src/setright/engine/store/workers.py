"""What processes on one store tell each other: that they live, that all is to stop, how often an API was called, snapshots.

Who lives is told by beats that go on, never by clocks that may differ.
"""

from __future__ import annotations

import time
from base64 import b64decode, b64encode

from setright.engine.store.database import Database, inserted
from setright.engine.times import now, stamp

BEAT = 'ON CONFLICT (id) DO UPDATE SET beats = workers.beats + 1, "at" = excluded."at"'
SAY = 'ON CONFLICT (name) DO UPDATE SET value = excluded.value, "at" = excluded."at"'
CLOCK = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000 AS BIGINT) AS now_us"
RESERVE = """ON CONFLICT (name) DO UPDATE SET
    next_us = CASE WHEN rates.next_us > :now_us THEN rates.next_us ELSE :now_us END + :takes_us"""


class Workers(Database):
    """The processes' part of the store."""

    def beat(self, worker: str, host: str) -> None:
        row = {"id": worker, "host": host, "beats": 1, "at": stamp(now())}
        with self.writing() as connection:
            connection.change(inserted("workers", row, BEAT), row)

    def workers(self) -> dict[str, tuple[str, int]]:
        """Host and number of beats of each that has not said goodbye."""
        with self.reading() as connection:
            return {row["id"]: (row["host"], row["beats"]) for row in connection.rows("SELECT id, host, beats FROM workers")}

    def say(self, name: str, value: str) -> None:
        """A word to all processes; an empty one takes it back."""
        row = {"name": name, "value": value, "at": stamp(now())}
        with self.writing() as connection:
            connection.change(inserted("flags", row, SAY), row)

    def said(self, name: str) -> str:
        with self.reading() as connection:
            return next(
                (str(r["value"]) for r in connection.rows("SELECT value FROM flags WHERE name = :name", {"name": name})), ""
            )

    def reserve(self, name: str, calls: int, per_s: float) -> float:
        """Takes so many calls under a rate that all processes share; how many seconds until the first of them may be made."""
        takes_us = int(calls / per_s * 1e6)
        with self.writing() as connection:
            at_us = int(time.time() * 1e6) if self.is_sqlite else int(connection.rows(CLOCK)[0]["now_us"])
            row = {"name": name, "next_us": at_us + takes_us}
            connection.change(inserted("rates", row, RESERVE), {**row, "now_us": at_us, "takes_us": takes_us})
            (left,) = connection.rows("SELECT next_us FROM rates WHERE name = :name", {"name": name})
        return max(0.0, (int(left["next_us"]) - takes_us - at_us) / 1e6)

    def put_snapshot(self, address: str, sealed: bytes) -> None:
        row = {"address": address, "sealed": b64encode(sealed).decode()}
        with self.writing() as connection:
            connection.change(inserted("snapshots", row, "ON CONFLICT DO NOTHING"), row)

    def snapshot(self, address: str) -> bytes | None:
        with self.reading() as connection:
            found = connection.rows("SELECT sealed FROM snapshots WHERE address = :address", {"address": address})
        return b64decode(found[0]["sealed"]) if found else None

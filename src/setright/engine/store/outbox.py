"""What is still to be told to outside systems, channel by channel, in the order in which it was posted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from setright.engine.store.database import Connection, Database, inserted, stored_json
from setright.engine.times import stamp
from setright.integrations.message import Message

LOCK_CHANNEL = "SELECT pg_advisory_xact_lock(hashtextextended(:channel, 1))"
LAST = "SELECT coalesce(max(seq), 0) AS seq FROM outbox WHERE channel = :channel"
WAITING = """SELECT id, channel, item, event, at, body FROM outbox
    WHERE channel = :channel AND state = 'waiting' ORDER BY seq LIMIT :number"""
COUNTS = "SELECT channel, state, count(*) AS number FROM outbox GROUP BY channel, state"
SENT = "UPDATE outbox SET state = 'sent', ended_at = :at, error = '' WHERE channel = :channel AND id = :id"
REFUSED = "UPDATE outbox SET state = 'refused', ended_at = :at, error = :error WHERE channel = :channel AND id = :id"
AGAIN = "UPDATE outbox SET state = 'waiting', ended_at = NULL, error = '' WHERE channel = :channel AND state = 'refused'"
TAKE = """UPDATE channels SET holder = :holder, held_until = :until
    WHERE channel = :channel AND (held_until <= :at OR holder = :holder) AND next_at <= :at"""
ENDED = "UPDATE channels SET held_until = '', failures = :failures, next_at = :next_at, error = :error WHERE channel = :channel"


class ChannelState(msgspec.Struct, frozen=True):
    """How a channel is doing. `failures` in a row; `next_at` the earliest next try, empty for at once; `read` of a ledger."""

    channel: str
    failures: int
    next_at: str
    error: str
    waiting: int
    sent: int
    refused: int


class Aside(msgspec.Struct, frozen=True):
    """A message that its receiver would not take, and why."""

    id: str
    item: str
    event: str
    at: str
    error: str


class Outbox(Database):
    """The outbox's part of the store."""

    def post(self, messages: Sequence[Message]) -> int:
        """Takes messages in, in their order; one whose id a channel has had already is left out. How many were new."""
        with self.writing() as connection:
            return post_all(connection, messages, locks=not self.is_sqlite)

    def read_to(self, channel: str, ledger: str) -> int | None:
        """Up to which byte of a ledger a channel was told; None: it has never heard of it."""
        query = "SELECT read_to FROM channel_ledgers WHERE channel = :channel AND ledger = :ledger"
        with self.reading() as connection:
            return next((r["read_to"] for r in connection.rows(query, {"channel": channel, "ledger": ledger})), None)

    def post_read(self, messages: Sequence[Message], channel: str, ledger: str, read_to: int) -> int:
        """As `post`, and notes in the same transaction how far of a ledger that is."""
        row = {"channel": channel, "ledger": ledger, "read_to": read_to}
        noted = inserted("channel_ledgers", row, "ON CONFLICT (channel, ledger) DO UPDATE SET read_to = excluded.read_to")
        with self.writing() as connection:
            number = post_all(connection, messages, locks=not self.is_sqlite)
            connection.change(noted, row)
        return number

    def take_channel(self, channel: str, holder: str, at: datetime, until: datetime) -> bool:
        """Whether the channel is the holder's to send on until then: nobody else's, and its time for another try has come."""
        new = inserted("channels", ["channel"], "ON CONFLICT (channel) DO NOTHING")
        given = {"channel": channel, "holder": holder, "at": stamp(at), "until": stamp(until)}
        with self.writing() as connection:
            connection.change(new, {"channel": channel})
            return connection.change(TAKE, given) == 1

    def leave_channel(self, channel: str, failures: int = 0, next_at: datetime | None = None, error: str = "") -> None:
        """The channel is free again; after failures, not before `next_at`."""
        given = {"channel": channel, "failures": failures, "next_at": stamp(next_at) if next_at else "", "error": error}
        with self.writing() as connection:
            connection.change(ENDED, given)

    def wait_no_more(self, channel: str) -> None:
        """Another try may be made at once, whatever failed before."""
        with self.writing() as connection:
            connection.change("UPDATE channels SET next_at = '' WHERE channel = :channel", {"channel": channel})

    def waiting(self, channel: str, number: int) -> list[Message]:
        """The next ones, the oldest first."""
        with self.reading() as connection:
            rows = connection.rows(WAITING, {"channel": channel, "number": number})
        return [Message(**row | {"body": msgspec.json.decode(row["body"])}) for row in rows]

    def mark_sent(self, channel: str, ids: Iterable[str], at: datetime) -> None:
        with self.writing() as connection:
            connection.change_each(SENT, [{"channel": channel, "id": id_, "at": stamp(at)} for id_ in ids])

    def mark_refused(self, channel: str, id_: str, at: datetime, error: str) -> None:
        with self.writing() as connection:
            connection.change(REFUSED, {"channel": channel, "id": id_, "at": stamp(at), "error": error})

    def post_again(self, channel: str) -> int:
        """What was set aside waits once more, at its old place in the order; how many that are."""
        with self.writing() as connection:
            return connection.change(AGAIN, {"channel": channel})

    def set_aside(self, channel: str) -> list[Aside]:
        query = "SELECT id, item, event, at, error FROM outbox WHERE channel = :channel AND state = 'refused' ORDER BY seq"
        with self.reading() as connection:
            return [Aside(**row) for row in connection.rows(query, {"channel": channel})]

    def lines(self) -> list[ChannelState]:
        """Every channel that ever had anything to tell."""
        counts: dict[str, dict[str, int]] = defaultdict(dict)
        with self.reading() as connection:
            for row in connection.rows(COUNTS):
                counts[row["channel"]][row["state"]] = row["number"]
            known = {row["channel"]: row for row in connection.rows("SELECT * FROM channels")}
        return [_line(name, known.get(name, {}), counts[name]) for name in sorted(counts.keys() | known.keys())]

    def forget_sent(self, channel: str, before: datetime) -> int:
        """Drops what a channel sent before then. A message with the id of one dropped would be taken in again."""
        drop = "DELETE FROM outbox WHERE channel = :channel AND state = 'sent' AND ended_at < :before"
        with self.writing() as connection:
            return connection.change(drop, {"channel": channel, "before": stamp(before)})


def post_all(connection: Connection, messages: Sequence[Message], *, locks: bool) -> int:
    """Within the caller's transaction: what happened and the telling of it are kept together, or neither is.

    `locks`: the database lets others write meanwhile, so that the order must be held by a lock on the channel.
    """
    by_channel: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        by_channel[message.channel].append(message)
    number = 0
    for channel in sorted(by_channel):
        if locks:
            connection.rows(LOCK_CHANNEL, {"channel": channel})
        seq = connection.rows(LAST, {"channel": channel})[0]["seq"]
        rows = [_row(message, seq + place) for place, message in enumerate(by_channel[channel], 1)]
        insert = inserted("outbox", rows[0], "ON CONFLICT (channel, id) DO NOTHING")
        number += sum(connection.change(insert, row) for row in rows)
    return number


def _row(message: Message, seq: int) -> dict[str, str | int]:
    row: dict[str, str | int] = msgspec.to_builtins(message)
    return row | {"seq": seq, "body": stored_json(message.body), "state": "waiting"}


def _line(name: str, row: dict[str, str | int], counts: dict[str, int]) -> ChannelState:
    failures, next_at, error = int(row.get("failures", 0)), str(row.get("next_at", "")), str(row.get("error", ""))
    return ChannelState(name, failures, next_at, error, counts.get("waiting", 0), counts.get("sent", 0), counts.get("refused", 0))

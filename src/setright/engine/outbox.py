"""Sends what the outbox holds: at least once, in each channel's order, across crashes of ours and outages of the receiver."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from setright.engine.store import ChannelState, Store
from setright.engine.times import now
from setright.integrations.error import IntegrationError
from setright.integrations.message import Message, Refused, Sender

HELD = timedelta(minutes=5)  # a sender that died is waited for so long
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)
PATIENCE = 10  # failures in a row, before one message is suspected of being the reason


class Delivered(NamedTuple):
    """What became of one channel's messages; `error` is why the sending ended early.

    Of a channel that was left alone, since it rests or another process sends on it: how many wait, until when (empty: not
    known), and `since`, why it rests.
    """

    channel: str
    sent: int = 0
    refused: int = 0
    error: str = ""
    waiting: int = 0
    next_at: str = ""
    since: str = ""


def deliver(
    store: Store,
    channel: str,
    sender: Sender,
    holder: str,
    clock: Callable[[], datetime] = now,
    rest: timedelta = timedelta(),
) -> Delivered:
    """Sends what waits on a channel, until nothing does or the receiver fails. One holder at a time sends on a channel.

    After it has sent, the channel rests for so long: some receivers want few large batches rather than many small ones.
    A message is marked as sent after it was: one sent just before a crash is sent once more, under the same id.
    """
    if not store.take_channel(channel, holder, clock(), clock() + HELD):
        return _rests(store, channel)
    sent = refused = failures = 0
    next_at, error, size = None, "", sender.at_once
    try:
        while batch := store.waiting(channel, size):
            try:
                done, aside = _send(store, sender, batch, clock)
            except IntegrationError:
                if len(batch) == 1:
                    raise
                size = 1  # the first may be well, and another of the batch the reason
                continue
            sent, refused, size = sent + done, refused + aside, min(size * 2, sender.at_once)
            store.take_channel(channel, holder, clock(), clock() + HELD)
        next_at = clock() + rest if sent else None
    except IntegrationError as failed:
        failures = _failures(store, channel) + 1
        error = str(failed)
        if failures >= PATIENCE and (freed := _suspects(store, sender, channel, clock)):
            failures, refused = 0, refused + freed
        next_at = clock() + wait(failures)
    finally:
        store.leave_channel(channel, failures, next_at, error)
    return Delivered(channel, sent, refused, error)


def wait(failures: int) -> timedelta:
    """How long to leave a receiver alone after so many failures in a row."""
    return min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures - 1, 10)) if failures else timedelta()


def _send(store: Store, sender: Sender, batch: Sequence[Message], clock: Callable[[], datetime]) -> tuple[int, int]:
    """How many were sent and how many refused. A batch that is refused goes one by one, to tell which of it is meant."""
    channel = batch[0].channel
    try:
        sender.send(batch)
    except Refused as refused:
        if len(batch) == 1:
            store.mark_refused(channel, batch[0].id, clock(), str(refused))
            return 0, 1
        each = [_send(store, sender, [message], clock) for message in batch]
        return sum(sent for sent, _ in each), sum(aside for _, aside in each)
    store.mark_sent(channel, [message.id for message in batch], clock())
    return len(batch), 0


def _suspects(store: Store, sender: Sender, channel: str, clock: Callable[[], datetime]) -> int:
    """Where the first message fails again and again and one about another item goes through, the first is set aside."""
    batch = store.waiting(channel, sender.at_once + 1)
    other = next((message for message in batch if message.item != batch[0].item), None)
    if other is None:
        return 0
    try:
        sender.send([other])
    except IntegrationError:
        return 0
    store.mark_sent(channel, [other.id], clock())
    store.mark_refused(channel, batch[0].id, clock(), "the receiver fails on it, and takes what comes after it")
    return 1


def _rests(store: Store, channel: str) -> Delivered:
    line = _line(store, channel)
    return Delivered(channel, waiting=line.waiting, next_at=line.next_at, since=line.error) if line else Delivered(channel)


def _failures(store: Store, channel: str) -> int:
    line = _line(store, channel)
    return line.failures if line else 0


def _line(store: Store, channel: str) -> ChannelState | None:
    return next((line for line in store.lines() if line.channel == channel), None)

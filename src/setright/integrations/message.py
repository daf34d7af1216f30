"""What is told to an outside system, and the port that every channel answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from setright.integrations.error import IntegrationError
from setright.model import Plain

TEST, TESTED = "message.test", "message.tested"  # the harmless message, and that it was taken


class Message(msgspec.Struct, frozen=True):
    """One thing to tell one channel.

    `id` is the same however often it is sent: a receiver that knows such keys drops the second. `item` is what it is about;
    `event` what happened to it, ``finding.opened``; `at` when (RFC 3339); `body` plain data without secrets.
    """

    id: str
    channel: str
    item: str
    event: str
    at: str
    body: Plain


class Refused(IntegrationError):
    """The receiver will never take this message; it is set aside and told, and what follows goes on."""


class Sender(Protocol):
    """One channel. `at_once` is how many messages one `send` may take."""

    at_once: int

    def send(self, messages: Sequence[Message]) -> None:
        """Returns when the receiver has taken them all. Raises Refused, or IntegrationError where it is worth another try."""
        ...

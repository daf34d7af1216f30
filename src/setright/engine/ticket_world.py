"""What tickets are held to: what is open, what waits, and where what is done is written down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from setright.engine.configuration import Configuration
from setright.engine.store import Store
from setright.engine.ticket_others import Others
from setright.engine.ticket_words import Ready
from setright.engine.times import now
from setright.model import Control, Plain


def unrecorded(event: str, body: Plain) -> None:
    """Of a world without a ledger."""


class World(NamedTuple):
    """What tickets are held to. `excepted` are findings that an exception leaves open now, `ready` plans that wait for a yes.

    `record` writes to the ledger. `others` are findings of other scanners that no control of ours speaks of.
    """

    configuration: Configuration
    store: Store
    control: Callable[[str], Control]
    excepted: frozenset[str]
    clock: Callable[[], datetime] = now
    ready: tuple[Ready, ...] = ()
    record: Callable[[str, Plain], object] = unrecorded
    others: Others = Others()

"""Facts of one shape: a command lists what speaks against a change now, a line each; nothing listed speaks for it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from setright.model import Answer
from setright.surfaces.linux.evidence import UPTIME, Evidence, some
from setright.surfaces.linux.transport import Ask


class ListingFact(msgspec.Struct, frozen=True):
    """`found` has a place ``{}`` for what was listed; `unknown` says what cannot be told where the command could not look."""

    ask: Ask
    source: str
    found: str
    none: str
    unknown: str
    most: int = 4

    def asks(self, argument: str) -> Sequence[Ask]:
        return (self.ask, UPTIME)

    def answer(self, argument: str, evidence: Evidence) -> Answer:
        """Holds where there is one now."""
        if not evidence.text(UPTIME) or not evidence.ran(self.ask) or evidence.failed(self.ask):
            return Answer(None, f"{self.unknown} cannot be told here", self.source)
        if lines := evidence.lines(self.ask):
            return Answer(True, self.found.format(some(lines, self.most)), self.source)
        return Answer(False, self.none, self.source)

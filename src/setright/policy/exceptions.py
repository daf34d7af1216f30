"""A finding knowingly left open: by whom, why, and until when. Pure: the caller says what time it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec


class FindingException(msgspec.Struct, frozen=True):
    """One finding's exception; times bear a zone. `compensating` names what protects in the meantime."""

    finding: str
    reason: str
    approver: str
    until: datetime
    made_at: datetime
    compensating: str = ""

    def holds(self, now: datetime) -> bool:
        """From the moment it was made to just before it ends."""
        return self.made_at <= now < self.until


def excepted(finding: str, exceptions: Iterable[FindingException], now: datetime) -> FindingException | None:
    """The exception that holds for a finding now, the one that holds longest; None: the finding counts."""
    holding = [each for each in exceptions if each.finding == finding and each.holds(now)]
    return max(holding, key=lambda each: each.until, default=None)


def holding(exceptions: Iterable[FindingException], now: datetime) -> dict[str, FindingException]:
    """By finding, what excepts it now; of several the one that holds longest."""
    return {e.finding: e for e in sorted(exceptions, key=lambda e: e.until) if e.holds(now)}

"""How fast one client may ask: it slows down where it is throttled, and comes back to speed while it is not.

Source: https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
"""

from __future__ import annotations

import asyncio
import random

FIRST_GAP_S = 0.02
LONGEST_GAP_S = 2.0
LONGEST_WAIT_S = 15.0


class Pace:
    """The gap between two calls of one client: doubled when throttled, a tenth less after each answer."""

    def __init__(self) -> None:
        self.gap_s = 0.0
        self._next_at = 0.0

    async def turn(self) -> None:
        """Waits until it is one's turn; at once where nothing was throttled of late."""
        if not self.gap_s:
            return
        now = asyncio.get_running_loop().time()
        turn_at = max(now, self._next_at)
        self._next_at = turn_at + self.gap_s
        await asyncio.sleep(turn_at - now)

    def answered(self) -> None:
        self.gap_s = self.gap_s * 0.9 if self.gap_s > FIRST_GAP_S / 10 else 0.0

    async def throttled(self, times: int) -> None:
        """Waits before the call is made again: up to twice as long each time, at random, so that callers do not march in step."""
        self.gap_s = min(max(self.gap_s * 2, FIRST_GAP_S), LONGEST_GAP_S)
        await asyncio.sleep(random.uniform(0, min(0.2 * 2**times, LONGEST_WAIT_S)))  # noqa: S311 - jitter, no secret

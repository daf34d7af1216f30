"""How often somebody may call: so many a minute, evenly refilled (a token bucket), in this process."""

from __future__ import annotations

from collections import OrderedDict
from math import ceil
from threading import Lock
from time import monotonic

KNOWN = 10_000  # callers that are remembered; the longest unheard of is forgotten first


class Quota:
    """Room for `per_minute` calls of each caller."""

    def __init__(self, per_minute: int) -> None:
        self._room = float(max(per_minute, 1))
        self._callers: OrderedDict[str, tuple[float, float]] = OrderedDict()  # room left, and when that was
        self._lock = Lock()

    def wait_s(self, caller: str) -> int:
        """0: the call counts and may go on; else so many seconds until the next one may."""
        with self._lock:
            at = monotonic()
            left, since = self._callers.pop(caller, (self._room, at))
            left = min(self._room, left + (at - since) * self._room / 60)
            granted = left >= 1
            self._callers[caller] = (left - 1 if granted else left, at)
            if len(self._callers) > KNOWN:
                self._callers.popitem(last=False)
            return 0 if granted else ceil((1 - left) * 60 / self._room)

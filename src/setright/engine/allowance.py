"""How often an API may be called: a rate that all processes on one store share (`[[policy.limits]]`)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from setright.policy.rules import RateLimit

if TYPE_CHECKING:
    from setright.engine.store import Store

AHEAD_S = 0.5  # for so long calls are reserved at once, so that not each asks the store


class Allowance:
    """One limit's calls."""

    def __init__(self, store: Store, limit: RateLimit) -> None:
        self._store = store
        self._name = " ".join(limit.targets)
        self._per_s = limit.calls_per_s
        self._left = 0
        self._next_at = 0.0
        self._threads = threading.Lock()

    def take(self) -> float:
        """Takes one call; how many seconds to wait before it is made."""
        with self._threads:
            now = time.monotonic()
            if not self._left:
                self._left = max(1, int(self._per_s * AHEAD_S))
                self._next_at = now + self._store.reserve(self._name, self._left, self._per_s)
            self._left -= 1
            at = max(self._next_at, now)
            self._next_at = at + 1 / self._per_s
            return at - now


class Allowances:
    """Those of a policy."""

    def __init__(self, store: Callable[[], Store], limits: Sequence[RateLimit]) -> None:
        self._store = store
        self._limits = limits
        self._made: dict[RateLimit, Allowance] = {}

    def of(self, names: Collection[str]) -> Callable[[], float] | None:
        """What the first limit that speaks of a target lets it do; None: as often as it likes."""
        limit = next((each for each in self._limits if any(fnmatchcase(n, glob) for n in names for glob in each.targets)), None)
        if limit is None:
            return None
        if limit not in self._made:
            self._made[limit] = Allowance(self._store(), limit)
        return self._made[limit].take

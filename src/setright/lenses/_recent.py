"""What was read lately, as long as its sources are small together: a document is read for its tree, its lines and its edits."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import TypeVar

Text = TypeVar("Text", str, bytes)
T = TypeVar("T")
KEPT = 500_000  # of source; its nodes take some thirty times as much memory


def recent(read: Callable[[Text], T]) -> Callable[[Text], T]:
    """Reads a source once while what was asked since is no longer than KEPT; the last one however long it is."""
    kept: dict[Text, T] = {}
    lock, size = Lock(), 0

    @wraps(read)
    def reading(source: Text) -> T:
        nonlocal size
        with lock:
            if source in kept:
                kept[source] = kept.pop(source)
                return kept[source]
        found = read(source)
        with lock:
            size += len(source) if source not in kept else 0
            kept[source] = found
            while size > KEPT and len(kept) > 1:
                oldest = next(iter(kept))
                del kept[oldest]
                size -= len(oldest)
        return found

    return reading

"""The same work on several targets at once, with the results in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
AT_ONCE = 16  # targets read side by side


def abreast(work: Callable[[str], T], targets: Sequence[str]) -> Iterator[T]:
    if len(targets) == 1:
        yield work(targets[0])
        return
    from concurrent.futures import ThreadPoolExecutor  # most commands have one target

    with ThreadPoolExecutor(min(AT_ONCE, len(targets)) or 1) as pool:
        yield from pool.map(work, targets)

"""The same work on several targets at once, with each result as it is done: one slow target holds no other up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
AT_ONCE = 32  # targets read or written side by side; mostly they are waited for


def abreast(work: Callable[[str], T], targets: Sequence[str]) -> Iterator[T]:
    """Whoever stops asking for results stops what has not begun."""
    if len(targets) == 1:
        yield work(targets[0])
        return
    from concurrent.futures import ThreadPoolExecutor, as_completed  # most commands have one target

    with ThreadPoolExecutor(min(AT_ONCE, len(targets)) or 1) as pool:
        begun = [pool.submit(work, target) for target in targets]
        try:
            for done in as_completed(begun):
                yield done.result()
        finally:
            for each in begun:
                each.cancel()

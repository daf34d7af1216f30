"""Which targets of a run go first, and in which portions: those first whose loss would matter least. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from setright.policy.estate import Subject
from setright.policy.rules import Waves

ENVIRONMENTS = ("development", "test", "staging", "", "production")
IMPORTANCES = ("low", "medium", "", "high", "critical")
EXPOSURES = ("isolated", "internal", "", "partner", "internet")
SIZE = re.compile(r"[1-9]\d?%|100%|rest")
IN_PRODUCTION = Waves()  # where nobody said otherwise
AT_ONCE = Waves(sizes=("rest",))


def rank(subject: Subject) -> tuple[int, int, int, tuple[str, ...]]:
    """Sorts subjects: test before production, unimportant before important, hidden before exposed, then by name."""
    return (
        ENVIRONMENTS.index(subject.environment),
        IMPORTANCES.index(subject.importance),
        EXPOSURES.index(subject.exposure),
        subject.names,
    )


def by_default(subject: Subject) -> Waves:
    """What holds for a target of which no entry speaks."""
    return IN_PRODUCTION if subject.environment == "production" else AT_ONCE


def portions(sizes: Sequence[int | str], count: int) -> Iterator[int]:
    """How many targets each wave takes, of so many; the last size is repeated until none is left."""
    left = count
    for size in _endless(sizes):
        if left <= 0:
            return
        taken = min(left, _taken(size, count, left))
        yield taken
        left -= taken


def is_size(size: int | str) -> bool:
    """A number from 1, a part in per cent, or the rest."""
    return size >= 1 if isinstance(size, int) else SIZE.fullmatch(size) is not None


def _endless(sizes: Sequence[int | str]) -> Iterator[int | str]:
    yield from sizes
    while True:
        yield sizes[-1] if sizes else "rest"


def _taken(size: int | str, count: int, left: int) -> int:
    if isinstance(size, int):
        return size
    return left if size == "rest" else max(1, math.ceil(count * int(size[:-1]) / 100))

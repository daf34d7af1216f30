"""What is asked of trees in every room."""

from __future__ import annotations

from setright.model import Plain


def same(a: Plain, b: Plain) -> bool:
    """Equality that tells true from 1, all the way down, and keeps the order of lists, not of keys."""
    if a is b:
        return True
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(type(a) is type(b) and a == b)


def as_list(value: Plain) -> list[Plain]:
    """A value that may stand alone or in a list, as a list; empty for None."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]

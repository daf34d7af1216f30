"""Documents that share a fix are one change. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Set


def fix_groups(touched: Mapping[str, Set[str]]) -> list[tuple[set[str], list[str]]]:
    """Groups of documents that share a fix, each with its findings. `touched`: by finding, its documents."""
    groups: dict[int, tuple[set[str], list[str]]] = {}
    group_of: dict[str, int] = {}  # by document
    for number, (finding, locators) in enumerate(touched.items()):
        mine = set(locators)
        ids = [finding]
        for other in sorted({group_of[locator] for locator in mine if locator in group_of}):
            joined = groups.pop(other)
            mine |= joined[0]
            ids = joined[1] + ids
        groups[number] = mine, ids
        group_of |= dict.fromkeys(mine, number)
    return list(groups.values())

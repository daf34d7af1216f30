"""In which order a program reads its configuration files, and so which of several values of a key counts.

order: listed     as `documents:` names them
order: by-name    by file name across folders; the same name in a folder named earlier hides the later file (sysctl.d(5))
order: included   the `main:` document, others where an Include names them (sshd_config(5))
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

import msgspec

from setright.bindings.error import BindingError
from setright.bindings.source import Source, listed
from setright.model import Path, Plain, Tree
from setright.patterns import whole_path

MAX_DEPTH = 16  # as many nested Includes as sshd follows
Sources = Mapping[str, Source]
Layout = Mapping[str, Plain]


class Segment(msgspec.Struct, frozen=True):
    """Keys that stand together: those of `tree`, at `base` in the document."""

    locator: str
    base: Path
    tree: Tree


class ConditionalPart(msgspec.Struct, frozen=True):
    """A conditional part (a Match block): what it holds for, where it stands, and its segments in reading order."""

    criteria: str
    locator: str
    base: Path
    segments: tuple[Segment, ...]


def segments(layout: Layout, sources: Sources) -> list[Segment]:
    """What holds everywhere, in reading order. Raises BindingError where Includes go round in circles."""
    order = layout.get("order", "listed")
    if order == "included":
        main = sources.get(layout["main"])
        return list(_expanded(layout, sources, main.locator, (), main.tree, 0)) if main else []
    there = [source for source in listed(layout, sources) if source.exists and source.locator not in layout.get("needs", ())]
    if order == "by-name":
        there = _by_name(layout, there)
    return [Segment(source.locator, (), source.tree) for source in there]


def scopes(layout: Layout, sources: Sources) -> list[ConditionalPart]:
    """The conditional parts in reading order, those of included files too."""
    key, main = layout.get("scopes"), sources.get(layout.get("main", ""))
    return list(_scopes(layout, sources, key, main, 0)) if key and main else []


def sorts_as(layout: Layout, locator: str) -> tuple[str, int]:
    """The file name that a document is sorted by; a stand-in comes behind a real file of its name."""
    stand_in = layout.get("sorts-as", {}).get(locator)
    return (stand_in, 1) if stand_in else (locator.rpartition("/")[2], 0)


def _by_name(layout: Layout, there: Sequence[Source]) -> list[Source]:
    seen: dict[tuple[str, int], Source] = {}
    for source in there:
        seen.setdefault(sorts_as(layout, source.locator), source)
    return [seen[name] for name in sorted(seen)]


def _expanded(layout: Layout, sources: Sources, locator: str, base: Path, tree: Tree, depth: int) -> Iterator[Segment]:
    """The keys of one section, parted where an Include stands, with what it names in between."""
    if depth > MAX_DEPTH:
        raise BindingError(f"{locator}: more than {MAX_DEPTH} Includes inside each other")
    part: Tree = {}
    for key, value in tree.items():
        if _is_include(layout, key):
            yield Segment(locator, base, part)
            part = {}
            for source in _included(layout, sources, value):
                yield from _expanded(layout, sources, source.locator, (), source.tree, depth + 1)
        elif key not in (layout.get("scopes"), "criteria"):
            part[key] = value
    yield Segment(locator, base, part)


def _scopes(layout: Layout, sources: Sources, key: str, source: Source, depth: int) -> Iterator[ConditionalPart]:
    for name, value in source.tree.items() if depth <= MAX_DEPTH else ():
        if _is_include(layout, name):
            for inner in _included(layout, sources, value):
                yield from _scopes(layout, sources, key, inner, depth + 1)
    for index, block in enumerate(source.tree.get(key, ())):
        inside = _expanded(layout, sources, source.locator, (key, index), block, depth)
        yield ConditionalPart(str(block["criteria"]), source.locator, (key, index), tuple(inside))


def _is_include(layout: Layout, key: str) -> bool:
    include = layout.get("includes")
    return include is not None and (key == include or key.startswith(f"{include} "))


def _included(layout: Layout, sources: Sources, patterns: Plain) -> Iterator[Source]:
    """The documents that an Include names: pattern by pattern, those of one by name."""
    for pattern in patterns if isinstance(patterns, list) else ():
        whole = whole_path(layout.get("directory", "/"), str(pattern))
        yield from (sources[name] for name in sorted(sources) if sources[name].exists and _matches(name, whole))


def _matches(locator: str, pattern: str) -> bool:
    """glob(7): a wildcard stays within a segment and does not match a leading dot."""
    names, globs = locator.split("/"), pattern.split("/")
    return len(names) == len(globs) and all(
        fnmatchcase(name, glob) and (not name.startswith(".") or glob.startswith("."))
        for name, glob in zip(names, globs, strict=True)
    )

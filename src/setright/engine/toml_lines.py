"""On which line a TOML text (toml.io, 1.0) says something: what a parser does not tell. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from setright.model import Path


def toml_line(text: str, path: Path) -> int:
    """The line on which a TOML text sets a path, or the nearest thing above it; counts from 1."""
    places: dict[Path, int] = {}
    for place, line in _places(text):
        places.setdefault(place, line)
    for cut in range(len(path), 0, -1):
        if path[:cut] in places:
            return _inside(text, places[path[:cut]], path[cut:])
    return 1


def _places(text: str) -> Iterator[tuple[Path, int]]:
    """Each table header and each `key =` at the start of a line."""
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]", line):
            table = _indexed(_keys(header[2]), counts)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
                yield table[:-1], number
            yield table, number
        elif key := re.match(r"\s*((?:[\w.-]|\"[^\"]*\"|'[^']*')+)\s*=", line):
            yield (*table, *_keys(key[1])), number


def _keys(dotted: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in re.findall(r"\"[^\"]*\"|'[^']*'|[^.]+", dotted))


def _indexed(keys: Path, counts: Mapping[Path, int]) -> Path:
    """A header's path with the index of each list of tables it goes through."""
    path: Path = ()
    for place, key in enumerate(keys, 1):
        path = (*path, key)
        if path in counts and place < len(keys):
            path = (*path, counts[path])
    return path


def _inside(text: str, line: int, rest: Path) -> int:
    """The line of a path within a value that begins on a line: an inline list of inline tables."""
    at = sum(len(each) for each in text.splitlines(keepends=True)[: line - 1])
    end = text.find("\n[", at)  # the next table
    for part in rest:
        pattern = r"\{" if isinstance(part, int) else rf"(?<![\w-])[\"']?{re.escape(part)}[\"']?\s*="
        for _ in range(part + 1 if isinstance(part, int) else 1):
            found = re.compile(pattern).search(text, at, end if end >= 0 else len(text))
            if found is None:
                return text.count("\n", 0, at) + 1
            at = found.end()
    return text.count("\n", 0, at) + 1

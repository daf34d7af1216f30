"""Tables of cron, one resource each: a table's jobs with the account they run as, and where they look for programs. crontab(5).

A table's tree has `entries` as its lens tells them, and `jobs` (``user``, ``command``, ``runs-what-it-fetches``),
`search-paths` (the folders of each PATH that it sets) and `runs-as-root`. Only a search path can be changed through it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.source import Source, listed
from setright.model import Edit, Path, Plain, Resource, Tree

Layout = Mapping[str, Plain]
Sources = Mapping[str, Source]

SPOOL = "/var/spool/cron/"
NO_TABLES = re.compile(r"\.(?:dpkg-\w+|rpm\w+|bak|swp|orig|placeholder)$|~$")  # cron reads none of them
FETCH = r"\b(?:curl|wget|fetch|lwp-request|GET)\b"
SHELL = r"(?:sudo\s+|env\s+|nice\s+)*(?:\S*/)?(?:(?:ba|da|k|z)?sh|python[0-9.]*|perl|php|ruby|node)\b"
PIPED = re.compile(rf"{FETCH}[^|;&]*\|\s*{SHELL}")
PUT_IN = re.compile(
    rf"{SHELL}[^|;&]*(?:\$\(|`|<\()\s*{FETCH}|\beval\b[^|;&]*(?:\$\(|`)\s*{FETCH}|(?:^|[;&]\s*)(?:\.|source)\s+<\(\s*{FETCH}"
)


def view(kind: str, layout: Layout, sources: Sources) -> list[Resource]:
    """One resource a table, named by its path."""
    mine = [source for source in listed(layout, sources) if source.exists and not NO_TABLES.search(source.locator)]
    return [Resource(kind, source.locator, _tree(source), (source.locator, ())) for source in mine]


def edit(
    layout: Layout, resource: Resource, edits: Sequence[Edit], live: Sequence[Edit], sources: Sources
) -> list[tuple[str, Edit]]:
    """Folders of a search path. Raises BindingError for all else, and where no folder would be left."""
    made = []
    for each in edits:
        if len(each.path) != 2 or each.path[0] != "search-paths" or not each.value:
            raise BindingError(
                f"{resource.name}: {'/'.join(map(str, each.path))} cannot be changed there; write the job anew by hand"
            )
        place, _ = _paths(resource.tree["entries"])[int(each.path[1])]
        made.append((resource.home[0], Edit(("entries", place, "value"), ":".join(each.value))))
    return made


def locate(layout: Layout, resource: Resource, path: Path, sources: Sources) -> tuple[str, Path]:
    """The setting or the job that the value comes from."""
    entries = resource.tree["entries"]
    places = (
        [place for place, _ in _paths(entries)] if path[:1] == ("search-paths",) else [place for place, _ in _jobs(entries, "")]
    )
    if len(path) > 1 and isinstance(path[1], int) and path[1] < len(places):
        return resource.home[0], ("entries", places[path[1]])
    return resource.home[0], ()


def _tree(source: Source) -> Tree:
    entries = source.tree.get("entries", [])
    owner = source.locator.rpartition("/")[2] if source.locator.startswith(SPOOL) else ""
    jobs = [job for _, job in _jobs(entries, owner)]
    told: Tree = {
        "path": source.locator,
        "entries": entries,
        "jobs": jobs,
        "runs-as-root": any(job["user"] == "root" for job in jobs),
    }
    paths = [folders for _, folders in _paths(entries)]
    return told | ({"search-paths": paths} if paths else {})


def _jobs(entries: Sequence[Tree], owner: str) -> Iterator[tuple[int, Tree]]:
    """Each job with its place among the entries."""
    for place, entry in enumerate(entries):
        if command := entry.get("command"):
            fetched = bool(PIPED.search(command) or PUT_IN.search(command))
            yield place, {"user": entry.get("user", owner), "command": command, "runs-what-it-fetches": fetched}


def _paths(entries: Sequence[Tree]) -> list[tuple[int, list[str]]]:
    return [(place, entry["value"].split(":")) for place, entry in enumerate(entries) if entry.get("name") == "PATH"]

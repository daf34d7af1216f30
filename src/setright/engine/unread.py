"""What of a host could not be read, and what may rest on it: nothing of that passes. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec.structs import replace

from setright.model import Plain, Problem, Resource, Tree, Unknown
from setright.patterns import fits

Layout = Mapping[str, Plain]
APART = frozenset({"items", "files", "cron", "packages", "homes"})  # layouts of which each document is a resource of its own
ELSEWHERE = {("account", "/etc/shadow")}  # what a layout tells by itself, value by value
FOLDER = "is a folder"  # as surfaces say it
PATTERNS = ("documents", "running", "effective")


def doubtful(kind: str, layout: Layout, seen: list[Resource], problems: Sequence[Problem], read: Collection[str]) -> list[Resource]:
    """The resources of a kind, each with what may say otherwise; and one for what nobody saw. What was `read` in part is known."""
    bearing = [each for each in problems if each.locator not in read and _bears(kind, layout, each)]
    if not bearing:
        return seen
    if layout.get("layout") in APART:
        return [*seen, *(_stand_in(kind, layout, each) for each in bearing)]
    if seen:
        return [replace(each, unread=_words(bearing[0])) for each in seen]
    return [_stand_in(kind, layout, each) for each in bearing if _tells_whether_it_is_there(layout, each.locator)][:1]


def _bears(kind: str, layout: Layout, problem: Problem) -> bool:
    """Programs pass over folders among their drop-ins, but for web servers, some of which look into them."""
    locator = problem.locator
    if (layout.get("of"), locator) in ELSEWHERE:
        return False
    if problem.why == FOLDER and layout.get("layout") != "blocks":
        return locator in _patterns(layout)
    return locator == kind or any(_covers(pattern, locator) for pattern in _patterns(layout))


def _covers(pattern: str, locator: str) -> bool:
    """Whether what could not be read is one of a pattern's documents, or a folder in which they would stand."""
    folder, _, name = locator.rpartition("/")
    return fits(locator, pattern) or (name == "?" and folder == pattern.rpartition("/")[0])


def _patterns(layout: Layout) -> Iterator[str]:
    for key in PATTERNS:
        given = layout.get(key, [])
        yield from [given] if isinstance(given, str) else given


def _tells_whether_it_is_there(layout: Layout, locator: str) -> bool:
    """Where the program's main file is not there, neither is the program, whatever else could not be read."""
    mains = {layout.get("main"), layout.get("elsewhere")} - {None}
    return not mains or locator in mains or not locator.startswith("/")


def _stand_in(kind: str, layout: Layout, problem: Problem) -> Resource:
    """For what would be a resource, had it been read: nothing of it can be told."""
    family, _, rest = problem.locator.partition(":")
    name = rest if family in ("stat", "package", "unit") else problem.locator
    tree: Tree = {}
    if attribute := layout.get("name"):
        is_named = layout.get("layout") in APART and "*" not in name
        tree = {str(attribute): name if is_named else Unknown(_words(problem))}
    return Resource(kind, name, tree, (problem.locator, ()), unread=_words(problem))


def _words(problem: Problem) -> str:
    return f"{problem.locator}: {problem.why}"

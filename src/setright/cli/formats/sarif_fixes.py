"""A finding's fix as SARIF has it (section 3.55): the smallest replacements in the source files, found by making it in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property

from setright.engine.compose import Composed, Tried, compose
from setright.engine.contract import Report
from setright.engine.redact import redact_text, secrets_in
from setright.engine.scan import Found, Scan
from setright.engine.text_edits import text_edits
from setright.engine.world import Slot, World
from setright.model import Plain

Artifact = Callable[[Found, str], dict[str, str] | None]


class Fixes:
    """The fixes of a report's findings, each by itself: what they stand in is looked at once, however many there are."""

    def __init__(self, report: Report, artifact: Artifact) -> None:
        self._artifact = artifact
        self._near = {r.scan.target: _Near(r.scan) for r in reversed(report.results) if r.scan}

    def of(self, found: Found) -> list[dict[str, Plain]]:
        """One fix, or none: where there is no remedy, or where it would write out a secret."""
        made = self._near[found.finding.target].made(found)
        if made is None:
            return []
        changes = []
        for locator in made.edits:
            before, after = (_text(world, locator) for world in (made.tried.first, made.world))
            place = self._artifact(found, locator)
            if before is None or after is None or place is None:
                return []
            told = list(replacements(before, after))
            if any(_shows_a_secret(_inserted(r), before, locator) for r in told):
                return []
            changes.append({"artifactLocation": place, "replacements": told})
        return [{"description": {"text": found.control.title}, "artifactChanges": changes}] if changes else []


class _Near:
    """Parts of a scan's world, so that making one fix does not see the whole tree again."""

    def __init__(self, scan: Scan) -> None:
        self._scan = scan
        self._parts: dict[tuple[Slot, frozenset[str]], Tried] = {}

    def made(self, found: Found) -> Composed | None:
        """The fix of a finding alone, made on no more documents than it needs; None where there is none."""
        placed = self._whole.edits(found)
        if placed is None or isinstance(placed, str):
            return None
        own = self._part(found, {found.resource.home[0], *(locator for locator, _ in placed)})
        return (_alone(own, found) if own.edits(found) == placed else None) or _alone(self._part(found, self._beside(found)), found)

    @cached_property
    def _whole(self) -> Tried:
        return Tried(self._scan.world)

    @cached_property
    def _folders(self) -> dict[str, set[str]]:
        folders: dict[str, set[str]] = {}
        for locator in self._scan.world.documents:
            folders.setdefault(_folder(locator), set()).add(locator)
        return folders

    def _beside(self, found: Found) -> set[str]:
        return self._folders[_folder(found.resource.home[0])]

    def _part(self, found: Found, locators: set[str]) -> Tried:
        key = found.slot, frozenset(locators)
        if key not in self._parts:
            self._parts[key] = Tried(self._scan.world.part(locators, found.slot))
        return self._parts[key]


def _alone(tried: Tried, found: Found) -> Composed | None:
    composed = compose(tried.first, [found], [found.control], tried)
    return None if composed.refused else composed


def replacements(before: str, after: str) -> Iterator[dict[str, Plain]]:
    """What of the text is to be replaced by what; lines and columns count from 1, columns in characters."""
    for edit in text_edits(before, after):
        yield {"deletedRegion": _region(before, edit.start, edit.end), "insertedContent": {"text": edit.text}}


def _region(text: str, start: int, end: int) -> dict[str, int]:
    first, last = text.count("\n", 0, start) + 1, text.count("\n", 0, end) + 1
    return {
        "startLine": first,
        "startColumn": start - (text.rfind("\n", 0, start) + 1) + 1,
        "endLine": last,
        "endColumn": end - (text.rfind("\n", 0, end) + 1) + 1,
    }


def _shows_a_secret(inserted: str, document: str, locator: str) -> bool:
    return redact_text(inserted, locator) != inserted or any(secret in inserted for secret in secrets_in(document, locator))


def _inserted(replacement: dict[str, Plain]) -> str:
    return str(replacement["insertedContent"]["text"])


def _folder(locator: str) -> str:
    return locator.rpartition("/")[0]


def _text(world: World, locator: str) -> str | None:
    document = world.documents.get(locator)
    try:
        return document.data.decode() if document and document.data is not None else None
    except UnicodeDecodeError:
        return None

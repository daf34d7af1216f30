"""A finding's fix as SARIF has it (section 3.55): the smallest replacements in the source files, found by making it in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from setright.engine.compose import compose
from setright.engine.contract import Report
from setright.engine.redact import redact_text
from setright.engine.scan import Found, Scan
from setright.engine.text_edits import text_edits
from setright.engine.world import World
from setright.model import Plain

Artifact = Callable[[Found, str], dict[str, str] | None]


def fixes(found: Found, report: Report, artifact: Artifact) -> list[dict[str, Plain]]:
    """One fix, or none: where there is no remedy, or where it would write out a secret."""
    scan = next(r.scan for r in report.results if r.scan and r.scan.target == found.finding.target)
    near = _near(scan, found)
    composed = compose(near, [found], [found.control])
    changes = []
    for locator in composed.edits:
        before, after = (_text(world, locator) for world in (near, composed.world))
        made = artifact(found, locator)
        if before is None or after is None or made is None or composed.refused:
            return []
        told = list(replacements(before, after))
        if any(redact_text(_inserted(r), locator) != _inserted(r) for r in told):
            return []
        changes.append({"artifactLocation": made, "replacements": told})
    return [{"description": {"text": found.control.title}, "artifactChanges": changes}] if changes else []


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


def _inserted(replacement: dict[str, Plain]) -> str:
    return str(replacement["insertedContent"]["text"])


def _near(scan: Scan, found: Found) -> World:
    """The world of the finding's folder and kind alone, so that making one fix does not see the whole tree again."""
    folder = found.resource.home[0].rpartition("/")[0]
    documents = {locator: d for locator, d in scan.world.documents.items() if locator.rpartition("/")[0] == folder}
    return World(documents, {found.slot: scan.world.bindings[found.slot]})


def _text(world: World, locator: str) -> str | None:
    document = world.documents.get(locator)
    try:
        return document.data.decode() if document and document.data is not None else None
    except UnicodeDecodeError:
        return None

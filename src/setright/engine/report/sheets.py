"""A report as tables and objects: CSV that no spreadsheet takes for formulas (RFC 4180; OWASP, CSV Injection), JSON, Markdown."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO

import msgspec

from setright.engine.report.model import EXCEPTED, FAIL, STATES, UNKNOWN, Report, ReportedFinding
from setright.engine.report.pictures import SIGNS
from setright.engine.times import stamp
from setright.model import Plain

FORMULA = ("=", "+", "-", "@", "\t", "\r")
LISTED = (FAIL, EXCEPTED, UNKNOWN)
SECTION_HEADS = ("framework", "section", "about", "state", "passed", "failed", "excepted", "unknown", "unseen", "checks", "targets")
LOOKED = ("oldest_look", "newest_look", "why_untested")
ITEM_HEADS = ReportedFinding.__struct_fields__


def section_rows(report: Report) -> Iterator[Sequence[Plain]]:
    """The matrix: one row a section, after the heads."""
    yield (*SECTION_HEADS, *LOOKED)
    for section in report.sections:
        told = report.framework.id, section.id, section.about, section.state, *msgspec.structs.astuple(section.counts)
        yield (*told, len(section.controls), section.targets, section.oldest_at, section.newest_at, section.why_untested)


def item_rows(report: Report) -> Iterator[Sequence[Plain]]:
    """Every open finding, one by one, after the heads."""
    yield ITEM_HEADS
    for state in LISTED:
        for item in report.items(state):
            yield [" ".join(each) if isinstance(each, tuple) else each for each in msgspec.structs.astuple(item)]


def comma_separated(rows: Iterable[Sequence[Plain]]) -> Iterator[str]:
    """Line by line. A text that a spreadsheet would run is led by an apostrophe."""
    sheet = StringIO()
    writer = csv.writer(sheet)
    for row in rows:
        writer.writerow([_harmless(cell) for cell in row])
        yield sheet.getvalue()
        sheet.seek(0)
        sheet.truncate()


def report_told(report: Report, number: int) -> dict[str, Plain]:
    """The object of ``--format json``; of each list so many items, 0: all."""
    return {
        "schema": "setright/1",
        "framework": {"id": report.framework.id, "title": report.framework.title, "words": report.framework.words},
        "made_at": stamp(report.made_at),
        "within_days": report.within_days,
        "scope": dict(report.scope),
        "states": {state: report.states[state] for state in STATES},
        "counts": msgspec.to_builtins(report.counts),
        "targets": msgspec.to_builtins(report.targets),
        "sections": msgspec.to_builtins(report.sections),
        "items": [msgspec.to_builtins(item) for state in LISTED for item in report.first(state, number)],
    }


def report_markdown(report: Report, number: int) -> Iterator[str]:
    """For an issue or a wiki; of each list so many items, 0: all."""
    yield f"# {_flat(report.framework.title)}\n\n{stamp(report.made_at)[:16]}Z, {len(report.targets)} targets. "
    yield ", ".join(f"{report.states[state]} {state}" for state in STATES) + ".\n\n"
    yield "A pass speaks of our checks that bear on a section; what is unknown or not tested never counts as passed.\n\n"
    yield _line(("section", "state", "held", "failed", "excepted", "unknown", "last look")) + _line(["---"] * 7)
    for each in report.sections:
        counts = each.counts
        numbers = (counts.passed, counts.failed, counts.excepted, counts.unknown + counts.unseen)
        yield _line((each.id, f"{SIGNS[each.state]} {each.state}", *map(str, numbers), each.newest_at[:10]))
    for state, heads in ((FAIL, "due"), (EXCEPTED, "until"), (UNKNOWN, "why")):
        yield f"\n## {state} ({report.count(state)})\n\n"
        yield _line(("severity", "what", "where", "owner", heads)) + _line(["---"] * 5)
        for item in report.first(state, number):
            last = {FAIL: item.due_at[:10], EXCEPTED: item.until[:10], UNKNOWN: item.why}[state]
            yield _line((item.severity, item.title, f"{item.target} {item.resource}", item.owner, last))


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(_flat(cell) for cell in cells)} |\n"


def _flat(text: str) -> str:
    """Text that stays in its cell, and stays text."""
    flat = " ".join(text.split())
    for sign in "\\|<`*_[":
        flat = flat.replace(sign, "\\" + sign if sign != "<" else "&lt;")
    return flat


def _harmless(cell: Plain) -> Plain:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell

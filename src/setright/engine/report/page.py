"""A report as one HTML file: no script, nothing from elsewhere, made to be printed. Sources: HTML Standard, w3.org/TR/CSP3."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files

from setright.engine.report.model import (
    EXCEPTED,
    FAIL,
    MEANING,
    STATES,
    UNKNOWN,
    UNTESTED,
    Report,
    ReportedFinding,
    SectionResult,
    Seen,
)
from setright.engine.report.pictures import CLASSES, SIGNS, bar, squares
from setright.engine.times import stamp

Cell = str  # HTML, escaped where it came from outside
LISTS = {
    FAIL: ("What fails", ("severity", "what", "where", "owner", "since", "due", "sections")),
    EXCEPTED: ("What is left open knowingly", ("severity", "what", "where", "why, and who said so", "until", "sections")),
    UNKNOWN: ("What could not be told", ("severity", "what", "where", "why", "since", "sections")),
}


def report_page(report: Report, number: int) -> Iterator[str]:
    """The text piece by piece; of each list so many items, 0: all."""
    css = files("setright.engine.report").joinpath("page.css").read_text("utf-8")
    allowed = b64encode(sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{allowed}'; base-uri 'none'; form-action 'none'"
    yield f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(_title(report))}</title>\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n<meta name="referrer" content="no-referrer">\n'
    yield f'<meta name="viewport" content="width=device-width, initial-scale=1">\n<style>{css}</style>\n</head>\n<body>\n'
    yield from (_head(report), "<main>\n", _summary(report), _families(report))
    yield from _sections(report)
    for state, (title, heads) in LISTS.items():
        yield from _items(report, state, title, heads, number)
    yield from (_targets(report.targets, report.within_days), "</main>\n", _foot(report), "</body>\n</html>\n")


def _title(report: Report) -> str:
    scope = ", ".join(report.scope.values())
    return f"{report.framework.title}{f' — {scope}' if scope else ''}"


def _head(report: Report) -> str:
    facts = [("made", f"{report.made_at:%Y-%m-%d %H:%M} UTC"), *report.scope.items()]
    facts += [("targets", str(len(report.targets))), ("looks count for", f"{report.within_days} days")]
    told = "".join(f"<span>{escape(name)} <b>{escape(said)}</b></span>" for name, said in facts)
    published = f"Published by {escape(report.framework.publisher)}"
    return f'<header><p class="soft">{published}</p><h1>{escape(_title(report))}</h1><div class="facts">{told}</div></header>\n'


def _summary(report: Report) -> str:
    cards = "".join(
        f'<div class="card {CLASSES[state]}"><b>{report.states[state]}</b><span>{SIGNS[state]} {state}</span></div>'
        for state in STATES
    )
    counts = report.counts
    judged = (
        f"{counts.passed:,} held, {counts.failed:,} failed, {counts.excepted:,} left open knowingly, {counts.unknown:,} unknown"
    )
    hidden = f" {counts.unseen:,} times a document that a check may speak of could not be read." if counts.unseen else ""
    note = (
        "A section passes only where checks were made lately and all of them held: what is unknown or not tested never counts as "
        "passed. A pass speaks of our checks, which bear on a section and seldom are all of it; it is no certificate."
    )
    return (
        f'<div class="cards">{cards}</div>{bar(report.states)}\n'
        f'<p class="soft">Judgements of a check on a resource: {judged}.{hidden}</p><p class="note">{note}</p>\n'
    )


def _families(report: Report) -> str:
    rows = []
    for name, sections in report.families.items():
        about = report.framework.families.get(name, "")
        rows.append(f"<div><b>{escape(name)}</b> {escape(about)}</div><div>{squares(name, sections)}</div>")
    listed = "" if report.framework.is_listed else '<p class="soft">Only sections that a check of ours bears on are known here.</p>'
    return f'<h2>At a glance</h2>{listed}<div class="families">{"".join(rows)}</div>\n'


def _sections(report: Report) -> Iterator[str]:
    yield "<h2>Sections</h2>\n"
    heads = ("section", "about", "state", "held", "failed", "excepted", "unknown", "targets", "last looked at")
    yield from _table("Sections", heads, _section_rows(report), numbers=(3, 4, 5, 6, 7))


def _section_rows(report: Report) -> Iterator[tuple[str, Sequence[Cell]]]:
    for name, sections in report.families.items():
        yield "family", (f"{escape(name)} {escape(report.framework.families.get(name, ''))}",)
        yield from map(_section_row, sections)


def _section_row(section: SectionResult) -> tuple[str, tuple[Cell, ...]]:
    counts = section.counts
    numbers = (counts.passed, counts.failed, counts.excepted, counts.unknown + counts.unseen, section.targets)
    oldest, newest = section.oldest_at[:10], section.newest_at[:10]
    looked = newest if oldest == newest else f"{oldest} … {newest}"
    about = section.about + (f" ({section.why_untested})" if section.why_untested and section.controls else "")
    cells = (escape(section.id), escape(about), _tag(section.state), *(f"{n:,}" if n else "" for n in numbers), looked)
    return ("untested" if section.state == UNTESTED else "", cells)


def _items(report: Report, state: str, title: str, heads: Sequence[str], number: int) -> Iterator[str]:
    count = report.count(state)
    yield f"<h2>{title} ({count:,})</h2>\n"
    if not count:
        yield '<p class="soft">Nothing.</p>\n'
        return
    yield from _table(title, heads, (("", _item_row(each)) for each in report.first(state, number)))
    if number and count > number:
        yield f'<p class="soft">… and {count - number:,} more; <code>-n 0</code> lists all.</p>\n'


def _item_row(item: ReportedFinding) -> tuple[Cell, ...]:
    what = f"{escape(item.title)}<br><code>{escape(item.control)}</code>"
    where = f"{escape(item.resource)}<br><code>{escape(item.target)} {escape(item.place)}</code>"
    sections = " ".join(f"<span class='whole'>{escape(each)}</span>" for each in item.sections)
    if item.state == EXCEPTED:
        by = f"<br><span class='soft'>{escape(item.approver or item.left_open)}</span>"
        return escape(item.severity), what, where, escape(item.why) + by, item.until[:10] or "no end", sections
    if item.state == UNKNOWN:
        return escape(item.severity), what, where, escape(item.why), item.first_seen_at[:10], sections
    due = f'<span class="late">{item.due_at[:10]} overdue</span>' if item.is_overdue else item.due_at[:10]
    return escape(item.severity), what, where, escape(item.owner) or "nobody known", item.first_seen_at[:10], due, sections


def _targets(targets: Sequence[Seen], days: int) -> str:
    rows = (
        (
            "",
            (
                escape(each.name),
                escape(each.owner),
                escape(each.organisation),
                f'<span class="late">{each.at[:10] or "never"}</span>' if each.is_stale else each.at[:16].replace("T", " "),
            ),
        )
        for each in targets
    )
    table = "".join(_table("Targets", ("target", "owner", "organisation", "last looked at"), rows))
    note = f'<p class="soft">In red: not looked at in {days} days, so nothing of it counts as held.</p>'
    return f"<h2>Targets ({len(targets):,})</h2>\n{note}\n{table}"


def _foot(report: Report) -> str:
    meanings = "; ".join(f"<b>{state}</b>: {MEANING[state]}" for state in STATES)
    words = f"<p>{escape(report.framework.words)}</p>" if report.framework.words else ""
    return (
        f"<footer><p>{meanings}.</p>{words}<p>Made by setright, {stamp(report.made_at)[:19]}Z, from what scans kept.</p></footer>\n"
    )


def _table(
    name: str, heads: Sequence[str], rows: Iterable[tuple[str, Sequence[Cell]]], numbers: Sequence[int] = ()
) -> Iterator[str]:
    """Wider than a narrow window it is moved sideways, by keyboard too."""
    shown = "".join(f"<th scope=col{' class=n' if place in numbers else ''}>{head}</th>" for place, head in enumerate(heads))
    yield f'<div class="wide" role="region" tabindex="0" aria-label="{escape(name)}">'
    yield f"<table><thead><tr>{shown}</tr></thead><tbody>\n"
    for sort, cells in rows:
        if sort == "family":
            yield f'<tr class="family"><th scope="rowgroup" colspan="{len(heads)}">{cells[0]}</th></tr>\n'
            continue
        told = "".join(f"<td{_class_of(place, heads[place], numbers)}>{cell}</td>" for place, cell in enumerate(cells))
        yield f"<tr{f' class={sort}' if sort else ''}>{told}</tr>\n"
    yield "</tbody></table></div>\n"


def _class_of(place: int, head: str, numbers: Sequence[int]) -> str:
    if place in numbers:
        return ' class="n"'
    if head == "section":
        return ' class="id"'
    if head in ("where", "why"):
        return f' class="{head}"'
    return ' class="day"' if head in ("since", "due", "until", "last looked at") else ""


def _tag(state: str) -> str:
    return f'<span class="tag {CLASSES[state]}">{SIGNS[state]} {state}</span>'

"""`setright report`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from setright.app import App
    from setright.engine.report.model import Report


@click.command("report")
@click.option("--framework", metavar="ID", default="nist-800-53", show_default=True, help="The framework; `list` names all.")
@click.option("--organisation", metavar="NAME", default="", help="Only targets of this organisation and what is below it.")
@click.option("--owner", metavar="NAME", default="", help="Only targets of this owner.")
@click.option("--within-days", type=click.IntRange(1), default=30, show_default=True, help="Looks older than that prove nothing.")
@click.option("--rows", type=click.Choice(["sections", "findings"]), default="sections", show_default=True, help="Of --format csv.")
@click.option("-n", "--number", type=click.IntRange(0), default=1000, show_default=True, help="How many of each list; 0: all.")
@shown("table", "html", "pdf", "csv", "json", "markdown", "oscal-ar", "oscal-poam")
def command(show: Shown, framework: str, number: int, rows: str, **wanted: str | int) -> None:
    """Show how far a framework's sections hold, from what scans kept; no target is looked at.

    A section passes only where all that was looked at lately held. Unknown and not tested never count as passed.

    \b
    Examples:
      setright report
      setright report --framework pci-dss-4 --format html -o pci.html
      setright report --framework iso-27001-2022 --organisation "ACME Retail" --format pdf -o iso.pdf
      setright report --format oscal-poam -o poam.json
    """
    if framework == "list":
        _list(show)
        return
    from setright.engine.report.sheets import comma_separated, item_rows, section_rows

    report = _report(show.open(), framework, wanted)
    match show.format:
        case "table":
            _draw(report, show)
        case "pdf":
            _print(report, number, show)
        case "csv":
            _stream(comma_separated(section_rows(report) if rows == "sections" else item_rows(report)), show)
        case _:
            _stream(_texts(report, number, show.format), show)


def _report(app: App, framework: str, wanted: dict[str, str | int]) -> Report:
    from setright.cli.failure import Failure
    from setright.controls.frameworks import load_frameworks
    from setright.engine.report.gather import Content, Coverage, report
    from setright.engine.times import now

    known = load_frameworks(app.content_roots)
    if framework not in known:
        raise Failure(f"there is no framework {framework!r}; there are {', '.join(sorted(known))}")
    titles = {i: (app.catalogue.control(i).title, app.catalogue.control(i).severity) for i in app.catalogue.ids()}
    asked = Coverage(str(wanted["organisation"]), str(wanted["owner"]), int(wanted["within_days"]))
    return report(app.store, app.configuration, Content(known[framework], app.catalogue.cited(), titles), asked, now())


def _texts(report: Report, number: int, form: str) -> Iterable[str]:
    from setright.cli.output import json_text
    from setright.engine.report import oscal, page, sheets

    match form:
        case "html":
            return page.report_page(report, number)
        case "markdown":
            return sheets.report_markdown(report, number)
        case "oscal-ar":
            return [json_text(oscal.results(report))]
        case "oscal-poam":
            return [json_text(oscal.plan_of_action(report))]
    return [json_text(sheets.report_told(report, number))]


def _stream(texts: Iterable[str], show: Shown) -> None:
    """Piece by piece: a report may be larger than memory."""
    from setright.cli.output import save_each

    if show.file:
        save_each(texts, show.file)
    else:
        for text in texts:
            click.echo(text, nl=False)


def _print(report: Report, number: int, show: Shown) -> None:
    from pathlib import Path

    from setright.cli.failure import Failure
    from setright.engine.report.page import report_page
    from setright.integrations.chromium import pdf

    if not show.file:
        raise click.UsageError("--format pdf needs -o FILE")
    printed = pdf(report_page(report, number))
    try:
        Path(show.file).write_bytes(printed)
    except OSError as error:
        raise Failure(f"{show.file}: {error.strerror}") from error


def _draw(report: Report, show: Shown) -> None:
    from setright.cli.output import paper
    from setright.cli.screens.tables import table
    from setright.engine.report.model import STATES

    rows = []
    for section in report.sections:
        counts = section.counts
        numbers = (counts.passed, counts.failed, counts.excepted, counts.unknown + counts.unseen)
        if section.controls:
            rows.append((section.id, section.state, *map(str, numbers), section.newest_at[:10], section.about))
    with paper(show) as console:
        console.print(table(("section", "state", "held", "failed", "excepted", "unknown", "last look", ""), rows))
        console.print(", ".join(f"{report.states[state]} {state}" for state in STATES) + f" of {len(report.sections)} sections")


def _list(show: Shown) -> None:
    from setright.cli.output import emit, json_text, paper
    from setright.cli.screens.tables import table
    from setright.controls.frameworks import load_frameworks
    from setright.engine.contract import SCHEMA

    known = load_frameworks(show.open().content_roots)
    if show.format == "json":
        told = [{"id": each.id, "title": each.title, "from": each.hub or None} for each in known.values()]
        emit(json_text({"schema": SCHEMA, "frameworks": told}), show)
        return
    with paper(show) as console:
        console.print(table(("framework", "what it is", "by way of"), [(f.id, f.title, f.hub) for f in known.values()]))

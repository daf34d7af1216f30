"""Targets read, or planned, into one report; and what the report means for the exit code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeVar

import click

from setright.app import Scanned, TargetPlans
from setright.cli.failure import CLEAN, FOUND, UNREACHED
from setright.cli.lines import from_here
from setright.cli.output import hint, on_terminal
from setright.cli.progress import counted
from setright.engine.contract import Report, problems
from setright.engine.error import EngineError
from setright.engine.redact import OF_THIS_PROCESS, redact_text
from setright.model import SEVERITIES

R = TypeVar("R", Scanned, TargetPlans)

if TYPE_CHECKING:
    from setright.app import App
    from setright.cli.options import Selection, Shown
    from setright.engine.scan import Found
    from setright.model import Plan


def scanned(app: App, selection: Selection, show: Shown) -> Report:
    targets = _targets(app, selection, show)
    results = app.scan(targets, selection.ask())
    report = Report(_in_order(counted(results, targets, "Reading", show.quiet), targets), _key(app))
    for note in dict.fromkeys(result.note for result in report.results if isinstance(result, Scanned) and result.note):
        hint(f"setright: the findings are not kept: {note}", show)
    return report


def planned(app: App, selection: Selection, show: Shown, *, together: bool = False) -> tuple[Report, list[TargetPlans]]:
    targets = _targets(app, selection, show)
    results = app.plan(targets, selection.ask(), together=together)
    ordered = _in_order(counted(results, targets, "Planning", show.quiet), targets)
    return Report(ordered, app.fingerprint_key), list(ordered)


def _targets(app: App, selection: Selection, show: Shown) -> list[str]:
    """Those asked for, without paths that another of them holds whole."""
    from setright.engine.overlap import covered_targets

    targets = app.targets(selection.targets)
    held = covered_targets(targets, {each.url for each in app.configuration.targets}) if len(selection.targets) > 1 else {}
    for inner, outer in held.items():
        hint(f"setright: {from_here(inner)} is a part of {from_here(outer)}: it is looked at there, once", show)
    return [target for target in targets if target not in held]


def _in_order(results: Iterable[R], targets: list[str]) -> tuple[R, ...]:
    """As the targets were named; they come as they are done."""
    return tuple(sorted(results, key=lambda result: targets.index(result.target)))


def _key(app: App) -> bytes:
    """The key of the state directory, so that a secret's fingerprint stays the same; one of this process where there is none."""
    try:
        return app.fingerprint_key
    except EngineError:
        return OF_THIS_PROCESS


def tell_unreached(report: Report, show: Shown) -> None:
    """On stderr, which targets could not be read; a screen on the terminal has said it already."""
    if show.format == "table" and not show.file and on_terminal():
        return
    for result in report.unreached:
        why = redact_text(result.error.removeprefix(f"{result.target}: "), key=report.key)
        click.echo(f"setright: {from_here(result.target)}: {' '.join(why.split())}", err=True)


def exit_code(report: Report, threshold: str, fixed: frozenset[str] = frozenset()) -> int:
    """3 where a target could not be read, else 1 for open findings at or over the threshold (unknown ones too), else 0.

    What could not be understood has no severity: it counts where anything does.
    """
    if report.unreached:
        return UNREACHED
    if threshold == "any" and problems(report):
        return FOUND
    left = [found for found in report.found if found.finding.id not in fixed]
    return FOUND if any(_at_or_over(left, threshold)) else CLEAN


def _at_or_over(found: Iterable[Found], threshold: str) -> Iterable[bool]:
    if threshold == "never":
        return []
    least = 0 if threshold == "any" else SEVERITIES.index(threshold)
    return (SEVERITIES.index(each.finding.severity) >= least for each in found)


def titles(app: App, plans: Iterable[Plan]) -> dict[str, str]:
    """The sentence of each control that a plan is about."""
    known = set(app.catalogue.ids())
    return {i: app.catalogue.control(i).title for plan in plans for i in plan.controls if i in known}

"""Targets read, or planned, into one report; and what the report means for the exit code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from setright.cli.contract import Report
from setright.cli.failure import CLEAN, FOUND, UNREACHED
from setright.cli.progress import counted
from setright.model import SEVERITIES

if TYPE_CHECKING:
    from setright.app import App, Planned
    from setright.cli.options import Selection, Shown
    from setright.engine.scan import Found
    from setright.model import Plan


def scanned(app: App, selection: Selection, show: Shown) -> Report:
    targets = app.targets(selection.targets)
    results = app.scan(targets, selection.ask())
    return Report(tuple(counted(results, targets, "Reading", show.quiet)), app.fingerprint_key)


def planned(app: App, selection: Selection, show: Shown, *, together: bool = False) -> tuple[Report, list[Planned]]:
    targets = app.targets(selection.targets)
    results = list(counted(app.plan(targets, selection.ask(), together=together), targets, "Planning", show.quiet))
    return Report(tuple(results), app.fingerprint_key), results


def exit_code(report: Report, threshold: str, fixed: frozenset[str] = frozenset()) -> int:
    """3 where a target could not be read, else 1 for open findings at or over the threshold (unknown ones too), else 0."""
    if report.unreached:
        return UNREACHED
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

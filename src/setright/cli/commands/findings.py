"""`setright findings`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from setright.cli.options import Shown, shown
from setright.model import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setright.app import App
    from setright.engine.store import Known, Wanted
    from setright.model import Plain

LANES = ("auto", "ask", "hold", "source", "shield", "hand")


EVERY = 1_000_000_000


@click.command("findings")
@click.option("--target", metavar="TARGET", default="", help="Only of this target (or glob), by name or as scans call it.")
@click.option("--control", metavar="ID", default="", help="Only of this control (or glob).")
@click.option("--kind", metavar="KIND", default="", help="Only of resources of this kind (or glob).")
@click.option("--owner", "owners", multiple=True, metavar="NAME", help="Only theirs; may be repeated.")
@click.option("--organisation", metavar="NAME", default="", help="Only of this organisation and those below it.")
@click.option("--lane", "lanes", multiple=True, type=click.Choice(LANES), help="Only those whose fix takes this lane.")
@click.option("--severity", "severities", multiple=True, type=click.Choice(SEVERITIES), help="Only these; may be repeated.")
@click.option("--overdue", is_flag=True, help="Only what should have been put right by now.")
@click.option("-n", "--number", default=100, show_default=True, metavar="N", help="How many, the gravest and oldest first.")
@shown("table", "json")
def command(show: Shown, overdue: bool, number: int, **chosen: tuple[str, ...] | str) -> None:
    """List the open findings that scans have kept, without looking at any target.

    When a finding is due stands in `setright.toml`, as days from when it was first seen, by severity or by risk. What is
    knowingly left open is not listed.

    \b
    Examples:
      setright findings --severity critical --severity high
      setright findings --overdue --format json
      setright findings --target ssh://ops@web-1 --control 'linux/sshd/*'
      setright findings --owner team-web --lane ask --severity critical
    """
    from msgspec import structs

    from setright.cli.output import emit, json_text, paper
    from setright.engine.belongings import left_open
    from setright.engine.contract import SCHEMA
    from setright.engine.store.findings import COUNTED
    from setright.engine.times import now

    app = show.open()
    by_risk = bool(app.configuration.escalation.due)  # then only the standing tells what is due when
    wanted = _wanted(app, chosen, overdue and not by_risk, EVERY if overdue and by_risk else number)
    app.store.lapse(now())
    left = tuple(left_open(app.store, app.circumstances, now()))
    known, count = app.store.listed(structs.replace(wanted, without=left))
    told = [_told(app, each) for each in known]
    if overdue and by_risk:
        late = [each for each in told if each["overdue"]]
        told, count = late[:number], len(late)
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "findings": told, "count": count, "more": count == COUNTED > len(told)}), show)
        return
    from setright.cli.lines import from_here
    from setright.cli.screens.tables import table

    names = ("id", "severity", "title", "resource", "target", "owner", "first_seen_at", "due_at")
    rows = [
        tuple(
            from_here(str(each[name])) if name == "target" else str(each[name] or "")[: 10 if name.endswith("_at") else None]
            for name in names
        )
        for each in told
    ]
    with paper(show) as console:
        heads = ("finding", "severity", "what", "resource", "target", "owner", "since", "due")
        console.print(table(heads, rows) if rows else "no findings are kept that are so; `setright scan` keeps what it finds")
        if count > len(rows):
            more = f"{count - len(rows)} more; -n {count} lists them" if count < COUNTED else f"more than {count - len(rows)} more"
            console.print(f"... and {more}")


def _wanted(app: App, chosen: Mapping[str, tuple[str, ...] | str], overdue: bool, number: int) -> Wanted:
    from setright.cli.failure import Failure
    from setright.engine.store import Wanted
    from setright.engine.times import now, stamp
    from setright.policy.due import overdue_before

    due = app.configuration.policy.due
    if overdue and not due:
        raise Failure("nothing says when findings are due; put [policy.due_days] into setright.toml: critical = 7, high = 30")
    return Wanted(
        tuple(s for s in reversed(SEVERITIES) if s in (chosen["severities"] or SEVERITIES)),
        _targets(app, str(chosen["target"])),
        _controls(app, str(chosen["control"]), str(chosen["kind"])),
        tuple(chosen["owners"]),
        _organisations(app, str(chosen["organisation"])),
        tuple(chosen["lanes"]),
        {severity: stamp(moment) for severity, moment in overdue_before(due, now()).items()} if overdue else {},
        number,
    )


def _targets(app: App, glob: str) -> tuple[str, ...]:
    """Targets that the store knows, by name or URL; what it does not know is taken for a target's own name."""
    from fnmatch import fnmatchcase

    from setright.engine.configuration import full_url

    known = (
        [each.url for each in app.store.targets() if fnmatchcase(each.name, glob) or fnmatchcase(each.url, glob)] if glob else []
    )
    return tuple(known) or ((full_url(glob, Path.cwd()),) if glob else ())


def _controls(app: App, glob: str, kind: str) -> tuple[str, ...]:
    """Ids of the controls of a glob that judge a kind; one that nothing has when no control is both."""
    from fnmatch import fnmatchcase

    from setright.app import ScanOptions

    if not glob and not kind:
        return ()
    ids = app.controls(ScanOptions(controls=(glob or "*",)))
    return tuple(i for i in ids if not kind or fnmatchcase(app.catalogue.control(i).kind, kind)) or ("none of this kind",)


def _organisations(app: App, name: str) -> tuple[str, ...]:
    """An organisation and all below it."""
    from setright.policy.estate import lineage

    known = app.configuration.organisations
    return tuple(each.name for each in known if name in lineage(each.name, known)) or ((name,) if name else ())


def _told(app: App, known: Known) -> dict[str, Plain]:
    from datetime import timedelta

    from setright.engine.contract import which_finding
    from setright.engine.times import moment, now, stamp
    from setright.policy.escalation import days_given

    finding, standing = known.finding, app.store.standing(known.finding.id)
    configuration, risk = app.configuration, standing.risk if standing else None
    days = days_given(configuration.escalation, risk, finding.severity, configuration.policy.due)
    due = None if days is None else moment(known.first_seen_at) + timedelta(days=days)
    return {
        **which_finding(finding),
        "first_seen_at": known.first_seen_at,
        "last_seen_at": known.last_seen_at,
        "reopened_count": known.reopened_count,
        "risk": risk,
        "owner": (standing.owner if standing else "") or None,
        "due_at": stamp(due) if due else None,
        "overdue": bool(due and due < now()),
    }

"""`setright findings`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.options import Shown, shown
from setright.model import SEVERITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setright.app import App
    from setright.engine.store import Known, Wanted
    from setright.model import Plain
    from setright.policy.rules import Policy


EVERY = 1_000_000_000


@click.command("findings")
@click.option("--target", metavar="TARGET", default="", help="Only of this target, as scans name it.")
@click.option("--control", metavar="ID", default="", help="Only of this control (or glob).")
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
    """
    from msgspec import structs

    from setright.app import Ask
    from setright.cli.contract import SCHEMA
    from setright.cli.output import emit, json_text, paper
    from setright.engine.belongings import left_open
    from setright.engine.times import now

    app = show.open()
    policy = app.configuration.policy
    controls = tuple(app.controls(Ask(controls=(str(chosen["control"]),)))) if chosen["control"] else ()
    by_risk = bool(app.configuration.escalation.due)  # then only the standing tells what is due when
    wanted = _wanted(chosen, policy, overdue and not by_risk, EVERY if overdue and by_risk else number)
    left = tuple(left_open(app.store, app.circumstances, now()))
    known, count = app.store.listed(structs.replace(wanted, controls=controls, without=left))
    told = [_told(app, each) for each in known]
    if overdue and by_risk:
        late = [each for each in told if each["overdue"]]
        told, count = late[:number], len(late)
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "findings": told, "count": count}), show)
        return
    from setright.cli.screens.tables import table

    names = ("id", "severity", "title", "resource", "target", "owner", "first_seen_at", "due_at")
    rows = [tuple(str(each[name] or "")[: 10 if name.endswith("_at") else None] for name in names) for each in told]
    with paper(show) as console:
        heads = ("finding", "severity", "what", "resource", "target", "owner", "since", "due")
        console.print(table(heads, rows) if rows else "no findings are kept that are so; `setright scan` keeps what it finds")
        if count > len(rows):
            console.print(f"... and {count - len(rows)} more; -n {count} lists them")


def _wanted(chosen: Mapping[str, tuple[str, ...] | str], policy: Policy, overdue: bool, number: int) -> Wanted:
    from setright.cli.failure import Failure
    from setright.engine.store import Wanted
    from setright.engine.times import now, stamp
    from setright.policy.due import overdue_before

    if overdue and not policy.due_days:
        raise Failure("nothing says when findings are due; put [policy.due_days] into setright.toml: critical = 7, high = 30")
    before = {severity: stamp(moment) for severity, moment in overdue_before(policy.due, now()).items()} if overdue else {}
    severities = tuple(s for s in reversed(SEVERITIES) if s in (chosen["severities"] or SEVERITIES))
    return Wanted(severities, str(chosen["target"]), (), before, number)


def _told(app: App, known: Known) -> dict[str, Plain]:
    from datetime import timedelta

    from setright.engine.times import moment, now, stamp
    from setright.policy.escalation import days_given

    finding, standing = known.finding, app.store.standing(known.finding.id)
    configuration, risk = app.configuration, standing.risk if standing else None
    days = days_given(configuration.escalation, risk, finding.severity, configuration.policy.due)
    due = None if days is None else moment(known.first_seen_at) + timedelta(days=days)
    return {
        "id": finding.id,
        "control": finding.control,
        "title": finding.title,
        "severity": finding.severity,
        "verdict": str(finding.verdict),
        "target": finding.target,
        "resource": finding.resource,
        "kind": finding.kind,
        "first_seen_at": known.first_seen_at,
        "last_seen_at": known.last_seen_at,
        "reopened_count": known.reopened_count,
        "risk": risk,
        "owner": (standing.owner if standing else "") or None,
        "due_at": stamp(due) if due else None,
        "overdue": bool(due and due < now()),
    }

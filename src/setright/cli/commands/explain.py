"""`setright explain`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from setright.cli.failure import Failure
from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from setright.app import App
    from setright.engine.scan import Found
    from setright.model import Control, Plan

HEX = re.compile(r"[0-9a-f]{8,64}")
FINDING_LENGTH = 16


@click.command("explain")
@click.argument("id_", metavar="ID")
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@shown("table", "json", "markdown")
def command(id_: str, targets: tuple[str, ...], show: Shown) -> None:
    """Say in plain words what a control, finding or plan is about.

    ID is a control's id, a finding's id (it is looked for on the TARGETs, else as `scan` does), or a plan's hash.

    \b
    Examples:
      setright explain linux/sshd/root-login
      setright explain 9c1f04d2a7b35e68 .
      setright explain 3f2a91c04b7e
    """
    from setright.cli.catalogue import show_control

    app = show.open()
    if id_ in app.catalogue.ids() or not HEX.fullmatch(id_):
        show_control(app.catalogue.control(id_), show)
    elif found := _found(app, id_, targets) if len(id_) <= FINDING_LENGTH else None:
        _explain_finding(app, found, show)
    else:
        _explain_plan(app, _plan(app, id_, targets), show)


def _found(app: App, id_: str, targets: tuple[str, ...]) -> Found | None:
    """Read anew, where it was last seen unless targets are named."""
    from setright.app import ScanOptions

    known = None if targets else app.store.finding(id_)
    places = [known.finding.target] if known else app.targets(targets)
    for result in app.scan(places, ScanOptions(baseline="all")):
        for found in (*result.scan.found, *(e.found for e in result.scan.excepted)) if result.scan else ():
            if found.finding.id.startswith(id_):
                return found
    return None


def _plan(app: App, id_: str, targets: tuple[str, ...]) -> Plan:
    from setright.engine.error import EngineError

    try:
        return app.store.plan(id_)
    except EngineError as error:
        where = ", ".join(app.targets(targets))
        raise Failure(f"{id_}: no control, no plan, and no finding on {where}; name its TARGET") from error


def _explain_finding(app: App, found: Found, show: Shown) -> None:
    from setright.app import ScanOptions
    from setright.cli.catalogue import control_object
    from setright.cli.output import emit, json_text, paper
    from setright.engine.contract import SCHEMA, finding_object, plan_object

    planned = app.plan([found.finding.target], ScanOptions(controls=(found.control.id,)))
    plans = [plan for result in planned for plan in result.plans if found.finding.id in plan.findings]
    if show.format == "json":
        told = {"finding": finding_object(found, app.fingerprint_key), "control": control_object(found.control)}
        emit(json_text({"schema": SCHEMA, **told, "plans": [plan_object(plan) for plan in plans]}), show)
        return
    if show.format == "markdown":
        _say(app, plans, [found.control], show)
        return
    from setright.cli.groups import grouped
    from setright.cli.screens import controls, findings
    from setright.cli.screens import plans as screen

    with paper(show) as console:
        for group in grouped([found]):
            findings.draw_group(console, group, app.fingerprint_key, several=True)
        console.print()
        controls.draw(console, found.control)
        screen.draw(console, plans, {found.control.id: found.control.title})


def _explain_plan(app: App, plan: Plan, show: Shown) -> None:
    from setright.cli.gather import titles
    from setright.cli.output import emit, json_text, paper
    from setright.cli.screens.plans import draw
    from setright.engine.contract import plans_object

    if show.format == "json":
        emit(json_text(plans_object([plan])), show)
        return
    if show.format == "markdown":
        _say(app, [plan], [], show)
        return
    with paper(show) as console:
        draw(console, [plan], titles(app, [plan]), everything=True)
        for control_id in plan.controls:
            console.print(f"\n{app.catalogue.control(control_id).why}")


def _say(app: App, plans: Sequence[Plan], without: Sequence[Control], show: Shown) -> None:
    """As action items; of controls that there is no plan for, what there is to say anywhere."""
    from setright.cli.lines import from_here
    from setright.cli.output import emit
    from setright.engine.advice import advice_markdown, general, of_plans

    emit(advice_markdown(of_plans(plans, app.catalogue.control, from_here) or map(general, without)), show)

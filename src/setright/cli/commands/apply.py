"""`setright apply`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from setright.cli.failure import FOUND
from setright.cli.options import Shown, everything, queued, shown

if TYPE_CHECKING:
    from setright.app import App
    from setright.model import Plan


@click.command("apply")
@click.argument("plan_file", metavar="[PLAN.JSON]", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--approved", "from_store", is_flag=True, help="Run what was asked for and has all its approvals.")
@click.option(
    "--approve", multiple=True, metavar="HASH", help="Approve a plan, or the whole file, by its hash (8 characters or more)."
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask before acting.")
@queued
@everything
@shown("table", "json")
@click.pass_context
def command(
    ctx: click.Context, /, plan_file: Path | None, approve: tuple[str, ...], all_findings: bool, show: Shown, **flags: bool
) -> None:
    """Run exactly the plan in a file; refuse it if anything moved.

    On a terminal the plan is shown and you are asked first. Otherwise plans of lane `auto` run, and those approved
    by hash; the others wait. A plan is good for 24 hours, and lapses when its document changes.

    \b
    Examples:
      setright apply plan.json
      setright apply plan.json --approve 3f2a91c04b7e --yes
      setright apply --approved --queue

    Exit code: 0 done, 1 a plan lapsed, waits for approval, was refused or rolled back, 2 not a plan file.
    """
    from setright.cli.acting import CallerConsent, act_on, end_what_was_cut_off
    from setright.cli.planfile import approved, lapsed, load_plans

    app = show.open()
    if (plan_file is None) is not flags["from_store"]:
        raise click.UsageError("name a plan file, or say --approved", ctx)
    plans = load_plans(plan_file) if plan_file else _agreed(app)
    chosen = approved(plans, approve)
    if late := lapsed(plans):
        click.echo(f"setright: {plan_file}: lapsed at {late[0].expires_at}; nothing was written. Plan again", err=True)
        ctx.exit(FOUND)
    done = frozenset[str]() if flags["queue"] else end_what_was_cut_off(app, show, flags["yes"])
    plans = [plan for plan in plans if plan.hash not in done]
    agreed = frozenset(plan.hash for plan in plans if flags["from_store"])
    decision = CallerConsent(frozenset(chosen), flags["yes"], agreed, flags["queue"])
    acted = act_on(app, plans, decision, show, None, all_findings)
    ctx.exit(FOUND if acted.waiting else acted.code)


def _agreed(app: App) -> list[Plan]:
    """What waits and lacks nobody's yes any more, in the order in which it was made."""
    waiting = app.consent.waiting()
    lacks = app.consent.lacking(waiting)
    return [plan for plan in reversed(waiting) if not lacks[plan.hash]]

"""`setright apply`."""

from __future__ import annotations

from pathlib import Path

import click

from setright.cli.failure import FOUND
from setright.cli.options import Shown, everything, shown


@click.command("apply")
@click.argument("plan_file", metavar="PLAN.JSON", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--approve", multiple=True, metavar="HASH", help="Approve a plan, or the whole file, by its hash (8 characters or more)."
)
@click.option("-y", "--yes", is_flag=True, help="Do not ask before acting.")
@everything
@shown("table", "json")
@click.pass_context
def command(ctx: click.Context, plan_file: Path, approve: tuple[str, ...], yes: bool, all_findings: bool, show: Shown) -> None:
    """Run exactly the plan in a file; refuse it if anything moved.

    On a terminal the plan is shown and you are asked first. Otherwise plans of lane `auto` run, and those approved
    by hash; the others wait. A plan is good for 24 hours, and lapses when its document changes.

    \b
    Examples:
      setright apply plan.json
      setright apply plan.json --approve 3f2a91c04b7e --yes

    Exit code: 0 done, 1 a plan lapsed, waits for approval, was refused or rolled back, 2 not a plan file.
    """
    from setright.cli.acting import Decision, act_on
    from setright.cli.planfile import approved, lapsed, load

    plans = load(plan_file)
    chosen = approved(plans, approve)
    if late := lapsed(plans):
        click.echo(f"setright: {plan_file}: lapsed at {late[0].expires_at}; nothing was written. Plan again", err=True)
        ctx.exit(FOUND)
    decision = Decision(frozenset(chosen), yes)
    acted = act_on(show.open(), plans, decision, show, None, all_findings)
    ctx.exit(FOUND if acted.waiting else acted.code)

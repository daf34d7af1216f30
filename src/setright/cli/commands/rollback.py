"""`setright rollback`."""

from __future__ import annotations

import click

from setright.cli.failure import CLEAN, FOUND
from setright.cli.options import Shown, shown


@click.command("rollback")
@click.argument("run", required=False)
@click.option("--plan", "plans", multiple=True, metavar="HASH", help="The last run that changed something by one of these plans.")
@shown("table", "json")
@click.pass_context
def command(ctx: click.Context, run: str | None, plans: tuple[str, ...], show: Shown) -> None:
    """Restore what a run changed, verified.

    RUN is the id that `fix` and `apply` name; `setright runs` lists them.

    \b
    Examples:
      setright rollback r260114-093012-5c1e
      setright rollback --plan 3f2a91c04b7e
    """
    from setright.cli.output import emit, hint, json_text, paper
    from setright.cli.progress import live
    from setright.cli.screens.plans import draw_outcome, draw_outcomes
    from setright.engine.contract import run_object
    from setright.engine.runs import last_by

    if bool(run) is bool(plans):
        raise click.UsageError("name either a RUN (`setright runs` lists them) or --plan", ctx)
    app = show.open()
    run = run or last_by(app.store.runs(), [app.store.plan(each).hash for each in plans])
    with live(show.quiet) as say:
        say(f"Rolling back {run} ...")
        undone = app.rollback(run, lambda plan, outcome: say(f"{plan.document}: {outcome.outcome}"))
    if show.format == "json":
        emit(json_text(run_object(undone.id, undone.plans) | {"of": run}), show)
    else:
        with paper(show) as console:
            several = len({plan.target for plan, _ in undone.plans}) > 1
            for plan, outcome in undone.plans:
                draw_outcome(console, plan, outcome, several)
            draw_outcomes(console, [outcome for _, outcome in undone.plans])
    left = [(plan, outcome) for plan, outcome in undone.plans if outcome.outcome != "reverted"]
    if left:
        where = ", ".join(dict.fromkeys(plan.target for plan, _ in left))
        hint(f"Not undone: {len(left)}, on {where}; mend what is told there, then `setright rollback {run}` again", show)
    ctx.exit(FOUND if left else CLEAN)

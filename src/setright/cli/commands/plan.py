"""`setright plan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.options import Selection, Shown, adopted_too, counted, everything, fail_on, selected, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from setright.app import App
    from setright.engine.contract import Report
    from setright.model import Plan


@click.command("plan")
@selected
@adopted_too
@counted
@shown("table", "json", "markdown", "cacao")
@fail_on("never")
@everything
@click.option("--ask", "asking", is_flag=True, help="Keep the plans, so that `setright approve` shows them to whoever decides.")
@click.pass_context
def command(ctx: click.Context, selection: Selection, show: Shown, threshold: str, all_findings: bool, asking: bool) -> None:
    """Show what would change, as a diff, and who may decide it; change nothing.

    With -o the plan is kept in a file that `setright apply` runs exactly as it stands; --format cacao says a playbook
    for a SOAR that does so. With --ask the playbook's steps call the API of `setright serve`. --format markdown says
    what there is to do, one item for each fix.

    \b
    Examples:
      setright plan .
      setright plan ssh://ops@web-1 -o plan.json
      setright plan ssh://ops@web-1 --ask
      setright plan . --control 'aws/s3/*' --format json
      setright plan ssh://ops@web-1 -o plan.json --format cacao > playbook.json
      setright plan web-1 --ask --format cacao > playbook.json
    """
    from setright.cli.gather import exit_code, planned, tell_unreached
    from setright.cli.output import hint, json_text, save
    from setright.cli.planfile import saved

    if show.format == "cacao" and not show.file and not asking:
        raise click.UsageError("--format cacao needs -o FILE or --ask: the playbook runs the plan kept there")
    app = show.open()
    report, results = planned(app, selection, show)
    plans = [plan for result in results for plan in result.plans]
    if show.file:
        save(json_text(saved(plans, report)), show.file)
    print_plans(app, plans, report, show, all_findings)
    if asking:
        app.store.keep_plans(plans, app.ledger.actor)
        waiting = [plan.hash[:12] for plan in plans if plan.lane == "ask"]
        if waiting and _goes_on(plans):
            hint(f"\nWhat is asked goes on from what nobody needs to be asked about; first: {selection.again('fix')}", show)
        if waiting:
            hint(f"\nAsked for; next: setright approve {' '.join(waiting[:3])}{' ...' if waiting[3:] else ''}", show)
    elif show.file and plans:
        hint(f"\nNext: setright apply {show.file}", show)
    elif any(plan.lane != "hand" for plan in plans) and show.format == "table":
        hint(f"\nNext: {selection.again('fix')}\n  or: {selection.again('plan')} -o plan.json", show)
    tell_unreached(report, show)
    ctx.exit(exit_code(report, threshold))


def print_plans(app: App, plans: Sequence[Plan], report: Report, show: Shown, all_findings: bool, file: str | None = None) -> None:
    """The plans on stdout or in a file, as a screen or as JSON. The file of `show` is that of the plan itself."""
    from setright.cli.gather import titles
    from setright.cli.output import emit, json_text, paper
    from setright.cli.screens.findings import draw_counts, draw_left_open, draw_unread
    from setright.cli.screens.plans import draw, draw_lanes
    from setright.engine.contract import plans_object

    if show.format == "cacao":
        from setright.cli.formats.cacao import by_api, by_command, playbook

        way = by_command(plans, show.file) if show.file else by_api(plans, app.configuration.serve.url)
        click.echo(json_text(playbook(plans, way)), nl=False)
        return
    if show.format == "markdown":
        from setright.cli.lines import from_here
        from setright.engine.advice import advice_markdown, of_plans

        click.echo("# What to do\n\n" + advice_markdown(of_plans(plans, app.catalogue.control, from_here)), nl=False)
        return
    if show.format == "json":
        emit(json_text(plans_object(plans, report)), show._replace(file=file))
        return
    with paper(show._replace(file=file)) as console:
        draw(console, plans, titles(app, plans), all_findings)
        draw_left_open(console, report, all_findings)
        draw_unread(console, report, all_findings)
        draw_counts(console, report)
        draw_lanes(console, plans)


def _goes_on(plans: Sequence[Plan]) -> bool:
    """Whether a plan that is asked was made on what another, that runs by itself, leaves of the same document."""
    alone = {(plan.target, plan.document) for plan in plans if plan.lane == "auto"}
    return any((plan.target, plan.document) in alone for plan in plans if plan.lane == "ask")

"""`setright fix`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from setright.cli.options import Selection, Shown, adopted_too, counted, everything, fail_on, queued, selected, shown
from setright.cli.pulling import PullOptions, pull_options

if TYPE_CHECKING:
    from setright.app import App


@click.command("fix")
@selected
@adopted_too
@counted
@shown("table", "json")
@fail_on("never")
@everything
@click.option("--dry-run", is_flag=True, help="Show the plan and write nothing.")
@click.option("--all", "also_ask", is_flag=True, help="Approve what waits for approval, too; recorded as your decision.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before acting.")
@queued
@pull_options
@click.pass_context
def command(
    ctx: click.Context,
    /,
    selection: Selection,
    show: Shown,
    threshold: str,
    all_findings: bool,
    pull: PullOptions | None,
    **act: bool,
) -> None:
    """Scan, plan and put right what policy allows, verified.

    On a terminal the plan is shown and you are asked first. Otherwise only plans of lane `auto` run, unless --all.
    What evidence on the target says would break something there is left even then, unless you name its control.
    A package that is installed brings settings of its own: they are put right in the same run, in a round of their own.
    What does not verify is rolled back at once; `setright rollback RUN` undoes all of it later.

    With --pr nothing is written here: the fixes become a branch and a pull (merge) request of the repository that the
    sources are in. With --dry-run it is shown only.

    \b
    Examples:
      setright fix . --dry-run
      setright fix ssh://ops@web-1
      setright fix ssh://ops@web-1 --control linux/sshd/password-logins --all
      setright fix . --control aws/s3/versioning --yes --format json
      setright fix infra --pr --all --label security

    Exit code: 0 done, also where plans wait for a yes; 1 something that should have run was refused or rolled back (or is open
    at or over --fail-on); 3 a target could not be reached.
    """
    from setright.cli.acting import CallerConsent, act_on, end_what_was_cut_off
    from setright.cli.commands.plan import print_plans
    from setright.cli.gather import exit_code, planned, tell_unreached
    from setright.cli.output import on_terminal
    from setright.engine.rounds import Further
    from setright.engine.runs import left_by_all

    app = show.open()
    if pull:
        ctx.exit(_propose(app, selection, pull, show, act))
    if not act["dry_run"] and not act["queue"]:
        end_what_was_cut_off(app, show, act["yes"])
    report, results = planned(app, selection, show, together=act["also_ask"])
    plans = [plan for result in results for plan in result.plans]
    tell_unreached(report, show)
    if act["dry_run"]:
        print_plans(app, plans, report, show, all_findings, show.file)
        ctx.exit(exit_code(report, threshold))
    blanket = act["also_ask"] or on_terminal()
    left = {p.hash: why for p in plans if blanket and (why := left_by_all(p, selection.controls))}
    approved = frozenset(p.hash for p in plans if p.hash not in left) if act["also_ask"] else frozenset[str]()
    further = Further(selection.ask(), act["also_ask"])
    decision = CallerConsent(approved, act["yes"], queue=act["queue"], left=left, further=further)
    acted = act_on(app, plans, decision, show, report, all_findings)
    done = frozenset(finding for plan, outcome in acted.ended if outcome.outcome == "verified" for finding in plan.findings)
    ctx.exit(max(exit_code(report, threshold, done), acted.code))


def _propose(app: App, selection: Selection, pull: PullOptions, show: Shown, act: Mapping[str, bool]) -> int:
    from setright.cli.output import on_terminal
    from setright.cli.pulling import Request, propose, tell_outcome

    asking = on_terminal() and not act["yes"] and show.format == "table"
    return tell_outcome(propose(app, Request(selection, pull, act["also_ask"], act["dry_run"], asking), show), show)

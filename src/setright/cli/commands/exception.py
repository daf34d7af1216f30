"""`setright except`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from setright.cli.failure import Failure
from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from datetime import datetime

    from setright.app import App
    from setright.policy.exceptions import FindingException

ID = re.compile(r"[0-9a-f]{16}")


@click.command("except")
@click.argument("finding", required=False)
@click.option("--reason", metavar="TEXT", help="Why it may stay open.")
@click.option("--until", metavar="DATE|DAYS", help="When it ends: 2026-12-31, or 30d.")
@click.option("--approver", metavar="NAME", help="Who allows it.  [default: you]")
@click.option("--compensating", default="", metavar="TEXT", help="What protects in the meantime.")
@click.option("--end", is_flag=True, help="End the finding's exception now.")
@shown("table", "json")
def command(finding: str | None, end: bool, show: Shown, **given: str | None) -> None:
    """Leave a finding open knowingly: with a reason, an approver and an end.

    Without a finding, lists the exceptions that hold.

    \b
    Examples:
      setright except 9c1f04d2a7b35e68 --reason 'migration, OPS-12' --until 30d --compensating 'behind the VPN'
      setright except
      setright except 9c1f04d2a7b35e68 --end
    """
    from setright.cli.output import emit, hint, json_text, paper
    from setright.engine.contract import SCHEMA
    from setright.engine.excepting import exception_told, keep
    from setright.engine.times import now

    app = show.open()
    if finding and end:
        if not app.store.end_exception(finding, now()):
            raise Failure(f"{finding}: no exception holds for it; `setright except` lists those that do")
        app.ledger.append("exception ended", {"finding": finding})
    elif finding:
        keep(_made(app, finding, given, now()), app.configuration, app.store, app.ledger)
        if told := _reach(app, finding):
            hint(told, show)
    holding = [e for e in app.store.exceptions(finding) if e.holds(now())]
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "exceptions": [exception_told(e) for e in holding]}), show)
        return
    from setright.cli.screens.tables import table

    rows = [(e.finding, f"{e.until:%Y-%m-%d}", e.approver, e.reason, e.compensating) for e in holding]
    with paper(show) as console:
        console.print(table(("finding", "until", "approver", "reason", "meanwhile"), rows) if rows else "no exceptions hold")


def _reach(app: App, finding: str) -> str:
    """For which scans it counts, where that is not plain; empty where it is."""
    known = app.store.finding(finding)
    if known is None:
        return f"setright: no scan that was kept here has found {finding}; the exception counts once one does"
    if not known.finding.target.startswith("/"):
        return ""
    comment = f"`setright:ignore {known.finding.control}: reason`"
    return (
        f"It counts in scans of {known.finding.target}, not of a folder in it or of another clone; a comment there does: {comment}"
    )


def _made(app: App, finding: str, given: dict[str, str | None], at: datetime) -> FindingException:
    from getpass import getuser

    from setright.engine.excepting import exception_of

    if not ID.fullmatch(finding):
        raise Failure(f"{finding!r} is no finding's id, which has 16 digits; `setright findings` shows them")
    reason, until = given["reason"], given["until"]
    if not reason or not until:
        raise Failure("an exception needs --reason and --until; it is not for ever, and somebody will ask why")
    said = {"reason": reason, "until": until, "compensating": given["compensating"] or ""}
    return exception_of(finding, given["approver"] or getuser(), app.circumstances(finding), at, **said)

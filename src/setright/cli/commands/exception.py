"""`setright except`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from setright.cli.failure import Failure
from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from collections.abc import Sequence
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
@click.option("--in-repository", is_flag=True, help="In the repository's own file, which all scans of it honour.")
@shown("table", "json")
def command(finding: str | None, end: bool, in_repository: bool, show: Shown, **given: str | None) -> None:
    """Leave a finding open knowingly: with a reason, an approver and an end.

    Without a finding, lists the exceptions that hold.

    \b
    Examples:
      setright except 9c1f04d2a7b35e68 --reason 'migration, OPS-12' --until 30d --compensating 'behind the VPN'
      setright except
      setright except 9c1f04d2a7b35e68 --end
      setright except 9c1f04d2a7b35e68 --in-repository --reason 'a public archive' --until 2026-12-31
    """
    app = show.open()
    if in_repository:
        _in_repository(app, finding, end, given, show)
        return
    from setright.cli.output import hint
    from setright.engine.excepting import exception_told, keep
    from setright.engine.times import now

    if finding and end:
        if not app.store.end_exception(finding, now()):
            raise Failure(f"{finding}: no exception holds for it; `setright except` lists those that do")
        app.ledger.append("exception ended", {"finding": finding})
    elif finding:
        keep(_made(app, finding, given, now()), app.configuration, app.store, app.ledger)
        if told := _reach(app, finding):
            hint(told, show)
    holding = [e for e in app.store.exceptions(finding) if e.holds(now())]
    rows = [(e.finding, f"{e.until:%Y-%m-%d}", e.approver, e.reason, e.compensating) for e in holding]
    _list([exception_told(e) for e in holding], rows, "no exceptions hold", show)


def _in_repository(app: App, finding: str | None, end: bool, given: dict[str, str | None], show: Shown) -> None:
    from setright.cli.carrying import carried_in, carried_told, carry_exception, uncarry_exception
    from setright.cli.output import hint
    from setright.engine.times import now

    file = None
    if finding:
        file = uncarry_exception(app, finding) if end else carry_exception(app, _made(app, finding, given, now()))
        hint(f"Wrote {file}. Have it reviewed and commit it: it counts in every scan of this repository that has it.", show)
    here = carried_in(file)
    rows = [(e.id, str(e.until), e.who, e.reason, e.compensating, f"{e.control} on {e.resource}") for e in here]
    _list(carried_told(here), rows, "this repository carries no exceptions", show)


def _list(told: list[dict[str, str]], rows: Sequence[tuple[str, ...]], none: str, show: Shown) -> None:
    from setright.cli.output import emit, json_text, paper
    from setright.engine.contract import SCHEMA

    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "exceptions": told}), show)
        return
    from setright.cli.screens.tables import table

    heads = ("finding", "until", "approver", "reason", "meanwhile", "of")
    with paper(show) as console:
        console.print(table(heads[: len(rows[0])], rows) if rows else none)


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

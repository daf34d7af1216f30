"""`setright stop`."""

from __future__ import annotations

import click

from setright.cli.options import Shown, shown


@click.command("stop")
@click.option("--off", is_flag=True, help="Let runs go on.")
@click.option("--status", is_flag=True, help="Only say whether it is on.")
@click.option("--reason", default="", metavar="TEXT", help="Why, for those who meet it.")
@shown("table", "json")
def command(off: bool, status: bool, reason: str, show: Shown) -> None:
    """The kill switch: let no run touch anything any more.

    Runs under way end their present plan safely; no other begins until the switch is off. Where machines share a store on
    PostgreSQL, it holds for all of them.

    \b
    Examples:
      setright stop --reason 'incident 4711'
      setright stop --status
      setright stop --off
    """
    from setright.cli.output import emit, json_text
    from setright.engine.contract import SCHEMA
    from setright.engine.stop import switch, why_stopped

    app = show.open()
    if not status:
        app.ledger.append("stop off" if off else "stop on", {"reason": reason})
        switch(app.state, app.store, not off, reason)
    why = why_stopped(app.state, app.store)
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "stopped": bool(why), "why": why}), show)
    else:
        emit(f"stopped since {why}" if why else "not stopped: runs may act", show)

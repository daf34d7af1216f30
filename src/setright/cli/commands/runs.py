"""`setright runs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from setright.engine.store import Run
    from setright.model import Plain


@click.command("runs")
@click.option("-n", "--number", default=20, show_default=True, metavar="N", help="How many, the latest first.")
@shown("table", "json")
def command(number: int, show: Shown) -> None:
    """List the runs, latest first.

    The id is what `setright rollback` takes.

    \b
    Examples:
      setright runs
      setright runs -n 1 --format json
    """
    from setright.cli.contract import SCHEMA
    from setright.cli.output import emit, json_text, paper

    known = show.open().store.runs(limit=number)
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "runs": [_told(run) for run in known]}), show)
        return
    from setright.cli.screens.tables import table

    rows = [(run.id, run.kind, run.state, run.started_at[:19].replace("T", " "), _outcomes(run)) for run in known]
    with paper(show) as console:
        console.print(table(("run", "kind", "state", "started (UTC)", "plans"), rows) if rows else "no runs yet")


def _told(run: Run) -> dict[str, Plain]:
    from msgspec import to_builtins

    told: dict[str, Plain] = to_builtins(run)
    return told


def _outcomes(run: Run) -> str:
    from collections import Counter

    counts = Counter(part.outcome or "not ended" for part in run.plans)
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "none"

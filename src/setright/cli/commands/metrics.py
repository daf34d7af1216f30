"""`setright metrics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from setright.engine.metrics import Figures, Metrics


@click.command("metrics")
@shown("table", "json", "prometheus")
def command(show: Shown) -> None:
    """Show how long it takes to put things right, how much comes back, and how much nobody knows.

    Findings that are still open are counted in, so leaving things lying makes no figure look better.

    \b
    Examples:
      setright metrics
      setright metrics --format prometheus -o /var/lib/node_exporter/setright.prom
    """
    from msgspec import to_builtins

    from setright.cli.output import emit, json_text
    from setright.engine.contract import SCHEMA
    from setright.engine.metrics import metrics, prometheus
    from setright.engine.times import now

    app = show.open()
    if show.format == "prometheus":
        emit(prometheus(app.store, app.configuration, now()), show)
        return
    told = metrics(app.store, app.configuration, now())
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, **to_builtins(told)}), show)
    else:
        _draw(told, show)


def _draw(told: Metrics, show: Shown) -> None:
    from setright.cli.output import paper
    from setright.cli.screens.tables import table

    heads = ("", "open", "closed", "half closed in", "closed in 30 d", "came back", "taken back", "unknown", "exceptions end")
    with paper(show) as console:
        console.print(table(heads, [_row(each) for each in told.groups]))
        console.print(f"Open findings are counted in; empty: nobody knows yet. Exceptions that end within {told.warn_days} days.")


def _row(each: Figures) -> tuple[str, ...]:
    name = each.name or "everything"
    half = "not yet" if each.median_days is None else f"{each.median_days:.1f} d"
    return (
        name,
        str(each.open),
        str(each.closed),
        half if each.open + each.closed else "",
        _percent(each.closed_within["30d"]),
        _percent(each.recurrence),
        _percent(each.revert_rate),
        _percent(each.unknown_share),
        "" if each.exceptions_ending is None else str(each.exceptions_ending),
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"

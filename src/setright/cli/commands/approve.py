"""`setright approve`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from setright.app import App
    from setright.model import Plain, Plan


@click.command("approve")
@click.argument("hashes", nargs=-1, metavar="[HASH]...")
@click.option("-y", "--yes", is_flag=True, help="Do not ask before it is recorded.")
@shown("table", "json")
@click.pass_context
def command(ctx: click.Context, hashes: tuple[str, ...], yes: bool, show: Shown) -> None:
    """Agree to plans that somebody asked for; without a hash, list those that wait.

    `setright plan --ask` keeps plans to be approved. An approval is bound to exactly that plan and to one run of it;
    whose it must be stands in `setright.toml` ([[approvals]]). When nothing lacks any more, `setright apply --approved` runs it.

    \b
    Examples:
      setright approve
      setright approve 3f2a91c04b7e

    Exit code: 0 recorded, 1 not recorded, 2 there is no such plan, or it holds no more.
    """
    from setright.cli.failure import FOUND
    from setright.cli.output import emit, json_text, on_terminal

    app = show.open()
    if not hashes:
        _list(app, show)
        return
    plans = [app.store.plan(each) for each in hashes]
    if show.format == "table":
        _draw(app, plans, show)
    if on_terminal() and not yes and not click.confirm(f"Approve {'this' if len(plans) == 1 else 'these'}, as yours?", err=True):
        ctx.exit(FOUND)
    app.consent.give([plan for plan in plans if plan.lane == "ask"])
    rows = _rows(app, plans)
    if show.format == "json":
        from setright.engine.contract import SCHEMA

        emit(json_text({"schema": SCHEMA, "plans": rows}), show)
        return
    for row in rows:
        click.echo(f"{row['hash'][:12]}  {row['lacks'] or 'approved; `setright apply --approved` runs it'}")


def _list(app: App, show: Shown) -> None:
    from setright.cli.lines import from_here
    from setright.cli.output import emit, json_text, paper
    from setright.cli.screens.tables import table
    from setright.engine.contract import SCHEMA

    rows = _rows(app, app.consent.waiting())
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "plans": rows}), show)
        return
    names = ("hash", "target", "document", "asked_by", "expires_at", "lacks")
    told = [tuple(str(row[name]) for name in names) for row in rows]
    cells = [(t[0][:12], from_here(t[1]), *t[2:4], t[4][:16].replace("T", " "), t[5] or "approved") for t in told]
    with paper(show) as console:
        headings = ("plan", "target", "document", "asked by", "holds until (UTC)", "lacks")
        console.print(table(headings, cells) if cells else "no plan waits")


def _rows(app: App, plans: Sequence[Plan]) -> list[dict[str, Plain]]:
    lacks, asked_by = app.consent.lacking(plans), app.store.asked_by([plan.hash for plan in plans])
    return [
        {
            "hash": plan.hash,
            "target": plan.target,
            "document": plan.document,
            "lane": plan.lane,
            "reason": plan.reason,
            "asked_by": asked_by.get(plan.hash, ""),
            "expires_at": plan.expires_at,
            "lacks": lacks[plan.hash],
        }
        for plan in plans
    ]


def _draw(app: App, plans: Sequence[Plan], show: Shown) -> None:
    from setright.cli.gather import titles
    from setright.cli.output import paper
    from setright.cli.screens.plans import draw

    with paper(show._replace(file=None)) as console:
        draw(console, plans, titles(app, plans), True)

"""`setright tickets`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.failure import UNREACHED, Failure
from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from setright.app import App
    from setright.engine.store import KeptTicket
    from setright.engine.ticket_words import Ready
    from setright.engine.tickets import Done, Synced
    from setright.model import Plain


@click.group("tickets")
def command() -> None:
    """One ticket for each fix and owner, in Jira, GitHub and others, held to what scans see.

    A ticket system is a table of setright.toml, [integrations.NAME]; docs/tickets says what it needs.

    \b
    Examples:
      setright tickets sync --dry-run
      setright tickets list
    """


@command.command("sync")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--dry-run", is_flag=True, help="Only show exactly what would be sent.")
@shown("table", "json")
def sync(names: tuple[str, ...], dry_run: bool, show: Shown) -> None:
    """Open, update, answer and close tickets; each thing once.

    Run it from cron, as often as you like, after scans. It looks at no target: a ticket is closed when a scan saw that
    all of it is gone.

    \b
    Examples:
      setright tickets sync --dry-run
      setright tickets sync
      setright tickets sync jira --format json
    """
    from setright.cli.output import emit, json_text
    from setright.engine.belongings import left_open
    from setright.engine.contract import SCHEMA
    from setright.engine.ticket_others import by_hand
    from setright.engine.ticket_world import World
    from setright.engine.tickets import sync_tickets as synced
    from setright.engine.times import now

    app = show.open()
    excepted = frozenset(left_open(app.store, app.circumstances, now()))
    world = World(
        app.configuration,
        app.store,
        app.catalogue.control,
        excepted,
        ready=_ready(app),
        record=app.ledger.append,
        others=by_hand(app.store.imported(), app.subject),
    )
    done = synced(world, names, dry=dry_run)
    if show.format == "json":
        channels: list[Plain] = [{"channel": each.channel, "error": each.error} for each in done]
        tickets: list[Plain] = [_told(each) for channel in done for each in channel.done]
        emit(json_text({"schema": SCHEMA, "dry_run": dry_run, "tickets": tickets, "channels": channels}), show)
    else:
        lines = [line for channel in done for line in _lines(channel, dry_run)]
        emit("\n".join(lines) or ("nothing to do" if done else "no ticket systems"), show)
    if any(channel.error or any(each.error for each in channel.done) for channel in done):
        raise Failure("not everything could be done; what is left is tried again next time", UNREACHED)


def _ready(app: App) -> tuple[Ready, ...]:
    from setright.engine.ticket_words import Ready

    waiting = app.consent.waiting()
    lacks, is_served = app.consent.lacking(waiting), bool(app.configuration.serve.url)
    return tuple(Ready(plan, lacks[plan.hash], app.asking.page(plan) if is_served else "") for plan in waiting)


@command.command("list")
@shown("table", "json")
def list_(show: Shown) -> None:
    """List our tickets, and how each stands.

    \b
    Examples:
      setright tickets list
      setright tickets list --format json
    """
    from setright.cli.output import emit, json_text, paper
    from setright.engine.contract import SCHEMA

    kept = show.open().store.tickets()
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "tickets": [_listed(each) for each in kept]}), show)
        return
    from setright.cli.screens.tables import table

    names = ("ticket", "state", "open", "owner", "control", "channel", "error")
    rows = [tuple(str(_listed(each)[name] or "") for name in names) for each in kept]
    with paper(show) as console:
        console.print(table(names, rows) if rows else "no tickets yet; `setright tickets sync` makes them")


def _listed(kept: KeptTicket) -> dict[str, Plain]:
    return {
        **_of(kept),
        "state": kept.state,
        "open": sum(state == "open" for state in kept.findings.values()),
        "findings": dict(kept.findings),
        "changed_at": kept.changed_at,
        "error": kept.error,
    }


def _of(kept: KeptTicket) -> dict[str, Plain]:
    return {
        "channel": kept.channel,
        "ticket": kept.name or None,
        "url": kept.url or None,
        "control": kept.control,
        "owner": kept.owner or None,
        "organisation": kept.organisation or None,
    }


def _told(done: Done) -> dict[str, Plain]:
    """`requests` are all that changed something, as they were sent; in a dry run, as they would be."""
    requests: list[Plain] = [sent._asdict() for sent in done.sent]
    return {**_of(done.kept), "did": list(done.did), "requests": requests, "error": done.error}


def _lines(channel: Synced, dry: bool) -> list[str]:
    import json

    lines = []
    for done in channel.done:
        words = [*done.did, *([f"refused: {done.error}"] if done.error else [])]
        kept = done.kept
        lines.append(f"{channel.channel} {kept.name or '(new)'}  {kept.control}  {kept.owner or 'nobody'}: {'; '.join(words)}")
        for sent in done.sent if dry else ():
            lines += [f"  {sent.method} {sent.url}", f"  {json.dumps(sent.body, ensure_ascii=False)}"]
    return [*lines, *([f"{channel.channel}: {channel.error}"] if channel.error else [])]

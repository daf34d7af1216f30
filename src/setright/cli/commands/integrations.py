"""`setright integrations`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.adding import add
from setright.cli.failure import UNREACHED, Failure
from setright.cli.options import Shown, shown
from setright.cli.ticketing import is_ticket_system, test_tickets, ticket_systems

if TYPE_CHECKING:
    from setright.app import App
    from setright.model import Plain


@click.group("integrations")
def command() -> None:
    """The channels to other systems: list, test, and see what waits to be told.

    A channel is a table of setright.toml, [integrations.NAME]; docs/integrations says which types there are.

    \b
    Examples:
      setright integrations list
      setright integrations test soc
      setright integrations waiting soc
      setright integrations add soc
    """


command.add_command(add)


@command.command("list")
@shown("table", "json")
def list_(show: Shown) -> None:
    """List the channels and ticket systems, and how each is doing.

    \b
    Examples:
      setright integrations list
      setright integrations list --format json
    """
    from setright.cli.output import emit, json_text, paper
    from setright.engine.contract import SCHEMA

    app = show.open()
    told, systems = _channels(app), ticket_systems(app)
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "channels": told, "ticket_systems": systems}), show)
        return
    from setright.cli.screens.tables import table

    names = ("channel", "type", "waiting", "sent", "set_aside", "error")
    rows = [tuple(str(each[name]) for name in names) for each in told]
    desks = ("ticket system", "type", "tickets", "open", "error")
    of_desks = [tuple(str(value) for value in each.values()) for each in systems]
    with paper(show) as console:
        if rows or not of_desks:
            console.print(table(tuple(n.replace("_", " ") for n in names), rows) if rows else "no channels yet")
        if of_desks:
            console.print(table(desks, of_desks))


@command.command("test")
@click.argument("name")
@shown("table", "json")
def test(name: str, show: Shown) -> None:
    """Send one harmless message, and say what came back; a ticket system is only read: who we are there, and what we see.

    \b
    Examples:
      setright integrations test soc
    """
    from setright.cli.output import emit, json_text
    from setright.engine.contract import SCHEMA

    app = show.open()
    if is_ticket_system(app, name):
        test_tickets(app, name, show)
        return
    app.courier.test(name)
    emit(json_text({"schema": SCHEMA, "channel": name, "taken": True}) if show.format == "json" else f"{name}: taken", show)


@command.command("waiting")
@click.argument("name")
@click.option("-n", "--number", default=20, show_default=True, metavar="N", help="How many, the next first.")
@shown("table", "json")
def waiting(name: str, number: int, show: Shown) -> None:
    """Show what will be sent on a channel, as it stands, and what was set aside.

    \b
    Examples:
      setright integrations waiting soc --format json
    """
    import msgspec

    from setright.cli.output import emit, json_text
    from setright.engine.contract import SCHEMA

    app = show.open()
    app.courier.gather()
    messages = msgspec.to_builtins(app.store.waiting(name, number))
    aside = msgspec.to_builtins(app.store.set_aside(name))
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "waiting": messages, "set_aside": aside}), show)
        return
    lines = [f"{each['at'][:19].replace('T', ' ')}  {each['event']:<22} {each['item']}" for each in messages]
    lines += [f"set aside: {each['event']} {each['item']}: {each['error']}" for each in aside]
    emit("\n".join(lines) or "nothing waits", show)


@command.command("send")
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--again", is_flag=True, help="What the receiver would not take, too.")
@click.option("--dry-run", is_flag=True, help="Only show what would be sent.")
@shown("table", "json")
def send(names: tuple[str, ...], again: bool, dry_run: bool, show: Shown) -> None:
    """Send what waits. Every command that does something does so at its end; this is for cron.

    A channel that failed is left alone for a while, at most 15 minutes; one that is named here is tried at once.

    \b
    Examples:
      setright integrations send
      setright integrations send soc --again
      setright integrations send --dry-run
    """
    if dry_run:
        _foresee(names, show)
        return
    from setright.cli.output import emit, json_text
    from setright.engine.contract import SCHEMA

    app = show.open()
    for name in names:
        app.courier.named(name)
        app.store.wait_no_more(name)
    if again:
        for name in names or app.courier.routes:
            app.store.post_again(name)
    done = app.courier.send(names)
    told: list[dict[str, Plain]] = [each._asdict() for each in done]
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "channels": told}), show)
    else:
        emit("\n".join(_line(each) for each in told) or "no channels", show)
    if any(each.error or (each.waiting and each.since) for each in done):
        raise Failure("not everything could be sent; what waits is kept", UNREACHED)


def _foresee(names: tuple[str, ...], show: Shown) -> None:
    """On an app of its own, which tells nobody when it ends."""
    import msgspec

    from setright.cli.options import open_app
    from setright.cli.output import emit, json_text
    from setright.engine.contract import SCHEMA

    told = open_app(show.config).courier.foresee(names)
    if show.format == "json":
        channels = [{"channel": each.channel, "waiting": msgspec.to_builtins(each.waiting), "error": each.error} for each in told]
        emit(json_text({"schema": SCHEMA, "dry_run": True, "channels": channels}), show)
    else:
        lines = []
        for each in told:
            lines.append(f"{each.channel}: {len(each.waiting)} would be sent" + (f"; {each.error}" if each.error else ""))
            lines += [f"  {message.at[:19].replace('T', ' ')}  {message.event:<22} {message.item}" for message in each.waiting]
        emit("\n".join(lines) or "no channels", show)
    if any(each.error for each in told):
        raise Failure("not every channel could be opened", UNREACHED)


def _line(told: dict[str, Plain]) -> str:
    aside = f", {told['refused']} set aside" if told["refused"] else ""
    until = f" until {str(told['next_at'])[:19].replace('T', ' ')}" if told["next_at"] else ""
    waiting = f", {told['waiting']} wait{until}" if told["waiting"] else ""
    why = told["error"] or told["since"]
    return f"{told['channel']}: {told['sent']} sent{aside}{waiting}" + (f"; {why}" if why else "")


def _channels(app: App) -> list[dict[str, Plain]]:
    """Those of the configuration, and those of old that still have something to tell."""
    routes, lines = app.courier.routes, {line.channel: line for line in app.store.lines()}
    names = sorted(routes.keys() | {name for name, line in lines.items() if line.waiting})
    return [
        {
            "channel": name,
            "type": ("off" if routes[name].off else routes[name].type) if name in routes else "not configured",
            "waiting": lines[name].waiting if name in lines else 0,
            "sent": lines[name].sent if name in lines else 0,
            "set_aside": lines[name].refused if name in lines else 0,
            "error": lines[name].error if name in lines else "",
        }
        for name in names
    ]

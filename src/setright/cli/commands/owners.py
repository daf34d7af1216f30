"""`setright owners`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.failure import Failure
from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from setright.app import App
    from setright.engine.store import Standing
    from setright.model import Plain


@click.group("owners")
def command() -> None:
    """Whose a finding is, and why; send it back where it is not.

    \b
    Example:
      setright owners bounce 9c1f04d2a7b35e68 --reason 'not ours'
    """


@command.command("list")
@shown("table", "json")
def list_(show: Shown) -> None:
    """Who answers for how much of what is open, those whom nobody is known to own first.

    \b
    Example:
      setright owners list
    """
    from collections import Counter

    from setright.cli.output import emit, hint, json_text, paper
    from setright.cli.screens.tables import table
    from setright.engine.contract import SCHEMA

    app = show.open()
    items = app.store.items()
    grave = Counter(item.owner for item in items if item.severity in ("critical", "high"))
    counts = Counter(item.owner for item in items)
    contacts = {owner.name: owner.contact for owner in app.configuration.owners}
    names = sorted(contacts.keys() | counts.keys(), key=lambda name: (name != "", -counts[name], name))
    rows = [(name or "nobody is known", contacts.get(name, ""), counts[name], grave[name]) for name in names]
    if show.format == "json":
        told = [dict(zip(("owner", "contact", "open", "critical_or_high"), row, strict=True)) for row in rows]
        emit(json_text({"schema": SCHEMA, "owners": told}), show)
        return
    with paper(show) as console:
        cells = [tuple(map(str, row)) for row in rows]
        console.print(table(("owner", "contact", "open", "critical or high"), cells) if cells else "nobody, and nothing is open")
    if counts[""]:
        hint("Owners that were declared since count with the next scan.", show)


@command.command("show")
@click.argument("finding")
@shown("table", "json")
def show_(finding: str, show: Shown) -> None:
    """Whose a finding is, how sure that is, and everything that names an owner.

    \b
    Example:
      setright owners show 9c1f04d2a7b35e68
    """
    from setright.cli.output import emit, json_text
    from setright.engine.contract import SCHEMA

    app = show.open()
    standing = app.store.standing(finding)
    if standing is None:
        raise Failure(f"{finding}: is no finding that a scan has weighed; `setright findings` lists them")
    told = _told(app, standing)
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, **told}), show)
        return
    lines = [f"{finding}: {standing.owner or 'nobody is known'}" + (f" ({standing.confidence:.0%} sure)" if standing.owner else "")]
    lines += [f"  {signal}: {owner} ({where})" for owner, signal, where in standing.evidence]
    lines += [f"  sent back by {each.by} ({each.owner}) on {each.at[:10]}: {each.reason}" for each in app.store.sent_back(finding)]
    emit("\n".join(lines) + "\n", show)


@command.command("bounce")
@click.argument("finding")
@click.option("--reason", required=True, metavar="TEXT", help="Why it is not yours.")
@click.option("--to", default="", metavar="OWNER", help="Whose it is, if you know.  [default: the next who is named]")
@shown("table", "json")
def bounce_(finding: str, reason: str, to: str, show: Shown) -> None:
    """Send a finding back: what named you is believed less from now on, and the next owner is asked.

    \b
    Examples:
      setright owners bounce 9c1f04d2a7b35e68 --reason 'not ours'
      setright owners bounce 9c1f04d2a7b35e68 --reason 'moved in May' --to platform

    Exit code: 0 passed on, 2 nobody else is known.
    """
    from getpass import getuser

    from setright.cli.output import emit, json_text
    from setright.engine.bounce import bounce
    from setright.engine.contract import SCHEMA

    app = show.open()
    passed = bounce(app.configuration, app.store, app.ledger, finding, (reason, getuser(), to))
    if show.format == "json":
        told = {"finding": finding, "was": passed.was, "owner": passed.now.owner, "confidence": passed.now.confidence}
        emit(json_text({"schema": SCHEMA, **told, "why": passed.now.why}), show)
    else:
        emit(f"{finding}: was {passed.was}, now {passed.now.owner} ({passed.now.why})\n", show)


def _told(app: App, standing: Standing) -> dict[str, Plain]:
    from msgspec import to_builtins

    sent_back = [to_builtins(each) for each in app.store.sent_back(standing.finding)]
    evidence = [dict(zip(("owner", "signal", "where"), each, strict=True)) for each in standing.evidence]
    return {**to_builtins(standing), "owner": standing.owner or None, "evidence": evidence, "sent_back": sent_back}

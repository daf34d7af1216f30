"""`setright remind`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from setright.app import App
    from setright.engine.remind import Reminder, Waiting
    from setright.model import Plan


@click.command("remind")
@click.option("--digest", "period", type=click.Choice(["daily", "weekly"]), help="Also tell each team how it stands.")
@click.option("--dry-run", is_flag=True, help="Only show who would be told what.")
@shown("table", "json")
def command(period: str | None, dry_run: bool, show: Shown) -> None:
    """Tell people what is due, ends soon or waits for their yes; each thing once.

    Run it from cron, as often as you like. Whom it tells, when and over which channels stands in `setright.toml`.

    \b
    Examples:
      setright remind --dry-run
      setright remind
      setright remind --digest weekly
    """
    from setright.cli.output import emit, hint, json_text
    from setright.engine.belongings import left_open
    from setright.engine.contract import SCHEMA
    from setright.engine.letters import ENDED, Letter
    from setright.engine.remind import post_reminders, what_is_due
    from setright.engine.times import now

    app = show.open()
    excepted = frozenset(left_open(app.store, app.circumstances, now()))
    due = what_is_due(app.configuration, app.store, app.catalogue.control, excepted, now())
    asked, early = _asked(app)
    told = [*due.reminders, *_fresh(app, period, excepted, asked)]
    number, unreached = 0, list[Letter]()
    if not dry_run:
        number, unreached = post_reminders(app.configuration, app.store, app.courier.routes, told, now())
        if due.ended:
            app.store.reopen(due.ended)
            app.ledger.append("exceptions over", {"findings": list(due.ended)})
        for problem in app.finish():
            hint(f"setright: {problem}", show)
    rows = [
        (
            each.letter.event.partition(".")[2],
            ", ".join(each.letter.to) or ("channels" if each.letter.event.endswith(ENDED) else "chat"),
            each.letter.subject,
        )
        for each in told
    ]
    if show.format == "json":
        letters = [{"sort": sort, "to": to, "subject": subject} for sort, to, subject in rows]
        lost = [{"to": letter.to, "subject": letter.subject} for letter in unreached]
        told_of = {"posted": number, "unreached": lost, "held": due.held, "unowned": due.unowned, "early": early}
        emit(json_text({"schema": SCHEMA, "letters": letters, **told_of}), show)
        return
    _draw(rows, show)
    if unreached:
        names = sorted({name for letter in unreached for name in letter.to})
        hint(f"Not reached: {', '.join(names) or 'any chat'}; name a contact of theirs, and a channel ([integrations.NAME]).", show)
    if early:
        hint(f"{len(early)} not asked about yet: `setright fix` first, for what nobody needs to be asked about there.", show)
    hint(f"{number} posted; {due.held} wait for working hours; {len(due.unowned)} belong to nobody (setright owners list).", show)


def _asked(app: App) -> tuple[list[Waiting], list[str]]:
    """The plans whose approvers are told, and the hashes of those that go on from one that has not run: no yes is taken yet."""
    if not app.configuration.serve.url:
        return [], []
    waiting = app.consent.waiting()
    lacks = app.consent.lacking(waiting)
    lacking = [plan for plan in waiting if lacks[plan.hash]]
    early = [plan.hash for plan in lacking if app.asking.early(plan) and app.asking.hindered(plan)]
    return [_waiting(app, plan, lacks[plan.hash]) for plan in lacking if plan.hash not in early], early


def _fresh(app: App, period: str | None, excepted: frozenset[str], asked: Sequence[Waiting]) -> Iterator[Reminder]:
    """The plans that wait and the digests that were not told of yet."""
    from datetime import timedelta

    from setright.engine.digest import WEEKS, digests
    from setright.engine.remind import Asking, asking_letters
    from setright.engine.times import now

    marks = app.store.reminded()
    told: list[Reminder] = []
    if asked:
        told += asking_letters(asked, app.courier.routes, Asking(app.asking.token, app.asking.address), marks)
    if period:
        items = [item for item in app.store.items(now() - timedelta(weeks=WEEKS)) if item.id not in excepted]
        told += digests(app.configuration, items, period, now())
    yield from (each for each in told if any(mark not in marks for mark in each.marks))


def _waiting(app: App, plan: Plan, lacks: str) -> Waiting:
    from setright.engine.naming import called
    from setright.engine.remind import Waiting

    titles = tuple(app.catalogue.control(each).title for each in plan.controls)
    may = tuple(person.name for person in app.consent.may_approve(plan))
    return Waiting(plan, titles, may, lacks, called(plan.target, app.configuration.targets))


def _draw(rows: list[tuple[str, str, str]], show: Shown) -> None:
    from setright.cli.output import paper
    from setright.cli.screens.tables import table

    with paper(show) as console:
        console.print(table(("sort", "to", "what"), rows) if rows else "there is nothing to tell anybody")

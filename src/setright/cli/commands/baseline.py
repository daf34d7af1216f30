"""`setright baseline`."""

from __future__ import annotations

import click

from setright.cli.options import Shown, shown


@click.group("baseline")
def command() -> None:
    """The named selections of controls.

    \b
    Examples:
      setright baseline list
      setright baseline show recommended
    """


@command.command("list")
@shown("table", "json")
def list_(show: Shown) -> None:
    """List the baselines.

    \b
    Example:
      setright baseline list
    """
    from setright.cli.contract import SCHEMA
    from setright.cli.output import emit, json_text, paper

    catalogue = show.open().catalogue
    known = [(b, catalogue.selected(b.id)) for _, b in sorted(catalogue.baselines.items())]
    if show.format == "json":
        told = [{"id": b.id, "title": b.title, "version": b.version, "controls": len(ids)} for b, ids in known]
        emit(json_text({"schema": SCHEMA, "baselines": told}), show)
        return
    from setright.cli.screens.tables import table

    with paper(show) as console:
        rows = [(b.id, b.version, str(len(ids)), b.title) for b, ids in known]
        console.print(table(("baseline", "version", "controls", "title"), rows))


@command.command("show")
@click.argument("name")
@shown("table", "json")
def show_(name: str, show: Shown) -> None:
    """Show a baseline's controls, what it leaves out and why, and its parameters.

    \b
    Example:
      setright baseline show recommended --format json
    """
    from msgspec import to_builtins

    from setright.cli.contract import SCHEMA
    from setright.cli.output import emit, json_text, paper

    catalogue = show.open().catalogue
    baseline = catalogue.baseline(name)
    controls = [catalogue.control(i) for i in catalogue.selected(name)]
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "baseline": to_builtins(baseline), "controls": [c.id for c in controls]}), show)
        return
    from setright.cli.screens.tables import table

    with paper(show) as console:
        console.print(f"{baseline.title} ({baseline.id} {baseline.version})\n")
        console.print(table(("severity", "control", "title"), [(c.severity, c.id, c.title) for c in controls]))
        for title, held in (("Left out", baseline.without), ("Parameters", baseline.params)):
            if held:
                console.print()
                console.print(table((title, ""), [(key, str(said)) for key, said in held.items()]))

"""`setright controls`."""

from __future__ import annotations

from pathlib import Path

import click

from setright.cli.failure import CLEAN, FOUND, Failure
from setright.cli.options import Shown, shown
from setright.model import SEVERITIES


@click.group("controls")
def command() -> None:
    """The catalogue: list, show, test and write controls.

    \b
    Examples:
      setright controls list --severity high
      setright controls show linux/sshd/root-login
      setright controls new acme/sshd/banner --kind linux/sshd
      setright controls test controls/
    """


@command.command("list")
@click.option("--kind", metavar="GLOB", help="Only controls of these kinds.")
@click.option("--severity", type=click.Choice(SEVERITIES), multiple=True, help="Only this severity; may be repeated.")
@click.option("--framework", metavar="NAME", help="Only those of a framework, or of a section of it (cis-debian-12:5.1.20).")
@shown("table", "json")
def list_(kind: str | None, severity: tuple[str, ...], framework: str | None, show: Shown) -> None:
    """List the controls.

    \b
    Examples:
      setright controls list --kind 'aws/*'
      setright controls list --framework cis-debian-12 --format json
    """
    from setright.cli.catalogue import control_object, filtered
    from setright.cli.output import emit, json_text, paper
    from setright.engine.contract import SCHEMA

    controls = filtered(show.open().catalogue, kind, severity, framework)
    if show.format == "json":
        told = [control_object(control) for control in controls]
        emit(json_text({"schema": SCHEMA, "controls": told, "summary": {"controls": len(controls)}}), show)
        return
    from setright.cli.screens.tables import table

    with paper(show) as console:
        console.print(table(("severity", "control", "title"), [(c.severity, c.id, c.title) for c in controls]))
        console.print(f"\n{len(controls)} controls", style="dim")


@command.command("show")
@click.argument("control_id", metavar="ID")
@shown("table", "json", "markdown")
def show_(control_id: str, show: Shown) -> None:
    """Show one control: what right looks like, why, what may break, examples.

    \b
    Examples:
      setright controls show linux/sshd/root-login
      setright controls show linux/sshd/root-login --format markdown
    """
    from setright.cli.catalogue import show_control

    show_control(show.open().catalogue.control(control_id), show)


@command.command("test")
@click.argument("places", nargs=-1, required=True, metavar="FILE|DIR...", type=click.Path(exists=True, path_type=Path))
@shown("table", "json")
@click.pass_context
def test(ctx: click.Context, places: tuple[Path, ...], show: Shown) -> None:
    """Hold controls to their promises, on their own examples.

    Good passes; bad is found; the fix gives exactly what `fixed` says; a second run plans nothing; undo gives the first bytes back.

    \b
    Examples:
      setright controls test controls/acme/sshd/banner.yaml
      setright controls test controls/ --format json

    Exit code: 0 all hold, 1 some promise is broken.
    """
    from setright.cli.catalogue import tried
    from setright.cli.output import emit, json_text
    from setright.engine.contract import SCHEMA

    results = tried(show.open().catalogue, places)
    if not results:
        raise Failure(f"{', '.join(map(str, places))}: no control files (*.yaml) here")
    broken = sum(bool(result.broken) for result in results)
    if show.format == "json":
        told = [{"control": r.control, "file": str(r.file), "broken": r.broken} for r in results]
        emit(json_text({"schema": SCHEMA, "controls": told, "summary": {"controls": len(told), "broken": broken}}), show)
    else:
        lines = [line for r in results for line in (f"{'✗' if r.broken else '✓'} {r.control}", *(f"    {b}" for b in r.broken))]
        emit("\n".join([*lines, f"{len(results)} controls, {broken} with broken promises"]), show)
    ctx.exit(FOUND if broken else CLEAN)


@command.command("new")
@click.argument("control_id", metavar="ID")
@click.option("--kind", required=True, help="What it speaks of; `setright controls list` shows kinds in use.")
@click.option("--into", default="controls", show_default=True, metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--config", type=click.Path(dir_okay=False), metavar="FILE", help="The setright.toml to use.")
def new(control_id: str, kind: str, into: Path, config: str | None) -> None:
    """Write the beginning of a control of your own, to be filled in.

    \b
    Example:
      setright controls new acme/sshd/banner --kind linux/sshd
    """
    from setright.cli.catalogue import begin_control
    from setright.cli.options import open_app

    file = begin_control(open_app(config).catalogue, control_id, kind, into)
    click.echo(f"{file}: fill in what says FILL IN, then: setright controls test {file}")

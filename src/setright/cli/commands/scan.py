"""`setright scan`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.failure import UNREACHED
from setright.cli.options import FINDING_FORMATS, Selection, Shown, counted, everything, fail_on, sarif_limits, selected, shown

if TYPE_CHECKING:
    from setright.engine.contract import Report


@click.command("scan")
@selected
@counted
@shown(*FINDING_FORMATS)
@fail_on("any")
@everything
@sarif_limits
@click.pass_context
def command(
    ctx: click.Context, selection: Selection, show: Shown, threshold: str, all_findings: bool, limits: tuple[int, int]
) -> None:
    """Find what is configured wrong; change nothing.

    A TARGET is a path, host:local, root:/mnt/image, ssh://ops@web-1, aws://profile, postgres://... or a name from
    setright.toml; without one, all targets of setright.toml, else this directory.

    \b
    Examples:
      setright scan .
      setright scan ssh://ops@web-1 --min-severity medium
      setright scan . --fail-on high --format sarif -o setright.sarif

    Exit code: 0 clean, 1 findings at or over --fail-on (unknown ones count too), 2 usage, 3 a target could not be read.
    """
    from setright.cli.gather import exit_code, scanned, tell_unreached

    report = scanned(show.open(), selection, show)
    if show.format == "table":
        from setright.cli.output import paper
        from setright.cli.screens.findings import draw

        with paper(show) as console:
            draw(console, report, all_findings)
    elif show.format == "sarif":
        _emit_sarif(report, show, limits)
    elif show.format == "markdown" and all_findings:
        from setright.cli.formats.markdown import within_room
        from setright.cli.output import emit

        emit(within_room(report, None), show)
    else:
        from setright.cli.formats import render
        from setright.cli.output import emit

        emit(render(show.format, report), show)
    _say(selection, show, exit_code(report, threshold), any(f.finding.verdict == "fail" for f in report.found))
    tell_unreached(report, show)
    ctx.exit(exit_code(report, threshold))


def _emit_sarif(report: Report, show: Shown, given: tuple[int, int]) -> None:
    """What its limits leave out is said in the run itself and here, quiet or not: it is a part of the answer."""
    from setright.cli.formats.sarif import render
    from setright.cli.formats.sarif_limits import Limits, limits_reached
    from setright.cli.output import emit

    limits = Limits(*given)
    emit(render(report, limits), show)
    for why in limits_reached(report, limits):
        click.echo(f"setright: {why}", err=True)


def _say(selection: Selection, show: Shown, code: int, wrong: bool) -> None:
    """The next command to type."""
    from setright.cli.output import hint, on_terminal

    if on_terminal() and show.format == "table" and wrong and code != UNREACHED:
        hint(f"\nNext: {selection.again('plan')}   shows what would change", show)

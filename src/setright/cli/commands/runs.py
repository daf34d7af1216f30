"""`setright runs`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from setright.engine.store import Run, RunPlan
    from setright.model import Plain


@click.group("runs", invoke_without_command=True)
@click.option("-n", "--number", default=20, show_default=True, metavar="N", help="How many, the latest first.")
@shown("table", "json")
@click.pass_context
def command(ctx: click.Context, /, number: int, show: Shown) -> None:
    """List the runs, latest first; show one, and how far it has come.

    The id is what `setright rollback` takes.

    \b
    Examples:
      setright runs
      setright runs -n 1 --format json
      setright runs show r260102-030405-1a2b
    """
    if ctx.invoked_subcommand:
        return
    from setright.cli.output import emit, json_text, paper
    from setright.engine.contract import SCHEMA

    known = show.open().store.runs(limit=number)
    if show.format == "json":
        emit(json_text({"schema": SCHEMA, "runs": [_told(run) for run in known]}), show)
        return
    from setright.cli.screens.tables import table

    rows = [(run.id, run.kind, run.state, run.started_at[:19].replace("T", " "), _outcomes(run.plans)) for run in known]
    with paper(show) as console:
        console.print(table(("run", "kind", "state", "started (UTC)", "plans"), rows) if rows else "no runs yet")


def _told(run: Run) -> dict[str, Plain]:
    from msgspec import to_builtins

    told: dict[str, Plain] = to_builtins(run)
    return told


def _outcomes(parts: Sequence[RunPlan]) -> str:
    from collections import Counter

    counts = Counter(part.outcome or "not ended" for part in parts)
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "none"


@command.command("show")
@click.argument("run", metavar="RUN")
@shown("table", "json")
def show_one(run: str, show: Shown) -> None:
    """How far a run has come: its wave, its targets, what stopped it, its rounds, and how each plan ended.

    \b
    Example:
      setright runs show r260102-030405-1a2b --format json
    """
    from setright.cli.output import emit, json_text, paper
    from setright.engine.contract import SCHEMA

    store = show.open().store
    found, progress = store.run(run), store.progress(run)
    if show.format == "json":
        emit(
            json_text(
                {"schema": SCHEMA, **_told(found), "stage": progress.stage, "targets": progress.targets, "done": progress.done}
            ),
            show,
        )
        return
    with paper(show) as console:
        at = f"wave {progress.wave} of {progress.waves}, " if progress.waves > 1 else ""
        doing = f" ({progress.stage})" if progress.stage not in ("", "apply") and found.state == "running" else ""
        far = f"{at}{progress.done} of {progress.targets} targets; {_outcomes(found.plans)}"
        console.print(f"{found.id}: {found.kind}, {found.state}{doing}: {far}")
        if progress.why:
            console.print(progress.why, markup=False)
        for number, parts in _rounds(found.plans):
            if number:
                console.print(f"round {number}: {_outcomes(parts)}")
            for part in parts:
                if part.outcome not in (None, "verified"):
                    console.print(f"  {part.hash[:12]} {part.outcome}: {part.error}", markup=False)


def _rounds(parts: Sequence[RunPlan]) -> list[tuple[int, list[RunPlan]]]:
    """The plans by their round; no number where there was but one. One planned in the place of another is of that one's round."""
    rounds: dict[int, list[RunPlan]] = {}
    at = 1
    for part in parts:
        at = part.round or at
        rounds.setdefault(at, []).append(part)
    return sorted(rounds.items()) if len(rounds) > 1 else [(0, each) for each in rounds.values()]

"""`setright worker`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from setright.cli.options import Shown, shown

if TYPE_CHECKING:
    from setright.engine.store import Job
    from setright.engine.workflow import Outcome


@click.command("worker")
@click.option(
    "--at-once", default=4, show_default=True, type=click.IntRange(1, 64), metavar="N", help="Targets worked on side by side."
)
@click.option("--until-idle", is_flag=True, help="Stop when no run is left.")
@shown("table", "json")
def command(at_once: int, until_idle: bool, show: Shown) -> None:
    """Serve the runs that were left with --queue, together with other workers on the same store.

    Says what came of each target, one line each. A signal (INT, TERM) lets what has begun end; a worker that dies is
    replaced by the others. Several machines need a store on PostgreSQL, and the same STATE/keys.

    \b
    Examples:
      setright worker --at-once 8
      setright fix --yes --queue && setright worker --until-idle
    """
    import signal
    import threading

    app = show.open()
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    lines = threading.Lock()

    def tell(job: Job, outcomes: list[Outcome]) -> None:
        with lines:
            _say(job, outcomes, show)

    app.runner.work(at_once, tell, lambda: over.is_set() or (until_idle and not app.store.under_way()))


def _say(job: Job, outcomes: list[Outcome], show: Shown) -> None:
    from collections import Counter

    from setright.cli.output import emit, json_text
    from setright.engine.contract import SCHEMA
    from setright.engine.redact import printable

    counts = Counter(outcome.outcome for outcome in outcomes)
    if show.format == "json":
        told = {"schema": SCHEMA, "run": job.run, "wave": job.wave, "target": job.target, "outcomes": dict(counts)}
        click.echo(json_text(told).replace("\n", ""))
    elif not show.quiet:
        said = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        emit(f"{job.run} wave {job.wave}: {printable(job.target)}: {said}", show)

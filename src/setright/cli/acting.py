"""Plans shown, asked about, run and reported: what `fix` and `apply` share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import click

from setright.cli.failure import CLEAN, FOUND
from setright.cli.gather import titles
from setright.cli.output import emit, hint, json_text, on_terminal, paper
from setright.cli.progress import live
from setright.cli.screens import findings
from setright.cli.screens import plans as screen
from setright.engine.contract import Report, run_object
from setright.engine.error import EngineError
from setright.engine.redact import printable, redact_text
from setright.engine.runs import left_by_all
from setright.model import Plan

if TYPE_CHECKING:
    from setright.app import App, RunOutcome
    from setright.cli.options import Shown
    from setright.engine.rounds import Further
    from setright.engine.store import Progress
    from setright.engine.workflow import Outcome

TO_AGREE = "`setright approve HASH` and then `setright apply --approved`, or `setright fix --all`"
BAD = ("reverted", "unverified", "refused")


class CallerConsent(NamedTuple):
    """What the caller approved beforehand, whether the question is skipped, and what others have agreed to already.

    `queue`: workers run it, nobody waits. `left`: what a yes to all does not take in, by hash, with what it would break.
    `further`: what the run may plan by itself; None: nothing.
    """

    approved: frozenset[str]
    yes: bool
    agreed: frozenset[str] = frozenset()
    queue: bool = False
    left: Mapping[str, str] = {}
    further: Further | None = None


class Acted(NamedTuple):
    """How each plan ended, and which were chosen to run; the others wait for a person."""

    ended: tuple[tuple[Plan, Outcome], ...]
    chosen: frozenset[str]

    @property
    def code(self) -> int:
        """1 where a plan that should have run was refused or rolled back, or could not be verified."""
        return FOUND if any(plan.hash in self.chosen and outcome.outcome in BAD for plan, outcome in self.ended) else CLEAN

    @property
    def waiting(self) -> bool:
        return any(plan.lane != "hand" and plan.hash not in self.chosen for plan, _ in self.ended)


def act_on(
    app: App, plans: Sequence[Plan], decision: CallerConsent, show: Shown, report: Report | None, all_findings: bool
) -> Acted:
    """Runs what may run and says what came of it; nothing where the person at the terminal says no."""
    asking = on_terminal() and not decision.yes and not show.file and show.format == "table"
    if show.format == "table" and not show.quiet:
        with paper(show._replace(file=None)) as console:
            screen.draw(console, plans, titles(app, plans), all_findings)
            screen.draw_lanes(console, plans)
    chosen = _asked(plans, decision) if asking else _runnable(plans, decision)
    run = _run(app, plans, (chosen, decision), show) if plans and (chosen or not asking) else None
    _told(run, show, report)
    later = [plan for plan, _ in run.plans if plan.hash in run.rounds] if run else []
    if show.format == "table" and not show.quiet and later:
        with paper(show) as console:
            screen.draw(console, [plan for plan in later if plan.lane == "hand"], titles(app, later), all_findings)
    _left([*plans, *later], {**decision.left, **_left_later(later, decision)}, show)
    if run and decision.queue:
        hint(f"Run {run.id} is left to workers; setright runs show {run.id} tells how far it is", show)
    return Acted(run.plans if run else (), chosen | _ran_later(run))


def end_what_was_cut_off(app: App, show: Shown, yes: bool) -> frozenset[str]:
    """Before anything is planned: beside what an earlier process left half-way, plans would lapse. A person is asked first.

    The hashes of the plans that were verified so.
    """
    try:
        left = app.store.under_way()
    except EngineError:  # a store that cannot be asked: whoever acts is told
        left = []
    if not left:
        return frozenset()
    asking = on_terminal() and not yes and not show.file and show.format == "table"
    if asking and not click.confirm("An earlier run has not ended. Let it end first, as was agreed then?", err=True):
        return frozenset()
    with live(show.quiet) as say:
        say("Letting an earlier run end ...")
        ended = app.recover()
    _tell_recovered(ended, show)
    return frozenset(outcome.plan for outcome in ended if outcome.outcome == "verified")


def _tell_recovered(ended: Sequence[Outcome], show: Shown) -> None:
    for came, number in Counter(outcome.outcome for outcome in ended).items():
        hint(f"An earlier run was cut off; {_count(number)} of it {'is' if number == 1 else 'are'} {came} now", show)


def _ran_later(run: RunOutcome | None) -> frozenset[str]:
    """The plans of later rounds that were to run: those that wait for a yes were not."""
    later = [(plan, outcome.outcome) for plan, outcome in run.plans if plan.hash in run.rounds] if run else []
    return frozenset(p.hash for p, ended in later if ended != "hand" and (p.lane == "auto" or ended != "refused"))


def _left_later(later: Sequence[Plan], decision: CallerConsent) -> dict[str, str]:
    """What a yes to all did not take in of later rounds, by hash, with what it would break."""
    if not (decision.further and decision.further.approves):
        return {}
    named = decision.further.ask.controls
    return {plan.hash: why for plan in later if (why := left_by_all(plan, named))}


def _runnable(plans: Sequence[Plan], decision: CallerConsent) -> frozenset[str]:
    return frozenset(
        p.hash for p in plans if p.lane != "hand" and (p.lane == "auto" or p.hash in decision.approved | decision.agreed)
    )


def _asked(plans: Sequence[Plan], decision: CallerConsent) -> frozenset[str]:
    """What the person says shall run: what needs no approval, that and the rest, or nothing."""
    ready = _runnable(plans, decision)
    waiting = frozenset(p.hash for p in plans if p.lane != "hand") - ready - decision.left.keys()
    if not ready and not waiting:
        return frozenset()
    click.echo(err=True)
    if not waiting:
        return ready if click.confirm(f"Put {_count(len(ready))} right?", err=True) else frozenset()
    if not ready:
        question = f"Approve and run {_count(len(waiting))}, as your decision?"
        return waiting if click.confirm(question, err=True) else frozenset()
    question = f"Run the {len(ready)} that need no approval (r), also approve the other {len(waiting)} (a), or nothing (n)?"
    answer = click.prompt(question, type=click.Choice(["r", "a", "n"]), default="n", show_choices=False, err=True)
    return {"r": ready, "a": ready | waiting, "n": frozenset[str]()}[answer]


def _count(plans: int) -> str:
    return "1 plan" if plans == 1 else f"{plans} plans"


def _run(app: App, plans: Sequence[Plan], said: tuple[frozenset[str], CallerConsent], show: Shown) -> RunOutcome:
    """`said`: what is chosen to run, and of that what others have agreed to, so that the caller need not."""
    chosen, decision = said
    mine = chosen - decision.agreed
    if decision.queue:
        return app.queue(plans, lambda plan: plan.hash in mine, decision.further)
    done = wave = 0

    def tell(plan: Plan, outcome: Outcome) -> None:
        nonlocal done
        done += 1
        say(f"{done} of {len(chosen)}: {printable(plan.document)} {outcome.outcome}")

    def watch(progress: Progress) -> None:
        nonlocal wave
        if progress.waves > 1 and wave != progress.wave:
            wave = progress.wave
            hint(f"wave {wave} of {progress.waves}, {progress.done} of {progress.targets} targets", show)
        elif progress.targets > 1:
            say(f"{progress.done} of {progress.targets} targets")

    app.runner.on_interrupt = lambda: hint("Interrupted: what has begun on a target ends first; once more does not wait", show)
    with live(show.quiet) as say:
        say(f"Running {_count(len(chosen))} ...")
        return app.apply(plans, lambda plan: plan.hash in mine, tell, watch, decision.further)


def _left(plans: Sequence[Plan], left: Mapping[str, str], show: Shown) -> None:
    """What a yes to all does not take in, alike evidence once, and how to do it all the same."""
    targets: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for plan in plans:
        if plan.hash in left:
            targets.setdefault((left[plan.hash], plan.controls), []).append(plan.target)
    for (why, controls), on in targets.items():
        named = " ".join(f"--control {control}" for control in controls)
        where = printable(on[0]) if len(on) == 1 else f"{len(on)} targets"
        hint(f"left on {where}: evidence says this would break: {printable(redact_text(why))}", show)
        hint(f"  setright fix {printable(on[0]) if len(on) == 1 else 'TARGET'} {named} --all   does it all the same", show)


def _came(run: RunOutcome, target: str, number: int) -> tuple[int, list[str]]:
    """How many plans a round has on a target, and the packages of the round before, whose settings they are about."""
    mine = [(p, outcome, run.rounds.get(p.hash, 1)) for p, outcome in run.plans if p.target == target]
    before = [p.document for p, outcome, at in mine if at == number - 1 and outcome.outcome == "verified"]
    return sum(at == number for *_, at in mine), [name.removeprefix("package:") for name in before if name.startswith("package:")]


def _told(run: RunOutcome | None, show: Shown, report: Report | None) -> None:
    ended = run.plans if run else ()
    if show.format == "json":
        emit(json_text(run_object(run.id if run else None, ended, report, run.rounds if run else {})), show)
        return
    with paper(show) as console:
        if any(outcome.outcome != "hand" for _, outcome in ended):
            console.print()
        several, at = len({plan.target for plan, _ in ended}) > 1, ("", 1)
        for plan, outcome in ended:
            if run and plan.hash in run.rounds and at != (at := (plan.target, run.rounds[plan.hash])):
                screen.draw_round(console, at[0] if several else "", at[1], *_came(run, *at))
            if outcome.outcome != "hand":
                screen.draw_outcome(console, plan, outcome, several)
        screen.draw_outcomes(console, [outcome for _, outcome in ended])
        if report:
            findings.draw_unread(console, report)
    _tell_recovered(run.recovered if run else (), show)
    if waits := sum(screen.waits(outcome) for _, outcome in ended):
        hint(f"\n{waits} wait{'s' if waits == 1 else ''} for a yes: {TO_AGREE}", show)
    done = [plan for plan, outcome in ended if outcome.outcome == "verified"]
    if run and done:
        hint(f"\nRun {run.id}; setright rollback {run.id} undoes it", show)

"""Plans and what came of them: the diff, who decides and why, what may break, what it does and how to go back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from setright.cli.lines import from_here
from setright.cli.screens.styles import LANE, OUTCOME, diff_lines, heading, indented
from setright.controls.page import effect, standing_of
from setright.controls.words import brief
from setright.engine.redact import one_line, printable, redact_text
from setright.engine.runs import WAITS
from setright.model import Plan

if TYPE_CHECKING:
    from setright.engine.workflow import Outcome

DIFF_LINES = 60  # of one plan, unless all are asked for
PLANS = 20
BELONGINGS = 3  # of one plan: owners and places
HASH = 12  # characters shown; enough to approve by
MARGIN = 14
ANSWER = {True: ("✗", "red", "holds here: "), False: ("✓", "green", "not so: "), None: ("?", "yellow", "")}


def draw(console: Console, plans: Sequence[Plan], titles: Mapping[str, str], everything: bool = False) -> None:
    """Each plan, then how many there are in each lane. `titles` are the controls' sentences by id."""
    several = len({plan.target for plan in plans}) > 1
    changing = [plan for plan in plans if plan.lane != "hand"]
    for plan in changing if everything else changing[:PLANS]:
        _plan(console, plan, titles, several, everything)
    if len(changing) > PLANS and not everything:
        more = len(changing) - PLANS
        heading(console, f"... and {more} more {'plans' if more > 1 else 'plan'}; --all-findings shows all")
    _by_hand(console, [plan for plan in plans if plan.lane == "hand"], titles, several, everything)


def draw_lanes(console: Console, plans: Iterable[Plan]) -> None:
    """``4 plans: 3 auto, 1 ask``."""
    lanes = Counter(plan.lane for plan in plans)
    parts = [Text(f"{lanes[lane]} {lane}", style) for lane, (style, _) in LANE.items() if lanes[lane]]
    total = Text(f"{lanes.total()} plan{'s' if lanes.total() != 1 else ''}: ", "bold")
    console.print()
    console.print(total.append(Text(", ").join(parts)) if parts else Text("nothing to change", "bold green"))


def draw_round(console: Console, target: str, number: int, plans: int, brought: Sequence[str]) -> None:
    """``Round 2 on ssh://web-1, brought by auditd: 14 plans``."""
    on = f" on {from_here(target)}" if target else ""
    by = f", brought by {', '.join(map(printable, brought))}" if brought else ""
    heading(console, f"Round {number}{on}{by}: {plans} plan{'s' if plans != 1 else ''}")


def draw_outcome(console: Console, plan: Plan, outcome: Outcome, several: bool = False) -> None:
    """One line for a plan that ended, with why it did not end well. `several`: of more than one target."""
    style, sign = OUTCOME[ended := _ended(outcome)]
    line = Text.assemble((f"{sign} {ended:<10} ", style), printable(plan.document))
    if several:
        line.append(f"  on {from_here(plan.target)}", "dim")
    console.print(line.append(f"  {plan.hash[:HASH]}", "dim"))
    if outcome.why and outcome.outcome != "verified":
        indented(console, Text(brief(one_line(outcome.why))), 13)


def draw_outcomes(console: Console, outcomes: Iterable[Outcome]) -> None:
    counts = Counter(map(_ended, outcomes))
    parts = [Text(f"{counts[name]} {name}", style) for name, (style, _) in OUTCOME.items() if counts[name]]
    if not counts.keys() - {"hand"}:  # how many are for a person was said with the plans
        parts = [Text("nothing was changed", "bold")]
    console.print()
    console.print(Text(" · ", "dim").join(parts))


def waits(outcome: Outcome) -> bool:
    """Whether nothing stands against a plan but that nobody has agreed to it yet."""
    return outcome.outcome == "refused" and outcome.why.startswith(WAITS)


def _ended(outcome: Outcome) -> str:
    return "waiting" if waits(outcome) else outcome.outcome


def _plan(console: Console, plan: Plan, titles: Mapping[str, str], several: bool, everything: bool) -> None:
    style, words = LANE[plan.lane]
    console.print()
    heading_line = Text.assemble((f" {plan.lane} ", f"reverse {style}"), " ", (printable(plan.document), "bold"))
    if several:
        heading_line.append(f"  on {from_here(plan.target)}", "dim")
    console.print(heading_line.append(f"  {plan.hash[:HASH]}", "dim"))
    indented(console, Text(f"{words}: {brief(one_line(plan.reason))}", "italic"), 2)
    console.print()
    _diff(console, plan, everything)
    console.print()
    _facts(console, plan, titles)


def _diff(console: Console, plan: Plan, everything: bool) -> None:
    lines = [line for change in plan.changes for line in diff_lines(change.diff)]
    for line in lines if everything else lines[:DIFF_LINES]:
        if console.is_terminal:
            indented(console, line, 2)
        else:
            console.print(Text.assemble("  ", line), soft_wrap=True)  # a line broken in two would be another diff
    if len(lines) > DIFF_LINES and not everything:
        indented(console, Text(f"... and {len(lines) - DIFF_LINES} more lines; --all-findings shows them", "dim"), 2)
    if not lines:
        indented(console, Text("No document changes: the running state only is put right.", "dim"), 2)


def _facts(console: Console, plan: Plan, titles: Mapping[str, str]) -> None:
    right = [Text.assemble(titles.get(control, control), (f"  {control}", "dim")) for control in plan.controls]
    rows = [("puts right", right), ("may break", [*_fears(plan)]), ("effect", [Text(effect(plan.effect))]), *_belongs(plan)]
    for label, lines in rows:
        for number, line in enumerate(lines):
            indented(console, line, MARGIN, "" if number else Text(f"  {label}", "dim"))


def _belongs(plan: Plan) -> Iterator[tuple[str, list[Text]]]:
    """Whose its resources are, and where these stand."""
    for each in plan.belongs[:BELONGINGS]:
        where = standing_of(each)
        yield "stands in", [Text(one_line(where))] if where else []
        yield "owner", [Text.assemble(printable(each.owner), (f"  {one_line(each.owner_why)}", "dim"))] if each.owner else []
    if len(plan.belongs) > BELONGINGS:
        yield "", [Text(f"... and {len(plan.belongs) - BELONGINGS} more; --format json shows all", "dim")]


def _fears(plan: Plan) -> Iterator[Text]:
    """What is feared, by its answer: what holds here first, then what nobody here can tell, then what is ruled out."""
    answers: dict[tuple[bool | None, str, str], list[str]] = {}
    for sentence, _, answer in plan.breaks_if:
        answers.setdefault((answer.holds, answer.text, answer.source), []).append(sentence)
    for (holds, text, source), sentences in sorted(answers.items(), key=lambda each: (True, None, False).index(each[0][0])):
        sign, style, verdict = ANSWER[holds]
        evidence = one_line(text) + (f" ({printable(source)})" if source else "")
        if len(sentences) == 1:
            yield Text.assemble((f"{sign} {verdict}", f"bold {style}"), f"{sentences[0]}: ", (evidence, style))
        else:
            yield Text.assemble((f"{sign} {verdict}{evidence}:", f"bold {style}"))
            yield from (Text(f"· {sentence}") for sentence in sentences)


def _by_hand(console: Console, plans: Sequence[Plan], titles: Mapping[str, str], several: bool, everything: bool) -> None:
    """What only a person can do, alike steps once for all their resources."""
    if not plans:
        return
    heading(console, "By hand")
    alike: dict[tuple[str, str], list[Plan]] = {}
    for plan in plans:
        alike.setdefault((plan.controls[0], plan.reason), []).append(plan)
    groups = list(alike.items())
    for (control, reason), group in groups if everything else groups[:PLANS]:
        console.print()
        indented(console, Text.assemble(titles.get(control, control), (f"  {control}", "dim")), 2)
        named = [f"{printable(p.resources[0])}{f' on {from_here(p.target)}' if several else ''}" for p in group]
        shown_names = named if everything else named[:5]
        more = f" and {len(named) - len(shown_names)} more" if len(named) > len(shown_names) else ""
        indented(console, Text(", ".join(shown_names) + more, "bold"), 4)
        for step in redact_text(reason).strip().splitlines():
            indented(console, printable(step.strip()), 4)
        told = dict.fromkeys((text, source) for p in group for text, source in _evidence(p))
        for text, source in told:
            indented(console, Text(f"{one_line(text)} ({printable(source)})", "yellow"), 4)
    if len(groups) > PLANS and not everything:
        heading(console, f"... and {len(groups) - PLANS} more; --all-findings shows them")


def _evidence(plan: Plan) -> Iterator[tuple[str, str]]:
    """What the target told of it, with its source."""
    yield from ((answer.text, answer.source) for _, _, answer in plan.breaks_if if answer.source)

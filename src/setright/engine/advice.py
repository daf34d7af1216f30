"""Action items: one for each fix, in plain words, the same for the terminal, tickets and letters. Pure.

A fix is one control, wherever it is to be put right. What only a person can do is told step by step.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from setright.controls.fears import told_by
from setright.controls.page import effect
from setright.controls.words import requirement
from setright.engine.redact import printable, redact_text
from setright.model import Answer, Control, Plan

PLACES = 20  # of one item; the rest is counted
COMMANDS = 3
LANES_WITH_STEPS = ("auto", "ask", "hand")
SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
HOLDS = {True: "it does here: ", None: "", False: "ruled out: "}
MARKUP = re.compile(r"([\\`*_\[\]<>|~#])")


class Advice(NamedTuple):
    """One thing to do: `places` where it is wrong, `happens` what could come of it, `fears` what it may break and how we know."""

    control: str
    title: str
    severity: str
    places: tuple[str, ...]
    happens: str
    steps: tuple[str, ...]
    fears: tuple[str, ...]
    after: str
    meanwhile: str
    links: tuple[str, ...]


def general(control: Control) -> Advice:
    """What there is to say of a fix anywhere: no places, and what only a person can do as its steps."""
    fears = tuple(f"{sentence}: {told_by(teller)}" for sentence, teller in control.breaks_if.items())
    sections = (f"{name} {', '.join(ids)}" for name, ids in sorted(control.frameworks.items()))
    return Advice(
        control.id,
        control.title,
        control.severity,
        (),
        flat(control.why),
        _by_hand(control),
        fears,
        effect(control.effect),
        flat(control.shield),
        (control.source, *sections),
    )


def of_plans(plans: Iterable[Plan], control_of: Callable[[str], Control], called: Callable[[str], str]) -> list[Advice]:
    """One item for each control of the plans, in the order in which they come; `called` says how a target is named."""
    by_control: dict[str, list[Plan]] = {}
    for plan in plans:
        for control in plan.controls:
            by_control.setdefault(control, []).append(replace(plan, target=called(plan.target)))
    return [_planned(control_of(control), planned) for control, planned in by_control.items()]


def _planned(control: Control, plans: Sequence[Plan]) -> Advice:
    places = dict.fromkeys(
        f"{', '.join(map(printable, plan.resources))} in {printable(plan.document)} on {plan.target}" for plan in plans
    )
    answers = {sentence: answer for plan in plans for sentence, _, answer in plan.breaks_if if sentence in control.breaks_if}
    fears = tuple(_fear(sentence, answer) for sentence, answer in answers.items())
    return general(control)._replace(places=tuple(places), steps=tuple(_steps(control, plans)), fears=fears)


def steps(control: Control, lane: str, targets: Sequence[str], plans: Sequence[str] = ()) -> Iterator[str]:
    """What a person has to do in a lane: on some targets, with plans (their hashes) where there are any."""
    match lane:
        case "auto":
            yield from (f"Run: setright fix {target} --control {control.id}" for target in targets[:COMMANDS])
        case "ask":
            yield "Look at what it may break, and decide whether that is so for you."
            yield from (f"Ask for it: setright plan {target} --control {control.id} --ask" for target in targets[:COMMANDS])
            yield f"Agree: setright approve {' '.join(plan[:12] for plan in plans[:COMMANDS]) or 'PLAN'}"
            yield "Run: setright apply --approved"
        case "hand":
            yield from _by_hand(control)
            yield from (f"Look again: setright scan {target} --control {control.id}" for target in targets[:COMMANDS])


def by_lane(control: Control, places: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """What a person has to do at places, each a lane and a target. Where the lane is none of these, the command tells what is."""
    targets: dict[str, dict[str, None]] = {}
    for lane, target in places:
        targets.setdefault(lane if lane in LANES_WITH_STEPS else "auto", {})[target] = None
    return tuple(step for lane, of in targets.items() for step in steps(control, lane, list(of)))


def _steps(control: Control, plans: Sequence[Plan]) -> Iterator[str]:
    """Of all lanes that the plans take."""
    for lane in dict.fromkeys(plan.lane for plan in plans):
        of = [plan for plan in plans if plan.lane == lane]
        if lane not in LANES_WITH_STEPS or (lane == "hand" and not _by_hand(control)):
            yield redact_text(of[0].reason)
        yield from steps(control, lane, list(dict.fromkeys(plan.target for plan in of)), [plan.hash for plan in of])


def _by_hand(control: Control) -> tuple[str, ...]:
    """The control's own words, sentence by sentence; empty where an edit can do it."""
    steps = tuple(SENTENCE.split(flat(control.by_hand))) if control.by_hand.strip() else ()
    wanted = [requirement(each) for each in control.require]
    return (*steps, f"It is right when {' and '.join(wanted)}.") if steps and wanted else steps


def _fear(sentence: str, answer: Answer) -> str:
    source = f" ({answer.source})" if answer.source else ""
    return redact_text(f"{sentence}: {HOLDS[answer.holds]}{answer.text}{source}")


def advice_markdown(items: Iterable[Advice]) -> str:
    """A list of things to do, each under a heading of its own."""
    return "\n\n".join(part for item in items for part in _parts(item)) + "\n"


def _parts(item: Advice) -> Iterator[str]:
    yield f"## Put right: {_inline(item.title)}"
    yield f"Severity {item.severity} · `{item.control}`"
    if item.places:
        more = [f"... and {len(item.places) - PLACES} more"] if len(item.places) > PLACES else []
        yield "**What is wrong.** It is not so for:\n\n" + _list([*item.places[:PLACES], *more])
    yield f"**What could happen.** {_inline(item.happens)}"
    if item.steps:
        yield "**What to do.**\n\n" + "\n".join(f"{n}. {_inline(step)}" for n, step in enumerate(item.steps, 1))
    fears = f"\n\n{_list(item.fears)}" if item.fears else " Nothing, where the setup is correct."
    yield f"**What it may break, and how we know.**{fears}"
    yield f"**What it does.** {item.after}"
    if item.meanwhile:
        yield f"**Meanwhile.** {_inline(item.meanwhile)}"
    yield f"**More.** <{item.links[0]}>" + "".join(f" · {_inline(link)}" for link in item.links[1:])


def _list(lines: Iterable[str]) -> str:
    return "\n".join(f"- {_inline(line)}" for line in lines)


def _inline(text: str) -> str:
    return MARKUP.sub(r"\\\1", printable(flat(text)))


def flat(text: str) -> str:
    """On one line."""
    return " ".join(text.split())

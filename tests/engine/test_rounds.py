"""Rounds of a run: what its plans bring is put right in the same run, by what the caller said and no more."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from setright.app import RunOutcome, ScanOptions
from setright.cli import main
from setright.cli.acting import CallerConsent, act_on
from setright.cli.options import Shown
from setright.engine.desk import RunDesk, found_more
from setright.engine.error import EngineError
from setright.engine.rounds import MOST, Further
from setright.engine.workflow import protocol
from setright.model import Answer, Change
from tests.content import BINDING, content
from tests.engine.folder import FAMILY, Estate

BRINGING = BINDING | {FAMILY: BINDING[FAMILY] | {"brings": True}}
SAFE = {"require": {"a": 1}}
ASKED = {"require": {"b": 2}, "breaks-if": {"somebody uses it": "ask"}}
FEARED = {"require": {"b": 2}, "breaks-if": {"somebody uses it": "t/used"}}


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Callable[..., Estate]]:
    """Makes an estate of these controls whose item ``x`` brings ``y`` when it is first put right."""
    made: list[Estate] = []

    def make(controls: dict[str, dict], binding: dict = BRINGING, **brought: object) -> Estate:
        made.append(Estate(tmp_path, content(tmp_path / "content", controls, binding), "t"))
        folder = made[-1].folders["t"]
        folder.put("x", a=0, b=2)

        def bring(change: Change) -> None:
            if brought and not change.meta and not (folder.place / "y.json").exists():
                folder.put("y", **brought)

        folder.after_write = bring
        return made[-1]

    yield make
    for each in made:
        each.close()


def ran(estate: Estate, *, approves: bool) -> RunOutcome:
    plans = [plan for planned in estate.plan(["t"], ScanOptions(), together=approves) for plan in planned.plans]
    told = Further(ScanOptions(), approves)
    return estate.apply(plans, lambda plan: approves, lambda plan, outcome: None, further=told)


def ends(run: RunOutcome) -> list[tuple[int, str, str]]:
    return [(run.rounds.get(plan.hash, 1), plan.document, outcome.outcome) for plan, outcome in run.plans]


def test_a_run_that_is_shown_tells_how_each_round_ended(estate: Callable[..., Estate], monkeypatch: pytest.MonkeyPatch) -> None:
    made = estate({"t/item/a": SAFE}, a=0)
    run = ran(made, approves=True)
    monkeypatch.chdir(made.state)
    shown = CliRunner(env={"SETRIGHT_STATE": str(made.state)}).invoke(main, ["runs", "show", run.id]).stdout
    assert shown.splitlines()[1:] == ["round 1: 1 verified", "round 2: 1 verified"]


def events(estate: Estate) -> list[str]:
    return [json.loads(line)["event"] for line in estate.ledger.path.read_text().splitlines()]


def test_what_a_plan_brings_is_put_right_in_the_same_run_and_goes_back_with_it(estate):
    made = estate({"t/item/a": SAFE}, a=0)
    run = ran(made, approves=False)
    assert ends(run) == [(1, "item:x", "verified"), (2, "item:y", "verified")]
    assert made.folders["t"].item("y") == {"name": "y", "a": 1}
    assert "planned further" in events(made)
    back = made.rollback(run.id, lambda plan, outcome: None)
    assert [(plan.document, outcome.outcome) for plan, outcome in back.plans] == [("item:y", "reverted"), ("item:x", "reverted")]
    assert [made.folders["t"].item(name)["a"] for name in "xy"] == [0, 0]


@pytest.mark.parametrize(("approves", "ended", "value"), [(False, "refused", 0), (True, "verified", 2)])
def test_a_plan_that_nobody_was_shown_is_approved_only_by_a_yes_to_all(estate, approves, ended, value):
    made = estate({"t/item/a": SAFE, "t/item/b": ASKED}, a=1, b=0)
    run = ran(made, approves=approves)
    assert ends(run)[1:] == [(2, "item:y", ended)]
    assert made.folders["t"].item("y")["b"] == value
    assert events(made).count("approved") == approves
    assert ("waits for approval" in run.plans[1][1].why) != approves


def test_a_yes_to_all_is_used_up_with_its_run(estate):
    made = estate({"t/item/a": SAFE, "t/item/b": ASKED}, a=1, b=0)
    run = ran(made, approves=True)
    made.rollback(run.id, lambda plan, outcome: None)
    assert made.consent.lacking([run.plans[1][0]])[run.plans[1][0].hash]


def test_what_evidence_says_would_break_is_left_even_by_a_yes_to_all(estate):
    made = estate({"t/item/a": SAFE, "t/item/b": FEARED}, a=1, b=0)
    made.folders["t"].answers["t/used"] = Answer(True, "seen today")
    run = ran(made, approves=True)
    assert ends(run)[1:] == [(2, "item:y", "refused")]
    assert "seen today" in run.plans[1][1].why and made.folders["t"].item("y")["b"] == 0


def test_what_was_left_before_is_not_taken_up_again(estate):
    made = estate({"t/item/a": SAFE, "t/item/b": ASKED}, a=0, b=2)
    made.folders["t"].put("z", a=1, b=0)
    assert ends(ran(made, approves=False)) == [(1, "item:x", "verified"), (1, "item:z", "refused"), (2, "item:y", "verified")]


@pytest.mark.parametrize("how", ["a kind that brings nothing", "nothing that fails", "a plan that was shown and no more"])
def test_nobody_looks_again_for_nothing(estate, how):
    made = estate({"t/item/a": SAFE}, BINDING if "kind" in how else BRINGING, **({} if "fails" in how else {"a": 0}))
    plans = [plan for planned in made.plan(["t"], ScanOptions()) for plan in planned.plans]
    told = None if "shown" in how else Further(ScanOptions(), True)
    run = made.apply(plans, lambda plan: True, lambda plan, outcome: None, further=told)
    assert ends(run) == [(1, "item:x", "verified")] and "planned further" not in events(made)


def test_a_run_has_so_many_rounds_and_no_more(estate):
    made = estate({"t/item/a": SAFE})
    folder = made.folders["t"]
    folder.after_write = lambda change: folder.put(f"more-{len(folder.writes())}", a=0) and None
    assert [at for at, _, _ in ends(ran(made, approves=False))] == list(range(1, MOST + 1))


def test_a_run_may_not_grow_over_what_policy_lets_it_touch(estate):
    made = estate({"t/item/a": SAFE}, a=0)
    made.configuration = replace(made.configuration, policy=replace(made.configuration.policy, max_plans=1))
    run = ran(made, approves=False)
    assert ends(run)[1:] == [(2, "item:y", "refused")]
    assert "the run would touch 2 plans" in run.plans[1][1].why


@pytest.mark.parametrize("nth", range(1, 5))
def test_a_run_cut_off_between_rounds_goes_on_with_them(estate, monkeypatch, nth):
    """At both boundaries of the look, and within the second round."""
    made = estate({"t/item/a": SAFE, "t/item/b": ASKED}, a=0, b=0)
    seen: list[str] = []

    def cut_off(self: RunDesk, boundary: str) -> None:
        if seen or boundary == "look-further":
            seen.append(boundary)
        if len(seen) == nth:
            raise protocol.Unrecorded("cut off")

    with monkeypatch.context() as cut:
        cut.setattr(RunDesk, "at", cut_off)
        with pytest.raises(EngineError, match="cut off"):
            ran(made, approves=False)
    made.recover()
    (run,) = made.store.runs()
    assert [(part.round, part.outcome) for part in run.plans] == [(1, "verified"), (2, "verified"), (2, "refused")]
    assert made.folders["t"].item("y") == {"name": "y", "a": 1, "b": 0}
    assert events(made).count("refused") == 1 and events(made).count("verified") == 2


def test_a_round_is_told_apart_with_what_waits_there_and_what_is_left_to_a_person(estate, capsys):
    by_hand = {"require": {"c": 1}, "by-hand": "Ask the one who knows."}
    made = estate({"t/item/a": SAFE, "t/item/b": FEARED, "t/item/c": by_hand}, a=0, b=0, c=0)
    folder = made.folders["t"]
    folder.put("x", a=0, b=2, c=1)
    folder.answers["t/used"] = Answer(True, "seen today")
    plans = [plan for planned in made.plan(["t"], ScanOptions(), together=True) for plan in planned.plans]
    decision = CallerConsent(frozenset(), True, further=Further(ScanOptions(), True))
    acted = act_on(made, plans, decision, Shown("table", None, False, None), None, False)
    told = capsys.readouterr()
    first, second = told.out.split("Round 2: 3 plans")
    assert "verified   item:x" in first and "verified   item:y" in second and "waiting    item:y" in second
    assert "Ask the one who knows." in second
    assert "left on t: evidence says this would break: somebody uses it (seen today)" in told.err
    assert acted.code == 0, "what waits was not to run"


@pytest.mark.parametrize(
    ("outcome", "why", "anew"),
    [
        ("reverted", "linux/a/b still fail on b", True),
        ("reverted", "linux/a/b still fail on b; linux/a/c still fail on c", True),
        ("reverted", "linux/a/b still fail on b; port 22: was 'answers', is 'nothing'", False),
        ("unverified", "linux/a/b still fail on b; the way back failed: no", False),
        ("refused", "", False),
        (None, None, False),
    ],
)
def test_a_plan_that_found_more_of_its_kind_is_planned_anew(outcome, why, anew):
    assert found_more(outcome, why) is anew

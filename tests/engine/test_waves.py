"""Runs over many targets: in waves, each as healthy afterwards as before, or taken back and nothing else begun."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from setright.app import RunOutcome, ScanOptions
from setright.engine import execute
from setright.engine.configuration import Target
from setright.engine.store import Progress
from setright.engine.waves import laid_out
from setright.engine.workflow import protocol
from setright.model import Plan
from setright.policy.estate import Subject
from setright.policy.rules import Policy, Waves
from setright.policy.waves import portions
from tests.content import content
from tests.engine.folder import Estate

SAFE = {"require": {"a": 1}}
NAMES = ("p1", "p2", "p3", "p4", "t1")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "PATIENCE_S", 0.2)
    monkeypatch.setattr(execute, "PAUSE_S", 0.02)
    monkeypatch.setattr(protocol, "RETRY_S", 0.05)


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Callable[..., Estate]]:
    """Targets whose names begin with p are in production, with t in test; each has one thing that is wrong."""
    made: list[Estate] = []

    def make(policy: Policy = Policy(), names: tuple[str, ...] = NAMES) -> Estate:  # noqa: B008 - immutable
        app = Estate(tmp_path, content(tmp_path / "content", {"t/item/a": SAFE}), *names)
        made.append(app)
        places = {"p": "production", "t": "test"}
        targets = tuple(Target(name, name, environment=places[name[0]]) for name in names)  # type: ignore[arg-type]
        app.configuration = msgspec.structs.replace(app.configuration, targets=targets, policy=policy)
        app._declared = {target.url: target for target in targets}
        for folder in app.folders.values():
            folder.put("x", a=0)
        return app

    yield make
    for each in made:
        each.close()


def applied(app: Estate) -> RunOutcome:
    plans = [plan for planned in app.plan([*app.folders], ScanOptions()) for plan in planned.plans]
    return app.apply(plans, lambda plan: True, lambda plan, outcome: None)


def outcomes(run: RunOutcome) -> dict[str, str]:
    return {plan.target: outcome.outcome for plan, outcome in run.plans}


def why(run: RunOutcome, target: str) -> str:
    return next(outcome.why for plan, outcome in run.plans if plan.target == target)


def values(app: Estate) -> dict[str, object]:
    return {name: folder.item("x")["a"] for name, folder in app.folders.items()}


def test_test_goes_before_production_and_production_begins_with_one(estate):
    app = estate()
    seen: list[tuple[int, int, int]] = []
    plans = [plan for planned in app.plan([*app.folders], ScanOptions()) for plan in planned.plans]
    run = app.apply(plans, lambda p: True, lambda p, o: None, lambda at: seen.append((at.wave, at.waves, at.targets)))
    assert set(outcomes(run).values()) == {"verified"}
    kept = app.store.run(run.id)
    assert (kept.state, kept.wave, kept.waves) == ("ended", 4, 4)
    assert [wave for wave, _, _ in seen] == [1, 2, 3, 4, 4]
    first = {job.target: job.wave for job in laid_out("r", plans, Policy(), app.subject, app.consent.cases).jobs}
    assert first == {"t1": 1, "p1": 2, "p2": 3, "p3": 4, "p4": 4}


def test_who_interrupts_a_run_is_told_what_was_done_and_what_did_not_begin(estate):
    app = estate()
    plans = [plan for planned in app.plan([*app.folders], ScanOptions()) for plan in planned.plans]
    interrupted: list[Progress] = []

    def interrupt(at: Progress) -> None:
        if at.done and not interrupted:  # within a wave, which ends
            interrupted.append(at)
            os.kill(os.getpid(), signal.SIGINT)  # to the main thread, as a terminal does

    run = app.apply(plans, lambda p: True, lambda p, o: None, interrupt)
    assert (outcomes(run)["t1"], outcomes(run)["p4"]) == ("verified", "refused")
    assert "interrupted before it began" in why(run, "p4")
    assert values(app)["p4"] == 0 and app.store.run(run.id).state == "ended"


def test_a_wave_that_is_not_as_healthy_as_before_is_taken_back_and_no_other_begins(estate):
    app = estate(Policy(waves=(Waves(sizes=(2, "rest")),)))
    sick = app.folders["p1"]
    looks: list[str] = []

    def probe():  # healthy while the plan is verified, ill when the wave is looked at
        looks.append("")
        return {"port": "answers" if len(looks) <= 2 else "refused"}

    sick.probes = probe
    run = applied(app)
    assert outcomes(run) == {"t1": "reverted", "p1": "reverted", "p2": "refused", "p3": "refused", "p4": "refused"}
    assert values(app) == dict.fromkeys(NAMES, 0)
    assert "wave 1 of 2 was taken back: p1: port: was 'answers', is 'refused'" in why(run, "p4")
    assert why(run, "t1") == why(run, "p4")
    assert all(app.folders[name].log == [] for name in ("p2", "p3", "p4"))
    assert app.store.run(run.id).state == "ended"


def test_a_control_that_fails_again_after_the_wave_takes_it_back(estate):
    app = estate(Policy(waves=(Waves(sizes=(1, "rest")),)))
    again = app.folders["t1"]
    real = again.read
    reads: list[str] = []

    def read(wants):
        reads.append("")
        if len(reads) == 3:  # planned, verified, and now
            again.put("x", a=0)
        return real(wants)

    again.read = read
    run = applied(app)
    assert "t/item/a fails again on x" in why(run, "p1")
    assert {outcomes(run)[name] for name in ("p1", "p2", "p3", "p4")} == {"refused"}


def test_the_error_budget_stops_a_run_by_itself(estate):
    app = estate(Policy(waves=(Waves(sizes=(2, "rest")),)))
    app.folders["t1"].ignores_writes = True
    run = applied(app)
    assert outcomes(run)["t1"] == "reverted"
    assert {outcomes(run)[name] for name in ("p2", "p3", "p4")} == {"refused"}
    assert "1 target had to be taken back, and its error budget is 1" in why(run, "p4")


def test_within_the_budget_a_run_goes_on(estate):
    app = estate(Policy(waves=(Waves(sizes=(2, "rest")),), error_budget=2))
    app.folders["t1"].ignores_writes = True
    run = applied(app)
    assert outcomes(run) == {"t1": "reverted", **dict.fromkeys(("p1", "p2", "p3", "p4"), "verified")}


@pytest.mark.parametrize("cap", [{"max_targets": 4}, {"max_plans": 4}])
def test_a_run_beyond_its_caps_does_not_begin(estate, cap):
    app = estate(Policy(**cap))
    run = applied(app)
    assert set(outcomes(run).values()) == {"refused"}
    assert "would touch 5" in why(run, "p1")
    assert all(folder.log == [] for folder in app.folders.values())


def test_targets_outside_production_go_at_once(estate):
    app = estate(names=("t1", "t2", "t3"))
    run = applied(app)
    assert app.store.run(run.id).waves == 1
    assert set(outcomes(run).values()) == {"verified"}


def test_a_wave_soaks_before_it_is_looked_at(estate):
    app = estate(Policy(waves=(Waves(sizes=(1, "rest"), soak_s=1),)), names=("t1", "t2"))
    began = app.store  # opened before the clock runs
    import time

    at = time.monotonic()
    run = applied(app)
    assert set(outcomes(run).values()) == {"verified"}
    assert time.monotonic() - at >= 2
    assert began.run(run.id).waves == 2


def test_portions_take_all_and_no_more():
    assert list(portions((1, "10%", "rest"), 40)) == [1, 4, 35]
    assert list(portions((1, "10%"), 25)) == [1, 3, 3, 3, 3, 3, 3, 3, 3]
    assert list(portions((5,), 12)) == [5, 5, 2]
    assert list(portions((), 3)) == [3]


def test_the_order_of_targets_is_the_same_whatever_order_they_were_planned_in():
    def subject(target: str) -> Subject:
        return Subject((target,), environment="production", importance={"a": "critical", "b": "low"}.get(target, ""))

    def plan(target: str) -> Plan:
        return Plan(target, "mem", "d", (), (), (), (), "auto", "", hash=f"hash-{target}")

    for order in ("abc", "cba", "bac"):
        jobs = laid_out("r", [plan(name) for name in order], Policy(), subject, lambda plan: []).jobs
        assert [job.target for job in jobs] == ["b", "c", "a"]

"""Runs over a durable target: what is kept, what goes back, what is refused, and what is said of each."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from setright.app import RunOutcome, ScanOptions
from setright.controls.load import build
from setright.engine import execute
from setright.engine.ledger import verify_ledger
from setright.engine.snapshots import Snapshots
from setright.engine.stop import switch
from setright.engine.workflow import protocol
from setright.model import Answer, Change, Plan
from setright.surfaces.base import SurfaceError
from tests.content import BINDING, content
from tests.engine.folder import FAMILY, Estate, Folder

SAFE = {"require": {"a": 1}}
ASKED = {"require": {"b": 2}, "breaks-if": {"somebody uses it": "ask"}}
CUTS_OFF = BINDING | {FAMILY: BINDING[FAMILY] | {"cuts-us-off": True, "validate": "check", "reload": "again"}}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execute, "PATIENCE_S", 0.2)
    monkeypatch.setattr(execute, "PAUSE_S", 0.02)
    monkeypatch.setattr(protocol, "RETRY_S", 0.05)
    monkeypatch.setattr(protocol, "ARMED_FOR_S", 0.2)


@pytest.fixture
def estate(tmp_path: Path) -> Iterator[Callable[..., Estate]]:
    """Makes an estate of these controls (id -> fields), by default with one target ``t``."""
    made: list[Estate] = []

    def make(controls: dict[str, dict], *names: str, binding: dict = BINDING) -> Estate:
        made.append(Estate(tmp_path, content(tmp_path / "content", controls, binding), *(names or ("t",))))
        return made[-1]

    yield make
    for each in made:
        each.close()


def planned(estate: Estate) -> list[Plan]:
    return [plan for planned in estate.plan([*estate.folders], ScanOptions()) for plan in planned.plans]


def applied(estate: Estate, plans: list[Plan] | None = None) -> RunOutcome:
    """A run of these plans, by default of all there are, all of them approved."""
    return estate.apply(planned(estate) if plans is None else plans, lambda plan: True, lambda plan, outcome: None)


def outcomes(run: RunOutcome) -> list[str]:
    return [outcome.outcome for _, outcome in run.plans]


def why(run: RunOutcome) -> str:
    return "; ".join(outcome.why for _, outcome in run.plans)


def told(estate: Estate) -> list[str]:
    """The events of the ledger, which must be whole."""
    assert verify_ledger(estate.ledger.path, estate.ledger._public).whole
    return [json.loads(line)["event"] for line in estate.ledger.path.read_text().splitlines()]


def one(estate: Callable[..., Estate], **more: object) -> tuple[Estate, Folder, Path]:
    """An estate of one target with one wrong item, and its file."""
    made = estate({"t/item/a": SAFE}, **more)
    folder = made.folders["t"]
    return made, folder, folder.put("x", a=0)


def test_a_verified_run_kept_the_prior_state_before_it_wrote(estate):
    made, folder, file = one(estate)
    before = file.read_bytes()
    run = applied(made)
    assert outcomes(run) == ["verified"]
    assert folder.item("x") == {"name": "x", "a": 1}
    assert folder.log.index("keep") < folder.log.index("validate") < folder.log.index("write item:x") < folder.log.index("reload")
    (address,) = run.plans[0][1].kept
    assert Snapshots(made.state).get(address).data == before
    assert told(made) == ["snapshot", "writing", "checked", "verified"]


def test_what_the_checker_refuses_is_not_written(estate):
    made, folder, file = one(estate)
    before = file.read_bytes()
    folder.refuses = "line 2: no such setting"
    run = applied(made)
    assert outcomes(run) == ["refused"]
    assert "no such setting" in why(run)
    assert file.read_bytes() == before and folder.writes() == []
    assert told(made) == ["snapshot", "refused"]


def test_what_holds_only_after_a_restart_is_said_there_and_back(estate):
    made, folder, file = one(estate)
    before = file.read_bytes()
    folder.keeps = ["the kernel keeps it"]
    run = applied(made)
    assert (outcomes(run), why(run)) == (["unverified"], "the kernel keeps it")
    back = made.rollback(run.id, lambda plan, outcome: None)
    assert outcomes(back) == ["unverified"] and "the kernel keeps it" in why(back)
    assert file.read_bytes() == before
    folder.keeps = []
    assert outcomes(made.rollback(run.id, lambda plan, outcome: None)) == ["reverted"]


def test_a_health_probe_that_changes_takes_the_change_back(estate):
    made, folder, file = one(estate)
    before = file.read_bytes()
    folder.probes = lambda: {"port": "answers" if file.read_bytes() == before else "refused"}
    run = applied(made)
    assert outcomes(run) == ["reverted"]
    assert "port: was 'answers', is 'refused'" in why(run)
    assert file.read_bytes() == before
    assert folder.writes() == ["write item:x", "restore item:x"]
    assert told(made) == ["snapshot", "writing", "checked", "restoring", "checked back", "reverted"]


def test_a_write_that_does_not_take_is_not_called_verified(estate):
    made, folder, _ = one(estate)
    folder.ignores_writes = True
    run = applied(made)
    assert outcomes(run) == ["reverted"]
    assert "t/item/a still fail on x" in why(run)


def test_a_sibling_value_that_moves_with_the_write_takes_the_change_back(estate):
    made, folder, file = one(estate)
    folder.put("x", a=0, sibling="as it was")
    before = file.read_bytes()
    folder.after_write = lambda change: file.write_bytes(file.read_bytes().replace(b"as it was", b"something else"))
    run = applied(made)
    assert outcomes(run) == ["unverified"]  # nobody may write over what somebody else wrote
    assert "sibling is not as it must be" in why(run)
    assert file.read_bytes() != before


def test_a_control_that_still_fails_takes_the_change_back(estate, monkeypatch):
    made, _folder, file = one(estate)
    before = file.read_bytes()
    plans = planned(made)
    made.catalogue._built["t/item/a"] = build(made.catalogue._mapping("t/item/a") | {"require": {"a": 3}})
    run = applied(made, plans)
    assert outcomes(run) == ["reverted"]
    assert "still fail" in why(run)
    assert file.read_bytes() == before


def test_a_way_back_that_fails_is_said_and_the_snapshot_is_named(estate):
    made, folder, file = one(estate)
    before = file.read_bytes()
    folder.probes = lambda: {"port": file.read_bytes().hex()}
    folder.no_way_back = True
    run = applied(made)
    assert outcomes(run) == ["unverified"]
    assert "the way back failed: the disk is gone" in why(run)
    (address,) = run.plans[0][1].kept
    assert Snapshots(made.state).get(address).data == before
    assert told(made)[-1] == "unverified"


class Clock:
    """The clock, which counts how often somebody waits by it."""

    def __init__(self) -> None:
        self.waits = 0
        self.monotonic = time.monotonic

    def sleep(self, seconds: float) -> None:
        self.waits += 1
        time.sleep(seconds)


def test_each_plan_waits_for_a_way_back_that_may_open_yet(estate, monkeypatch):
    made, folder, file = one(estate)
    for name in "ab":
        folder.put(name, a=0)
    folder.probes = lambda: {"port": file.read_bytes().hex() + "".join(folder.log)}
    folder.no_way_back = True
    monkeypatch.setattr(protocol, "time", clock := Clock())
    assert outcomes(applied(made)) == ["unverified"] * 3
    assert clock.waits >= 6


def test_nobody_waits_for_what_somebody_changed_since(estate, monkeypatch):
    made, folder, file = one(estate)
    folder.after_write = lambda change: file.write_text('{"name": "x", "a": 7}')
    monkeypatch.setattr(protocol, "time", clock := Clock())
    run = applied(made)
    assert outcomes(run) == ["unverified"] and "changed since it was read" in why(run)
    assert clock.waits == 0


def test_a_way_back_that_does_not_take_is_said(estate):
    made, folder, file = one(estate)

    def stuck(change):
        folder.ignores_writes = True

    folder.after_write = stuck
    folder.probes = lambda: {"port": file.read_bytes().hex()}
    run = applied(made)
    assert outcomes(run) == ["unverified"]
    assert "not all came back: item:x: a is not as it must be" in why(run)


def test_a_write_that_is_cut_off_goes_back(estate):
    made, folder, file = one(estate)
    before = file.read_bytes()

    def cut_off(change):
        if not change.meta:
            raise SurfaceError("the connection is gone")

    folder.after_write = cut_off
    run = applied(made)
    assert outcomes(run) == ["reverted"]
    assert "the connection is gone" in why(run)
    assert file.read_bytes() == before


def test_two_plans_on_one_document_run_in_order(estate):
    made = estate({"t/item/a": SAFE, "t/item/b": ASKED})
    folder = made.folders["t"]
    file = folder.put("x", a=0, b=0)
    before = file.read_bytes()
    run = applied(made)
    assert [plan.lane for plan, _ in run.plans] == ["auto", "ask"]
    assert outcomes(run) == ["verified", "verified"]
    assert folder.item("x") == {"name": "x", "a": 1, "b": 2}
    back = made.rollback(run.id, lambda plan, outcome: None)
    assert outcomes(back) == ["reverted", "reverted"]
    assert [plan.lane for plan, _ in back.plans] == ["ask", "auto"]
    assert file.read_bytes() == before


def test_a_plan_that_waits_for_approval_does_not_run(estate):
    made = estate({"t/item/b": ASKED})
    folder = made.folders["t"]
    folder.put("x", b=0)
    run = made.apply(planned(made), lambda plan: False, lambda plan, outcome: None)
    assert outcomes(run) == ["refused"]
    assert "waits for approval" in why(run)
    assert folder.log == []


def test_an_approval_is_recorded_with_who_gave_it(estate):
    made = estate({"t/item/b": ASKED})
    made.folders["t"].put("x", b=0)
    (plan,) = planned(made)
    applied(made, [plan])
    record = json.loads(made.ledger.path.read_text().splitlines()[0])
    assert (record["event"], record["body"]["plan"], record["actor"]) == ("approved", plan.hash, made.ledger.actor)
    assert made.store.approvals([plan.hash]) == {plan.hash: []}  # a yes is for one run
    assert told(made)[0] == "approved"


def test_while_the_kill_switch_is_on_nothing_is_touched(estate):
    made, folder, file = one(estate)
    before = file.read_bytes()
    switch(made.state, made.store, on=True, why="incident")
    run = applied(made)
    assert outcomes(run) == ["refused"]
    assert "kill switch" in why(run)
    assert file.read_bytes() == before and folder.log == []
    switch(made.state, made.store, on=False)
    assert outcomes(applied(made)) == ["verified"]


def test_a_rolled_back_run_left_every_byte_as_it_was(estate):
    made = estate({"t/item/a": SAFE})
    folder = made.folders["t"]
    files = [folder.put(name, a=0, why="x") for name in ("x", "y", "z")]
    before = [file.read_bytes() for file in files]
    run = applied(made)
    assert outcomes(run) == ["verified"] * 3
    back = made.rollback(run.id, lambda plan, outcome: None)
    assert outcomes(back) == ["reverted"] * 3
    assert [file.read_bytes() for file in files] == before
    assert told(made)[-1] == "reverted"
    assert [r.kind for r in made.store.runs()] == ["rollback", "apply"]


@pytest.mark.parametrize("needs", [{"x": "y"}, {"y": "x"}, {"x": "z", "z": "y"}])
def test_what_goes_back_only_once_another_has_goes_back_after_it(estate, needs):
    made = estate({"t/item/a": SAFE})
    folder = made.folders["t"]
    before = {name: folder.put(name, a=0).read_bytes() for name in ("x", "y", "z")}
    run = applied(made)
    write = folder.write

    def leaning(change: Change) -> None:
        other = needs.get(change.locator.removeprefix("item:"))
        if change.meta and other and folder.item(other)["a"] != 0:
            raise SurfaceError(f"{other} is masked")
        write(change)

    folder.write = leaning
    back = made.rollback(run.id, lambda plan, outcome: None)
    assert outcomes(back) == ["reverted"] * 3
    assert {name: (folder.place / f"{name}.json").read_bytes() for name in before} == before
    assert told(made).count("reverted") == 3 and "unverified" not in told(made)


def test_a_rollback_leaves_alone_what_somebody_changed_since(estate):
    made, folder, _ = one(estate)
    run = applied(made)
    file = folder.put("x", a=5)
    changed = file.read_bytes()
    back = made.rollback(run.id, lambda plan, outcome: None)
    assert outcomes(back) == ["unverified"]
    assert "changed since it was read" in why(back)
    assert file.read_bytes() == changed


def test_one_plan_applied_twice_is_refused_as_stale_the_second_time(estate):
    made, folder, _ = one(estate)
    plans = planned(made)
    assert outcomes(applied(made, plans)) == ["verified"]
    folder.log.clear()
    again = applied(made, plans)
    assert outcomes(again) == ["refused"]
    assert "is not what the plan was made on" in why(again)
    assert folder.log == ["keep"], "it looked, and did no more"


def test_what_moved_between_the_snapshot_and_the_write_is_not_written_over(estate):
    made, folder, file = one(estate)

    def somebody_writes(*_):
        folder.put("x", a=0, theirs=True)

    folder.validate = somebody_writes
    run = applied(made)
    assert outcomes(run) == ["refused"]
    assert folder.item("x") == {"name": "x", "a": 0, "theirs": True}
    assert folder.writes() == []


def test_one_target_that_fails_does_not_stop_the_others(estate):
    made = estate({"t/item/a": SAFE}, "one", "two", "three")
    for folder in made.folders.values():
        folder.put("x", a=0)
    made.folders["two"].refuses = "no"
    run = applied(made)
    assert {plan.target: outcome.outcome for plan, outcome in run.plans} == {
        "one": "verified",
        "two": "refused",
        "three": "verified",
    }
    assert [folder.item("x")["a"] for folder in made.folders.values()] == [1, 0, 1]


def test_a_change_that_could_cut_us_off_is_armed_before_and_disarmed_over_a_new_connection(estate):
    made, folder, _ = one(estate, binding=CUTS_OFF)
    folder.arms = True
    assert outcomes(applied(made)) == ["verified"]
    order = [folder.log.index(entry) for entry in ("keep", "arm", "validate", "write item:x", "reload", "reconnect", "disarm")]
    assert order == sorted(order)
    assert "armed" in told(made)


def test_a_refused_change_leaves_no_switch_armed(estate):
    made, folder, _ = one(estate, binding=CUTS_OFF)
    folder.arms = True
    folder.refuses = "no"
    assert outcomes(applied(made)) == ["refused"]
    assert folder.log[-1] == "disarm"


def test_a_reverted_change_leaves_no_switch_armed(estate):
    made, folder, file = one(estate, binding=CUTS_OFF)
    folder.arms = True
    folder.probes = lambda: {"port": file.read_bytes().hex()}
    assert outcomes(applied(made)) == ["reverted"]
    assert folder.log.index("restore item:x") < folder.log.index("disarm")


def test_no_snapshot_no_change(estate):
    made, folder, file = one(estate)
    before = file.read_bytes()
    plans = planned(made)
    (made.state / "snapshots").write_text("a file stands where they would go")
    run = applied(made, plans)
    assert outcomes(run) == ["refused"]
    assert file.read_bytes() == before and folder.writes() == []


def test_a_fact_that_holds_keeps_a_plan_waiting(estate):
    made = estate({"t/item/b": {"require": {"b": 2}, "breaks-if": {"somebody uses it": "t/used"}}})
    folder = made.folders["t"]
    folder.put("x", b=0)
    folder.answers = {"t/used": Answer(True, "seen 3 times", "log")}
    (plan,) = planned(made)
    assert plan.lane == "ask" and "seen 3 times" in plan.reason
    folder.answers = {"t/used": Answer(False, "never seen", "log")}
    (plan,) = planned(made)
    assert plan.lane == "auto"

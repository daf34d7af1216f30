"""Plans of one run that move each other's documents on a real host: none is lost, and none does what nobody was shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.app import App, RunOutcome, ScanOptions
from setright.engine.configuration import Configuration
from setright.engine.desk import RunDesk
from setright.engine.workflow import protocol
from setright.model import Plan
from tests.content import warm
from tests.evidence import check_proof, events
from tests.hosts import environment, hosts, look
from tests.journeys.loop import differences

pytestmark = pytest.mark.root

CONTROLS = ("linux/file-access/other-logs", "linux/disk/world-writable")
LOG, SHARED, LATER = "/var/log/app.log", "/srv/shared.txt", "/srv/later.txt"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with hosts(1) as lab:
        yield lab


@pytest.fixture
def app(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """On host h1 as it was made, but for a log that everybody may write."""
    lab.stop(1)
    lab.up(1)
    lab.command(1, f"echo x >{LOG}; chmod 666 {LOG}")
    for name, value in environment(lab, tmp_path).items():
        monkeypatch.setenv(name, value)
    with lab.inside():
        made = App(Configuration(state=str(warm(tmp_path / "state"))))
        yield made
        made.store.close()


def modes(lab: Lab) -> dict[str, str]:
    words = lab.command(1, f"stat -c '%n %a' {LOG} {SHARED} {LATER} 2>/dev/null").stdout.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def planned(app: App, first: str = f"stat:{LOG}") -> list[Plan]:
    """A plan for the log and one for the disk."""
    plans = [p for each in app.plan(["ssh://h1"], ScanOptions(controls=CONTROLS), together=True) for p in each.plans]
    mine = [plan for plan in plans if plan.document in (f"stat:{LOG}", "state:disk")]
    assert len(mine) == 2
    return sorted(mine, key=lambda plan: plan.document != first)


def applied(app: App, plans: list[Plan]) -> RunOutcome:
    return app.apply(plans, lambda plan: True, lambda plan, outcome: None)


def told(run: RunOutcome) -> dict[str, tuple[str, str]]:
    return {plan.document: (outcome.outcome, outcome.why) for plan, outcome in run.plans}


def at_the_second_plan(deed: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Does it when the run has come to its second plan."""
    seen: list[str] = []

    def at(_: object, boundary: str) -> None:
        if boundary == "snapshot":
            seen.append(boundary)
            if len(seen) == 2:
                deed()

    monkeypatch.setattr(RunDesk, "at", at)


def test_what_another_plan_of_the_run_did_is_done(app: App, lab: Lab, tmp_path: Path) -> None:
    before = look(lab, 1)
    run = applied(app, planned(app))
    assert told(run) == {
        f"stat:{LOG}": ("verified", ""),
        "state:disk": ("verified", "other changes of this run have done it"),
    }
    assert modes(lab) == {LOG: "640"}
    back = app.rollback(run.id, lambda plan, outcome: None)
    assert told(back) == {f"stat:{LOG}": ("reverted", "asked for")}, "what it did not do it does not undo"
    assert modes(lab) == {LOG: "666"}
    assert differences(before, look(lab, 1)) == {}
    check_proof(tmp_path / "state")


def test_what_is_left_is_planned_again_in_the_run_and_can_be_undone(app: App, lab: Lab, tmp_path: Path) -> None:
    lab.command(1, f"echo x >{SHARED}; chmod 666 {SHARED}")
    before = look(lab, 1)
    run = applied(app, planned(app))
    outcome, why = told(run)["state:disk"]
    assert outcome == "verified" and why.startswith("planned again for what is left")
    assert modes(lab) == {LOG: "640", SHARED: "664"}
    (again,) = [plan for _, plan, event in events(tmp_path / "state") if event == "planned again"]
    assert again == next(plan.hash for plan, _ in run.plans if plan.document == "state:disk")
    back = app.rollback(run.id, lambda plan, outcome: None)
    assert {outcome.outcome for _, outcome in back.plans} == {"reverted"} and len(back.plans) == 2
    assert modes(lab) == {LOG: "666", SHARED: "666"}
    assert differences(before, look(lab, 1)) == {}
    check_proof(tmp_path / "state")


def test_a_mode_that_another_plan_moved_part_of_the_way_is_brought_to_where_it_belongs(app: App, lab: Lab, tmp_path: Path) -> None:
    before = look(lab, 1)
    run = applied(app, planned(app, first="state:disk"))
    assert told(run)["state:disk"] == ("verified", "")
    assert told(run)[f"stat:{LOG}"][1].startswith("planned again")
    assert modes(lab) == {LOG: "640"}
    app.rollback(run.id, lambda plan, outcome: None)
    assert modes(lab) == {LOG: "666"}
    assert differences(before, look(lab, 1)) == {}
    check_proof(tmp_path / "state")


def test_what_somebody_else_added_meanwhile_was_never_shown_and_is_left_alone(
    app: App, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    plans = planned(app)
    at_the_second_plan(lambda: lab.command(1, f"echo x >{LATER}; chmod 666 {LATER}"), monkeypatch)
    run = applied(app, plans)
    outcome, why = told(run)["state:disk"]
    assert outcome == "refused" and "is not what the plan was made on" in why
    assert modes(lab) == {LOG: "640", LATER: "666"}


def test_what_moved_before_the_run_began_is_refused_as_stale(app: App, lab: Lab) -> None:
    lab.command(1, f"echo x >{SHARED}; chmod 666 {SHARED}")
    plans = planned(app)
    lab.command(1, f"chmod 664 {SHARED}")
    assert told(applied(app, plans))["state:disk"][0] == "refused"


def test_a_death_while_it_looks_again_changes_nothing_in_the_end(app: App, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step is repeated at the next start, and finds the plans that it made before."""
    lab.command(1, f"echo x >{SHARED}; chmod 666 {SHARED}")

    class Died(protocol.Unrecorded):
        pass

    def at(_: object, boundary: str) -> None:
        if boundary == "ended" and modes(lab)[SHARED] == "664":
            raise Died("here")

    with monkeypatch.context() as dying:
        dying.setattr(RunDesk, "at", at)
        with pytest.raises(Exception, match="the next start"):
            applied(app, planned(app))
    recovered = app.recover()
    assert {outcome.outcome for outcome in recovered} == {"verified"}
    assert modes(lab) == {LOG: "640", SHARED: "664"}
    assert json.dumps([o.why for o in recovered]).count("planned again") == 1

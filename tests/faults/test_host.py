"""Deaths, cuts and rivals on a real host reached by ssh: it ends as it was or as planned, with us or without us."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from lab.hosts import Lab

from tests.faults.driver import Order
from tests.faults.test_obstacles import meanwhile, race, wait_for, why
from tests.faults.trial import ALL, Drivers, Make, Trial, check_truth, kill_through_apply
from tests.hosts import environment, hosts, logs_in, look

pytestmark = [
    pytest.mark.root,
    pytest.mark.skipif(
        not ALL, reason="heavy and bound to the clock: SETRIGHT_ALL=1 runs it; tests/journeys/test_ssh.py is its sample"
    ),
]

SSHD = ("linux/sshd/authentication-tries",)


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with hosts(1) as lab:
        yield lab


@pytest.fixture
def host(drivers: Drivers, lab: Lab, tmp_path: Path) -> Make:
    """Host h1 as it was made; a change of its sshd could cut us off."""
    env = environment(lab, tmp_path)

    def make(name: str, *controls: str) -> Trial:
        lab.stop(1)
        lab.up(1)
        order = Order(str(tmp_path / name / "state"), "ssh://h1", controls=controls or SSHD, lab=lab.name, env=env)
        return Trial(drivers, order, lambda: seen(lab))

    return make


def seen(lab: Lab) -> object:
    return {name: value for name, value in look(lab, 1).items() if not name.startswith("h1:var/lib/setright")}


def number_of(boundary: str) -> int:
    """Its place in an apply of one plan."""
    order = (
        "planned",
        "snapshot",
        "arm",
        "validate",
        "write",
        "written",
        "reload",
        "reloaded",
        "verify",
        "confirm",
        "end",
        "ended",
    )
    return order.index(boundary) + 1


def test_a_kill_between_the_write_and_the_confirmation_is_finished_by_the_next_start(host: Make) -> None:
    assert [where for where, _ in kill_through_apply(host, frozenset({"written", "confirm"}))]


SHARED = (*SSHD, "linux/limits/*", "linux/sudoers/logfile")


def test_a_kill_while_plans_share_a_switch_is_finished_by_the_next_start(host: Make) -> None:
    assert [where for where, _ in kill_through_apply(lambda name: host(name, *SHARED), frozenset({"written", "confirm"}))]


def test_a_switch_that_plans_share_heals_the_host_and_the_next_start_goes_on_with_each(host: Make) -> None:
    trial = host("shared", *SHARED)
    old = trial.look()
    code, _ = trial.drive(kill_at=number_of("verify"), armed_for_s=4.0)
    assert code == -signal.SIGKILL
    wait_for(lambda: trial.look() == old, 60.0)
    assert set(trial.recover()) == {"verified"} and trial.look() != old
    trial.check_proof()


@pytest.mark.parametrize("boundary", ["written", "confirm"])
def test_killed_and_never_started_again_the_host_heals_itself(host: Make, lab: Lab, boundary: str) -> None:
    trial = host("alone")
    old = trial.look()
    code, _ = trial.drive(kill_at=number_of(boundary), armed_for_s=8.0)
    assert code == -signal.SIGKILL
    assert trial.look() != old
    wait_for(lambda: trial.look() == old, 60.0)
    assert logs_in(lab, 1)
    assert trial.recover() == ["reverted"], "a start long after says what became of it"
    check_truth(trial, old, "healed")


def test_a_repeated_write_is_never_unwatched(host: Make, lab: Lab) -> None:
    """Killed in the write; the switch fires; the next start must not write again with no switch set, and does not."""
    trial = host("late")
    old = trial.look()
    trial.drive(kill_at=number_of("written"), armed_for_s=1.0)
    wait_for(lambda: trial.look() == old, 30.0)
    _, done = trial.drive("recover")
    assert "write" in done["passed"] and "written" not in done["passed"]
    assert trial.told() == ["reverted"]
    check_truth(trial, old, "late")


@pytest.mark.parametrize("boundary", ["write", "reload", "verify"])
def test_a_connection_cut_in_the_middle_ends_in_one_state_or_the_other(host: Make, lab: Lab, boundary: str) -> None:
    trial = host("cut")
    old = trial.look()
    done = meanwhile(trial, boundary, lambda: cut_sessions(lab))
    assert done["outcomes"], done
    check_truth(trial, old, f"cut at {boundary}: {why(done)}")
    assert logs_in(lab, 1)


def test_a_cable_pulled_during_the_write_heals_when_it_is_back(host: Make, lab: Lab) -> None:
    """Neither we nor the host know how far the write came: the link is down for longer than the switch waits."""
    trial = host("cable")
    old = trial.look()
    gate = trial.state.with_name("gate")
    pid = trial.start(wait_at="write", waits=str(gate), armed_for_s=4.0)
    wait_for(gate.exists)
    cable(lab, "down")
    gate.unlink()
    time.sleep(8.0)
    cable(lab, "up")
    _, done = trial.drivers.end(pid)
    check_truth(trial, old, why(done))
    assert logs_in(lab, 1)


def test_of_two_runs_on_one_document_one_is_verified_and_the_other_refused(host: Make) -> None:
    first = host("first")
    other = msgspec.structs.replace(first.order, state=f"{first.order.state}-2", controls=("linux/sshd/login-grace-time",))
    second = Trial(first.drivers, other, first.look)
    old = first.look()
    ended = race(first, second, "arm")
    assert sorted(outcome for outcome, _ in ended) == ["refused", "verified"], ended
    assert [first.told(), second.told()] == [[outcome] for outcome, _ in ended]
    assert first.look() != old
    loser = second if ended[0][0] == "verified" else first
    assert [outcome for _, outcome, _ in loser.drive()[1]["outcomes"]] == ["verified"], "it only has to plan again"
    first.check_proof()
    second.check_proof()


def cut_sessions(lab: Lab) -> None:
    """Ends every session of the host, not its listener."""
    lab.command(1, "for p in $(pgrep -x sshd); do [ $p = 1 ] || kill -9 $p; done")


def cable(lab: Lab, state: str) -> None:
    subprocess.run(["ip", "-n", lab.netns, "link", "set", "v1", state], check=True)

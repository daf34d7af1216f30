"""SIGKILL at every step boundary of apply and of rollback: the next start ends in the old state or the new, verified one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from setright.engine.keys import public_key
from setright.engine.ledger import verify
from setright.engine.snapshots import Snapshots

DRIVER = [sys.executable, "-m", "tests.faults.driver"]
ALL = bool(os.environ.get("SETRIGHT_ALL"))
TERRAFORM = """resource "aws_kms_key" "orders" {
  description = "orders"
}
"""


class Trial:
    """A target, its state directory, and what is planned on it. `look` gives everything that must be old or new."""

    def __init__(self, state: Path, target: str, controls: list[str], look: Callable[[], object]) -> None:
        self.state, self.target, self.controls, self.look = state, target, controls, look

    def drive(self, mode: str, kill_at: int = 0) -> tuple[int, dict]:
        done = subprocess.run(
            [*DRIVER, self.target, mode, str(kill_at), *self.controls],
            capture_output=True,
            text=True,
            timeout=240,
            env=os.environ | {"SETRIGHT_STATE": str(self.state)},
            cwd=Path(__file__).parents[2],
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode, json.loads(done.stdout or "{}")

    def check_proof(self) -> None:
        """The ledger verifies, and every snapshot can be had back."""
        key = public_key((self.state / "keys" / "ledger.pub").read_bytes())
        report = verify(self.state / "ledger.jsonl", key)
        assert report.whole, report
        assert list(Snapshots(self.state).verify()) == []


def told(trial: Trial) -> list[str]:
    """The ledger's outcomes, oldest first."""
    events = [json.loads(line)["event"] for line in (trial.state / "ledger.jsonl").read_text().splitlines()]
    return [e for e in events if e in ("verified", "reverted", "refused", "unverified")]


def kill_through_apply(make: Callable[[str], Trial]) -> Iterator[tuple[str, Trial]]:
    """Kills an apply at each boundary, each on a fresh target."""
    _, whole = make("whole").drive("apply")
    boundaries = whole["passed"]
    assert {"snapshot", "write", "written", "verify", "end"} <= set(boundaries)
    sampled = sorted({1, *(i + 1 for i, b in enumerate(boundaries) if b in KEY_BOUNDARIES)})
    numbers = range(1, len(boundaries) + 1) if ALL else sampled
    for number in numbers:
        trial = make(str(number))
        old = trial.look()
        code, _ = trial.drive("apply", number)
        assert code == -signal.SIGKILL
        _, recovered = trial.drive("recover")
        outcomes = [o for _, o, _ in recovered["outcomes"]]
        now = trial.look()
        where = f"killed at {boundaries[number - 1]} ({number})"
        if outcomes:
            assert set(outcomes) <= {"verified", "reverted", "refused"}, (where, recovered)
            assert (now == old) == (outcomes[-1] != "verified"), (where, recovered)
            assert told(trial)[-1] == outcomes[-1], where
        else:
            assert now == old or told(trial)[-1:] == ["verified"], where
        trial.check_proof()
        yield where, trial


KEY_BOUNDARIES = {"write", "written", "verify", "end", "ended", "restore", "restored"}


def source_tree(tmp_path: Path) -> Callable[[str], Trial]:
    def make(name: str) -> Trial:
        folder = tmp_path / name
        (folder / "tree").mkdir(parents=True)
        file = folder / "tree" / "main.tf"
        file.write_text(TERRAFORM)
        return Trial(folder / "state", str(folder / "tree"), ["aws/kms/*"], file.read_bytes)

    return make


def test_a_kill_anywhere_in_an_apply_leaves_the_old_state_or_the_new_verified_one(tmp_path):
    ends = [trial.look() for _, trial in kill_through_apply(source_tree(tmp_path))]
    assert any(b"enable_key_rotation = true" in end for end in ends)


def test_a_kill_anywhere_in_a_rollback_is_finished_at_the_next_start(tmp_path):
    make = source_tree(tmp_path)
    whole = make("whole")
    old = whole.look()
    _, applied = whole.drive("apply")
    _, back = whole.drive(f"rollback:{applied['run']}")
    assert whole.look() == old
    for number, boundary in enumerate(back["passed"], 1):
        trial = make(f"back-{number}")
        _, applied = trial.drive("apply")
        new = trial.look()
        code, _ = trial.drive(f"rollback:{applied['run']}", number)
        assert code == -signal.SIGKILL
        trial.drive("recover")
        assert trial.look() == old, f"killed at {boundary}"
        assert new != old
        trial.check_proof()


@pytest.mark.parametrize("mode", ["apply"])
def test_the_next_run_finishes_what_was_left_before_its_own_work(tmp_path, mode):
    trial = source_tree(tmp_path)("left")
    code, _ = trial.drive(mode, 4)
    assert code == -signal.SIGKILL
    trial.drive(mode)
    assert b"enable_key_rotation = true" in trial.look()
    assert trial.drive(mode)[1]["outcomes"] == []

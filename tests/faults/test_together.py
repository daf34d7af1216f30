"""SIGKILL while many plans of one tree run at once: the next start ends each in the old state or the new, verified one."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from tests.evidence import outcomes
from tests.faults.conftest import TERRAFORM
from tests.faults.driver import Order
from tests.faults.trial import ALL, Drivers, Trial

FILES = 20
ROTATES = b"enable_key_rotation = true"
SAMPLED = {"planned": (1,), "snapshot": (1,), "write": (1, 9), "written": (1, 13, 20), "verify": (1,), "end": (1,), "ended": (1,)}


class Forest:
    """A tree with one wrong file a folder."""

    def __init__(self, drivers: Drivers, place: Path) -> None:
        self.tree = place / "tree"
        for number in range(FILES):
            (folder := self.tree / f"m{number:02}").mkdir(parents=True)
            (folder / "main.tf").write_text(TERRAFORM)
        order = Order(str(place / "state"), str(self.tree), controls=("aws/kms/*",))
        self.trial = Trial(drivers, order, self.look)

    def look(self) -> dict[str, bytes]:
        return {file.parent.name: file.read_bytes() for file in self.tree.rglob("*") if file.is_file()}

    def right(self) -> int:
        return sum(ROTATES in data for data in self.look().values())


@pytest.fixture(scope="module")
def boundaries(drivers: Drivers, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    forest = Forest(drivers, tmp_path_factory.mktemp("whole"))
    _, done = forest.trial.drive()
    assert [outcome for _, outcome, _ in done["outcomes"]] == ["verified"] * FILES, done
    assert forest.right() == FILES
    passed: list[str] = done["passed"]
    assert passed.count("write") == passed.count("written") == FILES and passed.count("verify") == 1
    return passed


def numbers(passed: list[str]) -> list[int]:
    """The boundaries to die at: all, or some of each name."""
    places = {name: [n for n, each in enumerate(passed, 1) if each == name] for name in SAMPLED}
    return sorted(n for name, at in places.items() for place, n in enumerate(at, 1) if ALL or place in SAMPLED[name])


def test_a_kill_anywhere_leaves_every_file_old_or_new_and_verified(drivers: Drivers, boundaries: list[str], tmp_path: Path) -> None:
    for number in numbers(boundaries):
        forest = Forest(drivers, tmp_path / str(number))
        old = forest.look()
        code, _ = forest.trial.drive(kill_at=number)
        assert code == -signal.SIGKILL
        recovered = forest.trial.recover()
        where = f"killed at {boundaries[number - 1]} ({number}), recovered {recovered}"
        if recovered:
            assert recovered == ["verified"] * FILES and forest.right() == FILES, where
            forest.trial.check_proof()
        else:
            assert forest.look() == old if boundaries[number - 1] == "planned" else forest.right() == FILES, where
        assert forest.look().keys() == old.keys(), where  # nothing of ours is left beside the files
        told = outcomes(forest.trial.state)
        assert len(told) >= forest.right(), where


@pytest.mark.parametrize("syncs", ["fsync", "replace"])
def test_a_kill_after_the_first_call_that_makes_something_last_is_finished(drivers: Drivers, tmp_path: Path, syncs: str) -> None:
    forest = Forest(drivers, tmp_path)
    code, _ = forest.trial.drive(kill_after=syncs)
    assert code == -signal.SIGKILL
    forest.trial.recover()
    assert forest.right() in (0, FILES)
    forest.trial.drive()
    assert forest.right() == FILES


def test_what_somebody_changed_while_we_were_dead_is_left_alone(drivers: Drivers, boundaries: list[str], tmp_path: Path) -> None:
    forest = Forest(drivers, tmp_path)
    middle = [n for n, each in enumerate(boundaries, 1) if each == "written"][9]
    forest.trial.drive(kill_at=middle)
    assert forest.right() == 10
    (theirs := forest.tree / "m15" / "main.tf").write_bytes(b"# theirs\n")
    ends = forest.trial.recover()
    assert theirs.read_bytes() == b"# theirs\n"
    assert ends.count("verified") == FILES - 1 and forest.right() == FILES - 1
    forest.trial.check_proof()

"""One target and its state directory, driven by processes that are killed, and the promise that holds after each death."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from tests.evidence import check_proof, outcomes
from tests.faults.driver import Order

ALL = bool(os.environ.get("SETRIGHT_ALL"))
Make = Callable[..., "Trial"]


class Drivers:
    """The driver that forks one process an order."""

    def __init__(self) -> None:
        words = [sys.executable, "-m", "tests.faults.driver"]
        pipe = subprocess.PIPE
        self._driver = subprocess.Popen(words, stdin=pipe, stdout=pipe, cwd=Path(__file__).parents[2])
        self._ended: dict[int, dict[str, Any]] = {}

    def start(self, order: Order) -> int:
        """The id of the process that does it."""
        assert self._driver.stdin
        self._driver.stdin.write(msgspec.json.encode(order) + b"\n")
        self._driver.stdin.flush()
        return int(self._next(lambda answer: "code" not in answer)["pid"])

    def end(self, pid: int) -> tuple[int, dict[str, Any]]:
        """How it ended, and what it told."""
        answer = self._ended.pop(pid, None) or self._next(lambda answer: "code" in answer and answer["pid"] == pid)
        assert answer["code"] in (0, -signal.SIGKILL), answer["err"]
        return answer["code"], json.loads(answer["out"] or "{}")

    def close(self) -> None:
        assert self._driver.stdin
        self._driver.stdin.close()
        self._driver.wait(60)

    def _next(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        assert self._driver.stdout
        while line := self._driver.stdout.readline():
            answer: dict[str, Any] = json.loads(line)
            if wanted(answer):
                return answer
            self._ended[answer["pid"]] = answer
        raise AssertionError("the driver is gone")


class Trial:
    """`look` gives all that must be as it was or as planned; `order` what is common to everything done on this target."""

    def __init__(self, drivers: Drivers, order: Order, look: Callable[[], object]) -> None:
        self.drivers, self.order, self.look = drivers, order, look
        self.state = Path(order.state)

    def start(self, **more: Any) -> int:
        return self.drivers.start(msgspec.structs.replace(self.order, **more))

    def drive(self, mode: str = "apply", **more: Any) -> tuple[int, dict[str, Any]]:
        return self.drivers.end(self.start(mode=mode, **more))

    def recover(self) -> list[str]:
        """The outcomes of what an earlier process left; none where it had ended or not begun."""
        return [outcome for _, outcome, _ in self.drive("recover")[1]["outcomes"]]

    def told(self) -> list[str]:
        return outcomes(self.state)

    def check_proof(self) -> None:
        check_proof(self.state)


KEY_BOUNDARIES = frozenset({"write", "written", "end"})


def kill_through_apply(make: Make, key: frozenset[str] = KEY_BOUNDARIES) -> Iterator[tuple[str, Trial]]:
    """Kills an apply at each boundary, each on a fresh target, and recovers: as before, or as planned and verified."""
    whole = make("whole")
    _, done = whole.drive()
    assert {outcome for _, outcome, _ in done["outcomes"]} == {"verified"}, done
    boundaries = done["passed"]
    assert {"planned", "snapshot", "write", "written", "verify", "end", "ended"} <= set(boundaries)
    for number, boundary in enumerate(boundaries, 1):
        if not (ALL or boundary in key):
            continue
        trial = make(f"killed-{number}")
        old = trial.look()
        code, _ = trial.drive(kill_at=number)
        assert code == -signal.SIGKILL
        recovered = trial.recover()
        where = f"killed at {boundary} ({number}), recovered {recovered}"
        check_truth(trial, old, where)
        assert not recovered or trial.told()[-1] == recovered[-1], where
        yield where, trial


def check_truth(trial: Trial, old: object, where: str) -> None:
    """The target is as it was or as planned, whole, and the ledger's last word says which."""
    now, told = trial.look(), trial.told()
    if told:
        assert told[-1] in ("verified", "reverted", "refused"), (where, told)
        trial.check_proof()
    assert (now != old) == (told[-1:] == ["verified"]), (where, told)

"""SIGKILL at random points of runs over several targets, with approvals, waves and exceptions, again and again until one ends.

Nothing is applied twice or in another form than it was approved in, nothing is lost, and the ledger is whole.
"""

from __future__ import annotations

import os
import random
import signal
from datetime import timedelta
from pathlib import Path

import pytest

from setright.app import App, ScanOptions
from setright.engine.configuration import load_configuration
from setright.engine.times import now
from setright.model import digest
from setright.policy.exceptions import FindingException
from tests.evidence import check_proof
from tests.faults.driver import Order
from tests.faults.trial import ALL, Drivers

TRIALS = int(os.environ.get("SETRIGHT_KILLS", "60" if ALL else "4"))
TARGETS = 5
CONTROLS = ("linux/login-defs/su-log", "linux/login-defs/umask", "linux/login-defs/password-warning")
BEFORE = "# ours\nSYSLOG_SU_ENAB no\nUMASK 022\nPASS_WARN_AGE 1\n"
MOST_BOUNDARIES = 90

pytestmark = pytest.mark.root


class Estate:
    """Root file systems, the first outside production; one finding of the last is excepted, the asked plan of one not approved."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.config = home / "setright.toml"
        self.targets = [f"root:{home / str(n)}" for n in range(TARGETS)]
        for number in range(TARGETS):
            self.file(number).parent.mkdir(parents=True)
            self.file(number).write_text(BEFORE)
        places = ["test", *["production"] * (TARGETS - 1)]
        lines = [
            f'state = "{home}/state"',
            *(f'[[targets]]\nname = "h{n}"\nurl = "{self.targets[n]}"\nenvironment = "{place}"' for n, place in enumerate(places)),
            '[[policy.waves]]\nenvironments = ["production"]\nsizes = [1, 2]',
        ]
        self.config.write_text("\n".join(lines) + "\n")
        self.app = App(load_configuration(self.config, {}))
        self.excepted = self.except_one()

    def file(self, number: int) -> Path:
        return self.home / str(number) / "etc/login.defs"

    def except_one(self) -> str:
        """The finding of the last target that nobody may put right."""
        (scanned,) = self.app.scan([self.targets[-1]], ScanOptions(controls=("linux/login-defs/password-warning",)))
        assert scanned.scan
        finding = scanned.scan.found[0].finding.id
        at = now()
        self.app.store.add_exception(FindingException(finding, "agreed", "auditor", at + timedelta(days=1), at))
        return finding

    @property
    def order(self) -> Order:
        return Order(f"{self.home}/state", "", controls=CONTROLS, config=str(self.config), unapproved=(self.targets[1],))

    def check(self) -> None:
        """The promise, after whatever happened."""
        store = self.app.store
        for run in store.runs():
            assert run.state in ("ended", "abandoned"), run
            assert all(plan.outcome for plan in run.plans), run
        ended = {plan.hash: plan.outcome for run in store.runs() for plan in run.plans}
        for number in range(TARGETS):
            self.check_target(number, ended)
        if (self.home / "state/ledger.jsonl").exists():
            check_proof(self.home / "state")

    def check_target(self, number: int, ended: dict[str, str | None]) -> None:
        mine = [plan for plan in self.app.store.plans_of([*ended]) if plan.target == self.targets[number]]
        right = [plan for plan in mine if ended[plan.hash] == "verified"]
        now_there = digest(self.file(number).read_bytes())
        assert now_there == (right[-1].changes[0].after if right else digest(BEFORE.encode())) or any(
            plan.changes[0].after == now_there for plan in right
        ), (number, self.file(number).read_text(), ended)
        text = self.file(number).read_text()
        assert text.startswith("# ours\n") and len(text.splitlines()) in (4, 5), text
        if number == 1:
            assert "UMASK 022\n" in text, "applied without approval"
        if number == TARGETS - 1:
            assert "PASS_WARN_AGE 1\n" in text, "applied in spite of its exception"


@pytest.mark.parametrize("seed", range(TRIALS))
def test_a_run_killed_at_random_again_and_again_ends_whole(drivers: Drivers, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - to be repeated
    estate = Estate(tmp_path)
    code, done = drivers.end(drivers.start(replaced(estate.order, "apply", chance, True)))
    kills = 0
    while code == -signal.SIGKILL:
        kills += 1
        code, done = drivers.end(drivers.start(replaced(estate.order, "recover", chance, kills < 5 and chance.random() < 0.85)))
    assert "error" not in done, done
    estate.check()


def replaced(order: Order, mode: str, chance: random.Random, kill: bool) -> Order:
    """An order to die: at a boundary as often as at any moment."""
    order.mode = mode
    if kill and chance.random() < 0.5:
        order.kill_at = chance.randint(1, MOST_BOUNDARIES if mode == "apply" else 30)
    elif kill:
        order.kill_after_s = chance.uniform(0.02, 1.5)
    return order

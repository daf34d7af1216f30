"""Plans of one source tree that run at once: the same promises as one by one, each plan with an end of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from setright.app import App, RunOutcome, ScanOptions
from setright.engine import execute
from setright.engine.configuration import Configuration
from setright.engine.desk import RunDesk
from setright.engine.ledger import verify_ledger
from setright.engine.lots import batches
from setright.engine.runs import in_order
from setright.engine.scan import Scan
from setright.engine.stop import switch
from setright.model import Change, Edit, Effect, Plan, Planned, Steps
from setright.surfaces.base import SurfaceError
from setright.surfaces.iac.surface import SourceTree
from tests.content import warm

KEY = 'resource "aws_kms_key" "{0}" {{\n  description = "{0}"\n}}\n'
ROTATES = "enable_key_rotation = true"
COUNT = 20


class Tree(SourceTree):
    """`after_write` is what happens on the disk then; a file of `unwritable` cannot be written."""

    after_write: Callable[[Path], None] = staticmethod(lambda file: None)
    unwritable = ""

    def write(self, change: Change) -> None:
        if change.locator == self.unwritable and change.before is not None and ROTATES.encode() not in change.before:
            raise SurfaceError("no room on the disk")
        super().write(change)
        type(self).after_write(self.root / change.locator)


class Forest(App):
    """An App whose target is one tree."""

    def open(self, target: str) -> Tree:
        return Tree(Path(target))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """One wrong key a folder."""
    for number in range(COUNT):
        file = tmp_path / "tree" / f"m{number:02}" / "main.tf"
        file.parent.mkdir(parents=True)
        file.write_text(KEY.format(f"k{number}"))
    return tmp_path / "tree"


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    monkeypatch.setattr(execute, "PATIENCE_S", 0.2)
    made = Forest(Configuration(state=str(warm(tmp_path / "state"))))
    yield made
    made.store.close()


def planned(app: App, tree: Path) -> list[Plan]:
    return [p for each in app.plan([str(tree)], ScanOptions(controls=("aws/kms/*",)), together=True) for p in each.plans]


def applied(app: App, plans: list[Plan]) -> RunOutcome:
    return app.apply(plans, lambda plan: True, lambda plan, outcome: None)


def outcomes(run: RunOutcome) -> dict[str, str]:
    return {plan.document.split("/")[0]: outcome.outcome for plan, outcome in run.plans}


def right(tree: Path) -> set[str]:
    return {file.parent.name for file in tree.rglob("main.tf") if ROTATES in file.read_text()}


def told(app: App) -> list[str]:
    assert verify_ledger(app.ledger.path, app.ledger._public).whole
    return [json.loads(line)["event"] for line in app.ledger.path.read_text().splitlines()]


def test_every_prior_state_is_kept_and_recorded_before_the_first_write(app, tree, monkeypatch):
    seen: list[tuple[str, int, int]] = []

    def look(file: Path) -> None:
        kept = [p for p in (app.state / "snapshots").rglob("*") if p.is_file()]
        seen.append((file.parent.name, len(kept), told(app).count("snapshot")))

    monkeypatch.setattr(Tree, "after_write", staticmethod(look))
    run = applied(app, planned(app, tree))
    assert set(outcomes(run).values()) == {"verified"} and len(right(tree)) == COUNT
    assert [(kept, recorded) for _, kept, recorded in seen] == [(COUNT, COUNT)] * COUNT
    assert [event for event in told(app) if event != "approved"] == ["snapshot"] * COUNT + ["writing"] * COUNT + [
        "checked"
    ] * COUNT + ["verified"] * COUNT


def test_the_journal_is_on_the_disk_before_the_first_write(app, tree, monkeypatch):
    order: list[str] = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: order.append(str(Path(f"/proc/self/fd/{handle}").readlink())) or real(handle))
    monkeypatch.setattr(Tree, "after_write", staticmethod(lambda file: order.append(f"wrote {file.parent.name}")))
    applied(app, planned(app, tree))
    synced = next(n for n, what in enumerate(order) if what.endswith("-wal"))
    assert synced < next(n for n, what in enumerate(order) if what.startswith("wrote"))


def test_the_whole_run_can_be_taken_back(app, tree):
    before = {file: file.read_bytes() for file in tree.rglob("main.tf")}
    run = applied(app, planned(app, tree))
    back = app.rollback(run.id, lambda plan, outcome: None)
    assert {outcome.outcome for _, outcome in back.plans} == {"reverted"}
    assert {file: file.read_bytes() for file in tree.rglob("main.tf")} == before


def test_a_file_that_moved_is_refused_and_the_others_go_on(app, tree):
    plans = planned(app, tree)
    mine = KEY.format("mine")
    (tree / "m03" / "main.tf").write_text(mine)
    run = applied(app, plans)
    assert [name for name, outcome in outcomes(run).items() if outcome != "verified"] == ["m03"]
    assert outcomes(run)["m03"] == "refused" and (tree / "m03" / "main.tf").read_text() == mine
    assert len(right(tree)) == COUNT - 1


def test_a_file_that_cannot_be_written_does_not_stop_the_others(app, tree, monkeypatch):
    monkeypatch.setattr(Tree, "unwritable", "m05/main.tf")
    run = applied(app, planned(app, tree))
    ends = outcomes(run)
    assert ends.pop("m05") == "reverted" and set(ends.values()) == {"verified"}
    assert right(tree) == {f"m{n:02}" for n in range(COUNT)} - {"m05"}
    assert next(o.why for p, o in run.plans if p.document == "m05/main.tf") == "no room on the disk"


def test_what_somebody_changes_behind_our_back_is_not_called_verified(app, tree, monkeypatch):
    def meddle(file: Path) -> None:
        if file.parent.name == "m07" and ROTATES in file.read_text():
            file.write_text("# theirs\n")

    monkeypatch.setattr(Tree, "after_write", staticmethod(meddle))
    ends = outcomes(applied(app, planned(app, tree)))
    assert ends.pop("m07") == "unverified" and set(ends.values()) == {"verified"}
    assert (tree / "m07" / "main.tf").read_text() == "# theirs\n"


def test_while_the_kill_switch_is_on_nothing_is_touched(app, tree):
    plans = planned(app, tree)
    switch(app.state, app.store, True, "maintenance")
    assert set(outcomes(applied(app, plans)).values()) == {"refused"}
    assert not right(tree)


def test_what_came_at_once_goes_back_where_the_kill_switch_comes_on_meanwhile_and_what_lapsed_does_not_come(app, tree, monkeypatch):
    came: list[str] = []

    def ready(self: Tree, changes: Sequence[Change]) -> None:
        came.extend(change.locator for change in changes)
        for change in changes:
            SourceTree.write(self, change)
        switch(app.state, app.store, True, "maintenance")

    plans = planned(app, tree)
    mine = KEY.format("mine")
    (tree / "m03" / "main.tf").write_text(mine)
    monkeypatch.setattr(Tree, "ready", ready, raising=False)
    ends = outcomes(applied(app, plans))
    assert len(came) == COUNT - 1 and "m03/main.tf" not in came
    assert ends.pop("m03") == "refused" and set(ends.values()) == {"reverted"}
    assert not right(tree) and (tree / "m03" / "main.tf").read_text() == mine


def test_the_target_is_read_again_once_for_all(app, tree, monkeypatch):
    seen: list[int] = []
    real = RunDesk.rescan
    monkeypatch.setattr(RunDesk, "rescan", lambda desk, surface, plan: seen.append(len(plan.changes)) or real(desk, surface, plan))
    applied(app, planned(app, tree))
    assert seen == [COUNT]


@pytest.mark.parametrize(("fails", "readings"), [(False, [COUNT - 1] * 2), (True, [COUNT - 1] * 2 + [1] * (COUNT - 1))])
def test_where_one_goes_back_the_others_are_looked_at_together(app, tree, monkeypatch, fails, readings):
    def rescan(desk: RunDesk, surface: Tree, plan: Plan) -> Scan:
        seen.append(len(plan.changes))
        if fails and len(seen) == 2:
            raise SurfaceError("the disk is away for a moment")
        return real(desk, surface, plan)

    seen: list[int] = []
    real = RunDesk.rescan
    monkeypatch.setattr(RunDesk, "rescan", rescan)
    monkeypatch.setattr(Tree, "unwritable", "m05/main.tf")
    ends = outcomes(applied(app, planned(app, tree)))
    assert ends.pop("m05") == "reverted" and set(ends.values()) == {"verified"}
    assert seen == readings


def plan(name: str, *files: str, **more: object) -> Plan:
    made = tuple(Planned(file, "hcl", "a", "b", (), "") for file in files)
    given: dict[str, Any] = {"family": "terraform", "steps": Steps()} | more
    return Plan(
        target="t", document="", changes=made, findings=(), controls=(), resources=(), lane="auto", reason="", hash=name, **given
    )


def grouped(*plans: Plan) -> list[list[str]]:
    return [[each.hash for each in batch] for batch in batches(plans)]


def test_plans_that_build_on_each_other_keep_their_order():
    assert grouped(plan("1", "a"), plan("2", "b"), plan("3", "a", "c"), plan("4", "d")) == [["1", "2", "4"], ["3"]]
    assert grouped(plan("1", "a", "b"), plan("2", "b"), plan("3", "b"), plan("4", "a")) == [["1"], ["2", "4"], ["3"]]


def test_the_order_that_plans_run_in_is_the_one_that_is_told():
    plans = [plan("1", "a"), plan("2", "x", steps=Steps(reload=("ssh",))), plan("3", "a", "b"), plan("4", "c"), plan("5", "x")]
    assert batches(in_order(plans)) == batches(plans)
    assert [each.hash for each in in_order(plans)] == ["1", "4", "2", "3", "5"]
    assert [len(lot) for lot in batches(in_order(plans)[::-1], together=False)] == [2, 1, 2]


@pytest.mark.parametrize("more", [{"family": "aws"}, {"steps": Steps(reload=("ssh",))}, {"keys": {"k": ("a",)}}])
def test_where_something_runs_or_only_parts_are_read_plans_go_alone(more):
    assert grouped(plan("1", "a", **more), plan("2", "b", **more)) == [["1"], ["2"]]
    assert grouped(plan("1", "a"), plan("2", "b", **more), plan("3", "c")) == [["1", "3"], ["2"]]


@pytest.mark.parametrize("document", ["state:disk", "unit:cron.service", "running:sysctl", "package:telnet"])
def test_on_a_host_files_and_their_modes_go_together_and_what_runs_goes_alone(document):
    linux = {"family": "linux", "effect": Effect()}
    files = plan("1", "/etc/motd", **linux), plan("2", "stat:/etc/shadow", **linux)
    assert grouped(*files, plan("3", document, **linux), plan("4", "/etc/issue", **linux)) == [["1", "2", "4"], ["3"]]
    assert grouped(*files, plan("3", "stat:/etc/motd", **linux)) == [["1", "2"], ["3"]], "of one file the mode and the bytes"
    assert grouped(*files, plan("3", "/etc/default/grub", **linux | {"effect": Effect(restart="host")}))[1] == ["3"]


def test_what_programs_read_goes_together_and_each_program_reloads_but_once():
    def read(name: str, file: str, *reload: str, **more: Any) -> Plan:
        return plan(name, file, family="linux", **{"effect": Effect()} | more, steps=Steps(reload=reload, arm=not reload))

    plans = read("1", "/etc/pam.d/su"), plan("2", "/etc/motd", family="linux"), read("3", "/etc/ssh/sshd_config", "ssh-reload")
    assert grouped(*plans, read("4", "/etc/ssh/sshd_config.d/a.conf", "ssh-reload")) == [["1", "3"], ["2"], ["4"]]
    for harder in (Effect("service"), Effect("host"), Effect(disruption="high")):
        assert grouped(*plans, read("4", "/etc/sysctl.conf", effect=harder)) == [["1", "3"], ["2"], ["4"]]
    for more in ({"keys": {"k": ("a",)}}, {"params": {"days": 1}}):
        first = read("0", "/etc/a", params={"days": 2})
        assert grouped(first, read("4", "/etc/b", **more)) == [["0"], ["4"]]
    assert grouped(*plans, read("4", "state:firewall")) == [["1", "3"], ["2"], ["4"]]
    assert [len(lot) for lot in batches(plans, together=False)] == [1, 1, 1], "on the way back each by itself"


def test_packages_are_installed_together_and_removed_together():
    def package(name: str, installed: bool) -> Plan:
        edits = ((Edit(("installed",), installed),),)
        change = Planned(f"package:{name}", "json", "old", "new", edits, "")
        return msgspec.structs.replace(plan(name, "x", family="linux", effect=Effect()), changes=(change,))

    plans = package("aide", True), plan("1", "/etc/motd", family="linux"), package("telnet", False), package("cron", True)
    assert grouped(*plans, package("nis", False)) == [["aide", "cron"], ["1"], ["telnet", "nis"]]
    rival = package("ntp", False)
    assert grouped(plans[2], plans[0], rival) == [["telnet"], ["aide"], ["ntp"]], "what replaces it comes first"
    assert batches([plans[2], rival], together=False) == [[plans[2], rival]], "and on the way back"


def test_plans_made_with_other_parameters_do_not_mix():
    assert grouped(plan("1", "a", params={"days": 1}), plan("2", "b", params={"days": 2})) == [["1"], ["2"]]

"""The loop on three real hosts at once, by the command line and ssh; and what becomes of a change that locks us out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from lab.hosts import Lab

from setright.app import App, ScanOptions
from setright.engine.configuration import Configuration
from setright.surfaces.linux.ssh import Ssh
from setright.surfaces.linux.surface import Linux
from tests.content import warm
from tests.evidence import check_proof, outcomes
from tests.hosts import IN_USE, Program, environment, files, hosts, logs_in, look
from tests.journeys.loop import differences

pytestmark = pytest.mark.root

ALL = (1, 2, 3)
TARGETS = tuple(f"ssh://h{n}" for n in ALL)
MARKED = ("etc/login.defs", "etc/ssh/sshd_config", "etc/pam.d/common-auth")
SHARED = "etc/crontab"  # nothing but its mode is wrong, which is what its access list lives by
MARKS = "; ".join(f"setfacl -m u:ops:r /{path} && setfattr -n trusted.note -v mine /{path}" for path in (*MARKED, SHARED))
LOCKS_OUT = {
    "id": "test/locks-out",
    "title": "Nobody logs in",
    "severity": "low",
    "kind": "linux/sshd",
    "require": {"AllowUsers": ["nobody-at-all"]},
    "default": {"AllowUsers": None},
    "why": "to be locked out",
    "breaks-if": {},
    "effect": {"restart": "reload"},
    "frameworks": {},
    "source": "sshd_config(5)",
    "examples": [{"good": "AllowUsers nobody-at-all\n"}],
}


class Told(NamedTuple):
    """What one walk over all three hosts told; `looks` before, between and after."""

    program: Program
    fixed: tuple[int, Any, str]
    left: tuple[int, Any, str]
    back: tuple[int, Any, str]
    looks: tuple[dict[str, object], dict[str, object], dict[str, object]]
    written: dict[str, dict[str, object]]  # by host, what was in force after: sysctl files and sshd -T
    logins: list[bool]


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with hosts(len(ALL)) as lab:
        yield lab


@pytest.fixture(scope="module")
def told(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Told:
    program = Program(lab, tmp_path_factory.mktemp("ssh"))
    for n in ALL:
        assert lab.command(n, MARKS).returncode == 0
    before = all_of(lab)
    fixed = program("fix", "--all", "--yes", *TARGETS)
    left = program("plan", *TARGETS)
    between, written = all_of(lab), {f"h{n}": in_force(lab, n) for n in ALL}
    logins = [logs_in(lab, n) for n in ALL]
    back = program("rollback", fixed[1]["run"])
    return Told(program, fixed, left, back, (before, between, all_of(lab)), written, logins)


def all_of(lab: Lab) -> dict[str, object]:
    return {name: value for n in ALL for name, value in look(lab, n).items()}


def in_force(lab: Lab, n: int) -> dict[str, object]:
    """Each key that our sysctl file sets, with the kernel's own answer; and what sshd says of root."""
    text = lab.command(n, "cat /etc/sysctl.d/99-setright.conf").stdout
    wanted = dict(re.findall(r"^([a-z0-9_.]+)\s*=\s*(\S+)$", text, re.MULTILINE))
    kernel = {key: lab.command(n, f"sysctl -n {key}").stdout.strip() for key in wanted}
    return {"wanted": wanted, "kernel": kernel, "sshd": lab.command(n, "sshd -T").stdout}


def ended(told: tuple[int, Any, str]) -> dict[str, set[str]]:
    """The outcomes by target."""
    by_target: dict[str, set[str]] = {}
    for plan in told[1]["plans"]:
        by_target.setdefault(plan["target"], set()).add(plan["outcome"])
    return by_target


def test_one_command_puts_three_hosts_right(told: Told) -> None:
    assert told.fixed[0] == 0, [p for p in told.fixed[1]["plans"] if p["outcome"] not in ("verified", "hand")]
    assert ended(told.fixed) == {target: {"verified", "hand", "refused"} for target in TARGETS}
    left = {(plan["document"], "would break" in plan["why"]) for plan in told.fixed[1]["plans"] if plan["outcome"] == "refused"}
    assert left == {(IN_USE, True)}, "what evidence says would break, and nothing else"
    assert differences(told.looks[0], told.looks[1])


def test_then_only_work_by_hand_is_left(told: Told) -> None:
    assert {(plan["document"], plan["lane"]) for plan in told.left[1]["plans"] if plan["lane"] != "hand"} == {(IN_USE, "ask")}


def test_what_was_written_is_what_runs(told: Told) -> None:
    for host in told.written.values():
        assert host["wanted"] and host["kernel"] == host["wanted"]
        assert "\npermitrootlogin no\n" in host["sshd"]  # type: ignore[operator]


def test_a_new_login_works_after_it(told: Told) -> None:
    assert told.logins == [True, True, True]


def test_going_back_restores_every_file_and_every_running_value(told: Told) -> None:
    assert told.back[0] == 0, [p for p in told.back[1]["plans"] if p["outcome"] != "reverted"]
    assert differences(told.looks[0], told.looks[2]) == {}
    check_proof(told.program.state)


def test_access_lists_and_attributes_outlive_the_fix_and_the_way_back(told: Told) -> None:
    for seen in told.looks:
        for path in MARKED:
            names = {name for name, _ in seen[f"h1:{path}"].xattr}  # type: ignore[attr-defined]
            assert {"system.posix_acl_access", "trusted.note"} <= names, (path, names)
    assert all(told.looks[0][f"h1:{path}"] != told.looks[1][f"h1:{path}"] for path in MARKED), "each was written"


def test_a_mode_that_an_access_list_lives_by_is_for_people(told: Told) -> None:
    for host in ("h1", "h2", "h3"):
        assert told.looks[0][f"{host}:{SHARED}"] == told.looks[1][f"{host}:{SHARED}"]
    plans = [plan for plan in told.fixed[1]["plans"] if plan["document"] == f"stat:/{SHARED}"]
    assert len(plans) == 3 and all(plan["outcome"] == "hand" and "an access list lets others in" in plan["why"] for plan in plans)


def test_a_host_that_is_down_does_not_keep_the_others_from_being_put_right(lab: Lab, tmp_path: Path) -> None:
    lab.stop(2)
    try:
        code, done, said = Program(lab, tmp_path)("fix", "--all", "--yes", "--control", "linux/login-defs/*", *TARGETS)
        assert code == 3
        assert {plan["target"]: plan["outcome"] for plan in done["plans"]} == {"ssh://h1": "verified", "ssh://h3": "verified"}
        assert "setright: ssh://h2: " in said and "Traceback" not in said
    finally:
        lab.up(3)


@pytest.fixture
def locking_app(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """An App with a control of this test's own that lets nobody in any more, on host h1 as it was made."""
    lab.stop(1)
    lab.up(1)
    file = tmp_path / "content/controls/test/locks-out.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(yaml.safe_dump(LOCKS_OUT))
    for name, value in environment(lab, tmp_path).items():
        monkeypatch.setenv(name, value)
    with lab.inside():
        yield App(Configuration(state=str(warm(tmp_path / "state"))), [tmp_path / "content"])


def lock_out(app: App) -> Any:
    (planned,) = app.plan(["ssh://h1"], ScanOptions(controls=("test/locks-out",)), together=True)
    assert not planned.error, planned.error
    return app.apply(planned.plans, lambda plan: True, lambda plan, outcome: None)


def test_a_change_that_locks_us_out_is_taken_back_and_we_are_let_in_again(locking_app: App, lab: Lab, tmp_path: Path) -> None:
    before = look(lab, 1)
    ((_, outcome),) = lock_out(locking_app).plans
    assert outcome.outcome == "reverted", outcome
    assert "login as 'ops' was refused" in outcome.why
    assert differences(before, look(lab, 1)) == {}
    assert logs_in(lab, 1)
    assert outcomes(tmp_path / "state") == ["reverted"]
    check_proof(tmp_path / "state")


def test_locked_out_with_the_old_connection_cut_the_host_lets_us_in_by_itself(
    locking_app: App, lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even the open connection is left: the switch on the host is all that can help."""
    from setright.engine.desk import RunDesk
    from setright.engine.workflow import protocol

    monkeypatch.setattr(protocol, "ARMED_FOR_S", 6.0)
    monkeypatch.setattr(RunDesk, "at", cutting(lab, "verify"))
    ((_, outcome),) = lock_out(locking_app).plans
    assert outcome.outcome == "reverted", outcome
    assert files(lab, 1).keys() <= {"var/lib/setright", *left_by_the_switch(lab)}
    assert logs_in(lab, 1)
    check_proof(tmp_path / "state")


SHARE = ("linux/limits/*", "linux/faillock/*", "linux/journald/*", "linux/sudoers/logfile")


@pytest.mark.parametrize("cut", [False, True])
def test_of_plans_that_share_a_switch_one_that_locks_us_out_takes_no_other_with_it(
    locking_app: App, lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: bool
) -> None:
    """All go back, by us or by the switch on the host, and then each goes alone."""
    from setright.engine.desk import RunDesk
    from setright.engine.workflow import protocol

    before = look(lab, 1)
    if cut:
        monkeypatch.setattr(protocol, "ARMED_FOR_S", 4.0)
        monkeypatch.setattr(RunDesk, "at", cutting(lab, "verify"))
    (planned,) = locking_app.plan(["ssh://h1"], ScanOptions(controls=("test/locks-out", *SHARE)), together=True)
    assert not planned.error, planned.error
    run = locking_app.apply(planned.plans, lambda plan: plan.lane != "hand", lambda plan, outcome: None)
    ends = {plan.document: outcome for plan, outcome in run.plans if plan.lane != "hand"}
    assert ends.pop("/etc/ssh/sshd_config").outcome == "reverted"
    assert len(ends) > 2 and {each.outcome for each in ends.values()} == {"verified"}, ends
    assert logs_in(lab, 1)
    back = locking_app.rollback(run.id, lambda plan, outcome: None)
    assert {outcome.outcome for _, outcome in back.plans} == {"reverted"}
    assert set(differences(before, look(lab, 1))) <= {f"h1:{path}" for path in ("var/lib/setright", *left_by_the_switch(lab))}
    check_proof(tmp_path / "state")


def test_plans_that_programs_read_share_one_switch(locking_app: App, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    armed: list[int] = []
    real = Linux.arm
    monkeypatch.setattr(Linux, "arm", lambda host, kept, *rest: armed.append(len(kept)) or real(host, kept, *rest))
    (planned,) = locking_app.plan(["ssh://h1"], ScanOptions(controls=SHARE), together=True)
    run = locking_app.apply(planned.plans, lambda plan: plan.lane != "hand", lambda plan, outcome: None)
    ends = [outcome.outcome for plan, outcome in run.plans if plan.lane != "hand"]
    assert set(ends) == {"verified"} and armed == [len(ends)] and len(ends) > 2


@pytest.mark.parametrize("boundary", ["reload", "verify", "confirm"])
@pytest.mark.parametrize("controls", [("linux/sshd/authentication-tries",), SHARE])
def test_a_connection_that_is_cut_after_writing_takes_no_right_change_back(
    locking_app: App, lab: Lab, monkeypatch: pytest.MonkeyPatch, controls: tuple[str, ...], boundary: str
) -> None:
    """It is cut as it is used, so that nobody can know before."""
    from setright.engine.desk import RunDesk

    passed: list[str] = []
    cut, ready = cutting(lab, boundary), Ssh._ready
    monkeypatch.setattr(RunDesk, "at", lambda _, each: passed.append(each))
    monkeypatch.setattr(Ssh, "_ready", lambda host: (ready(host), [cut(host, each) for each in passed])[0])
    (planned,) = locking_app.plan(["ssh://h1"], ScanOptions(controls=controls), together=True)
    run = locking_app.apply(planned.plans, lambda plan: plan.lane != "hand", lambda plan, outcome: None)
    ends = [(plan.document, outcome) for plan, outcome in run.plans if plan.lane != "hand"]
    assert ends and {outcome.outcome for _, outcome in ends} == {"verified"}, ends


def cutting(lab: Lab, boundary: str) -> Callable[[object, str], None]:
    """Ends every session of the host, not its listener, when the run is there for the first time."""
    been = set[str]()

    def at(_: object, passed: str) -> None:
        if passed == boundary and passed not in been:
            been.add(passed)
            lab.command(1, "for p in $(pgrep -x sshd); do [ $p = 1 ] || kill -9 $p; done")

    return at


def left_by_the_switch(lab: Lab) -> set[str]:
    """What a switch that fired keeps on the host as its record."""
    return {path for path in files(lab, 1) if path.startswith("var/lib/setright/")}

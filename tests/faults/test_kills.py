"""SIGKILL at the boundaries of the protocol's steps: the next start ends in the old state or the new, verified one."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from lab.aws import Cloud, refusal

from tests.faults.trial import ALL, Make, kill_through_apply

EDGES = frozenset({"planned", "written", "verify", "ended"})
RESTORING = ("restored", "end")


def test_a_kill_anywhere_in_an_apply_leaves_the_old_state_or_the_new_verified_one(source_tree: Make) -> None:
    ends = [trial.look() for _, trial in kill_through_apply(source_tree, EDGES)]
    assert any(b"enable_key_rotation = true" in end for end in ends)  # type: ignore[operator]
    assert any(b"enable_key_rotation = true" not in end for end in ends)  # type: ignore[operator]


@pytest.mark.root
def test_the_same_holds_on_a_root_file_system(root: Make) -> None:
    assert [where for where, _ in kill_through_apply(root)]


def test_the_same_holds_for_plans_that_share_their_steps(root: Make) -> None:
    assert [where for where, _ in kill_through_apply(lambda name: root(name, "linux/limits/*", "linux/faillock/*"))]


def test_the_same_holds_on_a_database_server(database: Make) -> None:
    assert [where for where, _ in kill_through_apply(database)]


def test_the_same_holds_on_an_account(group: Make) -> None:
    assert [where for where, _ in kill_through_apply(group, frozenset({"written", "end"}))]


def test_a_kill_anywhere_in_a_rollback_is_finished_at_the_next_start(source_tree: Make) -> None:
    whole = source_tree("whole")
    old = whole.look()
    _, applied = whole.drive()
    _, back = whole.drive(f"rollback:{applied['run']}")
    assert whole.look() == old
    for number, boundary in enumerate(back["passed"], 1):
        if not (ALL or boundary in RESTORING):
            continue
        trial = source_tree(f"back-{number}")
        _, applied = trial.drive()
        new = trial.look()
        code, _ = trial.drive(f"rollback:{applied['run']}", kill_at=number)
        assert code == -signal.SIGKILL
        trial.drive("recover")
        assert trial.look() == old, f"killed at {boundary}"
        assert new != old
        assert trial.told() == ["verified", "reverted"]
        trial.check_proof()


def test_the_next_run_finishes_what_was_left_before_its_own_work(source_tree: Make) -> None:
    trial = source_tree("left")
    code, _ = trial.drive(kill_at=5)
    assert code == -signal.SIGKILL
    trial.drive()
    assert b"enable_key_rotation = true" in trial.look()  # type: ignore[operator]
    assert trial.drive()[1]["outcomes"] == []


@pytest.mark.root
def test_a_kill_between_the_owner_and_the_mode_of_a_file_is_finished(root: Make) -> None:
    trial = root("own", "linux/file-access/crontab")
    crontab = Path(trial.order.target.removeprefix("root:")) / "etc/crontab"
    os.chown(crontab, 33, 33)
    crontab.chmod(0o666)
    code, _ = trial.drive(kill_after="chown")
    assert code == -signal.SIGKILL
    assert (crontab.stat().st_uid, crontab.stat().st_mode & 0o777) == (0, 0o666)
    assert trial.recover() == ["verified"]
    assert (crontab.stat().st_uid, crontab.stat().st_mode & 0o777) == (0, 0o600)
    trial.check_proof()


@pytest.mark.parametrize("killed_at", [1, 2, 3] if ALL else [2])
def test_a_kill_between_two_calls_on_one_resource_is_finished(bucket: Make, cloud: Cloud, killed_at: int) -> None:
    trial = bucket("data")
    old = trial.look()
    with killing(cloud, killed_at) as victim:
        victim.append(trial.start())
        code, _ = trial.drivers.end(victim[0])
    assert code == -signal.SIGKILL
    assert (trial.look() == old) == (killed_at == 1)
    assert trial.recover() == ["verified"]
    assert None not in trial.look()  # type: ignore[operator]
    trial.check_proof()


@contextmanager
def killing(cloud: Cloud, number: int) -> Iterator[list[int]]:
    """Kills the process that is put in the list when it sends its nth writing call, which is lost."""
    real, victim, seen = cloud.gate._app, list[int](), list[str]()

    def deadly(env: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if env["REQUEST_METHOD"] == "PUT":
            seen.append(env["PATH_INFO"])
            if len(seen) == number:
                os.kill(victim[0], signal.SIGKILL)
                return refusal(start, "503 Slow Down", "s3", "SlowDown", "nobody listens")
        return real(env, start)

    cloud.gate._app = deadly
    try:
        yield victim
    finally:
        cloud.gate._app = real

"""What stands in a run's way: a target that moved, a full disk, missing rights, another run. Nothing is half done or half told."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from lab import postgres
from lab.aws import Cloud

from tests.faults.trial import ALL, Make, Trial, check_truth
from tests.journeys.manifest import manifest

NOBODY = 65534
Mounted = Callable[[int], Path]


def meanwhile(trial: Trial, at: str, act: Callable[[], object], **more: Any) -> dict[str, Any]:
    """Drives an apply and acts while it waits at a boundary."""
    gate = trial.state.with_name(f"waits-at-{at}")
    pid = trial.start(wait_at=at, waits=str(gate), **more)
    wait_for(gate.exists)
    act()
    gate.unlink()
    return trial.drivers.end(pid)[1]


def wait_for(claim: Callable[[], object], limit_s: float = 90.0) -> None:
    end = time.monotonic() + limit_s
    while not claim():
        assert time.monotonic() < end
        time.sleep(0.02)


def race(first: Trial, second: Trial, boundary: str) -> list[tuple[str, str]]:
    """Lets two go on from a boundary at the same time; the outcome of each, and why."""
    trials = [(trial, trial.state.with_name(f"gate{n}")) for n, trial in enumerate((first, second))]
    pids = [trial.start(wait_at=boundary, waits=str(gate)) for trial, gate in trials]
    for _, gate in trials:
        wait_for(gate.exists)
    for _, gate in trials:
        gate.unlink()
    ended = [first.drivers.end(pid)[1] for pid in pids]
    return [(done["outcomes"][0][1], why(done)) for done in ended]


def outcomes(done: dict[str, Any]) -> set[str]:
    return {outcome for _, outcome, _ in done["outcomes"]}


def why(done: dict[str, Any]) -> str:
    return "; ".join(words for _, _, words in done["outcomes"])


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Mounted]:
    """Makes a small disk of so many bytes."""
    if os.geteuid():
        pytest.skip("needs root: mounts a small disk")
    made: list[Path] = []

    def mount(size_bytes: int) -> Path:
        made.append(place := tmp_path / f"disk{len(made)}")
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", str(place)], check=True)
        return place

    yield mount
    for place in made:
        subprocess.run(["umount", str(place)], check=True)


def fill(disk: Path, leave_bytes: int = 0) -> None:
    """Leaves so much room and no more."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    (disk / "ballast").write_bytes(b"x" * max(0, free - leave_bytes))


FILES = {"source_tree": "main.tf", "root": "etc/login.defs"}


def move(trial: Trial, made: str) -> None:
    with Path(trial.order.target.removeprefix("root:"), FILES[made]).open("a") as file:
        file.write("# theirs\n")


@pytest.mark.root
@pytest.mark.parametrize("boundary", ["planned", "validate"])
@pytest.mark.parametrize("made", FILES)
def test_a_document_that_moved_is_left_alone(request: pytest.FixtureRequest, made: str, boundary: str) -> None:
    """Between the plan and the run as well as between the snapshot and the write."""
    trial: Trial = request.getfixturevalue(made)("moved")
    seen: list[object] = []
    done = meanwhile(trial, boundary, lambda: (move(trial, made), seen.append(trial.look())))
    assert outcomes(done) == {"refused"}, done
    assert trial.look() == seen[0]
    assert trial.told() == ["refused"]
    trial.check_proof()


@pytest.mark.parametrize("boundary", ["planned", "validate"])
def test_a_database_setting_that_moved_is_left_alone(database: Make, server: postgres.Server, boundary: str) -> None:
    trial = database("moved")

    def move() -> None:
        with psycopg.connect(server.url, autocommit=True) as link:
            for name in ("log_connections", "log_disconnections", "log_lock_waits"):
                link.execute(f"ALTER SYSTEM SET {name} = {'off' if name == 'log_lock_waits' else 'on'}")  # type: ignore[arg-type]

    done = meanwhile(trial, boundary, move)
    assert outcomes(done) <= {"refused", "reverted"}, done
    assert b"log_connections = 'on'" in server.auto.read_bytes()
    trial.check_proof()


def test_a_security_group_that_moved_is_left_alone(group: Make, cloud: Cloud) -> None:
    trial = group("moved")
    ec2 = cloud.client("ec2")
    (made,) = [g["GroupId"] for g in ec2.describe_security_groups()["SecurityGroups"] if g["GroupName"] == "moved"]
    theirs = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]}
    seen: list[object] = []

    def move() -> None:
        ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=[theirs])
        seen.append(trial.look())

    done = meanwhile(trial, "validate", move)
    assert outcomes(done) == {"refused"}, done
    assert trial.look() == seen[0]
    trial.check_proof()


DATABASE = """
resource "aws_db_instance" "shop" {
  backup_retention_period = 1
}
"""


def test_of_two_runs_on_one_file_one_is_verified_and_the_other_refused(source_tree: Make) -> None:
    first = source_tree("rivals")
    file = Path(first.order.target, "main.tf")
    file.write_text(old := file.read_text() + DATABASE)
    other = msgspec.structs.replace(first.order, state=f"{first.order.state}-2", controls=("aws/rds/backups",))
    second = Trial(first.drivers, other, first.look)
    ended = race(first, second, "write")
    assert sorted(outcome for outcome, _ in ended) == ["refused", "verified"], ended
    assert [first.told(), second.told()] == [[outcome] for outcome, _ in ended]
    rotated, kept = "enable_key_rotation" in file.read_text(), "= 1\n" not in file.read_text()
    assert (rotated, kept) == (ended[0][0] == "verified", ended[1][0] == "verified")
    loser = second if rotated else first
    assert outcomes(loser.drive()[1]) == {"verified"}, "it only has to plan again"
    assert file.read_text() != old
    for trial in (first, second):
        trial.check_proof()


def test_two_runs_of_one_plan_end_in_that_plan(source_tree: Make) -> None:
    first = source_tree("twins")
    second = Trial(first.drivers, msgspec.structs.replace(first.order, state=f"{first.order.state}-2"), first.look)
    ended = {outcome for outcome, _ in race(first, second, "write")}
    assert "verified" in ended and ended <= {"verified", "refused"}  # both, where they come within one breath
    assert first.look().count(b"enable_key_rotation = true") == 1  # type: ignore[attr-defined]


@pytest.mark.skipif(not ALL, reason="a race bound to the clock: SETRIGHT_ALL=1 runs it; the race on one file is its sample")
def test_of_two_runs_on_one_server_one_is_verified_and_the_other_refused(database: Make) -> None:
    """Each would arm a switch that undoes the other's change."""
    first = database("twins")
    second = Trial(first.drivers, msgspec.structs.replace(first.order, state=f"{first.order.state}-2"), first.look)
    ended = race(first, second, "arm")
    assert sorted(outcome for outcome, _ in ended) == ["refused", "verified"], ended
    assert any("another run's change waits" in why or "is not what" in why for _, why in ended)


@pytest.mark.root
def test_on_a_full_disk_a_source_file_stays_whole(source_tree: Make, mounted: Mounted) -> None:
    trial = source_tree("full")
    disk = mounted(65536)
    (file := disk / "main.tf").write_bytes(Path(trial.order.target, "main.tf").read_bytes() + b"# notes\n" * 2000)
    fill(disk)
    full = Trial(trial.drivers, msgspec.structs.replace(trial.order, target=str(disk)), file.read_bytes)
    old = full.look()
    _, done = full.drive()
    assert outcomes(done) and "No space left" in why(done), done
    check_truth(full, old, "full disk")
    assert sorted(p.name for p in disk.iterdir()) == ["ballast", "main.tf"]


@pytest.mark.root
def test_on_a_full_disk_a_root_file_system_stays_whole(root: Make, mounted: Mounted) -> None:
    trial = root("full")
    disk = mounted(16 << 20)
    subprocess.run(["cp", "-a", f"{trial.order.target.removeprefix('root:')}/etc", str(disk)], check=True)
    fill(disk)
    full = Trial(trial.drivers, msgspec.structs.replace(trial.order, target=f"root:{disk}"), (disk / "etc/login.defs").read_bytes)
    old = full.look()
    _, done = full.drive()
    assert outcomes(done) and "No space left" in why(done), done
    check_truth(full, old, "full disk")
    assert not list((disk / "etc").glob(".login*"))


@pytest.mark.root
@pytest.mark.parametrize("made", FILES)
def test_without_the_right_to_write_nothing_is_changed_and_that_is_said(request: pytest.FixtureRequest, made: str) -> None:
    trial: Trial = request.getfixturevalue(made)("denied")
    place = trial.order.target.removeprefix("root:")
    subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", place], check=True)
    denied = Trial(trial.drivers, trial.order, lambda: manifest(Path(place)))
    old = denied.look()
    _, done = denied.drive(powerless=True)
    assert outcomes(done) and outcomes(done) <= {"refused", "reverted"}, done
    assert "denied" in why(done).lower()
    check_truth(denied, old, "denied")


@pytest.mark.root
@pytest.mark.parametrize("left_bytes", [0, 1 << 14, 1 << 16, 1 << 18])
def test_with_the_state_on_a_full_disk_nothing_is_touched_without_its_snapshot(
    source_tree: Make, mounted: Mounted, left_bytes: int
) -> None:
    trial = source_tree("state")
    disk = mounted(4 << 20)
    full = Trial(trial.drivers, msgspec.structs.replace(trial.order, state=str(disk / "state")), trial.look)
    full.recover()
    old = full.look()
    fill(disk, left_bytes)
    _, done = full.drive()
    if full.look() != old:
        assert list((full.state / "snapshots").rglob("*")), done
    else:
        assert outcomes(done) <= {"refused", "reverted"} and (done.get("error") or outcomes(done)), done
    (disk / "ballast").unlink()
    full.recover()
    check_truth(full, old, f"{left_bytes} bytes left: {done}")

"""Promises of mounts, kept by a real host's kernel and its own findmnt."""

from __future__ import annotations

from pathlib import Path

import pytest
from lab.hosts import Lab

from setright.model import Want
from setright.surfaces.linux.offline import Offline
from setright.surfaces.linux.surface import Linux
from tests.surfaces.linux.states import Loop

pytestmark = pytest.mark.root

FLAGS = "findmnt -no VFS-OPTIONS /tmp; findmnt -no VFS-OPTIONS /dev/shm; cat /etc/fstab"

RIGHT = ["Success, no errors or warnings detected"]
AND_TO_RELOAD = [
    "[W] your fstab has been modified, but systemd still uses the old version;",
    "use 'systemctl daemon-reload' to reload",
]


def verified(said: str) -> list[str]:
    """All that findmnt said, but for the place it speaks of."""
    return [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("/")]


@pytest.fixture
def loop(host: Lab, tmp_path: Path) -> Loop:
    loop = Loop(host, tmp_path, "linux/mount/*")
    loop.sh("echo 'tmpfs /tmp tmpfs defaults,size=20m 0 0   # scratch' >> /etc/fstab; mount -t tmpfs shm /dev/shm")
    return loop


def test_options_hold_in_fstab_and_in_the_kernel_and_go_back_exactly(loop: Loop) -> None:
    before = loop.sh(FLAGS)
    run = loop.fix()
    assert loop.outcomes(run) == ["/etc/fstab: verified"]
    assert "tmpfs /tmp tmpfs defaults,size=20m,nodev,noexec,nosuid 0 0   # scratch" in loop.sh(FLAGS)
    assert {"nodev", "nosuid", "noexec"} <= set(loop.sh("findmnt -no VFS-OPTIONS /dev/shm").strip().split(","))
    assert verified(loop.sh("findmnt --verify")) in (RIGHT, AND_TO_RELOAD)
    assert not loop.found()
    loop.rollback(run)
    assert loop.sh(FLAGS) == before


def test_an_option_that_only_the_kernel_lost_is_put_back_there(loop: Loop) -> None:
    loop.fix()
    text = loop.sh("cat /etc/fstab")
    loop.sh("mount -o remount,bind,rw,exec,nosuid,nodev /tmp")
    assert loop.wrong() == {("mount/no-programs-temporary", "/tmp")}
    loop.fix()
    assert not loop.found()
    assert loop.sh("cat /etc/fstab") == text


def test_a_mount_that_fstab_does_not_make_is_left_to_people(loop: Loop) -> None:
    loop.sh("mount -t tmpfs x /var/tmp; mkdir -p /etc/systemd/system; sed -i /scratch/d /etc/fstab")
    loop.sh("printf '[Mount]\\nWhere=/tmp\\n' >/etc/systemd/system/tmp.mount")
    run = loop.fix()
    refused = [f"{plan.reason} {outcome}" for plan, outcome in run.plans if plan.lane == "hand"]
    assert len(refused) == 6 and all("tmp.mount" in why for why in refused)


def test_what_systemd_mounts_by_itself_gets_a_line_of_its_own(loop: Loop) -> None:
    loop.sh("sed -i /scratch/d /etc/fstab")
    before = loop.sh(FLAGS)
    run = loop.fix()
    assert "tmpfs /tmp tmpfs defaults,nodev,noexec,nosuid 0 0" in loop.sh(FLAGS).replace("\t", " ").splitlines()
    assert not loop.found()
    loop.rollback(run)
    assert loop.sh(FLAGS) == before


def test_a_program_that_runs_there_is_evidence_against(loop: Loop) -> None:
    loop.sh("cp /bin/sleep /tmp/nap; (setsid /tmp/nap 60 >/dev/null 2>&1 &)")
    plans = [p for p, _ in loop.fix().plans for _, fact, a in p.breaks_if if fact.startswith("linux/runs-from:") and a.holds]
    assert plans
    loop.sh("pkill -x nap")


def test_an_image_without_a_table_of_mounts_has_none(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    layout = {"documents": ["/etc/fstab"], "effective": "state:mounts", "lens": "fstab"}
    reading = Linux(Offline("root:test", tmp_path)).read([Want("linux/mount", layout)])
    assert [d.locator for d in reading.documents if d.data is not None] == []
    assert reading.problems == ()

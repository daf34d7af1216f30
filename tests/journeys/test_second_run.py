"""Each baseline, put right on a stock Debian 12 and looked at again: nothing is left to do, so no two controls fight.

Three of them; SETRIGHT_ALL=1 takes all.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from lab.hosts import BASE, build

from setright.app import App, ScanOptions
from setright.engine.catalogue import content_root
from setright.engine.configuration import Configuration
from tests.content import warm
from tests.journeys.manifest import manifest

pytestmark = pytest.mark.root

TOPS = (
    "bin",
    "lib",
    "sbin",
    "etc",
    "root",
    "home",
    "usr/lib/systemd",
    "usr/lib/sysctl.d",
    "usr/lib/modprobe.d",
    "var/lib/dpkg/status",
)
EVERY = sorted(file.stem for file in (content_root() / "baselines").glob("*.yaml"))
NAMES = EVERY if os.environ.get("SETRIGHT_ALL") else ["anssi-bp-028-high", "cis-debian-12-l2", "recommended"]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """What of a system is configuration: links, owners and modes kept."""
    if os.geteuid():
        pytest.skip("needs root: files of many owners")
    build()
    root = tmp_path / "root"
    for top in TOPS:
        (root / top).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", str(BASE / top), str(root / top)], check=True)
    return root


@pytest.mark.parametrize("name", NAMES)
def test_a_second_run_finds_nothing_to_do(name: str, image: Path, tmp_path: Path) -> None:
    app, target = App(Configuration(state=str(warm(tmp_path / "state")))), [f"root:{image}"]
    (planned,) = app.plan(target, ScanOptions(baseline=name), together=True)
    run = app.apply(planned.plans, lambda plan: plan.lane != "hand", lambda plan, outcome: None)
    outcomes = {outcome.outcome for plan, outcome in run.plans if plan.lane != "hand"}
    assert outcomes == {"verified"}, [(p.document, o.why) for p, o in run.plans if o.outcome not in ("verified", "hand")]
    before = manifest(image)
    (again,) = app.plan(target, ScanOptions(baseline=name), together=True)
    assert {plan.lane for plan in again.plans} <= {"hand"}, [(plan.document, plan.controls) for plan in again.plans]
    app.apply(again.plans, lambda plan: True, lambda plan, outcome: None)
    assert manifest(image) == before

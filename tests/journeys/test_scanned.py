"""What ACME's other scanners found, taken in: the steps of examples/acme/scanned.py, each held to its promise."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from examples.acme.scanned import STEPS, Scanned, by_scanner
from examples.acme.scenario import HERE, PROGRAM, acme
from lab.aws import account, seed

pytestmark = [pytest.mark.root, pytest.mark.slow]

MATCHED = {"checkov": (61, 67), "hadolint": (4, 7), "lynis": (36, 69), "oscap": (8, 23), "trivy": (48, 55), "zizmor": (9, 9)}


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scanned]:
    if os.geteuid() or not shutil.which("faketime"):
        pytest.skip("needs root, for real hosts in namespaces, and faketime")
    with acme(tmp_path_factory.mktemp("scanned"), f"s{os.getpid() % 100000}", Scanned) as ready:
        yield ready


@pytest.fixture(scope="module")
def done(group: Scanned) -> dict[str, Any]:
    """What each step gave, in order."""
    told = {}
    for step in STEPS:
        with group.lab.inside():
            told[step] = getattr(group, step)()
    return told


def is_open(each: dict[str, Any]) -> bool:
    return not each["put_right_at"] and not each["closed_at"]


def test_a_folder_of_six_scanners_results_is_taken_in_target_by_target(group: Scanned, done: dict[str, Any]) -> None:
    ran, told = done["take_in"]
    assert ran.code == 0 and "README.md: not taken in" in ran.err
    assert {(each["target"], each["tool"]) for each in told["imported"]} == {
        *((str(group.tree / "player"), tool) for tool in ("checkov", "trivy", "hadolint", "zizmor")),
        *((str(group.tree / "shop"), tool) for tool in ("checkov", "trivy")),
        *(("ssh://h2", tool) for tool in ("lynis", "oscap")),
    }


@pytest.mark.parametrize("scanner", MATCHED)
def test_of_each_scanners_findings_so_many_are_matched_with_ours(done: dict[str, Any], scanner: str) -> None:
    matched, every = by_scanner(done["take_in"][1]["imported"])[scanner]
    least, all_there = MATCHED[scanner]
    assert every == all_there and matched >= least


def test_what_could_be_put_right_was(done: dict[str, Any]) -> None:
    plans = [plan for ran in (*done["put_right"], done["put_right_with_a_yes"]) for plan in ran.json["plans"]]
    assert {plan["outcome"] for plan in plans} == {"verified", "hand"}


def test_our_own_look_closes_what_is_gone_and_nothing_else(done: dict[str, Any]) -> None:
    before = {each["key"]: each for each in done["take_in"][1]["imported"]}
    after = {each["key"]: each for each in done["look_again"]["imported"]}
    closed = [each for each in after.values() if not is_open(each)]
    assert after.keys() == before.keys() and all(is_open(each) for each in before.values())
    assert all(each["put_right_at"] and each["state"] == "matched" for each in closed)
    assert len(closed) >= 140


def test_what_no_control_speaks_of_stays_to_do_by_hand(done: dict[str, Any]) -> None:
    by_hand = {each["rule"] for each in done["look_again"]["imported"] if each["state"] == "by-hand"}
    assert by_hand >= {"CKV_AWS_144", "DL3008", "DEB-0880", "package_ntp_installed", "KSV-0125"}
    assert all(is_open(each) for each in done["look_again"]["imported"] if each["state"] == "by-hand")


def test_the_same_results_again_double_nothing_and_bring_nothing_back(done: dict[str, Any]) -> None:
    before = {each["key"]: is_open(each) for each in done["look_again"]["imported"]}
    assert {each["key"]: is_open(each) for each in done["again"]["imported"]} == before
    assert done["again"]["summary"]["closed"] == done["look_again"]["summary"]["closed"]


def test_what_prowler_found_in_an_account_is_matched_put_right_and_closed(tmp_path: Path) -> None:
    """The account holds what it held when the real Prowler looked at it."""
    with account() as cloud:
        seed(cloud, buckets=1)
        target = f"aws://?region=us-east-1&endpoint={cloud.url}"
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "SETRIGHT_STATE": str(tmp_path / "state"), **cloud.environment}

        def told(*words: str) -> Any:
            ran = subprocess.run(
                [*PROGRAM, *words, "--format", "json"], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120
            )
            return json.loads(ran.stdout)

        found = told("import", str(HERE / "cloud/prowler.ocsf.json"), "--target", target)
        assert by_scanner(found["imported"]) == {"prowler": (35, 64)}
        ours = {control for each in found["imported"] if each["state"] == "matched" for control in each["controls"]}
        words = [word for control in sorted(ours) for word in ("--control", control)]
        assert {plan["outcome"] for plan in told("fix", target, *words, "--all", "--yes")["plans"]} == {"verified", "hand"}
        told("scan", target, *words)
        summary = told("import", "--list")["summary"]
    assert (summary["closed"], summary["matched"]) == (27, 8)

"""ACME: the scenario of examples/acme, step by step, each held to its promise. The steps build on each other."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from examples.acme.scenario import STEPS, Acme, acme, plain_text

pytestmark = [pytest.mark.root, pytest.mark.slow]

HOSTS = 6


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Acme]:
    if os.geteuid() or not shutil.which("faketime"):
        pytest.skip("needs root, for real hosts in namespaces, and faketime")
    with acme(tmp_path_factory.mktemp("acme"), f"a{os.getpid() % 100000}") as ready:
        yield ready


@pytest.fixture(scope="module")
def done(group: Acme) -> dict[str, Any]:
    """What each step gave, in order."""
    told = {}
    for step in STEPS:
        with group.lab.inside():
            told[step] = getattr(group, step)()
    return told


def test_scan_reads_everything_and_says_who_may_decide(done: dict[str, Any]) -> None:
    told = done["scan"]
    assert [target["read"] for target in told["targets"]] == [True] * (HOSTS + 1)
    assert {finding["lane"] for finding in told["findings"]} >= {"auto", "ask", "hand"}


def test_every_finding_has_an_owner_and_what_is_sent_back_goes_to_the_next(done: dict[str, Any]) -> None:
    assert all(finding["owner"] for finding in done["scan"]["findings"])
    before, after = done["own"]
    assert before["owner"] == "shop-data" and "CODEOWNERS" in before["owner_why"]
    assert after["owner"] == "shop-web" and "paul" in json.dumps(after)


def test_the_bank_is_always_asked_and_a_frozen_week_holds_everything(done: dict[str, Any]) -> None:
    today, frozen = done["decide"]
    lanes = {(plan["target"], plan["lane"]) for plan in today["plans"] if plan["lane"] != "hand"}
    assert lanes == {("ssh://h1", "ask"), ("ssh://h3", "auto"), ("ssh://h3", "ask")}
    held = [plan for plan in frozen["plans"] if plan["target"] == "ssh://h3"]
    assert held and {plan["lane"] for plan in held} == {"hold"} and all("Christmas sale" in plan["reason"] for plan in held)


def test_a_wave_that_trips_on_health_takes_itself_back_and_stops_the_rest(done: dict[str, Any], group: Acme) -> None:
    ran = done["fix_in_waves"]
    auto = [plan for plan in ran.json["plans"] if plan["lane"] == "auto"]
    frail = next(plan for plan in auto if plan["document"] == "/etc/rsyslog.conf")
    assert ran.code == 1 and frail["outcome"] == "reverted" and "rsyslog-active" in frail["why"]
    assert {plan["outcome"] for plan in auto if plan["target"] == "ssh://h2"} == {"verified"}, "the wave before it stands"
    later = [plan for plan in auto if plan["target"] in ("ssh://h3", "ssh://h5")]
    assert later and {(plan["outcome"], bool(plan["why"])) for plan in later} == {("refused", True)}
    assert "$FileCreateMode 0644" in (group.lab.upper(6) / "etc/rsyslog.conf").read_text()


def test_those_who_may_agree_are_asked_by_a_letter_with_a_link(done: dict[str, Any], group: Acme) -> None:
    asked = {name for name, _ in group.links()}
    assert {"bob@acme.example", "petra@acme.example", "paul@acme.example"} <= asked
    letters = [str(letter["To"]) for letter in group.letters if "Your yes" in str(letter["Subject"])]
    assert len(letters) == len(set(letters)), "one letter for each, however many plans wait"
    assert all(letter["Subject"] and plain_text(letter) for letter in group.letters)


def test_two_of_the_bank_must_agree_and_not_who_asked(done: dict[str, Any]) -> None:
    recorded = [name for name, status, _ in done["approve"] if status == 200]
    assert {"bob@acme.example", "petra@acme.example"} <= set(recorded)
    ran = {(plan["target"], plan["document"]): plan["outcome"] for plan in done["run_approved"].json["plans"]}
    assert ran["ssh://h1", "/etc/ssh/sshd_config"] == "verified"


def test_what_was_approved_holds_on_the_host(done: dict[str, Any], group: Acme) -> None:
    assert "PermitRootLogin no" in (group.lab.upper(1) / "etc/ssh/sshd_config").read_text()


def test_an_exception_hides_for_its_time_and_then_the_finding_is_back(done: dict[str, Any]) -> None:
    finding, during, after = done["except_one"]
    assert finding not in {each["id"] for each in during["findings"]} and finding in {each["id"] for each in during["excepted"]}
    assert finding in {each["id"] for each in after["findings"]}


def test_what_nobody_does_goes_to_the_owner_then_the_lead_then_the_ciso(done: dict[str, Any]) -> None:
    owners, leads, ciso = done["escalate"]
    assert "media-operations@acme.example" in owners[0] or any("media-operations@" in to for to in owners)
    assert any("mia@" in to for to in leads) and ciso == ["carla@acme.example"]


def test_each_team_gets_one_digest_with_a_picture(done: dict[str, Any]) -> None:
    letters = done["digest"]
    assert len({str(letter["To"]) for letter in letters}) == len(letters) >= 4
    assert all(any(part.get_content_type() == "image/png" for part in letter.walk()) for letter in letters)


def test_the_switch_stops_everything_within_a_second(done: dict[str, Any]) -> None:
    late_s, out = done["stop"]
    assert late_s <= 1.0
    outcomes = [plan["outcome"] for plan in json.loads(out[out.index("{") :])["plans"]]
    assert "refused" in outcomes and set(outcomes) <= {"verified", "refused", "reverted", "hand", "unverified"}


def test_an_auditor_needs_only_the_pack_and_the_key(done: dict[str, Any]) -> None:
    ran, pack = done["prove"]
    assert ran.code == 0 and "whole" in ran.out and Path(pack).stat().st_size


def test_the_report_is_one_page_that_needs_nothing_else(done: dict[str, Any]) -> None:
    page = done["report"].read_text()
    assert "<svg" in page and "http-equiv" in page and "<script" not in page

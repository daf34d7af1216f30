"""What `plan`, `apply`, `fix` and `rollback` promise, on real files."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from setright.engine.plan import plan_hash
from setright.model import Plan

from .conftest import ASK, AUTO, BOTH, MAIN_TF, Program

PLAN_FIELDS = {"hash", "target", "document", "diff", "lane", "reason", "findings", "breaks_if", "effect", "undo"}


def planned(setright: Program, *words: str) -> dict[str, Any]:
    ran = setright("plan", ".", *(words or BOTH), "-o", "plan.json")
    assert ran.code == 0, ran.err
    held: dict[str, Any] = json.loads((setright.tree / "plan.json").read_text())
    return held


def keep(setright: Program, held: dict[str, Any]) -> None:
    (setright.tree / "plan.json").write_text(json.dumps(held))


def test_a_plan_has_every_field_of_the_contract_and_changes_nothing(setright: Program):
    ran = setright("plan", ".", *BOTH, "--format", "json")
    assert ran.code == 0
    assert {p["lane"] for p in ran.json["plans"]} == {"auto", "ask"}
    assert all(p.keys() >= PLAN_FIELDS for p in ran.json["plans"])
    assert len(ran.json["hash"]) == 64
    assert setright.file.read_text() == MAIN_TF


def test_a_plan_file_says_what_stdout_says(setright: Program):
    ran = setright("plan", ".", *BOTH, "--format", "json", "-o", "plan.json")
    held = json.loads((setright.tree / "plan.json").read_text())
    for item in held["plans"]:
        del item["exact"]
    assert held == ran.json


def test_apply_runs_the_auto_plan_and_lets_the_other_wait(setright: Program):
    planned(setright)
    ran = setright("apply", "plan.json", "--format", "json")
    assert ran.code == 1
    assert {p["lane"]: p["outcome"] for p in ran.json["plans"]} == {"auto": "verified", "ask": "refused"}
    assert setright.file.read_text() == MAIN_TF.replace("= 1 ", "= 7 ")


def test_apply_runs_what_is_approved_by_the_beginning_of_its_hash(setright: Program):
    held = planned(setright)
    ask = next(p for p in held["plans"] if p["lane"] == "ask")
    ran = setright("apply", "plan.json", "--approve", ask["hash"][:8], "--format", "json")
    assert (ran.code, {p["outcome"] for p in ran.json["plans"]}) == (0, {"verified"})
    assert "storage_encrypted       = true" in setright.file.read_text()


def test_the_hash_of_the_file_approves_all_of_it(setright: Program):
    held = planned(setright)
    ran = setright("apply", "plan.json", "--approve", held["hash"], "--format", "json")
    assert (ran.code, {p["outcome"] for p in ran.json["plans"]}) == (0, {"verified"})


@pytest.mark.parametrize("hash_", ["1234567", "0123456789abcdef"])
def test_a_hash_that_names_no_plan_approves_nothing(setright: Program, hash_: str):
    planned(setright)
    assert setright("apply", "plan.json", "--approve", hash_).code == 2
    assert setright.file.read_text() == MAIN_TF


def test_a_document_that_moved_is_left_alone(setright: Program):
    planned(setright, "--control", AUTO)
    moved = MAIN_TF + "# somebody was here\n"
    setright.file.write_text(moved)
    ran = setright("apply", "plan.json", "--format", "json")
    assert (ran.code, ran.json["plans"][0]["outcome"]) == (1, "refused")
    assert setright.file.read_text() == moved


def test_a_plan_whose_time_is_over_lapses(setright: Program):
    held = planned(setright, "--control", AUTO)
    over = (datetime.now(UTC) - timedelta(minutes=1)).isoformat(timespec="seconds")
    held["plans"][0]["exact"]["expires_at"] = over
    keep(setright, held)
    ran = setright("apply", "plan.json")
    assert ran.code == 1
    assert "lapsed" in ran.err and len(ran.err.splitlines()) == 1
    assert setright.file.read_text() == MAIN_TF


def tamper_lane(held: dict[str, Any]) -> None:
    held["plans"][1]["exact"]["lane"] = "auto"


def tamper_edit(held: dict[str, Any]) -> None:
    held["plans"][0]["exact"]["changes"][0]["edits"][0][0]["value"] = 99


def tamper_shown_diff(held: dict[str, Any]) -> None:
    held["plans"][0]["diff"] = "nothing to see here"


def tamper_order(held: dict[str, Any]) -> None:
    held["plans"].reverse()


def drop_a_plan(held: dict[str, Any]) -> None:
    held["plans"].pop()


def add_a_field(held: dict[str, Any]) -> None:
    held["plans"][0]["exact"]["sudo"] = True


def another_schema(held: dict[str, Any]) -> None:
    held["schema"] = "setright/2"


TAMPERED = [tamper_lane, tamper_edit, tamper_shown_diff, tamper_order, drop_a_plan, add_a_field, another_schema]


@pytest.mark.parametrize("tamper", TAMPERED)
def test_a_plan_file_changed_by_hand_is_refused(setright: Program, tamper):
    held = planned(setright)
    tamper(held)
    keep(setright, held)
    ran = setright("apply", "plan.json")
    assert ran.code == 2
    assert ran.err.startswith("setright: plan.json: ") and len(ran.err.splitlines()) == 1
    assert setright.file.read_text() == MAIN_TF


def test_a_hash_made_anew_does_not_hide_what_people_were_shown(setright: Program):
    held = planned(setright)
    forged = held["plans"][1]["exact"] | {"lane": "auto"}
    forged["hash"] = plan_hash(msgspec.convert(forged, Plan))
    held["plans"][1]["exact"] = forged
    keep(setright, held)
    assert setright("apply", "plan.json").code == 2
    assert setright.file.read_text() == MAIN_TF


@pytest.mark.parametrize("text", ["", "not json", "[]", '{"schema": "setright/1", "plans": [{}]}', "\xff"])
def test_what_is_no_plan_file_is_one_clear_line(setright: Program, text: str):
    (setright.tree / "plan.json").write_text(text, encoding="latin-1")
    ran = setright("apply", "plan.json")
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1 and "Traceback" not in ran.err


def test_fix_without_a_terminal_acts_on_auto_only(setright: Program):
    ran = setright("fix", ".", *BOTH, "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert {p["lane"]: p["outcome"] for p in ran.json["plans"]} == {"auto": "verified", "ask": "refused"}
    assert setright.file.read_text() == MAIN_TF.replace("= 1 ", "= 7 ")


def test_what_waits_is_told_apart_from_what_was_refused_and_how_to_agree(setright: Program):
    ran = setright("fix", ".", "--control", ASK, "--yes")
    assert ran.code == 0 and "… waiting" in ran.out and "1 waiting" in ran.out and "refused" not in ran.out
    assert "setright approve HASH" in ran.err
    found = re.search(r"main\.tf  ([0-9a-f]{12})", ran.out)
    assert found and setright("approve", found[1]).code == 0
    assert "✓ verified" in setright("apply", "--approved", "--yes").out


def test_where_all_is_for_a_person_that_is_counted_once(setright: Program):
    (setright.tree / "Dockerfile").write_text("FROM acme/base:1\n")
    ran = setright("fix", ".", "--control", "docker/image/base-digest", "--all", "--yes")
    assert ran.out.endswith("1 plan: 1 hand\n\nnothing was changed\n")


def test_fix_all_takes_the_decision(setright: Program):
    ran = setright("fix", ".", *BOTH, "--all", "--format", "json")
    assert (ran.code, {p["outcome"] for p in ran.json["plans"]}) == (0, {"verified"})
    assert setright("scan", ".", *BOTH).code == 0


def test_what_stays_open_counts_when_asked_to(setright: Program):
    assert setright("fix", ".", *BOTH, "--fail-on", "any").code == 1
    assert setright("fix", ".", "--control", AUTO, "--fail-on", "any").code == 0


def test_a_dry_run_shows_the_plan_and_writes_nothing(setright: Program):
    ran = setright("fix", ".", "--control", AUTO, "--dry-run", "--all")
    assert ran.code == 0
    assert "+  backup_retention_period = 7   # until the migration is done" in ran.out
    assert setright.file.read_text() == MAIN_TF


def test_a_dry_run_goes_to_the_file_that_was_named(setright: Program):
    ran = setright("fix", ".", "--control", AUTO, "--dry-run", "--format", "json", "-o", "shown.json")
    assert ran.out == ""
    assert json.loads((setright.tree / "shown.json").read_text())["plans"]


def test_rollback_gives_the_first_bytes_back(setright: Program):
    run = setright.process("fix", ".", *BOTH, "--all", "--format", "json").json["run"]
    assert setright.file.read_text() != MAIN_TF
    ran = setright.process("rollback", run, "--format", "json")
    assert (ran.code, {p["outcome"] for p in ran.json["plans"]}) == (0, {"reverted"})
    assert setright.file.read_text() == MAIN_TF
    assert [r["kind"] for r in setright("runs", "--format", "json").json["runs"]] == ["rollback", "apply"]
    assert setright("ledger", "verify").code == 0


def test_a_rollback_that_could_not_be_done_names_where_and_the_way_on(setright: Program):
    run = setright.process("fix", ".", *BOTH, "--all", "--format", "json").json["run"]
    setright.file.write_text(setright.file.read_text().replace("# the shop", "# our shop"))
    ran = setright("rollback", run)
    assert (ran.code, setright.file.read_text()[:10]) == (1, "# our shop")
    assert f"on {setright.tree}; mend what is told there, then `setright rollback {run}` again" in ran.err


def test_a_run_that_never_was_cannot_be_rolled_back(setright: Program):
    ran = setright("rollback", "r000000-000000-0000")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)


def test_the_kill_switch_lets_nothing_be_touched_until_it_is_off(setright: Program):
    assert setright("stop", "--reason", "incident").code == 0
    ran = setright("fix", ".", "--control", AUTO, "--format", "json")
    assert (ran.code, ran.json["plans"][0]["outcome"]) == (1, "refused")
    assert setright.file.read_text() == MAIN_TF
    setright("stop", "--off")
    assert setright("fix", ".", "--control", AUTO).code == 0
    assert setright.file.read_text() != MAIN_TF


def test_a_ledger_somebody_changed_shows(setright: Program):
    setright("fix", ".", "--control", AUTO)
    ledger = Path(setright.env["SETRIGHT_STATE"]) / "ledger.jsonl"
    ledger.write_text(ledger.read_text().replace("main.tf", "other.tf", 1))
    ran = setright("ledger", "verify", "--format", "json")
    assert (ran.code, ran.json["whole"]) == (1, False)


def image(setright: Program) -> Path:
    """The root of a host on which root is the only one who can log in: to shut root out would break it."""
    root = setright.tree / "root"
    (root / "etc/ssh").mkdir(parents=True)
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/bash\n")
    (root / "etc/shadow").write_text("root:$6$salt$hash:19000:0:99999:7:::\n")
    (root / "etc/ssh/sshd_config").write_text("PermitRootLogin yes\nX11Forwarding yes\nGatewayPorts yes\n")
    return root


def test_what_evidence_says_would_break_is_left_by_a_yes_to_all_and_named(setright: Program):
    root = image(setright)
    ran = setright("fix", f"root:{root}", "--control", "linux/sshd/*", "--all", "--yes", "--format", "json")
    outcomes = {tuple(p["controls"]): p["outcome"] for p in ran.json["plans"]}
    assert outcomes.pop(("linux/sshd/root-login",)) == "refused" and set(outcomes.values()) == {"verified", "hand"}
    text = (root / "etc/ssh/sshd_config").read_text()
    assert "PermitRootLogin yes" in text and "X11Forwarding no" in text and "GatewayPorts no" in text
    assert "evidence says this would break: root is the only account that can log in" in ran.err
    assert f"setright fix root:{root} --control linux/sshd/root-login --all" in ran.err and ran.code == 0


def test_a_control_by_its_name_is_carried_out_whatever_evidence_says(setright: Program):
    root = image(setright)
    ran = setright("fix", f"root:{root}", "--control", "linux/sshd/root-login", "--all", "--yes", "--format", "json")
    assert [p["outcome"] for p in ran.json["plans"]] == ["verified"] and "left on" not in ran.err
    assert "PermitRootLogin no" in (root / "etc/ssh/sshd_config").read_text()

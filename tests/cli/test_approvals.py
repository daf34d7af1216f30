"""Plans that somebody asks for, others agree to, and a third lets run."""

import json

import pytest

from .conftest import ASK, BOTH, Program

FOUR_EYES = """
[[people]]
name = "Ann"
login = "ann"
roles = ["board"]

[[people]]
name = "Bob"
login = "bob"
roles = ["board"]

[[approvals]]
controls = ["aws/rds/*"]
role = "board"
four_eyes = true
"""
ONE = ("--control", ASK)


def as_(setright: Program, login: str, *words: str):
    return setright(*words, LOGNAME=login, USER=login)


@pytest.fixture
def asked(setright: Program) -> str:
    """The hash of a plan that Ann asked for."""
    (setright.tree / "setright.toml").write_text(FOUR_EYES)
    ran = as_(setright, "ann", "plan", ".", *ONE, "--ask", "--format", "json")
    assert "setright approve" in ran.err
    return ran.json["plans"][0]["hash"]


def test_whoever_asks_may_not_agree_alone_and_another_of_the_board_may(setright: Program, asked: str):
    listed = as_(setright, "bob", "approve", "--format", "json").json["plans"]
    assert [(row["hash"], row["asked_by"]) for row in listed] == [(asked, "ann")]
    assert "other than Ann" in listed[0]["lacks"]

    alone = as_(setright, "ann", "approve", asked[:12], "--format", "json").json["plans"][0]
    assert "other than Ann" in alone["lacks"]
    assert as_(setright, "ann", "apply", "--approved", "--format", "json").json["plans"] == []
    assert "storage_encrypted       = false" in setright.file.read_text()

    agreed = as_(setright, "bob", "approve", asked[:12], "--format", "json").json["plans"][0]
    assert agreed["lacks"] == ""
    ran = as_(setright, "cat", "apply", "--approved", "--format", "json")
    assert [plan["outcome"] for plan in ran.json["plans"]] == ["verified"]
    assert "storage_encrypted       = true" in setright.file.read_text()
    ledger = (setright.tree.parent / "state" / "ledger.jsonl").read_text().splitlines()
    approved = [json.loads(line)["actor"] for line in ledger if json.loads(line)["event"] == "approved"]
    assert approved == ["ann", "bob"]  # and not cat, who only ran it


def test_all_is_the_callers_decision_and_does_not_stand_for_the_boards(setright: Program):
    (setright.tree / "setright.toml").write_text(FOUR_EYES)
    ran = as_(setright, "ann", "fix", ".", *ONE, "--all", "--yes", "--format", "json")
    assert [plan["outcome"] for plan in ran.json["plans"]] == ["refused"]
    assert "needs 1 approval of role board, other than Ann" in ran.json["plans"][0]["why"]
    assert "storage_encrypted       = false" in setright.file.read_text()


def test_an_approval_lapses_with_its_document(setright: Program, asked: str):
    as_(setright, "bob", "approve", asked, "--format", "json")
    setright.file.write_text(setright.file.read_text() + "# moved\n")
    ran = as_(setright, "ann", "apply", "--approved", "--format", "json")
    assert ran.code == 1 and [plan["outcome"] for plan in ran.json["plans"]] == ["refused"]
    assert "somebody changed it" in ran.json["plans"][0]["why"]


def test_what_goes_on_from_a_plan_that_runs_by_itself_says_to_run_that_first(setright: Program):
    (setright.tree / "setright.toml").write_text(FOUR_EYES)
    ran = as_(setright, "ann", "plan", ".", *BOTH, "--ask", "--format", "json")
    assert "first: setright fix ." in ran.err
    asked = next(plan["hash"] for plan in ran.json["plans"] if plan["lane"] == "ask")
    as_(setright, "bob", "approve", asked, "--format", "json")
    early = as_(setright, "ann", "apply", "--approved", "--format", "json")
    assert "what runs before it has not run" in early.json["plans"][0]["why"]
    assert "first:" not in as_(setright, "ann", "plan", ".", *ONE, "--ask", "--format", "json").err


@pytest.mark.parametrize("words", [("approve", "0123456789ab"), ("apply",), ("apply", "plan.json", "--approved")])
def test_what_names_no_plan_is_said(setright: Program, words: tuple[str, ...]):
    ran = setright.process(*words)
    assert ran.code == 2 and "Traceback" not in ran.err


def test_a_freeze_stops_what_was_approved_before_it(setright: Program, asked: str):
    as_(setright, "bob", "approve", asked, "--format", "json")
    freeze = '[[policy.freezes]]\nstart = 2020-01-01T00:00:00Z\nuntil = 2099-01-01T00:00:00Z\nreason = "sale"\n'
    (setright.tree / "setright.toml").write_text(FOUR_EYES + freeze)
    ran = as_(setright, "ann", "apply", "--approved", "--format", "json")
    assert ran.code == 1 and [plan["outcome"] for plan in ran.json["plans"]] == ["refused"]
    assert "frozen until 2099-01-01" in ran.json["plans"][0]["why"]
    assert "storage_encrypted       = false" in setright.file.read_text()

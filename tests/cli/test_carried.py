"""A repository carries exceptions, reviewed with its code: all of its clones honour them, each ends, and none is silent."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from .conftest import ASK, AUTO, BOTH, Program
from .test_repositories import git

NAME = ".setright-exceptions.json"
REASON = "throw-away data"
TODAY = datetime.now(UTC).date()
PEOPLE = '[[people]]\nname = "Cem"\nlogin = "cem"\nroles = ["board"]\n'


@pytest.fixture
def carrying(setright: Program) -> Program:
    """A repository that carries one exception, for AUTO."""
    git(setright, "init", "-q", "-b", "main")
    (finding,) = setright("scan", ".", "--control", AUTO, "--format", "json").json["findings"]
    made = setright("except", finding["id"], "--in-repository", "--reason", REASON, "--until", "60d", "--approver", "Cem")
    assert made.code == 0, made.err
    return setright


def entry(program: Program) -> dict[str, str]:
    return json.loads((program.tree / NAME).read_text())["exceptions"][0]


def say(program: Program, **other: str | None) -> None:
    """The file with its exception changed; None takes a key out."""
    told = {key: value for key, value in (entry(program) | other).items() if value is not None}
    (program.tree / NAME).write_text(json.dumps({"schema": "setright/1", "exceptions": [told]}))


def scan(program: Program):
    return program("scan", ".", *BOTH, "--format", "json").json


def test_it_says_what_why_who_and_until_when_and_every_form_shows_it(carrying: Program):
    told = entry(carrying)
    assert (told["control"], told["file"], told["who"], told["reason"]) == (AUTO, "main.tf", "Cem", REASON)
    assert told["until"] == str(TODAY + timedelta(days=60))
    seen = scan(carrying)
    (left,) = seen["excepted"]
    assert (left["kind"], left["until"]) == ("repository", told["until"]) and REASON in left["reason"] and "Cem" in left["reason"]
    assert ([f["control"] for f in seen["findings"]], seen["summary"]["excepted"]) == ([ASK], 1)
    for form in ("table", "markdown", "junit", "sarif"):
        assert REASON in carrying("scan", ".", *BOTH, "--format", form).out, form
    assert carrying("plan", ".", "--control", AUTO, "--format", "json").json["plans"] == []
    report = carrying("report", "--format", "json").json
    assert report["counts"]["excepted"] == 1


def test_a_clone_elsewhere_a_folder_in_it_and_another_state_honour_it(carrying: Program, tmp_path):
    shutil.copytree(carrying.tree, tmp_path / "clone")
    (tmp_path / "clone" / "live").mkdir()
    shutil.move(tmp_path / "clone" / "main.tf", tmp_path / "clone" / "live" / "main.tf")
    text = (tmp_path / "clone" / NAME).read_text().replace('"main.tf"', '"live/main.tf"')
    (tmp_path / "clone" / NAME).write_text(text)
    for target in ("", "/live", "/live/main.tf"):
        ran = carrying("scan", f"{tmp_path}/clone{target}", "--control", AUTO, SETRIGHT_STATE=str(tmp_path / "state2"))
        assert (ran.code, REASON in ran.out) == (0, True), target


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"until": str(TODAY - timedelta(days=1)), "made_at": "2026-01-01"}, "it ended on"),
        ({"until": "2999-12-31"}, "lasts 366 days at most"),
        ({"made_at": str(TODAY + timedelta(days=2))}, "still to come"),
        ({"reason": " "}, "no reason"),
        ({"who": ""}, "nobody who answers"),
        ({"until": None}, "missing required field `until`"),
        ({"severity": "low"}, "unknown field `severity`"),
        ({"until": "whenever"}, "none of its exceptions is honoured"),
    ],
)
def test_what_has_no_reason_no_name_or_no_near_end_is_not_honoured_and_told(carrying: Program, other, why):
    say(carrying, **other)
    seen = scan(carrying)
    assert (len(seen["findings"]), seen["excepted"]) == (2, [])
    assert [n for n in seen["notices"] if why in n["why"] and n["locator"] == NAME], seen["notices"]


@pytest.mark.parametrize(
    ("rules", "honoured", "why"),
    [
        ("longest_days = 30", False, "30 days at most"),
        ("needs_compensating = true", False, "--compensating"),
        ("in_repositories = false", False, "policy honours none"),
        ('role = "board"', False, "which a file cannot show"),
        ('role = "board"\nin_repositories = true', True, ""),
        ('role = "king"\nin_repositories = true', False, "does not have the role king"),
        ("warn_days = 90", True, "ends on"),
    ],
)
def test_policy_says_whether_and_how_long(carrying: Program, rules, honoured, why):
    people = PEOPLE.replace("board", "board") + ('[[people]]\nname = "Eve"\nroles = ["king"]\n' if "king" in rules else "")
    (carrying.tree / "setright.toml").write_text(f"{people}[policy.exceptions]\n{rules}\n")
    seen = scan(carrying)
    assert len(seen["excepted"]) == honoured
    assert any(why in n["why"] for n in seen["notices"]) or not why, seen["notices"]
    finding = next(f for f in (*seen["findings"], *seen["excepted"]) if f["control"] == AUTO)
    again = carrying("except", finding["id"], "--in-repository", "--reason", "x", "--until", "60d", "--approver", "Cem")
    assert (again.code == 0) is honoured, again.err


def test_what_is_right_now_is_told_and_taken_out(carrying: Program):
    carrying.file.write_text(carrying.file.read_text().replace("= 1 ", "= 7 "))
    (notice,) = scan(carrying)["notices"]
    assert "is no finding any more" in notice["why"]
    ran = carrying("except", entry(carrying)["id"], "--in-repository", "--end", "--format", "json")
    assert (ran.code, ran.json["exceptions"]) == (0, []), ran.err
    assert json.loads((carrying.tree / NAME).read_text())["exceptions"] == []
    assert carrying("except", "9c1f04d2a7b35e68", "--in-repository", "--end").code == 2


def test_a_file_that_is_none_hides_nothing_and_is_not_written_over(carrying: Program):
    for text in ("{", '{"schema": "setright/9", "exceptions": []}'):
        (carrying.tree / NAME).write_text(text)
        seen = scan(carrying)
        assert len(seen["findings"]) == 2 and "none of its exceptions is honoured" in seen["notices"][0]["why"]
        finding = seen["findings"][0]["id"]
        ran = carrying("except", finding, "--in-repository", "--reason", "x", "--until", "9d")
        assert (ran.code, (carrying.tree / NAME).read_text()) == (2, text)


def test_only_findings_of_sources_go_there(carrying: Program, tmp_path):
    ran = carrying("except", "9c1f04d2a7b35e68", "--in-repository", "--reason", "x", "--until", "9d")
    assert (ran.code, "no scan that was kept here" in ran.err) == (2, True)
    assert AUTO in carrying("except", "--in-repository").out
    events = (tmp_path / "state" / "ledger.jsonl").read_text().splitlines()
    assert [e["event"] for e in map(json.loads, events) if "exception" in e["event"]] == ["exception written"]

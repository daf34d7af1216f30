"""Metrics of a tree that was really scanned and put right."""

import re
import sqlite3
from pathlib import Path

import pytest

from .conftest import ASK, AUTO, BOTH, Program

CONFIGURATION = """\
[[organisations]]
name = "ACME"
[[owners]]
name = "the \\"shop\\""
organisation = "ACME"
[[targets]]
name = "tree"
url = "."
owner = "the \\"shop\\""
"""


@pytest.fixture
def lived(setright: Program) -> Program:
    """One finding closed ten days after it was seen, the other open for twenty."""
    (setright.tree / "setright.toml").write_text(CONFIGURATION)
    setright("scan", "tree", *BOTH, "--format", "json")
    setright("fix", "tree", "--control", ASK, "--all", "--yes", "--format", "json")
    setright("scan", "tree", *BOTH, "--format", "json")
    with sqlite3.connect(Path(setright.env["SETRIGHT_STATE"]) / "setright.db") as database:
        for control, days in ((ASK, 10), (AUTO, 20)):
            shift = f"strftime('%Y-%m-%dT%H:%M:%f000Z', 'now', '-{days} days')"
            assert database.execute(f"UPDATE findings SET first_seen_at = {shift} WHERE control = ?", [control]).rowcount == 1
    return setright


def groups(setright: Program):
    return {(each["kind"], each["name"]): each for each in setright("metrics", "--format", "json").json["groups"]}


def test_open_findings_are_counted_in(lived: Program):
    everything = groups(lived)["all", ""]
    assert (everything["open"], everything["closed"]) == (1, 1)
    assert everything["median_days"] == pytest.approx(10, abs=0.01)
    assert everything["closed_within"] == {"1d": 0.0, "7d": 0.0, "30d": None, "90d": None}
    assert (everything["applied"], everything["revert_rate"], everything["recurrence"]) == (1, 0.0, 0.0)
    assert everything["unknown_share"] == 0.0 and everything["passed"] == 1


def test_what_is_an_owners_and_an_organisations_is_told_apart(lived: Program):
    told = groups(lived)
    assert told["organisation", "ACME"]["open"] == told["owner", 'the "shop"']["open"] == 1
    assert told["severity", "high"]["applied"] is None


def test_what_comes_back_and_what_is_taken_back_counts(lived: Program):
    run = lived("runs", "-n", "1", "--format", "json").json["runs"][0]["id"]
    lived("rollback", run)
    lived("scan", "tree", *BOTH, "--format", "json")
    everything = groups(lived)["all", ""]
    assert (everything["open"], everything["closed"], everything["median_days"]) == (2, 0, None)
    assert (everything["recurrence"], everything["rolled_back"], everything["revert_rate"]) == (1.0, 1, 1.0)


def test_exceptions_that_end_soon_are_counted(lived: Program):
    id_ = lived("findings", "--format", "json").json["findings"][0]["id"]
    lived("except", id_, "--reason", "x", "--until", "3d")
    assert groups(lived)["all", ""]["exceptions_ending"] == 1 and groups(lived)["all", ""]["excepted"] == 1
    lived("except", id_, "--reason", "x", "--until", "300d")
    assert groups(lived)["all", ""]["exceptions_ending"] == 0


def test_a_scrape_is_in_the_text_form_and_says_nothing_of_what_is_not_known(lived: Program):
    text = lived("metrics", "--format", "prometheus").out
    line = re.compile(r'(# (HELP|TYPE) \w+ .+|\w+\{\w+="[^"\\]*(\\.[^"\\]*)*"(,\w+="[^"\\]*(\\.[^"\\]*)*")*\} -?[\d.e+-]+)')
    assert all(line.fullmatch(each) for each in text.splitlines())
    assert 'setright_findings_open{group="owner",name="the \\"shop\\""} 1' in text
    assert "None" not in text and 'name="",within="30d"' not in text


def test_of_an_empty_store_nothing_is_claimed(setright: Program):
    (everything,) = setright("metrics", "--format", "json").json["groups"]
    assert everything["median_days"] is None and everything["unknown_share"] is None and everything["open"] == 0
    assert "everything" in setright("metrics").out

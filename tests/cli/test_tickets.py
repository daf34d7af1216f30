"""The journey of what was found to a ticket and back, told by the program as people run it."""

import pytest

from tests.integrations.ticket_servers import TOKEN, USER, JiraServer

from .conftest import ASK, AUTO, BOTH, Program
from .test_import import result


@pytest.fixture
def jira():
    opened = JiraServer()
    yield opened
    opened.close()


@pytest.fixture
def desk(setright: Program, jira: JiraServer):
    """The program with one ticket system."""
    setright.env["TICKETS"] = TOKEN
    configure(setright, jira, 'token = "env:TICKETS"')
    return setright


def configure(setright: Program, jira: JiraServer, line: str) -> None:
    text = f'[integrations.desk]\ntype = "jira"\nurl = "{jira.url}"\nuser = "{USER}"\nproject = "SEC"\n{line}\n'
    (setright.tree / "setright.toml").write_text(text)


def did(told):
    return {each["control"]: [word.partition(":")[0] for word in each["did"]] for each in told["tickets"]}


def test_a_ticket_is_made_shown_and_closed_when_a_scan_saw_the_fix(desk, jira):
    desk("scan", ".", *BOTH)
    shown = desk("tickets", "sync", "--dry-run")
    assert shown.code == 0 and f"POST {jira.url}/rest/api/3/issue" in shown.out and jira.issues == {} and TOKEN not in shown.out
    told = desk("tickets", "sync", "--format", "json").json
    assert did(told) == {AUTO: ["created"], ASK: ["created"]} and not told["dry_run"]
    assert desk("tickets", "sync").out == "nothing to do\n"
    listed = {each["control"]: each for each in desk("tickets", "list", "--format", "json").json["tickets"]}
    assert (listed[AUTO]["state"], listed[AUTO]["open"]) == ("open", 1) and listed[AUTO]["url"].startswith(jira.url)

    assert desk("fix", ".", *BOTH, "--all", "--yes").code == 0
    desk("scan", ".", *BOTH)
    told = desk("tickets", "sync", "--format", "json").json
    assert did(told) == {AUTO: ["commented", "closed"], ASK: ["commented", "closed"]}
    assert {issue["status"] for issue in jira.issues.values()} == {"Done"}
    assert "verified" in str(jira.issues["SEC-1"]["comments"]) and "closed" in desk("tickets", "list").out


def test_what_only_another_scanner_sees_has_a_ticket_that_its_next_result_closes(desk, jira):
    desk("import", result(desk, "CKV_NOBODY_1", "CKV_AWS_16"), "--format", "json")
    told = desk("tickets", "sync", "--format", "json").json
    assert did(told)["checkov: CKV_NOBODY_1"] == ["created"]
    ticket = next(each for each in told["tickets"] if each["control"] == "checkov: CKV_NOBODY_1")
    text = str(jira.issues[ticket["ticket"]]["fields"])
    assert "Put right by hand" in text and "setright fix" not in text
    desk("import", result(desk, "CKV_AWS_16"), "--format", "json")
    assert did(desk("tickets", "sync", "--format", "json").json)["checkov: CKV_NOBODY_1"] == ["commented", "closed"]


@pytest.mark.parametrize(
    ("line", "says"), [('token = "in-the-file"', "env:NAME"), ('token = "env:NOT_THERE"', "NOT_THERE"), ("", "token")]
)
def test_a_ticket_system_that_is_not_right_says_where(desk, jira, line, says):
    configure(desk, jira, line)
    desk("scan", ".", *BOTH)
    ran = desk("tickets", "sync")
    assert ran.code == 3 and "integrations.desk" in ran.out and says in ran.out and "tried again" in ran.err


def test_a_name_that_is_no_ticket_system_names_those_that_are(desk):
    ran = desk("tickets", "sync", "soc")
    assert ran.code == 2 and "soc" in ran.err and "desk" in ran.err
    listed = desk("integrations", "list", "--format", "json").json
    assert listed["channels"] == [], "they are told of no events"
    assert listed["ticket_systems"] == [{"channel": "desk", "type": "jira", "tickets": 0, "open": 0, "error": ""}]
    assert "desk" in desk("integrations", "list").out


def test_without_a_ticket_system_there_is_nothing_to_do(setright: Program):
    assert setright("tickets", "sync").out == "no ticket systems\n"
    assert "no tickets yet" in setright("tickets", "list").out

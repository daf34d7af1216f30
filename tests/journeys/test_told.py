"""ACME's findings told to whom: the steps of examples/acme/told.py, each held to its promise. They build on each other."""

from __future__ import annotations

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from examples.acme.scenario import acme
from examples.acme.told import STEPS, Told
from jsonschema import Draft202012Validator

from tests.integrations.ticket_servers import text_of

pytestmark = [pytest.mark.root, pytest.mark.slow]

CACAO = json.loads((Path(__file__).parents[1] / "cli" / "schemas" / "cacao-2.0.json").read_text())
TEAMS = {
    "bank-desk": {"bank-platform", "bank-payments"},
    "media-desk": {"media-operations"},
    "shop-issues": {"shop-web", "shop-data"},
}


@pytest.fixture(scope="module")
def group(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    if os.geteuid() or not (shutil.which("faketime") and shutil.which("rsyslogd")):
        pytest.skip("needs root, for real hosts in namespaces, faketime and rsyslog")
    with acme(tmp_path_factory.mktemp("told"), f"t{os.getpid() % 100000}", Told) as ready:
        yield ready


@pytest.fixture(scope="module")
def done(group: Told) -> dict[str, Any]:
    """What each step gave, in order."""
    told = {}
    for step in STEPS:
        with group.lab.inside():
            told[step] = getattr(group, step)()
    return told


def test_every_channel_is_added_and_answers(done: dict[str, Any]) -> None:
    assert [ran.code for ran in done["connect"]] == [0] * len(done["connect"]), [ran.err for ran in done["connect"] if ran.code]


def test_each_fix_and_owner_has_one_ticket_in_that_teams_own_tool(done: dict[str, Any]) -> None:
    first, second = done["tickets"]
    by_channel: dict[str, list[Any]] = defaultdict(list)
    for ticket in first["tickets"]:
        by_channel[ticket["channel"]].append(ticket)
    assert by_channel.keys() == TEAMS.keys()
    for channel, tickets in by_channel.items():
        assert {ticket["owner"] for ticket in tickets} <= TEAMS[channel]
        assert len({(ticket["control"], ticket["owner"]) for ticket in tickets}) == len(tickets)
    assert not second["tickets"], "nothing changed, so nothing is said"


def test_what_waits_for_a_yes_stands_in_its_ticket_with_its_diff_and_a_link(done: dict[str, Any], group: Told) -> None:
    made = [body for method, path, body in group.desks.jira.writes if method == "POST" and path.endswith("/issue")]
    texts = [text_of(body["fields"]["description"]) for body in made]
    login = next(text for text in texts if "sshd/root-login" in text and "on ssh://h1" in text)
    assert "+PermitRootLogin no" in login and "http://127.0.0.1:8640/plans/" in login and "bank-operations" in login


def test_two_of_the_bank_press_in_the_chat_and_the_change_runs(done: dict[str, Any], group: Told) -> None:
    ann, bob, petra = (json.dumps(said) for said in done["chat"])
    assert "may not approve" in ann and "needs" in bob and "runs now" in petra
    assert "PermitRootLogin no" in (group.lab.upper(1) / "etc/ssh/sshd_config").read_text()


def test_a_ticket_closes_with_the_evidence_after_our_own_look(done: dict[str, Any], group: Told) -> None:
    closed = [ticket for ticket in done["closed_with_evidence"]["tickets"] if "closed" in ticket["did"]]
    assert any(ticket["control"] == "linux/sshd/root-login" for ticket in closed)
    for ticket in closed:
        comments = "\n".join(map(text_of, group.desks.jira.issues[ticket["ticket"]]["comments"]))
        assert "verified" in comments and "Bob" in comments and "Petra" in comments and "\n+" in comments


def test_who_closes_without_a_fix_gets_an_answer_after_our_next_look(done: dict[str, Any], group: Told) -> None:
    number, before, after = done["closed_by_hand"]
    assert [ticket["did"][0].partition(":")[0] for ticket in before["tickets"] if ticket["ticket"] == number] == ["waits"]
    (answered,) = [ticket for ticket in after["tickets"] if ticket["ticket"] == number]
    assert any("answered" in did for did in answered["did"])
    record = next(each for each in group.desks.now.records.values() if each["number"] == number)
    assert record["state"] not in ("6", "7", "8") and "Max Muster" in record["notes"][-1]


def test_splunk_and_the_collector_have_each_event_once_and_in_order_across_an_outage(done: dict[str, Any]) -> None:
    ran, splunk, collector = done["outage"]
    assert "verified" in {plan["outcome"] for plan in ran.json["plans"]} and "splunk" in ran.err
    assert len(splunk) == len(set(splunk)) > 20 and collector == splunk


def test_the_playbook_is_one_and_its_calls_put_the_host_right(done: dict[str, Any], group: Told) -> None:
    book, calls, elsewhere = done["soar"]
    Draft202012Validator(CACAO).validate(book)
    assert [(name, status) for name, status, _ in calls] == [("Apply the plan", 200), ("Look again", 200)]
    assert {plan["outcome"] for plan in calls[0][2]["answer"]["plans"]} == {"verified"}
    assert elsewhere == 403, "its token is for that host alone"
    ledger = [json.loads(line) for line in (group.work / "state/ledger.jsonl").read_text().splitlines()]
    assert {event["event"] for event in ledger if event["actor"] == "soar"} >= {"called", "call ended"}


def test_the_pager_wakes_the_lead_when_it_is_late(done: dict[str, Any]) -> None:
    alerts = done["pager"]
    assert alerts and {alert["severity"] for alert in alerts} <= {"critical", "error"}
    assert any(alert["custom_details"]["to"] == ["mia@acme.example"] for alert in alerts)

"""Every ticket system at once, as the program is run: what is told of them, and that none is ever sent a secret."""

import json
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest

from setright.integrations import github_issues
from tests.integrations.issue_servers import GitHubIssuesServer, GitLabIssuesServer
from tests.integrations.roundup_tracker import Ground, RoundupServer
from tests.integrations.ticket_servers import TOKEN, USER, JiraServer, ServiceNowServer
from tests.test_secrets import SECRETS, SOURCES

from .conftest import AUTO, Program

SYSTEMS = {
    "cloud": ("jira", JiraServer, f'user = "{USER}"\ntoken = "env:TICKETS"\nproject = "SEC"'),
    "center": ("jira", lambda: JiraServer(cloud=False), 'flavour = "data-center"\ntoken = "env:TICKETS"\nproject = "SEC"'),
    "now": ("servicenow", ServiceNowServer, 'user = "setright"\npassword = "env:TICKETS"'),
    "hub": ("github", GitHubIssuesServer, 'token = "env:TICKETS"\nrepository = "acme/sec"'),
    "lab": ("gitlab", GitLabIssuesServer, 'token = "env:TICKETS"\nproject = "acme/sec"'),
    "tracker": ("roundup", None, 'user = "setright"\npassword = "env:TICKETS"'),
}


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    home = tmp_path_factory.mktemp("roundup")
    with ExitStack() as held:
        opened = {}
        for name, (_, made, _) in SYSTEMS.items():
            if made is None:
                ground = Ground(home)
                held.callback(ground.close)
                opened[name] = RoundupServer(ground, home / "copy")
            else:
                opened[name] = made()
            held.callback(opened[name].close)
        yield opened


@pytest.fixture(scope="module")
def desks(tmp_path_factory, servers):
    """The program with all of them."""
    program = Program(tmp_path_factory.mktemp("desks"))
    tables = [
        f'[integrations.{name}]\ntype = "{SYSTEMS[name][0]}"\nurl = "{servers[name].url}"\n{SYSTEMS[name][2]}\n' for name in SYSTEMS
    ]
    (program.tree / "setright.toml").write_text("\n".join(tables))
    program.env["TICKETS"] = TOKEN
    return program


@pytest.fixture(scope="module")
def told(desks, servers):
    """Sources full of secrets, scanned, put right and scanned again, with tickets for all of it on every system."""
    patch = pytest.MonkeyPatch()
    patch.setattr(github_issues, "PAUSE_S", 0.0)
    for name, text in SOURCES.items():
        file = desks.tree / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    before = synced(desks)
    assert desks("fix", ".", "--all", "--yes").code == 0
    shutil.rmtree(desks.tree / "broken")  # what cannot be read may hold what was found
    after = synced(desks)
    patch.undo()
    return before, after


def synced(desks):
    desks("scan", ".", "--baseline", "all")
    ran = desks("tickets", "sync", "--format", "json")
    assert ran.code == 0, ran.err
    return ran.json


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_system_says_who_we_are_and_what_we_see(desks, servers, name):
    ran = desks("integrations", "test", name, "--format", "json")
    assert ran.code == 0 and ran.json["taken"] and ran.json["account"] and ran.json["places"] and servers[name].writes == []
    assert "nothing was changed" in desks("integrations", "test", name).out


def test_a_place_where_there_can_be_no_tickets_is_told(desks, servers):
    servers["hub"].places["acme/sec"]["private"] = False
    servers["cloud"].lacks = {"ADD_COMMENTS"}
    ran = desks("integrations", "test", "hub")
    assert ran.code == 3 and "public = true" in ran.out
    ran = desks("integrations", "test", "cloud", "--format", "json")
    assert ran.code == 3 and not ran.json["taken"] and "ADD_COMMENTS" in ran.json["places"][0]["error"]
    servers["hub"].places["acme/sec"]["private"], servers["cloud"].lacks = True, set()


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_planted_secret_stands_in_a_ticket(told, servers, name):
    made, closed = (
        sum(word in each["did"] for each in synced["tickets"] if each["channel"] == name)
        for synced, word in zip(told, ("created", "closed"), strict=True)
    )
    assert made > 20 and closed > 5, "tickets of findings in the planted sources"
    sent = b"\n".join(servers[name].raw).decode()
    assert "secret sha256:" in sent, "values that hold secrets were told, as fingerprints"
    for sort, secret in {**SECRETS, "our own token": TOKEN}.items():
        for line in secret.splitlines():
            assert line not in sent and json.dumps(line)[1:-1] not in sent, sort


def test_ticket_systems_are_listed_and_what_became_of_tickets_is_in_the_ledger(told, desks):
    listed = {each["channel"]: each for each in desks("integrations", "list", "--format", "json").json["ticket_systems"]}
    assert listed.keys() == SYSTEMS.keys() and all(each["tickets"] > each["open"] > 0 for each in listed.values())
    lines = (Path(desks.env["SETRIGHT_STATE"]) / "ledger.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert desks("ledger", "verify").code == 0
    closed = [each["body"] for each in records if each["event"] == "ticket closed"]
    opened = [each["body"] for each in records if each["event"] == "ticket opened"]
    assert {each["channel"] for each in closed} == {each["channel"] for each in opened} == SYSTEMS.keys()
    assert any(each["control"] == AUTO for each in closed) and all(
        each["by"] == "setright" and each["runs"] and each["gone"] for each in closed
    )

"""What each ticket system promises, against servers that enforce the public contracts of the real ones."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setright.integrations import github_issues, gitlab_issues, jira, roundup, servicenow
from setright.integrations.error import IntegrationError
from setright.integrations.markup import adf, wiki
from setright.integrations.message import Refused
from setright.integrations.tickets import BulletList, Code, Gone, Lost, Paragraph, Said, TicketDraft, shortened

from .issue_servers import GitHubIssuesServer, GitLabIssuesServer
from .roundup_tracker import Ground, RoundupServer
from .ticket_servers import TOKEN, USER, JiraServer, Reply, ServiceNowServer, is_document, text_of

DRAFT = TicketDraft(
    "setright-abc", "web", "Put right: x", (Paragraph("why\n\nmore"), BulletList(("a [~ann]", "b")), Code("{noformat}-a")), "high"
)
SAID = Said("(setright 0123456789abcdef)", (Paragraph("gone [code]<script>[/code]"), Code("- old\n+ new")))


def cloud(dry=False, **more):
    server = JiraServer()
    return server, jira.open_tickets(
        jira.Options(**({"url": server.url, "user": USER, "token": TOKEN, "project": "SEC"} | more)), dry
    )


def data_center(dry=False, **more):
    server = JiraServer(cloud=False)
    options = {"url": server.url, "token": TOKEN, "project": "SEC", "flavour": "data-center"} | more
    return server, jira.open_tickets(jira.Options(**options), dry)


def now(dry=False, **more):
    server = ServiceNowServer()
    options = {"url": server.url, "user": "setright", "password": TOKEN} | more
    return server, servicenow.open_tickets(servicenow.Options(**options), dry)


def hub(dry=False, **more):
    server = GitHubIssuesServer()
    options = {"url": server.url, "token": TOKEN, "repository": "acme/sec"} | more
    return server, github_issues.open_tickets(github_issues.Options(**options), dry)


def lab(dry=False, **more):
    server = GitLabIssuesServer()
    options = {"url": server.url, "token": TOKEN, "project": "acme/sec"} | more
    return server, gitlab_issues.open_tickets(gitlab_issues.Options(**options), dry)


def tracker(ground, home, dry=False, **more):
    server = RoundupServer(ground, home)
    options = {"url": server.url, "user": "setright", "password": TOKEN} | more
    return server, roundup.open_tickets(roundup.Options(**options), dry)


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    opened = Ground(tmp_path_factory.mktemp("roundup"))
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(github_issues, "PAUSE_S", 0.0)


@pytest.fixture(params=["cloud", "data_center", "now", "hub", "lab", "tracker"])
def opened(request, tmp_path):
    servers = []

    def opening(dry=False, **more):
        if request.param == "tracker":
            server, system = tracker(request.getfixturevalue("ground"), tmp_path / f"t{len(servers)}", dry, **more)
        else:
            server, system = globals()[request.param](dry, **more)
        servers.append(server)
        return server, system

    yield opening
    for server in servers[::-1]:
        server.close()


def test_a_ticket_lives_from_its_making_to_its_end_and_back(opened):
    server, system = opened()
    assert system.find(DRAFT.key) is None
    made = system.create(DRAFT)
    assert made.name and made.url.startswith(server.url) and system.find(DRAFT.key).id == made.id
    system.update(made.id, DRAFT._replace(title="Put right: y"))
    assert "Put right: y" in json.dumps(server.writes[-1][2])
    system.comment(made.id, SAID)
    wrote = len(server.writes)
    system.comment(made.id, SAID)
    assert len(server.writes) == wrote, "what was said is not said again"
    system.close(made.id, True)
    closed = system.get(made.id)
    assert not closed.is_open and closed.closed_by == "setright" and closed.closed_at.endswith("Z")
    system.reopen(made.id)
    assert system.get(made.id).is_open
    assert [each.body for each in system.written] == [body for _, _, body in server.writes]


def test_of_several_with_a_key_the_open_one_is_ours(opened):
    server, system = opened()
    first, second = system.create(DRAFT), system.create(DRAFT)
    assert system.find(DRAFT.key).id == first.id
    system.close(first.id, True)
    assert system.find(DRAFT.key).id == second.id


def test_several_installations_in_one_place_are_told_apart(opened):
    server, system = opened(estate="emea")
    system.create(DRAFT)
    assert system.find(DRAFT.key) and "setright-abc-emea" in json.dumps(server.writes[0][2])
    _, other = opened(estate="apac")
    assert other.find(DRAFT.key) is None
    _, wrong = opened(estate='" OR 1')
    with pytest.raises(IntegrationError, match="estate"):
        wrong.find(DRAFT.key)


def test_a_dry_run_reads_and_writes_nothing(opened):
    server, system = opened(dry=True)
    system.create(DRAFT)
    assert server.writes == [] and len(system.written) == 1 + server.before_create


def test_a_create_without_an_answer_is_lost_not_refused(opened):
    server, system = opened()
    server.loses = 1
    with pytest.raises(Lost):
        system.create(DRAFT)
    assert len(server.made()) == 1
    server.replies = [None] * server.before_create + [Reply(503)]
    with pytest.raises(Lost):
        system.create(DRAFT)


@pytest.mark.parametrize(("status", "error"), [(400, Refused), (403, Refused), (404, Refused), (401, IntegrationError)])
def test_a_create_that_was_answered_says_what_was_wrong(opened, status, error):
    server, system = opened()
    system.find(DRAFT.key)
    server.replies = [None] * server.before_create + [Reply(status, server.wrong("the sheep are out"))]
    with pytest.raises(error, match=str(status)) as raised:
        system.create(DRAFT)
    assert not isinstance(raised.value, Lost)


def test_a_limit_is_waited_out(opened, monkeypatch):
    waited = []
    monkeypatch.setattr("setright.integrations.rest.time.sleep", waited.append)
    server, system = opened()
    server.replies = [Reply(429, None, {"Retry-After": "7"})]
    system.create(DRAFT)
    assert waited == [7.0] and len(server.made()) == 1


def test_what_is_not_there_is_gone_and_wrong_credentials_say_so(opened):
    server, system = opened()
    with pytest.raises(Gone):
        system.get("f" * 32)
    secret = "password" if isinstance(server, (ServiceNowServer, RoundupServer)) else "token"
    _, stranger = opened(**{secret: "not-it"})
    with pytest.raises(IntegrationError, match="credentials") as raised:
        stranger.find(DRAFT.key)
    assert "not-it" not in str(raised.value)


def test_jira_reads_every_page_and_believes_the_property_over_the_label():
    server, system = cloud()
    server.page = 1
    for _ in range(3):
        system.create(DRAFT)
    for key in ("SEC-1", "SEC-2"):
        server.issues[key]["properties"] = {}  # clones keep labels only
    assert system.find(DRAFT.key).name == "SEC-3"
    server.close()
    server, system = data_center()
    system.create(DRAFT)
    server.issues["SEC-1"]["properties"] = {}
    assert system.find(DRAFT.key) is None
    server.close()


def test_jira_routes_by_owner_and_takes_what_a_project_asks_for():
    server, system = cloud(projects={"web": "WEB"}, fields={"customfield_1": {"value": "x"}}, priorities={"high": "Highest"})
    assert system.create(DRAFT).name == "WEB-1" and system.create(DRAFT._replace(owner="")).name == "SEC-2"
    assert server.issues["WEB-1"]["fields"]["customfield_1"] == {"value": "x"}
    assert server.issues["WEB-1"]["fields"]["priority"] == {"name": "Highest"}
    server.close()


def test_jira_says_where_a_workflow_leads_when_it_leads_to_no_end():
    server, system = cloud(close_status="Finished")
    made = system.create(DRAFT)
    with pytest.raises(Refused, match=r"In Progress, Done.*close_status"):
        system.close(made.id, True)
    server.close()


def test_jira_names_who_closed_it_last():
    server, system = cloud()
    made = system.create(DRAFT)
    server.people_close(made.name)
    ticket = system.get(made.id)
    assert (ticket.is_open, ticket.closed_by) == (False, "Ann Smith")
    server.close()


def test_servicenow_assigns_by_the_owners_group():
    server, system = now(group="Security", groups={"web": "Web operations"})
    system.create(DRAFT)
    system.create(DRAFT._replace(owner="nobody"))
    assert [row["assignment_group"] for row in server.records.values()] == ["a" * 32, "b" * 32]
    server.close()
    server, system = now(group="Nobody's")
    with pytest.raises(Refused, match="0 groups"):
        system.create(DRAFT)
    assert not server.records
    server.close()


def test_servicenow_notices_a_state_that_was_left_out_in_silence():
    server, system = now()
    made = system.create(DRAFT)
    server.not_ours = {"state"}
    with pytest.raises(Refused, match="did not take the state"):
        system.close(made.id, True)
    server.close()


def test_servicenow_calls_a_record_gone_that_is_closed_for_good():
    server, system = now()
    made = system.create(DRAFT)
    server.people_close(made.id, "7")
    with pytest.raises(Gone):
        system.reopen(made.id)
    server.close()


def test_a_servicenow_note_runs_no_html():
    server, system = now()
    made = system.create(DRAFT)
    system.comment(made.id, SAID)
    assert "[code]" not in server.records[made.id]["notes"][0] and SAID.mark in server.records[made.id]["notes"][0]
    server.close()


def test_missing_credentials_are_told_before_anything_is_asked():
    with pytest.raises(IntegrationError, match="user"):
        jira.open_tickets(jira.Options("https://x.example", "t", "SEC"))
    with pytest.raises(IntegrationError, match="credentials"):
        servicenow.open_tickets(servicenow.Options("https://x.example", user="u"))
    with pytest.raises(IntegrationError, match="table"):
        servicenow.open_tickets(servicenow.Options("https://x.example", token="t", table="../x"))
    with pytest.raises(IntegrationError, match="https"):
        jira.open_tickets(jira.Options("http://x.example", "t", "SEC", "u"))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
LISTINGS = st.lists(TEXTS, max_size=3).map(lambda items: BulletList(tuple(items)))
BODIES = st.lists(st.one_of(TEXTS.map(Paragraph), TEXTS.map(Code), LISTINGS), max_size=5).map(tuple)


@given(BODIES)
def test_every_document_keeps_the_schema(body):
    assert is_document(adf(body))


@given(BODIES, st.integers(60, 300))
def test_what_is_cut_fits_and_says_so(body, characters):
    cut = shortened(body, characters)
    assert len(text_of(adf(cut))) <= characters and (cut == body or "cut here" in text_of(adf(cut)))


@given(st.text("[]{}*_~ann!h-", max_size=20))
def test_no_name_or_sign_in_wiki_text_is_markup(text):
    shown = wiki((Paragraph(text),))
    assert shown.replace("\\", "") == text
    assert not re.search(r"(?<!\\)[\[\]{}!]|(?<![a-z\\])[*_~-]|(?<!\\)[*_~-](?![a-z])", shown)


def test_names_stay_readable_in_wiki_text():
    assert wiki((Paragraph("aws_db_instance on ssh://web-1, 2026-01-02"),)) == "aws_db_instance on ssh://web-1, 2026-01-02"

"""What tickets on forges and in Roundup promise beyond what all ticket systems do."""

import html
import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from setright.integrations import github_issues, gitlab_issues, roundup
from setright.integrations.error import IntegrationError
from setright.integrations.issues import described, remarked, ticket_key
from setright.integrations.markup import NOTHING, markdown
from setright.integrations.message import Refused
from setright.integrations.rest import Limited
from setright.integrations.tickets import BulletList, Code, Gone, Lost, Paragraph, Said, Stale, TicketDraft

from .issue_servers import GitHubIssuesServer, GitLabIssuesServer, mentioned
from .roundup_tracker import Ground, RoundupServer
from .ticket_servers import TOKEN, Reply

DRAFT = TicketDraft(
    "setright-abc", "web", "Put right: x", (Paragraph("why @ann, see #12"), BulletList(("/close",)), Code("```\n/close")), "high"
)
SAID = Said("(setright 0123456789abcdef)", (Paragraph("/close\nit @all"),))


@pytest.fixture(autouse=True)
def no_pause(monkeypatch):
    monkeypatch.setattr(github_issues, "PAUSE_S", 0.0)


@pytest.fixture
def hub():
    server = GitHubIssuesServer()
    yield server
    server.close()


@pytest.fixture
def lab():
    server = GitLabIssuesServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    opened = Ground(tmp_path_factory.mktemp("roundup"))
    yield opened
    opened.close()


@pytest.fixture
def tracker(ground, tmp_path):
    server = RoundupServer(ground, tmp_path / "tracker")
    yield server
    server.close()


def github(server, **more):
    return github_issues.open_tickets(github_issues.Options(**{"url": server.url, "token": TOKEN, "repository": "acme/sec"} | more))


def gitlab(server, **more):
    return gitlab_issues.open_tickets(gitlab_issues.Options(**{"url": server.url, "token": TOKEN, "project": "acme/sec"} | more))


def roundups(server, **more):
    return roundup.open_tickets(roundup.Options(**{"url": server.url, "user": "setright", "password": TOKEN} | more))


BOTH = pytest.mark.parametrize(("named", "opening"), [("hub", github), ("lab", gitlab)])


@BOTH
def test_every_page_is_read_and_each_repository_once(named, opening, request):
    server = request.getfixturevalue(named)
    maker = opening(server)
    for number in range(5):
        maker.create(DRAFT._replace(key=f"setright-{number}"))
    server.page = 2
    system = opening(server)
    assert [system.find(f"setright-{number}").name for number in range(5)] == [f"acme/sec#{number + 1}" for number in range(5)]
    assert system.find("setright-9") is None and server.lists == 3 + 1, "three pages, and one when the maker looked"


@BOTH
def test_a_list_without_an_end_is_an_error_since_what_is_missed_would_be_made_anew(named, opening, request, monkeypatch):
    server = request.getfixturevalue(named)
    maker = opening(server)
    for number in range(5):
        maker.create(DRAFT._replace(key=f"setright-{number}"))
    server.page = 1
    for module in ("tickets", "gitlab_issues"):
        monkeypatch.setattr(f"setright.integrations.{module}.MOST_PAGES", 3)
    with pytest.raises(IntegrationError, match="label of their own"):
        opening(server).find("setright-4")


@BOTH
def test_a_copy_of_the_text_without_the_label_is_not_ours(named, opening, request):
    server = request.getfixturevalue(named)
    made = opening(server).create(DRAFT)
    server.issues[made.name]["names"].remove("setright")
    assert opening(server).find(DRAFT.key) is None


@BOTH
def test_each_owner_has_a_place_assignees_and_each_severity_a_label(named, opening, request):
    server = request.getfixturevalue(named)
    places = {"repositories" if named == "hub" else "projects": {"web": "acme/web"}}
    system = opening(server, **places, assignees={"web": ("ann",)}, labels={"high": "sev/high", "low": "sev/low"})
    made = system.create(DRAFT)
    issue = server.issues[made.name]
    assert made.name == "acme/web#1" and system.create(DRAFT._replace(owner="", severity="info")).name == "acme/sec#1"
    assert issue["names"] == ["setright", "sev/high"] and (issue.get("assignees") == ["ann"] or issue.get("assignee_ids") == [7])
    issue["names"].append("people's")
    system.update(made.id, DRAFT._replace(severity="low"))
    assert sorted(issue["names"]) == ["people's", "setright", "sev/low"]
    wrote = len(server.writes)
    system.update(made.id, DRAFT._replace(severity="low"))
    assert len(server.writes) == wrote + 1, "labels that are right are left alone"


@BOTH
def test_an_assignee_whom_nobody_knows_is_named(named, opening, request):
    server = request.getfixturevalue(named)
    with pytest.raises(Refused, match="assignees"):
        opening(server, assignees={"web": ("nobody",)}).create(DRAFT)
    assert server.issues == {}


def public(place):
    place |= {"private": False, "visibility": "public"}


def without_labels(place):
    place["permissions"] = {"pull": True, "push": False, "project_access": {"access_level": 10}, "group_access": None}
    if "id" in place:
        del place["permissions"]["pull"], place["permissions"]["push"]
    else:
        del place["permissions"]["project_access"], place["permissions"]["group_access"]


def archived(place):
    place["archived"] = True


@BOTH
@pytest.mark.parametrize(("made_so", "says"), [(public, "public"), (without_labels, "labels"), (archived, "takes no issues")])
def test_no_ticket_is_made_where_it_would_be_read_by_all_or_never_found_again(named, opening, request, made_so, says):
    server = request.getfixturevalue(named)
    made_so(server.places["acme/sec"])
    system = opening(server)
    assert system.find(DRAFT.key) is None
    with pytest.raises(Refused, match=says):
        system.create(DRAFT)
    assert server.writes == [] and says in system.access().places["acme/sec"]


@BOTH
def test_a_public_place_takes_tickets_where_that_is_meant(named, opening, request):
    server = request.getfixturevalue(named)
    public(server.places["acme/sec"])
    assert opening(server, public=True).create(DRAFT).name == "acme/sec#1"


@BOTH
def test_a_place_that_cannot_be_seen_does_not_stop_the_others(named, opening, request):
    server = request.getfixturevalue(named)
    system = opening(server, **{"repositories" if named == "hub" else "projects": {"shop": "acme/gone"}})
    assert system.find(DRAFT.key) is None and system.create(DRAFT)
    with pytest.raises(Refused, match="acme/gone"):
        system.create(DRAFT._replace(owner="shop"))
    assert system.access() == ("setright", {"acme/sec": "", "acme/gone": "it is not there, or our account may not see it"})


@BOTH
def test_nobody_is_called_nothing_referred_to_and_no_action_run(named, opening, request):
    server = request.getfixturevalue(named)
    system = opening(server)
    made = system.create(DRAFT)
    system.comment(made.id, SAID)
    issue = server.issues[made.name]
    texts = [issue.get("body") or issue.get("description"), *(issue.get("notes") or issue["comments"])]
    assert [mentioned(html.unescape(text)) for text in texts] == [[], []] and issue.get("acted", []) == []
    assert ticket_key(texts[0]) == DRAFT.key and SAID.mark not in re.sub(r"<!--.*?-->", "", texts[1])


@BOTH
def test_a_long_text_fits_however_long_its_markup_makes_it(named, opening, request):
    system = opening(request.getfixturevalue(named))
    made = system.create(DRAFT._replace(body=(BulletList(("#1#2#3@a *_[x]" * 20,) * 400),)))
    system.comment(made.id, SAID._replace(body=(Code("`" * 100_000),)))


@BOTH
@pytest.mark.parametrize(
    ("status", "headers", "data", "waits"),
    [
        (429, {"Retry-After": "7"}, {}, 7),
        (403, {"Retry-After": "9"}, {"message": "You have exceeded a secondary rate limit."}, 9),
        (403, {"X-RateLimit-Remaining": "4000"}, {"message": "You have exceeded a secondary rate limit."}, 60),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "in 20"}, {"message": "API rate limit exceeded"}, 20),
        (429, {"RateLimit-Remaining": "0", "RateLimit-Reset": "in 30"}, {}, 30),
    ],
)
def test_limits_of_both_sorts_are_waited_out_and_nothing_made_twice(
    named, opening, request, monkeypatch, status, headers, data, waits
):
    waited = []
    monkeypatch.setattr("setright.integrations.rest.time.sleep", waited.append)
    server = request.getfixturevalue(named)
    told = {name: str(int(time.time()) + int(value[3:])) if value.startswith("in ") else value for name, value in headers.items()}
    system = opening(server)
    system.find(DRAFT.key)
    server.replies = [Reply(status, data, told)]
    system.create(DRAFT)
    assert len(waited) == 1 and waits - 2 <= waited[0] <= waits and len(server.issues) == 1


@BOTH
def test_a_limit_that_is_too_long_is_no_answer_that_was_lost(named, opening, request):
    server = request.getfixturevalue(named)
    system = opening(server)
    system.find(DRAFT.key)
    server.replies = [Reply(403, {"message": "API rate limit exceeded"}, {"Retry-After": "3000"})]
    with pytest.raises(Limited, match="3000") as raised:
        system.create(DRAFT)
    assert not isinstance(raised.value, Lost) and server.issues == {}


def test_github_is_not_hurried(hub, monkeypatch):
    waited = []
    monkeypatch.setattr(github_issues, "PAUSE_S", 5.0)
    monkeypatch.setattr("setright.integrations.tickets.time.sleep", waited.append)
    system = github(hub)
    made = system.create(DRAFT)
    system.close(made.id, True)
    assert len(waited) == 1 and 0 < waited[0] <= 5


def test_github_pull_requests_with_our_label_are_no_tickets(hub):
    made = github(hub).create(DRAFT)
    hub.issues[made.name]["is_pull"] = True
    assert github(hub).find(DRAFT.key) is None


def test_github_is_told_why_a_ticket_was_closed_and_tells_us(hub):
    system = github(hub)
    made = system.create(DRAFT)
    system.close(made.id, True)
    assert hub.issues[made.name]["state_reason"] == "completed"
    system.reopen(made.id)
    system.close(made.id, False)
    assert hub.issues[made.name]["state_reason"] == "not_planned"
    hub.people_close(made.name, "duplicate")
    closed = system.get(made.id)
    assert (closed.is_open, closed.closed_by, closed.closed_as) == (False, "ann", "duplicate")


def test_github_enterprise_server_has_its_api_below_a_path(hub):
    hub.prefix, hub.page = "/api/v3", 1
    system = github(hub)
    made = [system.create(DRAFT._replace(key=f"setright-{number}")) for number in range(2)]
    assert github(hub).find("setright-1").id == made[1].id


def test_github_apps_have_no_name_and_no_rights_to_tell(hub):
    hub.places["acme/sec"]["permissions"] = dict.fromkeys(("admin", "push", "pull"), False)
    hub.replies = [Reply(403, {"message": "Resource not accessible by integration"})]
    assert github(hub).access() == ("an app", {"acme/sec": ""})


def test_github_issues_that_are_turned_off_are_no_lost_create(hub):
    system = github(hub)
    system.find(DRAFT.key)
    hub.places["acme/sec"] |= {"has_issues": False}
    with pytest.raises(Refused, match="410"):
        system.create(DRAFT)


def test_github_next_pages_elsewhere_are_not_followed(hub):
    for number in range(2):
        github(hub).create(DRAFT._replace(key=f"setright-{number}"))
    page = Reply(200, [], {"Link": '<https://evil.example/next>; rel="next"'})
    hub.replies = [None, page]
    with pytest.raises(IntegrationError, match="elsewhere"):
        github(hub).find("setright-1")


def test_gitlab_takes_either_sort_of_token_and_hides_what_shall_be_hidden(lab):
    lab.bearer = True
    public(lab.places["acme/sec"])
    made = gitlab(lab, bearer=True, confidential=True).create(DRAFT)
    assert lab.issues[made.name]["confidential"] is True
    with pytest.raises(IntegrationError, match="credentials"):
        gitlab(lab).find(DRAFT.key)


def test_gitlab_issues_moved_out_of_sight_are_gone(lab):
    system = gitlab(lab)
    made = system.create(DRAFT)
    lab.move(made.name, "acme/web")
    assert system.get(made.id).name == "acme/web#1"
    lab.delete("acme/web#1")
    with pytest.raises(Gone, match="moved"):
        gitlab(lab).get(made.id)


def test_what_is_wrong_in_the_configuration_is_told_before_anything_is_asked():
    with pytest.raises(IntegrationError, match="owner/name"):
        github_issues.open_tickets(github_issues.Options("t", "https://github.com/acme/sec"))
    with pytest.raises(IntegrationError, match="comma"):
        gitlab_issues.open_tickets(gitlab_issues.Options("t", "acme/sec", labels={"high": "a,b"}))
    with pytest.raises(IntegrationError, match="https"):
        github_issues.open_tickets(github_issues.Options("t", "acme/sec", url="http://ghe.example/api/v3"))


def test_a_page_that_is_none_of_the_api_says_what_the_url_should_be(hub, lab):
    hub.replies, lab.replies = [Reply(200, ["a login page"])], [Reply(200, None)]
    for opening, server in ((github, hub), (gitlab, lab)):
        with pytest.raises(IntegrationError, match="URL"):
            opening(server).find(DRAFT.key)


def test_roundup_keeps_what_people_wrote_while_we_were_writing(tracker):
    system = roundups(tracker)
    made = system.create(DRAFT)
    tracker.between = [lambda: tracker.say(made.name, "me first")]
    system.comment(made.id, SAID)
    (issue,) = tracker.issues()
    assert sorted(text.strip() for text in issue["comments"]) == ["/close\nit @all", "me first"]
    tracker.between = [lambda: tracker.say(made.name, "and again"), lambda: tracker.say(made.name, "and again")]
    with pytest.raises(Stale, match="somebody is changing it"):
        system.close(made.id, True)
    assert tracker.issues()[0]["status"] != "resolved"


def test_roundup_does_not_reopen_what_we_comment_on_but_people_do(tracker):
    system = roundups(tracker)
    made = system.create(DRAFT)
    tracker.people_close(made.name)
    system.comment(made.id, SAID)
    assert not system.get(made.id).is_open
    tracker.say(made.name, "not done at all")
    assert system.get(made.id).is_open


def test_a_message_left_by_a_comment_that_broke_off_is_used_and_not_made_again(tracker):
    system = roundups(tracker)
    made = system.create(DRAFT)
    tracker.replies = [None] * 4 + [Reply(503)]  # both messages and the issue are looked at, one is made, and then not hung on
    with pytest.raises(IntegrationError, match="503"):
        system.comment(made.id, SAID)
    wrote = len(tracker.writes)
    system.comment(made.id, SAID)
    assert [method for method, _, _ in tracker.writes[wrote:]] == ["PUT"] and len(tracker.issues()[0]["comments"]) == 1


def test_roundup_routes_by_owner_and_severity_and_names_who_is_not_there(tracker):
    system = roundups(tracker, assignees={"web": "ann", "shop": "nobody"}, priorities={"high": "urgent"})
    made = system.create(DRAFT)
    (issue,) = tracker.issues()
    assert (issue["assignee"], issue["priority"], issue["title"]) == ("ann", "urgent", "Put right: x")
    assert issue["ids"] == ["<setright-abc@setright.invalid>"] and made.url.endswith(f"/{made.name}")
    with pytest.raises(Refused, match="nobody"):
        system.create(DRAFT._replace(owner="shop"))
    with pytest.raises(Refused, match="finished"):
        roundups(tracker, closed_status="finished").close(made.id, True)


def test_roundup_asks_for_the_headers_that_we_send(tracker, monkeypatch):
    made = roundups(tracker).create(DRAFT)
    assert tracker.say(made.name, "hello") is None
    monkeypatch.setattr("tests.integrations.roundup_tracker.PASSED_ON", ("Authorization", "Accept", "Content-Type", "If-Match"))
    with pytest.raises(Refused, match="Required Header Missing"):
        roundups(tracker).close(made.id, True)


def test_a_retired_issue_is_gone_though_roundup_still_tells_it(tracker):
    system = roundups(tracker)
    made = system.create(DRAFT)
    tracker.delete(made.name)
    with pytest.raises(Gone, match="retired"):
        system.get(made.id)
    assert system.find(DRAFT.key) is None


def test_roundup_says_who_we_are_and_not_to_strangers(tracker):
    assert roundups(tracker).access() == ("setright", {tracker.url: ""})
    with pytest.raises(IntegrationError, match="credentials"):
        roundups(tracker, password="wrong").access()


TEXTS = st.text(
    st.one_of(st.sampled_from("@#!$%~&*_`[]<>()|\\/-+=1. \nagh:"), st.characters(exclude_categories=["Cs", "Cc"])), max_size=40
)


def rendered(text):
    """What GitHub's own parser makes of it, as far as it is CommonMark with tables and strikethrough."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


@given(TEXTS)
def test_no_text_becomes_markup(text):
    tokens = rendered(markdown((Paragraph(text),)))
    sorts = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or []}
    assert sorts <= {"paragraph_open", "paragraph_close", "inline", "text", "softbreak"}
    said = "".join(child.content or "\n" for token in tokens for child in token.children or [])
    lines = [line.strip() for line in re.split(r"\r\n?|\n", text)]
    assert re.sub(r"\s+", "", said.replace("\u200b", "")) == re.sub(r"\s+", "", "".join(lines).replace("\u200b", ""))
    assert mentioned(said) == []


def test_addresses_lead_where_they_say_but_leave_no_note_on_issues():
    other, docs = "https://github.com/acme/web/issues/7", "https://docs.example/backups.html"
    assert markdown((Paragraph(f"{docs} {other}"),)) == f"{docs} {other.replace(':', f':{NOTHING}')}"


@given(TEXTS)
def test_no_code_ends_before_it_ends(text):
    tokens = rendered(markdown((Code(text or "x"), Paragraph("after"))))
    assert [token.type for token in tokens][:1] == ["fence"] and [t.content for t in tokens if t.type == "inline"] == ["after"]


@given(TEXTS)
def test_no_text_hides_a_key_of_its_own(text):
    assert ticket_key(described("setright-abc", (Paragraph(f"<!-- setright-evil -->{text}"),), 9000)) == "setright-abc"
    assert NOTHING not in json.dumps(remarked("(setright 1)", (Code(text or "x"),), 9000))

"""A signed link lets one person decide one plan, once, knowing all of it; anything else decides nothing."""

import asyncio
import re
import time
from datetime import timedelta
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from setright.engine import links
from setright.engine.times import now
from setright.web.server import Ways, site
from tests.cli.conftest import ASK, AUTO
from tests.web.conftest import ONE, PEOPLE, TWO, ask

FREEZE = '[[policy.freezes]]\nstart = 2020-01-01T00:00:00Z\nuntil = 2099-01-01T00:00:00Z\nreason = "sale"\n'


def test_the_page_shows_all_that_an_approver_should_know(place):
    page = ask(place.link("Ann"))
    assert page.status == 200
    for words in (
        "storage_encrypted",
        "What may break",
        "risk of leaving it",
        "needs 1 approval of role board",
        "Whose it is, and where",
        "<dt>owner</dt><dd>web <span class=source>rule: targets or tags of owner web",
        "Ann, Bob",
        "Approve",
    ):
        assert words in page.text, words
    assert "correct-horse-battery" not in page.text
    assert "<script" not in page.text and "style=" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"] and page.headers["cache-control"] == "no-store"


def test_opening_the_link_decides_nothing_and_pressing_the_button_does(place):
    link = place.link("Ann")
    for _ in range(5):  # mail scanners
        ask(link)
        ask(link, Sec_Fetch_Site="cross-site")
    assert "needs 1 approval" in place.lacks()
    said = place.answer(link)
    assert said.status == 200 and "Your yes is recorded" in said.text
    assert place.lacks() == ""
    (approved,) = [each["body"] for each in place.events() if each["event"] == "approved"]
    assert approved["by"] == "Ann" and approved["via"] == "link" and approved["plan"] == place.plan.hash
    ran = place.program.process("apply", "--approved", "--format", "json")
    assert [plan["outcome"] for plan in ran.json["plans"]] == ["verified"]


def test_a_link_works_once(place):
    link = place.link("Ann")
    page = ask(link)
    key = re.search(r"name=key value='([^']+)'", page.text)[1]
    assert ask(link, {"key": key, "answer": "later"}).status == 200
    again = ask(link, {"key": key, "answer": "approve"})
    assert again.status == 409 and "works once" in again.text
    assert ask(link).status == 410
    assert "needs 1 approval" in place.lacks()


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec_Fetch_Site": "cross-site"}, {"Origin": "null"}, {"Content_Type": "text/plain"}],
)
def test_another_sites_form_decides_nothing(place, headers):
    link = place.link("Ann")
    key = re.search(r"name=key value='([^']+)'", ask(link).text)[1]
    assert ask(link, {"key": key, "answer": "approve"}, **headers).status == 403
    assert ask(link, {"key": "guess", "answer": "approve"}).status == 403
    assert ask(link, {"answer": "approve"}).status == 403
    assert "needs 1 approval" in place.lacks()


@pytest.mark.parametrize("more", [b"&reason=not+ours", b"&to=platform", b"&answer=later"])
def test_a_form_that_says_yes_and_no_decides_nothing(place, more):
    link = place.link("Ann")
    key = re.search(r"name=key value='([^']+)'", ask(link).text)[1]
    assert ask(link, f"key={key}&answer=approve".encode() + more).status in (403, 409)
    assert "needs 1 approval" in place.lacks() and ask(link).status == 200


def test_a_document_that_moved_takes_no_answer(place):
    link = place.link("Ann")
    page = ask(link)
    key = re.search(r"name=key value='([^']+)'", page.text)[1]
    place.program.file.write_text(place.program.file.read_text() + "# moved\n")
    shown, said = ask(link), ask(link, {"key": key, "answer": "approve"})
    assert shown.status == 410 and "somebody changed it" in shown.text
    assert said.status == 409 and "somebody changed it" in said.text
    assert "needs 1 approval" in place.lacks()


def test_a_link_that_is_over_says_so(place):
    app = place.app
    link = links.link_to(place.plan, "Ann", now() - timedelta(hours=2), timedelta(hours=1))
    said = ask(f"{place.url}/approve/{links.token(link, app.asking.key)}")
    assert said.status == 410 and "this link held until" in said.text


@pytest.mark.parametrize(
    "change", [lambda t: t[:-3] + "abc", lambda t: "x" + t, lambda t: t.partition(".")[0], lambda t: "ä", lambda t: "a.b"]
)
def test_a_changed_link_is_none(place, change):
    token = place.link("Ann").rpartition("/")[2]
    from urllib.parse import quote

    said = ask(f"{place.url}/approve/{quote(change(token))}")
    assert said.status == 404 and "storage_encrypted" not in said.text


def test_a_link_signed_with_another_key_is_none(place):
    link = links.link_to(place.plan, "Ann", now(), timedelta(hours=1))
    assert ask(f"{place.url}/approve/{links.token(link, b'k' * 32)}").status == 404


def test_who_lacks_the_role_may_look_and_not_agree(place):
    said = place.answer(place.link("Cat"))
    assert said.status == 409 and "Cat may not approve this; ask Ann, Bob" in said.text
    assert "needs 1 approval" in place.lacks()


def test_a_freeze_and_the_kill_switch_take_no_answer(place, setright, started):
    assert setright("stop", "--reason", "incident").code == 0
    assert "the kill switch is on" in ask(place.link("Ann")).text
    assert setright("stop", "--off").code == 0
    frozen = started(setright, PEOPLE + FREEZE)
    assert "frozen until 2099-01-01" in ask(frozen.link("Ann")).text


def test_two_of_the_board_without_whoever_asked(setright, started):
    place = started(setright, PEOPLE + TWO + '[[people]]\nname = "Dan"\nroles = ["board"]\n')
    assert "Ann may not approve this" in place.answer(place.link("Ann")).text  # she asked for it
    first = place.answer(place.link("Bob"))
    assert first.status == 200 and "still needs 2 approvals of role board" in first.text
    assert "Bob may not approve this" in place.answer(place.link("Bob")).text  # once is enough
    assert place.answer(place.link("Dan")).status == 200 and place.lacks() == ""


def test_not_ours_asks_the_next_owner_and_runs_nothing(place):
    said = place.answer(place.link("Ann"), "theirs", reason="moved in May")
    assert said.status == 200 and "platform is asked instead" in said.text
    (back,) = [each["body"] for each in place.events() if each["event"] == "sent back"]
    assert (back["was"], back["now"], back["by"], back["reason"]) == ("web", "platform", "Ann", "moved in May")
    assert "needs 1 approval" in place.lacks()


def test_with_run_the_last_yes_starts_the_run(setright, started):
    place = started(setright, PEOPLE + '[[approvals]]\nrole = "board"\n', "--run")
    assert "runs now" in place.answer(place.link("Ann")).text
    until = time.monotonic() + 60
    while "storage_encrypted       = true" not in setright.file.read_text() and time.monotonic() < until:
        time.sleep(0.2)
    assert "storage_encrypted       = true" in setright.file.read_text()


def test_health_is_told_and_nothing_else_is_there(place):
    assert ask(f"{place.url}/healthz").text == "ok\n"
    assert ask(f"{place.url}/nothing").status == 404
    assert ask(f"{place.url}/approve/").status == 404
    assert ask(f"{place.url}/slack/interactive", {"payload": "{}"}).status == 401


@pytest.mark.parametrize(("path", "method", "status"), [("/nothing", "GET", 404), ("/healthz", "POST", 405), ("", "PUT", 405)])
def test_what_is_not_there_is_told_on_a_page_in_words(place, path, method, status):
    request = Request(f"{place.url}{path}" if path else place.link("Ann"), method=method)
    with pytest.raises(HTTPError) as told:
        urlopen(request, timeout=60)
    page = told.value.read().decode()
    assert (told.value.code, "<h1>" in page, "open the link as it stands" in page) == (status, True, True)
    assert told.value.headers["content-security-policy"] and (status != 405 or told.value.headers["allow"])


def test_what_fails_here_is_told_on_a_page_without_its_cause(place, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret-cause")

    monkeypatch.setattr("setright.web.answers.Answers.view", broken)
    sent = []

    async def receive():
        return {"type": "http.request", "body": b""}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/approve/a.b",
        "query_string": b"",
        "headers": [],
        "client": ("127.0.0.1", 1),
    }
    with pytest.raises(RuntimeError):  # which the server writes into its log
        asyncio.run(site(place.app, Ways())(scope, receive, send))
    page = sent[1]["body"].decode()
    assert (sent[0]["status"], "Something went wrong" in page, "secret-cause" in page) == (500, True, False)


def test_a_link_that_was_used_tells_what_became_of_the_plan(place):
    link = place.link("Ann")
    place.answer(link)
    used = ask(link)
    assert used.status == 410 and "Ann used it at" in used.text and "has not run yet" in used.text
    place.program.process("apply", "--approved", "--format", "json")
    assert "It has run and is verified" in ask(link).text


def test_a_link_whose_plan_moved_leads_to_where_it_is_asked_anew(place):
    link = place.link("Ann")
    place.answer(link, "later", reason="sale")
    assert "The plan still needs 1 approval of role board" in ask(link).text and "Asked anew" not in ask(link).text
    place.program.file.write_text("# moved\n" + place.program.file.read_text())
    place.program("plan", ".", "--control", ASK, "--ask")
    told = ask(link)
    assert told.status == 410 and "somebody changed it" in told.text
    page = re.search(r"href='(/plans/[^']+)'", told.text)[1]
    again = ask(f"{place.url}{page}")
    assert again.status == 200 and "storage_encrypted" in again.text and ">Approve<" not in again.text


def test_a_button_that_is_pressed_twice_says_what_the_first_did(place):
    link = place.link("Ann")
    key = re.search(r"name=key value='([^']+)'", ask(link).text)[1]
    assert ask(link, {"key": key, "answer": "approve"}).status == 200
    again = ask(link, {"key": key, "answer": "approve"})
    assert again.status == 409 and "Ann used it at" in again.text and "all the approvals" in again.text


def test_a_body_without_end_is_refused(place):
    assert ask(place.link("Ann"), b"answer=approve&x=" + b"a" * 400_000).status == 403


def test_what_goes_on_from_a_change_that_has_not_run_is_asked_once_it_has(place):
    program = place.program
    program("plan", ".", "--control", AUTO, "--control", ASK, "--ask")
    later = next(plan.plan for plan in place.app.store.plans() if plan.plan.lane == "ask" and place.app.consent.first(plan.plan))
    app = place.app
    link = f"{place.url}/approve/{app.asking.token(later, 'Ann')}"
    page = ask(link)
    assert page.status == 409 and "Nothing is asked yet" in page.text and "has not run yet" in page.text
    assert program("remind", "--dry-run", "--format", "json").json["early"] == [later.hash]
    assert "1 not asked about yet" in program("remind", "--dry-run").err
    program("fix", ".", "--control", AUTO, "--control", ASK, "--yes")
    assert program("remind", "--dry-run", "--format", "json").json["early"] == []
    assert place.answer(link).status == 200


def test_a_letter_calls_a_target_by_its_name(setright, started):
    mail = '[integrations.post]\ntype = "mail"\nhost = "127.0.0.1"\nport = 9\nsecurity = "none"\nsender = "s@example.com"\n'
    started(setright, PEOPLE + ONE + '[[targets]]\nname = "shop"\nurl = "."\n' + mail)
    letters = setright("remind", "--dry-run", "--format", "json").json["letters"]
    assert {each["subject"] for each in letters} == {"Your yes is asked: main.tf on shop"}

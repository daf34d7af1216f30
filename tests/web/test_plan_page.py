"""A ticket's link shows a plan to all who read the ticket, and lets nobody answer: it sends those who may a link of their own."""

import re

import pytest
from aiosmtpd.controller import Controller

from setright.engine import links
from tests.cli.conftest import MAIN_TF
from tests.integrations.test_rsyslog import free_port
from tests.web.conftest import ONE, PEOPLE, TWO, ask

MAIL = '[integrations.post]\ntype = "mail"\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\nsender = "s@example.com"\n'


class Post:
    def __init__(self):
        self.letters = []

    async def handle_DATA(self, server, session, envelope):  # the library's name
        self.letters.append((envelope.rcpt_tos, envelope.content.decode()))
        return "250 taken"


@pytest.fixture
def post():
    kept = Post()
    kept.port = free_port()
    server = Controller(kept, "127.0.0.1", kept.port)
    server.start()
    yield kept
    server.stop()


def page_of(place):
    return f"{place.url}/plans/{links.plan_word(place.plan.hash, place.app.asking.key)}"


def press(place, page, person):
    key = re.search(r"name=key value='([^']+)'", ask(page).text)[1]
    return ask(page, {"key": key, "person": person}, Origin=place.url, Sec_Fetch_Site="same-origin")


def test_who_may_agree_gets_a_link_of_their_own_by_letter(setright, started, post):
    named = f'[[targets]]\nname = "shop"\nurl = "{setright.tree}"\nenvironment = "production"\n'
    place = started(setright, PEOPLE + ONE + MAIL.format(port=post.port) + named)
    page = page_of(place)
    shown = ask(page)
    assert shown.status == 200 and "storage_encrypted" in shown.text and ">Approve<" not in shown.text
    assert "<p class=about>on shop</p>" in shown.text
    assert press(place, page, "Bob").status == 200 and press(place, page, "Bob").status == 200
    ((to, letter),) = post.letters
    assert to == ["bob@example.com"] and "Your link" in letter
    assert "It stands in production." in letter and "Whose it is: web." in letter
    token = re.search(r"/approve/([\w.=-]+)", letter.replace("=\r\n", "").replace("=\n", ""))[1]
    assert "recorded" in place.answer(f"{place.url}/approve/{token}").text and place.lacks() == ""


def test_the_page_takes_no_answer_and_writes_to_nobody_else(setright, started, post):
    place = started(setright, PEOPLE + TWO + MAIL.format(port=post.port))
    page = page_of(place)
    for person in ("Cat", "Ann", "mallory@example.org", ""):  # without the role, who asked, nobody of ours
        assert press(place, page, person).status == 409
    word = page.rpartition("/")[2]
    key = re.search(r"name=key value='([^']+)'", ask(page).text)[1]
    assert "not made here" in ask(f"{place.url}/approve/{word}", {"key": key, "answer": "approve"}).text
    assert ask(page, {"key": key, "person": "Bob"}, Origin="https://elsewhere.example").status == 403
    assert not post.letters and "needs" in place.lacks()


@pytest.mark.parametrize(
    "change", [lambda word: chr(ord(word[0]) ^ 1) + word[1:], lambda word: word[:-2], lambda word: word.partition(".")[0]]
)
def test_a_changed_link_shows_nothing(place, change):
    page = page_of(place)
    start, _, word = page.rpartition("/")
    assert ask(f"{start}/{change(word)}").status == 404


def test_of_many_settings_the_page_says_how_many_and_its_diff_is_reached_by_keyboard(setright, started):
    setright.file.write_text(MAIN_TF + MAIN_TF.replace('"shop" {', '"stock" {'))
    page = ask(started(setright, PEOPLE + ONE).link("Ann")).text
    assert "2 findings in this document" in page
    assert re.search(r"<pre class=diff tabindex=0 role=region aria-label=", page)


def test_one_setting_is_not_counted(place):
    assert "findings in this document" not in ask(place.link("Ann")).text

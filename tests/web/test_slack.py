"""A button in Slack does what it says for whom Slack says pressed it, once; a request that Slack did not sign does nothing."""

import hmac
import json
import time
from hashlib import sha256
from urllib.parse import urlencode

import pytest

from setright.integrations.error import IntegrationError
from setright.integrations.message import Message, Refused
from setright.integrations.slack import Options, Slack, reply
from tests.web.conftest import ONE, PEOPLE, SECRET, ask

AT = "2026-01-02T03:04:05.000000Z"
LETTER = Message("m1", "chat", "plan", "message.approval", AT, {"to": "", "text": "hello", "blocks": []})


def channel(slack):
    return f"""
[integrations.chat]
type = "slack"
token = "env:SLACK_TOKEN"
signing_secret = "env:SLACK_SECRET"
channel = "#sec"
api = "{slack.url}"
"""


@pytest.fixture
def chat(setright, started, slack):
    setright.env |= {"SLACK_TOKEN": "xoxb-right", "SLACK_SECRET": SECRET}
    place = started(setright, PEOPLE + ONE + channel(slack))
    told = setright("remind", "--format", "json")
    assert told.json["posted"] == 1, told
    return place


def asked(slack):
    """The message with buttons; others tell what happened."""
    (message,) = [each for each in slack.posted if "is asked" in each["text"]]
    return message


def value(slack, action="approve"):
    message = asked(slack)
    return next(e["value"] for block in message["blocks"] for e in block.get("elements", ()) if e["action_id"] == action)


def press(place, slack, user="U1", action="approve", at="5.5", sent=None, secret=SECRET, token=None):
    """As Slack sends it."""
    button = {"action_id": action, "value": token or value(slack, action), "action_ts": at}
    said = {"type": "block_actions", "user": {"id": user}, "actions": [button], "message": {"ts": "1.1"}}
    body = urlencode({"payload": json.dumps(said | {"response_url": f"{slack.url}/respond"})}).encode()
    stamp = str(int(time.time() if sent is None else sent))
    signature = "v0=" + hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, sha256).hexdigest()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    headers |= {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature}
    return ask(f"{place.url}/slack/interactive", body, **{name.replace("-", "_"): each for name, each in headers.items()})


def test_the_message_has_the_buttons_and_its_answer_comes_in_time_and_in_the_thread(chat, slack):
    message = asked(slack)
    assert message["channel"] == "#sec" and "Your yes is asked" in message["text"]
    began = time.monotonic()
    assert press(chat, slack).status == 200
    assert time.monotonic() - began < 3
    assert slack.heard.wait(60)
    (said,) = slack.answered
    assert said["thread_ts"] == "1.1" and "Ann: Approved" in said["text"] and not said["replace_original"]
    assert chat.lacks() == ""
    assert [e["body"]["via"] for e in chat.events() if e["event"] == "approved"] == ["slack"]
    # Slack tells it again
    assert press(chat, slack).status == 200
    time.sleep(1)
    assert len(slack.answered) == 1 and len([e for e in chat.events() if e["event"] == "approved"]) == 1
    # and it is not asked twice
    assert chat.program("remind", "--format", "json").json["posted"] == 0 and asked(slack)


@pytest.mark.parametrize("forged", [{"secret": "another"}, {"sent": time.time() - 400}, {"sent": time.time() + 4000}])
def test_what_slack_did_not_sign_just_now_does_nothing(chat, slack, forged):
    assert press(chat, slack, **forged).status == 401
    assert "needs 1 approval" in chat.lacks() and not slack.answered


@pytest.mark.parametrize(
    ("pressed", "words"),
    [({"user": "U9"}, "is nobody known here"), ({"user": "U3"}, "Cat may not approve this"), ({"token": "x.y"}, "Nothing was")],
)
def test_who_may_not_agree_is_told_so_alone(chat, slack, pressed, words):
    assert press(chat, slack, **pressed).status == 200
    assert slack.heard.wait(60)
    assert words in slack.answered[0]["text"] and slack.answered[0]["response_type"] == "ephemeral"
    assert "needs 1 approval" in chat.lacks()


def test_not_ours_passes_it_on(chat, slack):
    press(chat, slack, action="theirs")
    assert slack.heard.wait(60) and "platform is asked instead" in slack.answered[0]["text"]
    assert "needs 1 approval" in chat.lacks()


def test_a_rate_limit_is_waited_out_and_a_long_one_left_to_the_next_try(slack, monkeypatch):
    monkeypatch.setattr("setright.integrations.slack.LONGEST_WAIT_S", 2.5)
    sender = Slack(Options("xoxb-right", "#sec", api=slack.url))
    slack.limited = 2
    sender.send([LETTER])
    assert [each["channel"] for each in slack.posted] == ["#sec"]
    slack.limited = 9
    with pytest.raises(IntegrationError, match="tried again later"):
        sender.send([LETTER])


@pytest.mark.parametrize(
    ("error", "sort"), [("channel_not_found", Refused), ("internal_error", IntegrationError), ("invalid_blocks", Refused)]
)
def test_slacks_errors_are_told_apart(slack, error, sort):
    slack.error = error
    with pytest.raises(IntegrationError) as told:
        Slack(Options("xoxb-right", "#sec", api=slack.url)).send([LETTER])
    assert type(told.value) is sort and error in str(told.value)


def test_a_wrong_token_is_worth_another_try_and_never_shown(slack):
    with pytest.raises(IntegrationError, match="check it and its scopes") as told:
        Slack(Options("xoxb-wrong", "#sec", api=slack.url)).send([LETTER])
    assert not isinstance(told.value, Refused) and "xoxb" not in str(told.value)


def test_an_answer_goes_to_slack_alone(slack):
    for url in ("https://evil.example/x", "http://169.254.169.254/", "file:///etc/passwd"):
        with pytest.raises(IntegrationError):
            reply(url, {"text": "x"}, "https://slack.com/api")

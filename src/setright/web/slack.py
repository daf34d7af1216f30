"""Slack's buttons: who pressed what, answered within its three seconds by doing the work afterwards.

Source: api.slack.com/interactivity/handling. A request is believed by its signature alone, and a person by the user id that
`setright.toml` names (`slack` of [[people]]).
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qs

from setright.engine.error import EngineError
from setright.engine.times import now
from setright.integrations import slack
from setright.integrations.error import IntegrationError
from setright.model import Plain
from setright.web.answers import Answers, Told

LOG = logging.getLogger("setright.serve")


class Pressed(NamedTuple):
    """One button, pressed once. `at` tells it from every other; `thread` is the message it belongs to."""

    user: str
    action: str
    token: str
    at: str
    thread: str
    response_url: str


def is_from_slack(options: slack.Options, headers: Mapping[str, str], body: bytes) -> bool:
    """Header names in small letters."""
    return slack.verified(options.signing_secret, headers, body, time.time())


def pressed(body: bytes) -> Pressed | None:
    """None for anything but a button of ours."""
    try:
        told = json.loads(parse_qs(body.decode())["payload"][0])
        action = told["actions"][0]
        message = told.get("message") or {}
        thread = str(message.get("thread_ts") or message.get("ts") or "")
        at = str(action.get("action_ts") or told.get("trigger_id") or "")
        found = Pressed(told["user"]["id"], action["action_id"], action["value"], at, thread, told.get("response_url", ""))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return None
    return found if all(isinstance(each, str) for each in found) and found.at else None


def act(answers: Answers, options: slack.Options, button: Pressed) -> None:
    """Does what was asked and says so in the thread; the same button told twice is done once."""
    person = next((p.name for p in answers.app.configuration.people if p.slack == button.user), "")
    once = f"slack {button.user} {button.action} {button.at}"
    if not answers.app.store.spend(once, person or button.user, "a button in Slack", now()):
        return
    told = _done(answers, button, person)
    try:
        slack.reply(button.response_url, _said(button, told, person), options.api)
    except IntegrationError as error:
        LOG.warning("the answer could not be told in Slack: %s", error)


def _done(answers: Answers, button: Pressed, person: str) -> Told:
    if not person:
        return Told("Nothing was recorded", f"the Slack user {button.user} is nobody known here; an administrator adds it", False)
    try:
        match button.action:
            case "approve":
                return answers.approve(button.token, person, "slack")
            case "later":
                return answers.later(button.token, "", person, "slack")
            case "theirs":
                return answers.theirs(button.token, ("", ""), person, "slack")
    except EngineError as error:
        return Told("Nothing was recorded", str(error), False)
    return Told("Nothing was recorded", f"{button.action}: no such answer", False)


def _said(button: Pressed, told: Told, person: str) -> dict[str, Plain]:
    who = f"{person}: " if person and told.taken else ""
    text = slack.escaped(f"{who}{told.title}. {told.text}")
    kind = "in_channel" if told.taken else "ephemeral"
    thread = {"thread_ts": button.thread} if button.thread and told.taken else {}
    return {"response_type": kind, "replace_original": False, "text": text, **thread}

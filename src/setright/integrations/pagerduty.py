"""Alerts to PagerDuty's Events API v2 (developer.pagerduty.com): one alert an item, triggered by what is told, resolved with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from setright.integrations.error import IntegrationError
from setright.integrations.http import Response, accepted, checked_url, request
from setright.integrations.message import TEST, TESTED, Message
from setright.integrations.plain import subject
from setright.model import Plain

SEVERITIES = {"critical": "critical", "high": "error", "medium": "warning"}
SUMMARY_CHARACTERS = 1024
RESOLVES = ("finding.resolved", "message.overdue-ended", "exception.made", TESTED)


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`routing_key` is the integration key of a service with the Events API v2."""

    routing_key: str
    url: str = "https://events.pagerduty.com"


SECRETS = ("routing_key",)


class PagerDuty:
    """One service; one alert a request, as the API wants it."""

    at_once = 1

    def __init__(self, options: Options) -> None:
        self._url = f"{checked_url(options.url)}/v2/enqueue"
        self._key = options.routing_key

    def send(self, messages: Sequence[Message]) -> None:
        for message in with_ends(messages):
            data = msgspec.json.encode(alert(message, self._key))
            answer = request("POST", self._url, data, {"Content-Type": "application/json"})
            _known(answer)
            accepted(answer, "PagerDuty")


def _known(answer: Response) -> None:
    """A key that is none of theirs gets 400, as a faulty event does; it is no reason to give the event up."""
    said = answer.data if isinstance(answer.data, dict) else {}
    wrong = [str(each) for each in said.get("errors") or ()]
    if answer.status == 400 and any("routing_key" in each for each in wrong):
        raise IntegrationError(f"PagerDuty does not know the integration key: {'; '.join(wrong)}; check routing_key")


def with_ends(messages: Sequence[Message]) -> Iterator[Message]:
    """A test is over as soon as it was taken: it must not stay open, and wake nobody a second time."""
    for message in messages:
        yield message
        if message.event == TEST:
            yield msgspec.structs.replace(message, event=TESTED)


def alert(message: Message, key: str) -> dict[str, Plain]:
    """The item is the `dedup_key`, so a second telling of it changes the alert and makes no second one."""
    told: dict[str, Plain] = {"routing_key": key, "dedup_key": message.item[:255]}
    if message.event in RESOLVES:
        return told | {"event_action": "resolve"}
    body = message.body if isinstance(message.body, dict) else {}
    payload = {
        "summary": subject(message)[:SUMMARY_CHARACTERS],
        "source": str(body.get("target") or "setright"),
        "severity": SEVERITIES.get(str(body.get("severity")), "info"),
        "timestamp": message.at,
        "component": str(body.get("resource") or body.get("document") or ""),
        "class": message.event,
        "custom_details": body,
    }
    return told | {"event_action": "trigger", "client": "setright", "payload": payload}


def open_channel(options: Options) -> PagerDuty:
    return PagerDuty(options)

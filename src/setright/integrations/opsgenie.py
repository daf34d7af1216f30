"""Alerts to Opsgenie (docs.opsgenie.com, Alert API): one alert an item by its alias, closed when what it told of has ended."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import msgspec

from setright.integrations.http import accepted, checked_url, request
from setright.integrations.message import Message
from setright.integrations.pagerduty import RESOLVES, with_ends
from setright.integrations.plain import subject
from setright.model import Plain

PRIORITIES = {"critical": "P1", "high": "P2", "medium": "P3", "low": "P4"}
MESSAGE_CHARACTERS, DETAIL_CHARACTERS, ALIAS_CHARACTERS = 130, 8000, 512


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`api_key` is that of an API integration; `url` ``https://api.eu.opsgenie.com`` in Europe; `team` answers for the alerts."""

    api_key: str
    url: str = "https://api.opsgenie.com"
    team: str = ""


SECRETS = ("api_key",)


class Opsgenie:
    """One account; one alert a request."""

    at_once = 1

    def __init__(self, options: Options) -> None:
        self._url = f"{checked_url(options.url)}/v2/alerts"
        self._headers = {"Authorization": f"GenieKey {options.api_key}", "Content-Type": "application/json"}
        self._team = options.team

    def send(self, messages: Sequence[Message]) -> None:
        for message in with_ends(messages):
            alias = message.item[:ALIAS_CHARACTERS]
            ends = message.event in RESOLVES
            url = f"{self._url}/{quote(alias, safe='')}/close?identifierType=alias" if ends else self._url
            data = {"source": "setright"} if ends else self._alert(message, alias)
            accepted(request("POST", url, msgspec.json.encode(data), self._headers), "Opsgenie")

    def _alert(self, message: Message, alias: str) -> dict[str, Plain]:
        body = message.body if isinstance(message.body, dict) else {}
        told: dict[str, Plain] = {
            "message": subject(message)[:MESSAGE_CHARACTERS],
            "alias": alias,
            "source": "setright",
            "entity": str(body.get("target") or ""),
            "priority": PRIORITIES.get(str(body.get("severity")), "P5"),
            "tags": ["setright", message.event],
            "details": {key: _detail(value)[:DETAIL_CHARACTERS] for key, value in body.items() if value is not None},
        }
        return told | ({"responders": [{"name": self._team, "type": "team"}]} if self._team else {})


def _detail(value: Plain) -> str:
    """Details are texts; what is no text is told as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def open_channel(options: Options) -> Opsgenie:
    return Opsgenie(options)

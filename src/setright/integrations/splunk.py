"""Events to Splunk's HTTP Event Collector: batches, indexer acknowledgement where the token has it, fields as CIM names them.

Source: help.splunk.com, "HTTP Event Collector REST API" (response codes) and "Common Information Model" (Alerts, Change).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import msgspec

from setright.integrations.error import IntegrationError
from setright.integrations.http import Response, checked_url, request
from setright.integrations.message import Message, Refused
from setright.model import Plain

FORMAT = (5, 6, 12, 13, 15)  # no data, invalid format, no event, empty event, wrong fields: the message's own fault
ASKED_EVERY_S = 0.2
CHANGES = ("verified", "unverified", "reverted")  # how a plan ends that touched its target


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`url` is the collector's base, ``https://splunk.example.com:8088``; `index` empty: the token's own.

    `acknowledged`: the token has indexer acknowledgement on; events count as taken when they are indexed, within `ack_s` seconds.
    """

    url: str
    token: str
    index: str = ""
    source: str = "setright"
    acknowledged: bool = False
    ack_s: float = 60.0


SECRETS = ("token",)


class Splunk:
    """One collector. Its channel, which acknowledgements go by, is ours alone."""

    at_once = 500

    def __init__(self, options: Options) -> None:
        self._options = options
        self._url = checked_url(options.url)
        self._headers = {"Authorization": f"Splunk {options.token}", "Content-Type": "application/json"}
        if options.acknowledged:
            self._headers["X-Splunk-Request-Channel"] = str(uuid4())

    def send(self, messages: Sequence[Message]) -> None:
        data = b"\n".join(msgspec.json.encode(self._event(message)) for message in messages)
        answer = _taken(request("POST", f"{self._url}/services/collector/event", data, self._headers))
        if self._options.acknowledged:
            self._await(answer)

    def _event(self, message: Message) -> dict[str, Plain]:
        event: dict[str, Plain] = {
            "time": datetime.fromisoformat(message.at).timestamp(),
            "source": self._options.source,
            "sourcetype": f"setright:{message.event.partition('.')[0]}",
            "event": cim(message),
        }
        return event | ({"index": self._options.index} if self._options.index else {})

    def _await(self, answer: Response) -> None:
        """Until the indexer has the events on disk. Raises IntegrationError where it does not say so in time."""
        if not isinstance(answer.data, dict) or not isinstance(number := answer.data.get("ackId"), int):
            raise IntegrationError(
                "Splunk gave no ackId; turn indexer acknowledgement on for the token, or set acknowledged = false"
            )
        until = time.monotonic() + self._options.ack_s
        while time.monotonic() < until:
            asked = request("POST", f"{self._url}/services/collector/ack", msgspec.json.encode({"acks": [number]}), self._headers)
            acks = _taken(asked).data
            if isinstance(acks, dict) and acks.get("acks", {}).get(str(number)):
                return
            time.sleep(ASKED_EVERY_S)
        raise IntegrationError(f"Splunk did not index the events within {self._options.ack_s:.0f} s; they are sent again later")


def cim(message: Message) -> dict[str, Plain]:
    """The event with the fields of CIM's data models Alerts (findings) and Change (plans) beside our own."""
    body = message.body if isinstance(message.body, dict) else {"text": message.body}
    outcome = message.event.rpartition(".")[2]
    told: dict[str, Plain] = {
        "id": message.id,
        "item": message.item,
        "event": message.event,
        "vendor_product": "setright",
        "app": "setright",
        "dest": body.get("target"),
        "user": body.get("actor"),
        "signature": body.get("title") or message.event,
        "signature_id": body.get("control") or message.event,
        "type": "alert" if message.event.startswith("finding.") else "event",
    }
    if message.event.startswith("plan."):
        told |= {
            "action": "modified" if outcome in CHANGES else outcome,
            "change_type": "configuration",
            "object": body.get("document"),
        }
        told |= {"object_category": "configuration", "status": "success" if outcome == "verified" else "failure", "result": outcome}
    return {key: value for key, value in {**body, **told}.items() if value not in (None, "")}


def _taken(answer: Response) -> Response:
    """Raises Refused where the events are at fault, IntegrationError where the token, the index or the collector is."""
    if answer.status == 200:
        return answer
    told = answer.data if isinstance(answer.data, dict) else {}
    why = f"Splunk answered {answer.status}, code {told.get('code', '?')}: {told.get('text', 'nothing said')}"
    if (answer.status == 400 and told.get("code") in FORMAT) or answer.status == 413:
        raise Refused(f"{why}; it will not take this message")
    if answer.status in (400, 401, 403):
        raise IntegrationError(f"{why}; check the token and its index")
    raise IntegrationError(f"{why}; it is tried again later")


def open_channel(options: Options) -> Splunk:
    return Splunk(options)

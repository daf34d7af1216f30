"""Events to any URL: CloudEvents 1.0 (cloudevents.io) in structured mode, signed as Standard Webhooks (standardwebhooks.com) asks.

A receiver verifies ``webhook-signature``: ``v1,`` and the base64 of the HMAC-SHA-256, under the shared secret, of
``{webhook-id}.{webhook-timestamp}.{body}``. `webhook-id` is the same at every try, so it tells a message seen before.
"""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Sequence
from hashlib import sha256

import msgspec

from setright.integrations.http import accepted, checked_url, request
from setright.integrations.message import Message

SOURCE = "setright"


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`secret` is shared with the receiver; base64 after ``whsec_``, else taken as it is."""

    url: str
    secret: str


SECRETS = ("secret",)


class Webhook:
    """One URL; one event a request."""

    at_once = 1

    def __init__(self, options: Options) -> None:
        self._url = checked_url(options.url)
        key = options.secret
        self._key = base64.b64decode(key.removeprefix("whsec_")) if key.startswith("whsec_") else key.encode()

    def send(self, messages: Sequence[Message]) -> None:
        for message in messages:
            body = msgspec.json.encode(cloud_event(message))
            headers = {"Content-Type": "application/cloudevents+json"} | signed(self._key, message.id, body, int(time.time()))
            accepted(request("POST", self._url, body, headers), "the webhook's receiver")


def cloud_event(message: Message) -> dict[str, object]:
    return {
        "specversion": "1.0",
        "id": message.id,
        "source": SOURCE,
        "type": f"io.setright.{message.event}",
        "subject": message.item,
        "time": message.at,
        "datacontenttype": "application/json",
        "data": message.body,
    }


def signed(key: bytes, id_: str, body: bytes, at_s: int) -> dict[str, str]:
    """The headers of a signed message; `at_s` in seconds since 1970."""
    digest = hmac.digest(key, f"{id_}.{at_s}.".encode() + body, sha256)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(at_s),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def open_channel(options: Options) -> Webhook:
    return Webhook(options)

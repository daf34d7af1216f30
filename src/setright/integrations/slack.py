"""Messages to Slack, and what people answer there. Sources: api.slack.com, chat.postMessage, "Verifying requests from Slack".

A letter's body may hold ``{"to": channel or user id, "text", "blocks"}``; any other message is told in plain words.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from urllib.parse import urlsplit

import msgspec

from setright.integrations.error import IntegrationError
from setright.integrations.http import Response, checked_url, request
from setright.integrations.message import Message, Refused
from setright.integrations.plain import message_text, subject
from setright.model import Plain

WINDOW_S = 300  # how old a request of theirs may be
LONGEST_WAIT_S = 30.0  # for a rate limit; a longer one is left to the next try
LATER = {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org"}
OURS = {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope", "no_permission"}
ANSWERS = ("hooks.slack.com", "hooks.slack-gov.com")
LONGEST_TEXT = 3000


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`token` is a bot's (xoxb-...); `channel` where what is addressed to nobody goes; `signing_secret` proves what Slack sends."""

    token: str
    channel: str
    signing_secret: str = ""
    api: str = "https://slack.com/api"


SECRETS = ("token", "signing_secret")


class Slack:
    """One workspace; one message a request."""

    at_once = 1

    def __init__(self, options: Options) -> None:
        self._api = checked_url(options.api)
        self._options = options

    def send(self, messages: Sequence[Message]) -> None:
        for message in messages:
            self.post(_posted(message, self._options.channel))

    def post(self, body: Mapping[str, Plain]) -> None:
        """Raises Refused for what Slack will never take, IntegrationError for what may be tried again."""
        waited_s = 0.0
        while True:
            answer = _asked(f"{self._api}/chat.postMessage", body, self._options.token)
            wait_s = _limited(answer)
            if wait_s is None:
                return _taken(answer)
            waited_s += wait_s
            if waited_s > LONGEST_WAIT_S:
                raise IntegrationError(f"Slack's rate limit is used up for {wait_s:.0f} s more; it is tried again later")
            time.sleep(wait_s)


def verified(secret: str, headers: Mapping[str, str], body: bytes, now_s: float) -> bool:
    """Whether a request is Slack's own, and of the last five minutes. Header names in small letters."""
    at, given = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    if not secret or not at.isdigit() or abs(now_s - int(at)) > WINDOW_S:
        return False
    ours = "v0=" + hmac.new(secret.encode(), f"v0:{at}:".encode() + body, sha256).hexdigest()
    return hmac.compare_digest(ours.encode(), given.encode())


def reply(response_url: str, body: Mapping[str, Plain], api: str) -> None:
    """Says something where a button was pressed. Raises IntegrationError, for a place that is not Slack's, too."""
    host = urlsplit(response_url).hostname
    if host not in ANSWERS and host != urlsplit(api).hostname:
        raise IntegrationError(f"{host}: is no place of Slack's; nothing was answered")
    _taken(_asked(checked_url(response_url), body, ""))


def open_channel(options: Options) -> Slack:
    return Slack(options)


def _posted(message: Message, channel: str) -> dict[str, Plain]:
    body = message.body if isinstance(message.body, dict) else {}
    words = str(body.get("text") or escaped(f"*{subject(message)}*\n{message_text(message)}"))[:LONGEST_TEXT]
    told: dict[str, Plain] = {"channel": str(body.get("to") or channel), "text": words, "unfurl_links": False}
    return told | ({"blocks": body["blocks"]} if body.get("blocks") else {})


def escaped(text: str) -> str:
    """Without mentions and links of its own (api.slack.com/reference/surfaces/formatting)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _asked(url: str, body: Mapping[str, Plain], token: str) -> Response:
    headers = {"Content-Type": "application/json; charset=utf-8"} | ({"Authorization": f"Bearer {token}"} if token else {})
    return request("POST", url, msgspec.json.encode(body), headers)


def _limited(answer: Response) -> float | None:
    """The seconds to wait; None where no rate limit was hit."""
    if answer.status != 429:
        return None
    told = answer.headers.get("retry-after", "")
    return max(1.0, float(told)) if told.isdigit() else LONGEST_WAIT_S


def _taken(answer: Response) -> None:
    """Slack says most of what goes wrong with status 200."""
    said = answer.data if isinstance(answer.data, dict) else {}
    error = str(said.get("error", ""))
    if answer.status == 200 and (said.get("ok") or answer.data is None):
        return
    if error in OURS or answer.status in (401, 403):
        raise IntegrationError(f"Slack does not accept the token: {error or answer.status}; check it and its scopes")
    if error in LATER or answer.status >= 500:
        raise IntegrationError(f"Slack could not take it: {error or answer.status}; it is tried again later")
    raise Refused(f"Slack will not take it: {error or answer.status}")

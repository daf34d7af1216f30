"""Events to Microsoft Sentinel: rows of a table of one's own, by the Logs Ingestion API of Azure Monitor (2023-01-01).

Sources: learn.microsoft.com, "Logs Ingestion API in Azure Monitor" (limits, statuses) and "OAuth 2.0 client credentials flow".
The table and the rule that the rows go by are in ``examples/sentinel/dcr.json``.
"""

from __future__ import annotations

import gzip
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import quote, urlencode

import msgspec

from setright.integrations.error import IntegrationError
from setright.integrations.http import Response, accepted, checked_url, request
from setright.integrations.message import Message, Refused
from setright.model import Plain

VERSION = "2023-01-01"
CALL_BYTES = 1_000_000  # of one call, before and after compression
BODY_BYTES = 60_000  # of the 64 KB that a column holds
WORDS = 8_000  # characters of one column, so that a row is never larger than a call
LONGEST_WAIT_S = 30.0  # for a rate limit; a longer one is left to the next try
EARLY_S = 300  # a token is renewed so long before it ends
RULE = re.compile(r"dcr-[0-9a-f]{32}")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`endpoint` is where logs go in: the rule's own, or a data collection endpoint's. `rule` is its immutable id, ``dcr-...``.

    `tenant`, `client` and `secret` are those of an application in Entra ID. `login` and `scope` are others in sovereign clouds.
    """

    endpoint: str
    rule: str
    tenant: str
    client: str
    secret: str
    stream: str = "Custom-Setright_CL"
    login: str = "https://login.microsoftonline.com"
    scope: str = "https://monitor.azure.com/.default"


SECRETS = ("secret",)


class Sentinel:
    """One rule's stream. A row that was sent twice has the same MessageId twice."""

    at_once = 250

    def __init__(self, options: Options) -> None:
        if not RULE.fullmatch(options.rule):
            raise IntegrationError(
                f"rule: {options.rule!r} is no immutable id of a data collection rule; it looks like dcr-1a2b..."
            )
        path = f"dataCollectionRules/{options.rule}/streams/{quote(options.stream)}"
        self._url = f"{checked_url(options.endpoint)}/{path}?api-version={VERSION}"
        self._login = f"{checked_url(options.login)}/{quote(options.tenant, safe='')}/oauth2/v2.0/token"
        self._options = options
        self._token, self._until_s = "", 0.0

    def send(self, messages: Sequence[Message]) -> None:
        for batch in _batches([msgspec.json.encode(row(message)) for message in messages]):
            self._send(batch)

    def _send(self, rows: Sequence[bytes]) -> None:
        answer = self._posted(gzip.compress(b"[" + b",".join(rows) + b"]", mtime=0))
        if answer.status == 413 and len(rows) > 1:
            self._send(rows[: len(rows) // 2])
            self._send(rows[len(rows) // 2 :])
            return
        _taken(answer)

    def _posted(self, data: bytes) -> Response:
        """Renews a token that is refused, once, and waits out a rate limit that is short."""
        waited_s, renewed = 0.0, False
        while True:
            headers = {"Authorization": f"Bearer {self._bearer()}", "Content-Type": "application/json", "Content-Encoding": "gzip"}
            answer = request("POST", self._url, data, headers)
            if answer.status == 401 and not renewed:
                self._token, renewed = "", True
            elif answer.status == 429 and waited_s < LONGEST_WAIT_S:
                wait_s = _wait_s(answer)
                if waited_s + wait_s > LONGEST_WAIT_S:
                    raise IntegrationError(f"Sentinel takes no more for {wait_s:.0f} s; it is tried again later")
                waited_s += wait_s
                time.sleep(wait_s)
            else:
                return answer

    def _bearer(self) -> str:
        if not self._token or time.monotonic() > self._until_s:
            self._token, lasts_s = _token(self._login, self._options)
            self._until_s = time.monotonic() + max(0.0, lasts_s - EARLY_S)
        return self._token


def row(message: Message) -> dict[str, Plain]:
    """The table's columns; all that was told is in Body besides."""
    body: Mapping[str, Plain] = message.body if isinstance(message.body, dict) else {"text": message.body}
    location: Plain = body.get("location")
    path = location.get("path") if isinstance(location, dict) else body.get("document")
    whole = len(msgspec.json.encode(body)) <= BODY_BYTES
    told = {
        "TimeGenerated": message.at,
        "MessageId": message.id,
        "Event": message.event,
        "Item": message.item,
        "Severity": body.get("severity"),
        "Title": body.get("title") or body.get("subject") or body.get("text"),
        "Control": body.get("control"),
        "Target": body.get("target"),
        "Resource": body.get("resource"),
        "Document": path,
        "Owner": body.get("owner"),
        "Lane": body.get("lane"),
        "Actor": body.get("actor"),
        "Reason": body.get("reason") or body.get("why"),
    }
    texts: dict[str, Plain] = {name: str(value or "")[:WORDS] for name, value in told.items()}
    risk = body.get("risk")
    return texts | {"Risk": risk if type(risk) is int else None, "Body": dict(body) if whole else {"cut": True}}


def _batches(rows: Sequence[bytes]) -> Iterator[list[bytes]]:
    batch, size = list[bytes](), 2
    for each in rows:
        if batch and size + len(each) + 1 > CALL_BYTES:
            yield batch
            batch, size = [], 2
        batch.append(each)
        size += len(each) + 1
    if batch:
        yield batch


def _token(url: str, options: Options) -> tuple[str, float]:
    """An access token, and for how many seconds it holds."""
    asked = {"grant_type": "client_credentials", "scope": options.scope}
    form = urlencode(asked | {"client_id": options.client, "client_secret": options.secret})
    answer = request("POST", url, form.encode(), {"Content-Type": "application/x-www-form-urlencoded"})
    told = answer.data if isinstance(answer.data, dict) else {}
    if answer.status == 200 and isinstance(token := told.get("access_token"), str):
        return token, float(told.get("expires_in") or 0)
    why = f"{told.get('error', '')}: {str(told.get('error_description', 'nothing said')).splitlines()[0][:200]}"
    meant = "check tenant, client and secret, which may have run out" if answer.status in (400, 401) else "it is tried again later"
    raise IntegrationError(f"Entra ID gave no token: {answer.status} {why}; {meant}")


def _wait_s(answer: Response) -> float:
    told = answer.headers.get("retry-after", "")
    return max(1.0, float(told)) if told.isdigit() else LONGEST_WAIT_S


def _taken(answer: Response) -> None:
    """Raises Refused only for a row that is too large; whatever else is wrong is wrong with the rule or the rights."""
    error = answer.data.get("error") if isinstance(answer.data, dict) else None
    told = f"{error.get('code')}: {error.get('message')}"[:300] if isinstance(error, dict) else ""
    said = f"Sentinel answered {answer.status}" + (f" {told}" if told else "")
    match answer.status:
        case 413:
            raise Refused(f"{said}; one event is too large")
        case 400:
            raise IntegrationError(f"{said}; check the stream's name and its columns against the rule")
        case 401:
            raise IntegrationError(f"{said}; the token is for another audience: check scope and the cloud")
        case 403:
            role = "give the application the role Monitoring Metrics Publisher on the rule"
            raise IntegrationError(f"{said}; {role} (it takes up to 30 minutes to hold)")
        case 404:
            raise IntegrationError(f"{said}; there is no such rule or stream behind this endpoint")
    accepted(answer, "Sentinel")


def open_channel(options: Options) -> Sentinel:
    return Sentinel(options)

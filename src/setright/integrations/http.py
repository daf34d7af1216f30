"""One request over HTTP(S), from the standard library: no redirects, bounded waits, bounded answers (RFC 9110)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from setright import __version__
from setright.integrations.error import IntegrationError
from setright.integrations.message import Refused

TIMEOUT_S = 30.0
MAX_SIZE_BYTES = 16_000_000
LOOPBACK = ("127.0.0.1", "::1", "localhost")
FOR_GOOD = (400, 405, 406, 409, 410, 411, 413, 414, 415, 422)  # sent once more it would be refused once more


class Response(NamedTuple):
    """A response that came, whatever its status. `data` is None where the body is no JSON. Header names are in small letters."""

    status: int
    data: Any
    headers: Mapping[str, str]


class _NoRedirect(HTTPRedirectHandler):
    """A redirect could carry a token to another host; it is told instead."""

    def redirect_request(self, *_: Any) -> None:
        return None


OPENER = build_opener(_NoRedirect)


def checked_url(url: str) -> str:
    """The URL without a slash at its end. Raises IntegrationError for one that secrets could be read on."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise IntegrationError(f"{url}: secrets are sent over https only; give an https:// URL")
    return url.rstrip("/")


def request(method: str, url: str, data: bytes | None, headers: Mapping[str, str]) -> Response:
    """Raises IntegrationError, naming the host, where nothing answers."""
    ours = {"User-Agent": f"setright/{__version__}", **headers}
    try:
        with OPENER.open(Request(url, data, ours, method=method), timeout=TIMEOUT_S) as response:  # noqa: S310 - checked_url()
            return _answer(response.status, response.read(MAX_SIZE_BYTES), response.headers.items())
    except HTTPError as error:
        with error:
            return _answer(error.code, error.read(MAX_SIZE_BYTES), error.headers.items())
    except (URLError, HTTPException, OSError) as error:
        why = getattr(error, "reason", None) or error or type(error).__name__
        parts = urlsplit(url)
        raise IntegrationError(
            f"{parts.scheme}://{parts.netloc}: cannot be reached: {why}; check the network, and run this again"
        ) from error


def accepted(answer: Response, who: str) -> Response:
    """The answer, where it says that the message was taken. Raises Refused for what no other try would change."""
    if 200 <= answer.status < 300:
        return answer
    why = f"{who} answered {answer.status}{_said(answer.data)}"
    if answer.status in FOR_GOOD:
        raise Refused(f"{why}; it will not take this message")
    if answer.status in (401, 403):
        raise IntegrationError(f"{why}; check the credentials and their rights")
    raise IntegrationError(f"{why}; it is tried again later")


def _said(data: Any) -> str:
    """What a server's JSON says went wrong, in the words that most use."""
    if not isinstance(data, dict):
        return ""
    text = next((data[key] for key in ("message", "error", "text", "detail", "title") if isinstance(data.get(key), str)), "")
    return f": {text[:200]}" if text else ""


def _answer(status: int, body: bytes, headers: Iterable[tuple[str, str]]) -> Response:
    try:
        data = json.loads(body) if body else None
    except ValueError:
        data = None
    return Response(status, data, {name.lower(): value for name, value in headers})

"""JSON over HTTPS with a token, from the standard library: no redirects, bounded waits, rate limits honoured.

Sources: RFC 9110 (Retry-After), RFC 8288 (Link).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from setright import __version__
from setright.integrations.error import IntegrationError

TIMEOUT_S = 30.0
LONGEST_WAIT_S = 90.0  # for a rate limit, all waits of one call together
MAX_SIZE_BYTES = 16_000_000
MAX_PAGES = 20
LOOPBACK = ("127.0.0.1", "::1", "localhost")
NEXT = re.compile(r'<([^>]+)>[^,]*;\s*rel="?next"?')


class Answer(NamedTuple):
    """A response that came: any status but a rate limit's. `data` is None where the body is no JSON."""

    status: int
    data: Any
    headers: Mapping[str, str]


class _NoRedirect(HTTPRedirectHandler):
    """A redirect could carry the token to another host; it is told instead."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Rest:
    """One API at one base URL. `auth` are the headers that hold the token."""

    def __init__(self, base: str, auth: Mapping[str, str], headers: Mapping[str, str]) -> None:
        parts = urlsplit(base)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
            raise IntegrationError(f"{base}: the token is sent over https only; give an https:// URL")
        self.base = base.rstrip("/")
        self._headers = {"User-Agent": f"setright/{__version__}", **headers, **auth}
        self._opener = build_opener(_NoRedirect)

    def call(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Answer:
        """Waits out a rate limit where that is short. Raises IntegrationError where nothing answers or the limit is long."""
        url = f"{self.base}{path}" + (f"?{urlencode(query)}" if query else "")
        waited_s = 0.0
        while True:
            answer = self._once(method, url, body)
            wait_s = _limited(answer)
            if wait_s is None:
                return answer
            waited_s += wait_s
            if waited_s > LONGEST_WAIT_S:
                raise IntegrationError(f"{self.base}: the rate limit is used up for {wait_s:.0f} s more; run this again then")
            time.sleep(wait_s)

    def pages(self, path: str, query: Mapping[str, str]) -> Iterator[Answer]:
        """The pages of a list, by their Link headers; one that leads to another place ends it with IntegrationError."""
        answer = self.call("GET", path, query=query)
        yield answer
        for _ in range(MAX_PAGES):
            following = NEXT.search(answer.headers.get("link", ""))
            if answer.status != 200 or following is None:
                return
            if not following[1].startswith(f"{self.base}/"):
                raise IntegrationError(f"{self.base}: its next page is elsewhere; check the API's URL (--api-url)")
            answer = self.call("GET", following[1].removeprefix(self.base))
            yield answer

    def _once(self, method: str, url: str, body: Any) -> Answer:
        data = None if body is None else json.dumps(body).encode()
        headers = self._headers | ({"Content-Type": "application/json"} if data else {})
        request = Request(url, data, headers, method=method)  # noqa: S310 - the scheme was checked
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as response:
                return _answer(response.status, response.read(MAX_SIZE_BYTES), response.headers.items())
        except HTTPError as error:
            with error:
                return _answer(error.code, error.read(MAX_SIZE_BYTES), error.headers.items())
        except (URLError, HTTPException, OSError) as error:
            why = getattr(error, "reason", None) or error or type(error).__name__
            raise IntegrationError(f"{self.base}: cannot be reached: {why}; check the network, and run this again") from error


def _answer(status: int, body: bytes, headers: Iterable[tuple[str, str]]) -> Answer:
    try:
        data = json.loads(body) if body else None
    except ValueError:
        data = None
    return Answer(status, data, {name.lower(): value for name, value in headers})


def _limited(answer: Answer) -> float | None:
    """The seconds to wait; None where no rate limit was hit. A bare 403 is about rights."""
    headers = answer.headers
    told = headers.get("retry-after", "")
    if answer.status == 429 or (answer.status == 403 and (told or headers.get("x-ratelimit-remaining") == "0")):
        if told.isdigit():
            return max(1.0, float(told))
        reset = headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset") or ""
        return max(1.0, float(reset) - time.time()) if reset.isdigit() else 30.0
    return None

"""JSON over HTTPS with a token; rate limits are waited out.

Sources: RFC 9110 (Retry-After), RFC 8288 (Link).
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from setright.integrations.error import IntegrationError
from setright.integrations.http import Response, checked_url, request

LONGEST_WAIT_S = 90.0  # for a rate limit, all waits of one call together
MAX_PAGES = 20
SECONDARY_WAIT_S = 60.0  # GitHub's word where a secondary limit names no time
NEXT = re.compile(r'<([^>]+)>[^,]*;\s*rel="?next"?')


class Limited(IntegrationError):
    """A rate limit that is too long to wait for: the request was answered, and nothing came of it."""


class Rest:
    """One API at one base URL. `auth` are the headers that hold the token."""

    def __init__(self, base: str, auth: Mapping[str, str], headers: Mapping[str, str]) -> None:
        self.base = checked_url(base)
        self._headers = {**headers, **auth}

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Waits out a rate limit where that is short. Raises Limited where it is long, IntegrationError where nothing answers."""
        url = f"{self.base}{path}" + (f"?{urlencode(query)}" if query else "")
        waited_s = 0.0
        while True:
            answer = self._once(method, url, body, headers or {})
            wait_s = _limited(answer)
            if wait_s is None:
                return answer
            waited_s += wait_s
            if waited_s > LONGEST_WAIT_S:
                raise Limited(f"{self.base}: the rate limit is used up for {wait_s:.0f} s more; run this again then")
            time.sleep(wait_s)

    def pages(self, path: str, query: Mapping[str, str], most: int = MAX_PAGES) -> Iterator[Response]:
        """The pages of a list, by their Link headers; one that leads to another place ends it with IntegrationError."""
        answer = self.call("GET", path, query=query)
        yield answer
        for _ in range(most):
            following = NEXT.search(answer.headers.get("link", ""))
            if answer.status != 200 or following is None:
                return
            if not following[1].startswith(f"{self.base}/"):
                raise IntegrationError(f"{self.base}: its next page is elsewhere; check the API's URL (--api-url)")
            answer = self.call("GET", following[1].removeprefix(self.base))
            yield answer

    def _once(self, method: str, url: str, body: Any, headers: Mapping[str, str]) -> Response:
        data = None if body is None else json.dumps(body).encode()
        return request(method, url, data, {**self._headers, **headers, **({"Content-Type": "application/json"} if data else {})})


def _limited(answer: Response) -> float | None:
    """The seconds to wait; None where no rate limit was hit. A bare 403 is about rights."""
    headers = answer.headers
    told = headers.get("retry-after", "")
    is_secondary = isinstance(answer.data, dict) and "secondary rate limit" in str(answer.data.get("message"))
    used_up = told or headers.get("x-ratelimit-remaining") == "0" or is_secondary
    if answer.status == 429 or (answer.status == 403 and used_up):
        if told.isdigit():
            return max(1.0, float(told))
        reset = headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset") or ""
        if is_secondary and headers.get("x-ratelimit-remaining") != "0":
            return SECONDARY_WAIT_S
        return max(1.0, float(reset) - time.time()) if reset.isdigit() else 30.0
    return None

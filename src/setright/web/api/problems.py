"""What is said when something is not done: application/problem+json (RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.responses import Response

from setright.model import Plain
from setright.web.api.shapes import ProblemDetails

MEDIA = "application/problem+json"
TYPE = "urn:setright:problem:"
TITLES = {  # name -> HTTP status and title
    "no-token": (401, "A token is needed"),
    "not-allowed": (403, "This token may not do that"),
    "own-request": (403, "Nobody agrees to what they asked for themselves"),
    "not-found": (404, "There is nothing here"),
    "wrong-method": (405, "Not by this method"),
    "refused": (409, "This cannot be done as things are"),
    "findings": (409, "There are findings"),
    "not-as-asked": (409, "It did not end as it was asked to"),
    "unreached": (409, "A target could not be read"),
    "too-long": (413, "The request is too long"),
    "not-json": (415, "The request is not JSON"),
    "malformed": (400, "The request is not one of ours"),
    "key-used": (422, "This Idempotency-Key was used for something else"),
    "too-often": (429, "Too many calls"),
    "cut-off": (500, "The server ended before this did"),
}


class NotDone(Exception):
    """Something that is not done; `name` is one of `TITLES`."""

    def __init__(self, name: str, detail: str, answer: dict[str, Plain] | None = None) -> None:
        super().__init__(detail)
        self.status = TITLES[name][0]
        self.name = name
        self.answer = answer

    @property
    def problem(self) -> ProblemDetails:
        return ProblemDetails(TYPE + self.name, TITLES[self.name][1], self.status, str(self), answer=self.answer)


def problem_response(refused: NotDone, headers: Mapping[str, str], instance: str = "") -> Response:
    """As the caller gets it. `instance`: the call that it is of."""
    body = msgspec.json.encode(msgspec.structs.replace(refused.problem, instance=instance))
    return Response(body, refused.status, dict(headers), MEDIA)

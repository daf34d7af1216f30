"""The API's requests: whose they are, whether they may, and one call for each key, however often it is asked for (Starlette).

Bearer tokens: RFC 6750. ``Idempotency-Key``: draft-ietf-httpapi-idempotency-key-header. ``Prefer: wait``: RFC 7240.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from hashlib import sha256
from socket import gethostname
from time import monotonic
from typing import TypeVar

import anyio
import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from setright.app import App
from setright.engine.bearers import bearer
from setright.engine.contract import SCHEMA
from setright.engine.error import EngineError
from setright.engine.redact import redact_text
from setright.engine.store import BearerToken, Call
from setright.engine.times import now, stamp
from setright.model import Plain
from setright.web.api import performing, shapes
from setright.web.api.doing import DIED, Doer
from setright.web.api.openapi import openapi_document
from setright.web.api.pace import Quota
from setright.web.api.problems import NotDone, problem_response

T = TypeVar("T")
LOG = logging.getLogger("setright.serve")
MAX_BODY_BYTES = 256_000
LONGEST_WAIT_S = 600
LOOKS_EVERY_S = 0.25
STRANGERS_PER_MINUTE = 30  # requests without a token that holds, of one address
KEY = re.compile(r"[\x21-\x7e]{8,200}")
KNOWN = [*(each.path for each in shapes.OPERATIONS), "/openapi.json", "/(calls|plans)/[^/]+"]
WAIT = re.compile(r"(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])")


class Api:
    """The routes for one app. `doer` does what takes long; `headers` go with every answer."""

    def __init__(self, app: App, doer: Doer, headers: Mapping[str, str]) -> None:
        self._app = app
        self._doer = doer
        self._headers = dict(headers)
        self._pace = Quota(app.configuration.serve.calls_per_minute)
        self._strangers = Quota(STRANGERS_PER_MINUTE)
        self._acting: dict[str, App] = {}

    @property
    def route(self) -> BaseRoute:
        asked = [Route(each.path, self._asking(each), methods=["POST"]) for each in shapes.OPERATIONS]
        looks = [
            Route("/openapi.json", self._document),
            Route("/calls/{id}", self._telling(self._call)),
            Route("/plans/{hash}", self._telling(self._plan)),
        ]
        rest = Route("/{rest:path}", self._nothing, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
        return Mount(shapes.PREFIX, routes=[*asked, *looks, rest])

    def _asking(self, operation: shapes.Operation) -> Callable[[Request], Awaitable[Response]]:
        return self._guarded(partial(self._asked, operation))

    def _telling(self, of: Callable[[BearerToken, str], dict[str, Plain]]) -> Callable[[Request], Awaitable[Response]]:
        async def tell(request: Request, token: BearerToken) -> Response:
            (wanted,) = request.path_params.values()
            return self._json(await run_in_threadpool(of, token, wanted))

        return self._guarded(tell)

    def _guarded(self, inner: Callable[[Request, BearerToken], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        """With a token that holds, not too often, and with a problem for whatever is refused."""

        async def guarded(request: Request) -> Response:
            try:
                return await inner(request, await run_in_threadpool(self._bearer, request))
            except NotDone as refused:
                return problem_response(refused, self._headers | _more(refused), request.url.path)
            except EngineError as error:
                return problem_response(NotDone("refused", redact_text(str(error))), self._headers, request.url.path)

        return guarded

    def _bearer(self, request: Request) -> BearerToken:
        sort, _, text = request.headers.get("authorization", "").partition(" ")
        stranger = request.client.host if request.client else ""
        try:
            if sort.lower() != "bearer":
                raise EngineError("send Authorization: Bearer TOKEN; `setright tokens new` makes one")
            token = bearer(self._app.store, text.strip(), now())
        except EngineError as error:
            if wait_s := self._strangers.wait_s(stranger):
                raise TooOften(wait_s) from error
            raise NotDone("no-token", str(error)) from error
        if wait_s := self._pace.wait_s(token.id):
            raise TooOften(wait_s)
        self._app.store.token_used(token.id, now())
        return token

    async def _asked(self, operation: shapes.Operation, request: Request, token: BearerToken) -> Response:
        if operation.action not in token.actions:
            what = {"token": token.id, "action": operation.action}
            await run_in_threadpool(self._for(token.actor).ledger.append, "call refused", what)
            raise NotDone("not-allowed", f"this token may {', '.join(token.actions)}, not {operation.action}")
        asked = await _read(request, operation.takes)
        made = await run_in_threadpool(self._take, operation, token, asked, _key(request))
        return await self._ended(made, request)

    def _take(self, operation: shapes.Operation, token: BearerToken, asked: shapes.Asked, key: str) -> Call:
        """The call of that key: this one, or the one that was made before. What does not take long is done at once."""
        app, at = self._for(token.actor), now()
        is_long = operation.is_long and not getattr(asked, "dry_run", False)
        id_ = f"c{at:%y%m%d-%H%M%S}-{secrets.token_hex(4)}"
        body, state = msgspec.json.encode(asked).decode(), "waiting" if is_long else "running"
        host = "" if is_long else gethostname()
        wanted = Call(id_, token.id, token.actor, operation.action, key or id_, body, state, stamp(at), host)
        kept, is_new = app.store.take_call(wanted)
        if not is_new:
            if (kept.action, kept.body) != (wanted.action, wanted.body):
                raise NotDone("key-used", f"it is that of the call {kept.id}, which asked for something else; take a new one")
            return kept
        said = {"call": id_, "token": token.id, "action": operation.action, "asked": msgspec.json.decode(body)}
        app.ledger.append("called", said)
        if not is_long:
            try:
                return performing.end_call(app, kept)
            finally:  # what nobody thought of ends it, too
                app.store.end_call(id_, *DIED, now())
        self._doer.wanted()
        return kept

    async def _ended(self, call: Call, request: Request) -> Response:
        """200 or the problem where it has ended, as long as the caller wants to wait for that; else 202 and where to look."""
        found = WAIT.search(request.headers.get("prefer", ""))
        until = monotonic() + min(int(found[1]) if found else 0, LONGEST_WAIT_S)
        while call.state != "ended" and monotonic() < until:
            await anyio.sleep(LOOKS_EVERY_S)
            call = await run_in_threadpool(self._again, call)
        url = f"{shapes.PREFIX}/calls/{call.id}"
        headers = self._headers | {"Location": url} | ({"Preference-Applied": f"wait={found[1]}"} if found else {})
        if call.state != "ended":
            return self._json(call_told(call), 202, headers | {"Retry-After": "2"})
        if call.status >= 400:
            problem = msgspec.json.decode(call.answer, type=shapes.ProblemDetails)
            refused = NotDone(problem.type.rpartition(":")[2], problem.detail, problem.answer)
            return problem_response(refused, headers, url)
        return self._json(call_told(call), 200, headers)

    def _again(self, call: Call) -> Call:
        return self._app.store.call(call.id) or call

    def _call(self, token: BearerToken, id_: str) -> dict[str, Plain]:
        found = self._app.store.call(id_)
        if found is None or found.actor != token.actor:
            raise NotDone("not-found", f"{id_} is no call of {token.actor}")
        return call_told(found)

    def _plan(self, token: BearerToken, hash_: str) -> dict[str, Plain]:
        return performing.plan_told(self._for(token.actor), token, hash_)

    async def _document(self, request: Request) -> Response:
        return Response(openapi_document(), headers=self._headers, media_type="application/json")

    async def _nothing(self, request: Request) -> Response:
        known = any(re.fullmatch(each, request.url.path.removeprefix(shapes.PREFIX)) for each in KNOWN)
        why = f"{request.method} {request.url.path}; /api/v1/openapi.json says what there is"
        return problem_response(NotDone("wrong-method" if known else "not-found", why), self._headers, request.url.path)

    def _for(self, actor: str) -> App:
        """The app as somebody else: the ledger says their name. What is costly is shared."""
        if actor not in self._acting:
            acting = App(self._app.configuration, actor=actor)
            vars(acting).update(store=self._app.store, catalogue=self._app.catalogue)
            self._acting[actor] = acting
        return self._acting[actor]

    def _json(self, told: Plain, status: int = 200, headers: Mapping[str, str] = {}) -> Response:
        return Response(msgspec.json.encode(told), status, dict(headers or self._headers), "application/json")


class TooOften(NotDone):
    """Somebody called more often than they may."""

    def __init__(self, wait_s: int) -> None:
        super().__init__("too-often", f"wait {wait_s} s; [serve] calls_per_minute says how often")
        self.wait_s = wait_s


def call_told(call: Call) -> dict[str, Plain]:
    held = msgspec.json.decode(call.answer) if call.answer else None
    is_problem = call.status >= 400
    told = shapes.Told(
        id=call.id,
        action=call.action,
        actor=call.actor,
        state=call.state,  # type: ignore[arg-type]
        url=f"{shapes.PREFIX}/calls/{call.id}",
        at=call.at,
        ended_at=call.ended_at,
        status=call.status,
        answer=None if is_problem else held,
        problem=msgspec.convert(held, shapes.ProblemDetails) if is_problem else None,
    )
    return {"schema": SCHEMA, **msgspec.to_builtins(told)}


def _more(refused: NotDone) -> dict[str, str]:
    if isinstance(refused, TooOften):
        return {"Retry-After": str(refused.wait_s)}
    return {"WWW-Authenticate": 'Bearer realm="setright"'} if refused.name == "no-token" else {}


def _key(request: Request) -> str:
    """The caller's name for the call; empty: it has none, and every request is a call of its own."""
    key = request.headers.get("idempotency-key", "")
    if not key:
        return ""
    if not KEY.fullmatch(key):
        raise NotDone("malformed", "an Idempotency-Key has 8 to 200 printable characters without blanks")
    return sha256(key.encode()).hexdigest()


async def _read(request: Request, takes: type[T]) -> T:
    """The body as what it must be. Raises Refused, with the place of what is wrong."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotDone("not-json", "send Content-Type: application/json")
    parts: list[bytes] = []
    async for part in request.stream():
        parts.append(part)
        if sum(map(len, parts)) > MAX_BODY_BYTES:
            raise NotDone("too-long", f"{MAX_BODY_BYTES} bytes at most")
    try:
        return msgspec.json.decode(b"".join(parts), type=takes)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotDone("malformed", str(error).replace("`", "")) from error

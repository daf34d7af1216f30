"""The server: routes, and the headers that keep a page to itself (Starlette, uvicorn).

GET decides nothing. A POST must come from our own page: its form holds a key made for the token, and a browser that says where
it comes from must say this origin (Fetch metadata, w3.org/TR/fetch-metadata; Origin, RFC 6454).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from hmac import compare_digest
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from setright.app import App
from setright.engine.channels import ROUTE_KEYS, secret
from setright.engine.error import EngineError
from setright.engine.links import form_key
from setright.integrations import slack as slack_channel
from setright.web import pages, slack
from setright.web.answers import NOT_YET, AnswerRunner, Answers, Told
from setright.web.api.doing import Doer
from setright.web.api.routes import Api
from setright.web.figures import figures

MAX_BODY_BYTES = 256_000
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}


class Ways(NamedTuple):
    """How the server was started: whether it runs what is approved, and whether anybody may read the figures."""

    runner: AnswerRunner | None = None
    metrics_to_all: bool = False
    configuration: tuple[str, ...] = ()  # its file, where one is named


def site(app: App, ways: Ways) -> Starlette:
    """Everything that is served for one app."""
    server = _Server(app, ways)
    return Starlette(
        routes=[
            Route("/healthz", server.health),
            Route("/metrics", server.metrics),
            Route("/style.css", server.style),
            Route("/approve/{token}", server.shown, methods=["GET"]),
            Route("/approve/{token}", server.answered, methods=["POST"]),
            Route("/plans/{word}", server.seen, methods=["GET"]),
            Route("/plans/{word}", server.invited, methods=["POST"]),
            Route("/slack/interactive", server.slack, methods=["POST"]),
            Api(app, Doer(app.store, ways.configuration), HEADERS).route,
        ],
        exception_handlers={404: _not_found, 405: _wrong_method, Exception: _failed},
    )


def serve(app: App, at: tuple[str, int], ways: Ways, say: Callable[[str], None]) -> None:
    """Listens at an address and port (0: any that is free), says at which URL, and serves until the process is told to end.

    Raises OSError where it cannot listen there.
    """
    served = site(app, ways)
    with socket.socket(socket.AF_INET6 if ":" in at[0] else socket.AF_INET, socket.SOCK_STREAM) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(at)
        opened.listen()
        say(f"http://{f'[{at[0]}]' if ':' in at[0] else at[0]}:{opened.getsockname()[1]}")
        # no access log: links are secrets
        uvicorn.Server(uvicorn.Config(served, log_level="warning", access_log=False, server_header=False)).run(sockets=[opened])


class _Server:
    def __init__(self, app: App, ways: Ways) -> None:
        self._app = app
        self._ways = ways
        self._answers = Answers(app, ways.runner)
        self._slack = _slack(app)
        self._url = app.configuration.serve.url

    async def health(self, request: Request) -> Response:
        try:
            await run_in_threadpool(self._app.store.spent, "")
        except EngineError as error:
            return PlainTextResponse(f"not well: {error}\n", 503, HEADERS)
        return PlainTextResponse("ok\n", headers=HEADERS)

    async def metrics(self, request: Request) -> Response:
        """To this host alone, unless the server was told to show them to all: they say how much is open."""
        here = request.client is not None and request.client.host in ("127.0.0.1", "::1")
        if not (here or self._ways.metrics_to_all):
            return await _not_found(request, None)
        text = await run_in_threadpool(figures, self._app)
        return PlainTextResponse(text, headers=HEADERS, media_type="text/plain; version=0.0.4")

    async def style(self, request: Request) -> Response:
        return Response(pages.STYLE, media_type="text/css", headers=HEADERS | {"Cache-Control": "max-age=3600"})

    async def shown(self, request: Request) -> Response:
        return await self._page(self._asked, request.path_params["token"])

    async def answered(self, request: Request) -> Response:
        """Nothing is recorded unless the form is ours."""
        token = request.path_params["token"]
        form = await self._ours(request, token)
        if form is None:
            return _html(pages.told_page("Nothing was approved", "open the link of the message, and answer there", "bad"), 403)
        return await self._page(self._answer, token, form)

    async def seen(self, request: Request) -> Response:
        return await self._page(self._seen, request.path_params["word"])

    async def invited(self, request: Request) -> Response:
        word = request.path_params["word"]
        form = await self._ours(request, word)
        if form is None:
            return _html(pages.told_page("No letter was sent", "open the link of the ticket, and ask there", "bad"), 403)
        return await self._page(self._invited, word, form)

    async def slack(self, request: Request) -> Response:
        """Acknowledged at once; what the button asks for is done afterwards."""
        body = await _body(request)
        options = self._slack
        if body is None or options is None or not slack.is_from_slack(options, dict(request.headers), body):
            return PlainTextResponse("not signed by Slack\n", 401, HEADERS)
        button = slack.pressed(body)
        task = BackgroundTask(slack.act, self._answers, options, button) if button else None
        return Response(status_code=200, headers=HEADERS, background=task)

    async def _ours(self, request: Request, word: str) -> dict[str, str] | None:
        """A form that our page for this token or plan sent; None: it is somebody else's."""
        form = await _form(request)
        key = form_key(word, self._app.asking.key).encode()
        ours = form is not None and _from_here(request, self._url) and compare_digest(form.get("key", "").encode(), key)
        return form if ours else None

    def _seen(self, word: str) -> Response:
        view = self._answers.seen(word)
        if isinstance(view, Told):
            return _told(view)
        return _html(pages.seen_page(view, f"/plans/{word}", form_key(word, self._app.asking.key)))

    def _invited(self, word: str, form: dict[str, str]) -> Response:
        told = self._answers.invite(word, form.get("person", ""))
        return _html(pages.told_page(told.title, told.text, "good" if told.taken else "bad"), 200 if told.taken else 409)

    def _asked(self, token: str) -> Response:
        view = self._answers.view(token)
        if isinstance(view, Told):
            return _told(view)
        action = f"/approve/{token}"
        return _html(pages.plan_page(view, action, form_key(token, self._app.asking.key)))

    def _answer(self, token: str, form: dict[str, str]) -> Response:
        reason, to = form.get("reason", ""), form.get("to", "")
        match form.get("answer"):
            case "approve" if reason or to:
                told = Told("Nothing was approved", "the form says yes, and why not; open the link again and answer one", False)
            case "approve":
                told = self._answers.approve(token)
            case "later":
                told = self._answers.later(token, reason)
            case "theirs":
                told = self._answers.theirs(token, (reason, to))
            case _:
                told = Told("Nothing was recorded", "the form holds no answer", False)
        tone, status = ("good", 200) if told.taken else ("bad", 409)
        return _html(pages.told_page(told.title, told.text, tone, told.since, told.anew), status)

    async def _page(self, make: Callable[..., Response], *words: Any) -> Response:
        try:
            return await run_in_threadpool(make, *words)
        except EngineError as error:
            return _html(pages.told_page("Nothing is asked here", str(error), "bad"), 404)


def _slack(app: App) -> slack_channel.Options | None:
    """The first channel of Slack whose requests we can verify. Raises EngineError for one that is laid down wrongly."""
    for name, table in app.configuration.integrations.items():
        if table.get("type") == "slack" and "signing_secret" in table:
            place = f"[integrations.{name}]"
            given = {key: value for key, value in table.items() if key not in ROUTE_KEYS}
            told = {key: secret(value, f"{place} {key}", os.environ) for key, value in given.items()}
            try:
                return msgspec.convert(told, slack_channel.Options)
            except msgspec.ValidationError as error:
                raise EngineError(f"{place}: {error}") from error
    return None


def _from_here(request: Request, url: str) -> bool:
    """Whether a browser says that its form was ours; one that says nothing is let through to the form's key.

    `url` is where people reach us: behind a proxy the request may name another host.
    """
    came, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    ours = {request.headers.get("host"), urlsplit(url).netloc}
    return came in (None, "same-origin") and (origin is None or urlsplit(origin).netloc in ours - {"", None})


async def _form(request: Request) -> dict[str, str] | None:
    body = await _body(request)
    if body is None or not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return None
    try:
        given = parse_qs(body.decode(), max_num_fields=20)
    except ValueError:
        return None
    return {name: values[0] for name, values in given.items()} if all(len(values) == 1 for values in given.values()) else None


async def _body(request: Request) -> bytes | None:
    """None: it is longer than anything that is asked here."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def _told(why: Told) -> Response:
    """Why a page asks for nothing."""
    return _html(pages.told_page(why.title, why.text, "", why.since, why.anew), 409 if why.title == NOT_YET else 410)


def _html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, HEADERS)


async def _not_found(request: Request, error: Exception | None) -> Response:
    return _html(pages.told_page("There is nothing here", "open the link as it stands in the message"), 404)


async def _wrong_method(request: Request, error: Exception) -> Response:
    text = "a page here is opened, or its button is pressed; open the link as it stands in the message"
    page = _html(pages.told_page("Nothing was done", text, "bad"), 405)
    page.headers.update(getattr(error, "headers", None) or {})
    return page


async def _failed(request: Request, error: Exception) -> Response:
    """Starlette logs the error itself; the page tells nothing of it."""
    text = "setright failed here, and what it was is in its log. Whether your answer was taken shows when you open the link again"
    return _html(pages.told_page("Something went wrong", text, "bad"), 500)

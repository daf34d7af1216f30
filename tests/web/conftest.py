"""A tree with a plan that waits, and the server that people answer on: both the real program."""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from setright.app import App
from setright.engine.configuration import load_configuration
from tests.cli.conftest import ASK, Program, setright  # noqa: F401 - fixtures

START = "from setright.cli import main; main(prog_name='setright')"
PEOPLE = """
fallback = "platform"
[[owners]]
name = "web"
contact = "web@example.com"
targets = ["*"]
[[owners]]
name = "platform"
contact = "platform@example.com"
[[people]]
name = "Ann"
login = "ann"
email = "ann@example.com"
roles = ["board"]
slack = "U1"
[[people]]
name = "Bob"
login = "bob"
email = "bob@example.com"
roles = ["board"]
slack = "U2"
[[people]]
name = "Cat"
email = "cat@example.com"
slack = "U3"
[serve]
url = "http://approve.example"
"""
ONE = '[[approvals]]\ncontrols = ["aws/rds/*"]\nrole = "board"\n'
TWO = '[[approvals]]\ncontrols = ["aws/rds/*"]\nrole = "board"\nneeds = 2\nfour_eyes = true\n'
SECRET = "8f742231b10e8888abcd99yyyzzz85a5"


class Said(NamedTuple):
    """What a server answered."""

    status: int
    text: str
    headers: dict[str, str]


def ask(url: str, form: dict[str, str] | bytes | None = None, **headers: str) -> Said:
    data = urlencode(form).encode() if isinstance(form, dict) else form
    request = Request(url, data, {name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urlopen(request, timeout=60) as answer:
            return Said(answer.status, answer.read().decode(), {k.lower(): v for k, v in answer.headers.items()})
    except HTTPError as error:
        with error:
            return Said(error.code, error.read().decode(), {k.lower(): v for k, v in error.headers.items()})


class Place:
    """One state directory with its configuration, the plan that Ann asked for, and a server."""

    def __init__(self, program: Program, url: str) -> None:
        self.program = program
        self.url = url

    @property
    def app(self) -> App:
        return App(load_configuration(self.program.tree / "setright.toml", self.program.env))

    @property
    def plan(self) -> Any:
        return next(plan for plan in self.app.store.plans() if plan.plan.lane == "ask").plan

    def link(self, person: str) -> str:
        return f"{self.url}/approve/{self.app.asking.token(self.plan, person)}"

    def lacks(self) -> str:
        app = self.app
        return app.consent.lacking([self.plan])[self.plan.hash]

    def events(self) -> list[dict[str, Any]]:
        lines = (self.program.tree.parent / "state" / "ledger.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def answer(self, link: str, answer: str = "approve", **more: str) -> Said:
        """As a browser does: open the page, press the button."""
        page = ask(link)
        key = re.search(r"name=key value='([^']+)'", page.text)
        assert key, page.text
        return ask(link, {"key": key[1], "answer": answer, **more}, Origin=self.url, Sec_Fetch_Site="same-origin")


@pytest.fixture
def started() -> Iterator[Any]:
    """Starts servers, and ends them."""
    running: list[subprocess.Popen[str]] = []

    def start(program: Program, configuration: str, *words: str) -> Place:
        (program.tree / "setright.toml").write_text(configuration)
        assert program("scan", ".", "--fail-on", "never").code == 0
        program.env |= {"LOGNAME": "ann", "USER": "ann"}
        asked = program("plan", ".", "--control", ASK, "--ask", "--format", "json")
        assert asked.json["plans"], asked.err
        command = [sys.executable, "-c", START, "serve", "--port", "0", "--format", "json", *words]
        told: Any = {"cwd": program.tree, "env": program.env, "stdout": subprocess.PIPE, "text": True}
        running.append(subprocess.Popen(command, **told))
        out = running[-1].stdout
        assert out is not None
        lines = iter(out.readline, "")
        text = ""
        for line in lines:
            text += line
            if line.startswith("}"):
                break
        return Place(program, json.loads(text)["url"])

    yield start
    for each in running:
        each.terminate()
        each.wait(10)


@pytest.fixture
def place(setright: Program, started: Any) -> Place:  # noqa: F811
    return started(setright, PEOPLE + ONE)


class SlackServer:
    """Enforces what Slack's API does: the token, one message a second and Retry-After, its errors with status 200."""

    def __init__(self) -> None:
        self.posted: list[dict[str, Any]] = []
        self.answered: list[dict[str, Any]] = []
        self.limited = 0
        self.error = ""
        self.heard = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path.startswith("/respond"):
                    outer.answered.append(body)
                    outer.heard.set()
                    return self.say(200, b"ok", {})
                if outer.limited:
                    outer.limited -= 1
                    return self.say(429, b'{"ok": false, "error": "ratelimited"}', {"Retry-After": "1"})
                return self.say(200, json.dumps(outer.judged(self.path, dict(self.headers), body)).encode(), {})

            def say(self, status: int, data: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in {"Content-Length": str(len(data)), "Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def judged(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        if path != "/chat.postMessage":
            return {"ok": False, "error": "unknown_method"}
        if headers.get("Authorization") != "Bearer xoxb-right":
            return {"ok": False, "error": "invalid_auth"}
        if self.error or not body.get("channel"):
            return {"ok": False, "error": self.error or "channel_not_found"}
        assert all(len(block["text"]["text"]) <= 3000 for block in body.get("blocks", ()) if "text" in block)
        assert all(len(e["value"]) <= 2000 for block in body.get("blocks", ()) for e in block.get("elements", ()))
        self.posted.append(body)
        return {"ok": True, "ts": "1.1"}


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    server = SlackServer()
    yield server
    server.server.shutdown()
    server.server.server_close()

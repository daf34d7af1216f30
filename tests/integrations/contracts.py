"""Local servers that hold callers to the public contracts of Splunk's HEC, PagerDuty's Events API and Opsgenie's Alert API."""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from uuid import UUID

TOKEN = "11111111-2222-4333-8444-555555555555"


class Reply(NamedTuple):
    status: int
    data: Any
    headers: dict[str, str] = {}


class Contract:
    """A server of JSON answers. `down` answers 503 to everything; `raw` are the bodies that came."""

    def __init__(self) -> None:
        self.down = False
        self.requests = 0
        self.raw: list[bytes] = []
        contract = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None: ...

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                contract.requests += 1
                contract.raw.append(body)
                reply = (
                    Reply(503, {"text": "Server is busy", "code": 9})
                    if contract.down
                    else contract.post(self.path, self.headers, body)
                )
                data = b"" if reply.status == 204 else json.dumps(reply.data).encode()
                self.send_response(reply.status)
                for name, value in ({"Content-Type": "application/json"} | reply.headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=lambda: self.server.serve_forever(0.05), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def post(self, path: str, headers: Any, body: bytes) -> Reply:
        raise NotImplementedError

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


class SplunkServer(Contract):
    """HEC. `events` are those indexed; with `acknowledges`, an ackId turns true when it was asked for twice."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[dict[str, Any]] = []
        self.acknowledges = False
        self.indexes = {"main", "security"}
        self.asked: dict[int, int] = {}
        self.never = False

    def post(self, path: str, headers: Any, body: bytes) -> Reply:
        sent = headers.get("Authorization", "")
        if not sent:
            return Reply(401, {"text": "Token is required", "code": 2})
        if not sent.startswith("Splunk "):
            return Reply(401, {"text": "Invalid authorization", "code": 3})
        if sent != f"Splunk {TOKEN}":
            return Reply(403, {"text": "Invalid token", "code": 4})
        if self.acknowledges and not _is_uuid(headers.get("X-Splunk-Request-Channel", "")):
            return Reply(400, {"text": "Data channel is missing", "code": 10})
        if path == "/services/collector/ack":
            return self._acks(json.loads(body)["acks"])
        return self._events(body) if path == "/services/collector/event" else Reply(404, {"text": "not found", "code": 404})

    def _acks(self, numbers: list[int]) -> Reply:
        for number in numbers:
            self.asked[number] = self.asked.get(number, 0) + 1
        return Reply(200, {"acks": {str(n): self.asked[n] > 1 and not self.never for n in numbers}})

    def _events(self, body: bytes) -> Reply:
        if not body.strip():
            return Reply(400, {"text": "No data", "code": 5})
        try:
            events = [json.loads(line) for line in body.splitlines()]
        except ValueError:
            return Reply(400, {"text": "Invalid data format", "code": 6})
        for number, event in enumerate(events):
            if not event.get("event"):
                return Reply(400, {"text": "Event field is required", "code": 12, "invalid-event-number": number})
            if event.get("index", "main") not in self.indexes:
                return Reply(400, {"text": "Incorrect index", "code": 7, "invalid-event-number": number})
            if not isinstance(event.get("time"), int | float):
                return Reply(400, {"text": "Invalid data format", "code": 6, "invalid-event-number": number})
        self.events += events
        return Reply(200, {"text": "Success", "code": 0} | ({"ackId": len(self.events)} if self.acknowledges else {}))


class PagerDutyServer(Contract):
    """Events API v2. `open` alerts by dedup_key, `log` of (action, key), `told` every payload that came."""

    def __init__(self) -> None:
        super().__init__()
        self.open: dict[str, dict[str, Any]] = {}
        self.log: list[tuple[str, str]] = []
        self.told: list[dict[str, Any]] = []

    def post(self, path: str, headers: Any, body: bytes) -> Reply:
        event = json.loads(body)
        wrong = self._wrong(path, headers, event)
        if wrong:
            return Reply(400, {"status": "invalid event", "message": "Event object is invalid", "errors": wrong})
        key = event["dedup_key"]
        self.log.append((event["event_action"], key))
        if event["event_action"] == "trigger":
            self.open[key] = event["payload"]
            self.told.append(event["payload"])
        else:
            self.open.pop(key, None)
        return Reply(202, {"status": "success", "message": "Event processed", "dedup_key": key})

    def _wrong(self, path: str, headers: Any, event: dict[str, Any]) -> list[str]:
        wrong = [] if path == "/v2/enqueue" and headers["Content-Type"] == "application/json" else ["no such place"]
        if len(event.get("routing_key", "")) != 32:
            wrong.append("Length of 'routing_key' is incorrect (should be 32 characters)")
        if event.get("event_action") not in ("trigger", "acknowledge", "resolve") or len(event.get("dedup_key", "")) > 255:
            wrong.append("event_action or dedup_key")
        if event.get("event_action") == "trigger":
            payload = event.get("payload", {})
            if not payload.get("summary") or len(payload["summary"]) > 1024 or not payload.get("source"):
                wrong.append("summary or source")
            if payload.get("severity") not in ("critical", "error", "warning", "info"):
                wrong.append("severity")
        return wrong


class OpsgenieServer(Contract):
    """Alert API. `open` alerts by alias."""

    def __init__(self) -> None:
        super().__init__()
        self.open: dict[str, dict[str, Any]] = {}

    def post(self, path: str, headers: Any, body: bytes) -> Reply:
        if headers.get("Authorization") != f"GenieKey {TOKEN}":
            return Reply(401, {"message": "Could not authenticate", "took": 0.0})
        data = json.loads(body)
        if closed := re.fullmatch(r"/v2/alerts/([^/]+)/close\?identifierType=alias", path):
            self.open.pop(closed[1], None)
            return Reply(202, {"result": "Request will be processed", "requestId": "r"})
        if path != "/v2/alerts" or not data.get("message") or len(data["message"]) > 130 or len(data.get("alias", "")) > 512:
            return Reply(422, {"message": "Request body is not processable", "errors": {"message": "may not be empty"}})
        if data.get("priority", "P3") not in ("P1", "P2", "P3", "P4", "P5") or not all(
            isinstance(v, str) for v in data["details"].values()
        ):
            return Reply(422, {"message": "Request body is not processable"})
        self.open[data["alias"]] = data
        return Reply(202, {"result": "Request will be processed", "requestId": "r"})


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False

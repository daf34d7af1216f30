"""A webhook receiver as Standard Webhooks describes one: it verifies before it believes, and knows the ids it has had."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SECRET = "whsec_" + base64.b64encode(b"a key that only the two of us know").decode()
OLDEST_S = 300


class Receiver:
    """`events` are those taken, each once, in order; `status` answers instead of taking where it is set."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.ids: set[str] = set()
        self.status = 0
        self.raw: list[bytes] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None: ...

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.raw.append(body)
                status = receiver.status or receiver.take(self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=lambda: self.server.serve_forever(0.05), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/hooks"

    def take(self, headers: Any, body: bytes) -> int:
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        right = "v1," + base64.b64encode(hmac.digest(key, signed, sha256)).decode()
        if headers["Content-Type"] != "application/cloudevents+json" or not hmac.compare_digest(
            right, headers["webhook-signature"]
        ):
            return 401
        if abs(time.time() - int(headers["webhook-timestamp"])) > OLDEST_S:
            return 400
        event = json.loads(body)
        if missing := {"specversion", "id", "source", "type"} - event.keys():
            return 400 if missing else 0
        if event["id"] not in self.ids:
            self.ids.add(event["id"])
            self.events.append(event)
        return 204

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)

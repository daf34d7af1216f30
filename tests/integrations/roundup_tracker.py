"""A real Roundup tracker (its classic template) on loopback, behind a relay that can lose answers and be told the time.

What the relay passes on is answered by Roundup itself: its REST API, detectors, permissions and database.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import roundup.date
import roundup.instance
from roundup.cgi.wsgi_handler import RequestDispatcher

from setright.integrations.http import request

from .ticket_servers import TOKEN, WRITES, Asked, Reply, TicketServer

PASSED_ON = ("Authorization", "Accept", "Content-Type", "If-Match", "X-Requested-With", "User-Agent")


class _Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None: ...


class Ground:
    """A web server for trackers, one after the other, and a tracker to make copies of."""

    def __init__(self, home: Path) -> None:
        self.home = home / "tracker"
        self.app: Any = None
        self.server = make_server("127.0.0.1", 0, lambda *asked: self.app(*asked), _Threaded, _Quiet)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=lambda: self.server.serve_forever(0.05), daemon=True)
        self.thread.start()
        mail = (
            f"umask=0o022,mail_domain=example.com,mail_host=localhost,mail_debug={home}/letters,password_pbkdf2_default_rounds=1000"
        )
        self._admin("install", "classic", "sqlite", f"tracker_web={self.url}/,{mail}")
        self._admin("initialise", "admin")
        for name, secret in (("setright", TOKEN), ("ann", "ann")):
            self._admin("create", "user", f"username={name}", f"password={secret}", f"address={name}@x.example", "roles=User")

    def _admin(self, *words: str) -> None:
        program = Path(sys.executable).with_name("roundup-admin")
        subprocess.run([program, "-i", self.home, *words], check=True, capture_output=True, timeout=120)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


class RoundupServer(TicketServer):
    """A tracker of its own. `lag` is how many searches for messages miss a new ticket.

    `between` are steps that come in before the next changes of issues arrive, as people's do.
    """

    before_create = 1

    def __init__(self, ground: Ground, home: Path) -> None:
        super().__init__()
        shutil.copytree(ground.home, home)
        self.ground, self.home = ground, home
        ground.app = RequestDispatcher(str(home), feature_flags={"cache_tracker": ""})
        self.tracker = roundup.instance.open(str(home))
        self.lag = self.hidden = 0
        self.between: list[Callable[[], Any]] = []
        self._utcnow, roundup.date.utcnow = roundup.date.utcnow, self._now
        self._umask = os.umask(0o022)  # Roundup sets that of the whole process
        os.umask(self._umask)

    def _now(self) -> datetime:
        return self.clock().astimezone(UTC).replace(tzinfo=None)

    def close(self) -> None:
        roundup.date.utcnow = self._utcnow
        os.umask(self._umask)
        super().close()

    def made(self) -> Any:
        return [path for _, path, _ in self.writes if path.endswith("/data/issue")]

    def wrong(self, why: str) -> Any:
        return {"error": {"status": 400, "msg": why}}

    def knows(self, asked: Asked) -> bool:
        return True  # Roundup knows

    def answer(self, asked: Asked) -> Reply:
        if asked.path.endswith("/data/msg") and asked.method == "GET" and self.hidden:
            self.hidden -= 1
            return Reply(200, {"data": {"collection": [], "@total_size": 0}})
        if asked.method == "PUT" and self.between:
            self.between.pop(0)()
        answer = self._asked(asked)
        if asked.method in WRITES and answer.status < 300:
            self.wrote(asked)
            self.hidden = self.lag if asked.path.endswith("/data/issue") else self.hidden
        return Reply(answer.status, answer.data, {"ETag": answer.headers["etag"]} if "etag" in answer.headers else {})

    def _asked(self, asked: Asked) -> Any:
        headers = {name: asked.headers[name] for name in PASSED_ON if asked.headers.get(name)}
        if asked.headers.get("Origin") == self.url:
            headers["Origin"] = self.ground.url
        data = None if asked.body is None else json.dumps(asked.body).encode()
        return request(asked.method, self.ground.url + asked.target, data, headers)

    def issues(self) -> list[dict[str, Any]]:
        """As the tracker's own database has them."""

        def read(db: Any) -> list[dict[str, Any]]:
            return [self._issue(db, id_) for id_ in sorted(db.issue.list(), key=int)]

        return self.within("admin", read)

    def _issue(self, db: Any, id_: str) -> dict[str, Any]:
        row = db.issue.getnode(id_)
        texts = [db.msg.get(message, "content") for message in row.messages]
        assignee = db.user.get(row.assignedto, "username") if row.assignedto else ""
        status, priority = db.status.get(row.status, "name"), row.priority and db.priority.get(row.priority, "name")
        told = {"name": f"issue{id_}", "title": row.title, "status": status, "priority": priority, "assignee": assignee}
        return told | {"text": texts[0], "comments": texts[1:], "ids": [db.msg.get(each, "messageid") for each in row.messages]}

    def set_status(self, name: str, status: str, who: str = "ann") -> None:
        self.within(who, lambda db: db.issue.set(re.sub(r"\D", "", name), status=db.status.lookup(status)))

    def say(self, name: str, text: str, who: str = "ann") -> None:
        """A comment of somebody's, as the web page makes it."""
        id_ = re.sub(r"\D", "", name)

        def saying(db: Any) -> None:
            message = db.msg.create(content=text, author=db.getuid(), date=roundup.date.Date("."))
            db.issue.set(id_, messages=[*db.issue.get(id_, "messages"), message])

        self.within(who, saying)

    def people_close(self, name: str) -> None:
        self.set_status(name, "resolved")

    def delete(self, name: str) -> None:
        self.within("admin", lambda db: db.issue.retire(re.sub(r"\D", "", name)))

    def within(self, who: str, step: Callable[[Any], Any]) -> Any:
        db = self.tracker.open(who)
        try:
            result = step(db)
            db.commit()
            return result
        finally:
            db.close()

"""A local HTTP server that holds callers to the contracts of GitHub's and GitLab's merge APIs, as their references state them.

It refuses what the real ones refuse (missing headers, bad tokens, missing fields, doubles) in the shapes that they use,
pages its lists with Link headers, and can be told to limit the rate or to refuse once.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "forge-token-4f1c2d9e"
PROJECT = "acme/shop"
FORK = "robin/shop"
NUMBERS = {PROJECT: 3, FORK: 8, "acme/other": 9}  # GitLab's; the last is no fork of the first


class Refusal(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, data: Any, headers: dict[str, str] | None = None) -> None:
        self.status, self.data, self.headers = status, data, headers or {}


class ForgeServer:
    """One repository on a forge. `queued` are refusals that the next requests get, `seen` all requests."""

    def __init__(self) -> None:
        self.pulls: list[dict[str, Any]] = []
        self.labels: dict[int, set[str]] = {}
        self.branches: set[str] | None = None  # those that exist; None: any
        self.queued: list[Refusal] = []
        self.seen: list[tuple[str, str]] = []
        self.page_size = 1
        self.next_elsewhere = ""
        self.keeps_to_itself = False  # the fork is an organisation's, which lets nobody else push
        self.takes_labels = True
        self.hide_once = False  # the next list shows nothing: somebody opened it in between
        forge = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None: ...

            def _serve(self) -> None:
                forge.serve(self)

            do_GET = do_POST = do_PATCH = do_PUT = _serve

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=lambda: self.server.serve_forever(0.05), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("content-length", 0)))
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        self.seen.append((request.command, request.path))
        try:
            if self.queued:
                raise self.queued.pop(0)
            if body and request.headers.get("content-type") != "application/json":
                raise Refusal(415, {"message": "Unsupported Media Type"})
            data = json.loads(body) if body else None
            status, answer, headers = self.route(request, parts.path, query, data)
        except Refusal as refusal:
            status, answer, headers = refusal.status, refusal.data, refusal.headers
        told = json.dumps(answer).encode() if answer is not None else b""
        request.send_response(status)
        for name, value in ({"content-type": "application/json", "content-length": str(len(told))} | headers).items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(told)

    def route(self, request: Any, path: str, query: dict[str, str], data: Any) -> tuple[int, Any, dict[str, str]]:
        raise NotImplementedError

    def listed(self, path: str, query: dict[str, str], found: list[Any]) -> tuple[int, Any, dict[str, str]]:
        if self.hide_once:
            self.hide_once = False
            return 200, [], {}
        page = int(query.get("page", "1"))
        start = (page - 1) * self.page_size
        headers = {}
        if start + self.page_size < len(found):
            rest = "&".join(f"{name}={value}" for name, value in query.items() if name != "page")
            base = self.next_elsewhere or self.url
            headers["link"] = f'<{base}{path}?{rest}&page={page + 1}>; rel="next", <{base}{path}?{rest}&page=9>; rel="last"'
        return 200, found[start : start + self.page_size], headers

    def next_number(self) -> int:
        return max((p["number"] for p in self.pulls), default=6) + 1


class GitHubServer(ForgeServer):
    """GitHub REST, 2022-11-28: list, create and update pull requests, add labels."""

    def route(self, request: Any, path: str, query: dict[str, str], data: Any) -> tuple[int, Any, dict[str, str]]:
        headers = request.headers
        if not headers.get("user-agent"):
            raise Refusal(
                403, {"message": "Request forbidden by administrative rules. Please make sure your request has a User-Agent header"}
            )
        if headers.get("authorization") != f"Bearer {TOKEN}":
            raise Refusal(401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"})
        if headers.get("accept") != "application/vnd.github+json" or headers.get("x-github-api-version") != "2022-11-28":
            raise Refusal(400, {"message": "API version or media type missing"})
        if path == f"/repos/{PROJECT}/pulls":
            return self._list(path, query) if request.command == "GET" else self._create(data)
        if match := re.fullmatch(f"/repos/{PROJECT}/pulls/(\\d+)", path):
            return self._update(request.command, int(match[1]), data)
        if match := re.fullmatch(f"/repos/{PROJECT}/issues/(\\d+)/labels", path):
            return self._label(request.command, int(match[1]), data)
        raise Refusal(404, {"message": "Not Found"})

    def _list(self, path: str, query: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        assert ":" in query["head"] and query["state"] == "all" and query["direction"] == "desc"
        mine = [p for p in self.pulls if p["head"]["label"] == query["head"] and p["base"]["ref"] == query["base"]]
        return self.listed(path, query, mine[::-1])

    def _create(self, data: Any) -> tuple[int, Any, dict[str, str]]:
        missing = [field for field in ("head", "base", "title") if not data.get(field)]
        if missing:
            raise _invalid([{"resource": "PullRequest", "code": "missing_field", "field": field} for field in missing])
        if len(data["body"]) > 65_536:
            raise _invalid(
                [
                    {
                        "resource": "Issue",
                        "code": "custom",
                        "field": "body",
                        "message": "body is too long (maximum is 65536 characters)",
                    }
                ]
            )
        owner, _, branch = data["head"].rpartition(":")
        owner = owner or "acme"
        if (self.branches is not None and branch not in self.branches) or owner not in ("acme", "robin"):
            raise _invalid([{"resource": "PullRequest", "field": "head", "code": "invalid"}])
        if owner == "robin" and self.keeps_to_itself and data.get("maintainer_can_modify", True):
            told = "Fork collab can't be granted by someone without permission"
            raise _invalid([{"resource": "PullRequest", "code": "custom", "field": "fork_collab", "message": told}])
        label = f"{owner}:{branch}"
        if any(p["head"]["label"] == label and p["state"] == "open" for p in self.pulls):
            told = f"A pull request already exists for {label}."
            raise _invalid([{"resource": "PullRequest", "code": "custom", "message": told}])
        number = self.next_number()
        pull = {
            "number": number,
            "html_url": f"https://github.example/{PROJECT}/pull/{number}",
            "state": "open",
            "merged_at": None,
            "title": data["title"],
            "body": data["body"],
            "head": {"ref": branch, "label": label, "repo": {"full_name": f"{owner}/shop"}},
            "base": {"ref": data["base"]},
        }
        self.pulls.append(pull)
        return 201, pull, {}

    def _update(self, method: str, number: int, data: Any) -> tuple[int, Any, dict[str, str]]:
        assert method == "PATCH" and data.keys() <= {"title", "body", "state", "base", "maintainer_can_modify"}
        pull = next(p for p in self.pulls if p["number"] == number)
        pull.update(data)
        return 200, pull, {}

    def _label(self, method: str, number: int, data: Any) -> tuple[int, Any, dict[str, str]]:
        assert method == "POST" and all(isinstance(label, str) for label in data["labels"])
        if not self.takes_labels:
            raise Refusal(403, {"message": "Must have admin rights to Repository."})
        self.labels.setdefault(number, set()).update(data["labels"])
        return 200, [{"name": label} for label in self.labels[number]], {}


class GitLabServer(ForgeServer):
    """GitLab REST v4: list, create and update merge requests."""

    def route(self, request: Any, path: str, query: dict[str, str], data: Any) -> tuple[int, Any, dict[str, str]]:
        if request.headers.get("private-token") != TOKEN:
            raise Refusal(401, {"message": "401 Unauthorized"})
        match = re.fullmatch(r"/api/v4/projects/([^/]+)(/merge_requests(?:/(\d+))?)?", path)
        number = NUMBERS.get(unquote(match[1])) if match else None
        if not match or number is None:
            raise Refusal(404, {"message": "404 Project Not Found"})
        if not match[2]:
            return 200, {"id": number}, {}
        if match[3]:
            assert number == NUMBERS[PROJECT]
            return self._update(request.command, int(match[3]), data)
        return self._list(path, query) if request.command == "GET" else self._create(number, data)

    def _list(self, path: str, query: dict[str, str]) -> tuple[int, Any, dict[str, str]]:
        assert query["state"] in ("all", "opened") and query["sort"] == "desc"
        mine = [
            p
            for p in reversed(self.pulls)
            if (p["source_branch"], p["target_branch"]) == (query["source_branch"], query["target_branch"])
        ]
        return self.listed(path, query, mine)

    def _create(self, source: int, data: Any) -> tuple[int, Any, dict[str, str]]:
        target = data.get("target_project_id", source)
        if source == NUMBERS["acme/other"] != target:
            raise Refusal(422, {"message": {"validate_fork": ["Source project is not a fork of the target project"]}})
        assert target == NUMBERS[PROJECT], "opened in the fork itself"
        missing = [field for field in ("source_branch", "target_branch", "title") if not data.get(field)]
        if missing:
            raise Refusal(400, {"error": ", ".join(f"{field} is missing" for field in missing)})
        if len(data["title"]) > 255:
            raise Refusal(400, {"message": {"title": ["is too long (maximum is 255 characters)"]}})
        same = [p for p in self.pulls if (p["source_project_id"], p["source_branch"]) == (source, data["source_branch"])]
        there = [p for p in same if p["state"] == "opened"]
        if there:
            raise Refusal(
                409, {"message": [f"Another open merge request already exists for this source branch: !{there[0]['iid']}"]}
            )
        iid = self.next_number()
        pull = {
            "number": iid,
            "iid": iid,
            "web_url": f"https://gitlab.example/{PROJECT}/-/merge_requests/{iid}",
            "state": "opened",
            "source_project_id": source,
            "target_project_id": target,
            **{name: value for name, value in data.items() if name != "labels"},
        }
        self.pulls.append(pull)
        return 201, self._labelled(pull, data.get("labels", "")), {}

    def _labelled(self, pull: dict[str, Any], more: str) -> dict[str, Any]:
        """Those who may not label are not told."""
        mine = self.labels.setdefault(pull["iid"], set())
        mine |= set(filter(None, more.split(","))) if self.takes_labels else set()
        return pull | {"labels": sorted(mine)}

    def _update(self, method: str, iid: int, data: Any) -> tuple[int, Any, dict[str, str]]:
        assert method == "PUT"
        pull = next(p for p in self.pulls if p["iid"] == iid)
        more = data.pop("add_labels", "")
        pull.update(data)
        return 200, self._labelled(pull, more), {}


def _invalid(errors: list[dict[str, str]]) -> Refusal:
    return Refusal(422, {"message": "Validation Failed", "errors": errors, "documentation_url": "https://docs.github.com/rest"})

"""Local servers that hold callers to the public contracts of Jira (Cloud v3, Data Center v2) and of ServiceNow's Table API.

What a real one would refuse is refused: no or wrong credentials, missing fields, bodies that are no ADF (Cloud) or no text (Data
Center), searches by the API that is gone, transitions that a status does not have. What was made is found by search only after
`lag` more searches.
"""

from __future__ import annotations

import json
import re
import threading
from base64 import b64decode
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

TOKEN = "a-token-of-ours"
USER = "setright@example.com"
WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Asked(NamedTuple):
    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: Any
    target: str = ""  # path and query, as they came


class Reply(NamedTuple):
    status: int
    data: Any = None
    headers: dict[str, str] = {}


class TicketServer:
    """`writes` are the requests that changed something: (method, path, body). `raw` is all that was ever sent here.

    `replies` are given to the next requests instead of an answer of its own, which stands where one is None; `before_create` is
    how many requests a create makes before the one that makes the ticket, where a search has been made already. `loses` closes
    the next connection of a create after having made it, without a word.
    """

    accept = "application/json"
    before_create = 0

    def __init__(self) -> None:
        self.writes: list[tuple[str, str, Any]] = []
        self.raw: list[bytes] = []
        self.replies: list[Reply | None] = []
        self.loses = 0
        self.clock = lambda: datetime.now(UTC)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None: ...

            def _any(self) -> None:
                data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                server.raw.append(data + str(self.path).encode())
                made = len(server.made())
                reply = server.handle(self.command, self.path, self.headers, data)
                if server.loses and len(server.made()) > made:
                    server.loses -= 1
                    self.close_connection = True
                    return
                body = b"" if reply.data is None else json.dumps(reply.data).encode()
                self.send_response(reply.status)
                for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _any

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=lambda: self.server.serve_forever(0.05), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def handle(self, method: str, target: str, headers: Any, data: bytes) -> Reply:
        if self.replies and (reply := self.replies.pop(0)):
            return reply
        parts = urlsplit(target)
        if headers.get("Accept") != self.accept:
            return Reply(406)
        if method in WRITES and data and headers.get("Content-Type") != "application/json":
            return Reply(415)
        try:
            body = json.loads(data) if data else None
        except ValueError:
            return Reply(400, self.wrong("no JSON"))
        asked = Asked(method, parts.path, dict(parse_qsl(parts.query)), body, headers, target)
        return self.answer(asked) if self.knows(asked) else Reply(401, self.wrong("who are you?"))

    def wrote(self, asked: Asked) -> None:
        self.writes.append((asked.method, asked.path, asked.body))

    def knows(self, asked: Asked) -> bool:
        raise NotImplementedError

    def answer(self, asked: Asked) -> Reply:
        raise NotImplementedError

    def made(self) -> Any:
        raise NotImplementedError

    def wrong(self, why: str) -> Any:
        raise NotImplementedError

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)


def basic(headers: Any) -> str:
    sort, _, text = headers.get("Authorization", "").partition(" ")
    return b64decode(text).decode() if sort == "Basic" else ""


STATUSES = {"To Do": ("new", "11"), "In Progress": ("indeterminate", "21"), "Done": ("done", "31"), "Won't do": ("done", "41")}
WAYS = {"To Do": ("In Progress", "Done"), "In Progress": ("To Do", "Done"), "Done": ("To Do",), "Won't do": ("To Do",)}


class JiraServer(TicketServer):
    """`issues` by key; `lag` is how many searches miss a new one. `people_close` does what a person does in the browser."""

    def __init__(self, cloud: bool = True) -> None:
        super().__init__()
        self.cloud = cloud
        self.issues: dict[str, dict[str, Any]] = {}
        self.projects = {"SEC", "WEB"}
        self.lacks: set[str] = set()
        self.lag = 0
        self.page = 50

    def made(self) -> Any:
        return self.issues

    def wrong(self, why: str) -> Any:
        return {"errorMessages": [why], "errors": {}}

    def knows(self, asked: Asked) -> bool:
        if self.cloud:
            return basic(asked.headers) == f"{USER}:{TOKEN}"
        return bool(asked.headers.get("Authorization") == f"Bearer {TOKEN}")

    def answer(self, asked: Asked) -> Reply:
        api = "/rest/api/3" if self.cloud else "/rest/api/2"
        if not asked.path.startswith(api):
            return Reply(404, self.wrong("no such place"))
        rest = asked.path.removeprefix(api)
        if rest == "/search":
            return Reply(410, self.wrong("use /rest/api/3/search/jql")) if self.cloud else self._search(asked)
        if rest == "/search/jql":
            return self._search(asked) if self.cloud else Reply(404, self.wrong("no such place"))
        if rest == "/issue":
            return self._create(asked)
        if rest == "/myself":
            return Reply(200, {"accountId": "1", "displayName": "setright"})
        if rest == "/mypermissions":
            return self._rights(asked)
        found = re.fullmatch(r"/issue/([^/]+)(?:/(comment|transitions|properties/setright))?", rest)
        issue = next((i for i in self.issues.values() if found and found[1] in (i["id"], i["key"])), None)
        if found is None or issue is None:
            return Reply(404, self.wrong("Issue does not exist or you do not have permission to see it."))
        return getattr(self, "_" + (found[2] or "issue").partition("/")[0])(asked, issue)

    def _rights(self, asked: Asked) -> Reply:
        if asked.query["projectKey"] not in self.projects:
            return Reply(404, self.wrong("No project could be found with key"))
        names = asked.query["permissions"].split(",")
        return Reply(200, {"permissions": {name: {"key": name, "havePermission": name not in self.lacks} for name in names}})

    def _create(self, asked: Asked) -> Reply:
        fields, properties = asked.body.get("fields", {}), asked.body.get("properties", [])
        wrong = self._wrong(fields)
        if fields.get("project", {}).get("key") not in self.projects:
            wrong["project"] = "valid project is required"
        if fields.get("issuetype", {}).get("name") != "Task":
            wrong["issuetype"] = "Specify a valid issue type"
        if not fields.get("summary"):
            wrong["summary"] = "You must specify a summary of the issue."
        if any(" " in label or len(label) > 255 for label in fields.get("labels", [])):
            wrong["labels"] = "The label can't contain spaces."
        if any(len(json.dumps(each["value"])) > 32_768 for each in properties):
            wrong["properties"] = "too large"
        if wrong:
            return Reply(400, {"errorMessages": [], "errors": wrong})
        number = len(self.issues) + 1
        key = f"{fields['project']['key']}-{number}"
        self.issues[key] = {
            "id": str(10_000 + number),
            "key": key,
            "fields": dict(fields),
            "properties": {each["key"]: each["value"] for each in properties},
            "status": "To Do",
            "comments": [],
            "histories": [],
            "hidden": self.lag,
            "updated": self.now(),
        }
        self.wrote(asked)
        return Reply(201, {"id": self.issues[key]["id"], "key": key, "self": f"{self.url}/rest/api/3/issue/{key}"})

    def _wrong(self, fields: dict[str, Any]) -> dict[str, str]:
        wrong = {}
        if "description" in fields and (why := self._text(fields["description"])):
            wrong["description"] = why
        if len(fields.get("summary", "")) > 255 or "\n" in fields.get("summary", ""):
            wrong["summary"] = "must be less than 255 characters, on one line"
        return wrong

    def _text(self, value: Any) -> str:
        if not self.cloud:
            return "" if isinstance(value, str) and len(value) <= 32_767 else "Operation value must be a string"
        return "" if isinstance(value, dict) and is_document(value) else "Operation value must be an Atlassian Document"

    def _search(self, asked: Asked) -> Reply:
        known = {"jql", "fields", "maxResults"} | ({"properties", "nextPageToken"} if self.cloud else {"startAt"})
        if asked.body.keys() - known or not asked.body.get("fields"):
            return Reply(400, self.wrong("Invalid request payload"))
        label = re.fullmatch(r'labels = "([^"]+)" ORDER BY created ASC', asked.body["jql"])
        if label is None:
            return Reply(400, self.wrong("Error in the JQL Query"))
        found = []
        for issue in self.issues.values():
            issue["hidden"], is_hidden = max(0, issue["hidden"] - 1), issue["hidden"] > 0
            if not is_hidden and label[1] in issue["fields"]["labels"]:
                found.append(self._shown(issue) | ({"properties": issue["properties"]} if self.cloud else {}))
        start = int(asked.body.get("nextPageToken", "0") or 0)
        more = {"nextPageToken": str(start + self.page)} if self.cloud and start + self.page < len(found) else {}
        return Reply(200, {"issues": found[start : start + self.page], "isLast": not more, **more})

    def _issue(self, asked: Asked, issue: dict[str, Any]) -> Reply:
        if asked.method == "GET":
            more = {"changelog": {"histories": issue["histories"]}} if asked.query.get("expand") == "changelog" else {}
            return Reply(200, self._shown(issue) | more)
        if asked.method != "PUT":
            return Reply(405)
        if wrong := self._wrong(asked.body["fields"]):
            return Reply(400, {"errorMessages": [], "errors": wrong})
        issue["fields"] |= asked.body["fields"]
        self.wrote(asked)
        return Reply(204)

    def _comment(self, asked: Asked, issue: dict[str, Any]) -> Reply:
        if asked.method == "GET":
            return Reply(200, {"comments": [{"id": str(n), "body": c} for n, c in enumerate(issue["comments"])][::-1][:100]})
        if why := self._text(asked.body.get("body")):
            return Reply(400, {"errorMessages": [], "errors": {"comment": why}})
        issue["comments"].append(asked.body["body"])
        self.wrote(asked)
        return Reply(201, {"id": str(len(issue["comments"]))})

    def _properties(self, asked: Asked, issue: dict[str, Any]) -> Reply:
        if "setright" not in issue["properties"]:
            return Reply(404, self.wrong("The property setright does not exist."))
        return Reply(200, {"key": "setright", "value": issue["properties"]["setright"]})

    def _transitions(self, asked: Asked, issue: dict[str, Any]) -> Reply:
        ways = WAYS[issue["status"]]
        if asked.method == "GET":
            return Reply(200, {"transitions": [self._way(name) for name in ways]})
        name = next((name for name in ways if STATUSES[name][1] == asked.body["transition"]["id"]), None)
        if name is None:
            return Reply(400, self.wrong("It seems that you have tried to perform a workflow operation that is not valid."))
        if STATUSES[name][0] == "done" and asked.body.get("fields", {}).get("resolution", {}).get("name") != "Done":
            return Reply(400, {"errorMessages": [], "errors": {"resolution": "Resolution is required."}})
        self._move(issue, name, "setright")
        self.wrote(asked)
        return Reply(204)

    def people_close(self, key: str, who: str = "Ann Smith") -> None:
        self._move(self.issues[key], "Won't do", who)

    def _move(self, issue: dict[str, Any], name: str, who: str) -> None:
        item = {"field": "status", "fromString": issue["status"], "toString": name}
        issue["histories"].insert(0, {"created": self.now(), "author": {"displayName": who}, "items": [item]})
        issue |= {"status": name, "updated": self.now()}

    def now(self) -> str:
        return self.clock().isoformat(timespec="milliseconds").replace("+00:00", "+0000")

    def _way(self, name: str) -> dict[str, Any]:
        fields = {"resolution": {"required": True}} if STATUSES[name][0] == "done" else {}
        return {"id": STATUSES[name][1], "name": f"To {name}", "to": self._status(name), "fields": fields}

    def _status(self, name: str) -> dict[str, Any]:
        return {"name": name, "statusCategory": {"key": STATUSES[name][0]}}

    def _shown(self, issue: dict[str, Any]) -> dict[str, Any]:
        fields = {"status": self._status(issue["status"]), "updated": issue["updated"]}
        return {"id": issue["id"], "key": issue["key"], "fields": fields}


def is_document(node: dict[str, Any]) -> bool:
    """ADF's schema, as far as we write it: which node may hold which, and no text without a character."""
    holds = {
        "doc": ("paragraph", "bulletList", "codeBlock"),
        "bulletList": ("listItem",),
        "listItem": ("paragraph", "bulletList", "codeBlock"),
        "paragraph": ("text", "hardBreak"),
        "codeBlock": ("text",),
    }
    allowed = {"doc": {"type", "version", "content"}, "text": {"type", "text", "marks"}}

    def fits(node: dict[str, Any]) -> bool:
        sort = node.get("type")
        if node.keys() - allowed.get(str(sort), {"type", "content", "attrs"}):
            return False
        if sort == "text":
            return isinstance(node.get("text"), str) and bool(node["text"]) and all(map(is_link, node.get("marks", [])))
        if sort in ("bulletList", "listItem") and not node.get("content"):
            return False
        return all(each.get("type") in holds.get(str(sort), ()) and fits(each) for each in node.get("content", []))

    return node.get("type") == "doc" and node.get("version") == 1 and fits(node) and len(text_of(node)) <= 32_767


def is_link(mark: dict[str, Any]) -> bool:
    """The one mark that we write."""
    return mark.keys() == {"type", "attrs"} and mark["type"] == "link" and str(mark["attrs"].get("href", "")).startswith("http")


def text_of(node: Any) -> str:
    """All text of a document with where its links lead, or a text itself."""
    if isinstance(node, str):
        return node
    links = "".join(f" <{mark['attrs']['href']}>" for mark in node.get("marks", []))
    return node.get("text", "") + links + "\n".join(text_of(each) for each in node.get("content", []))


class ServiceNowServer(TicketServer):
    """`records` by sys_id. A field that our role must not write is left out in silence, as there."""

    def __init__(self) -> None:
        super().__init__()
        self.records: dict[str, dict[str, Any]] = {}
        self.groups = {"Web operations": "a" * 32, "Security": "b" * 32}
        self.not_ours: set[str] = set()
        self.lag = 0

    def made(self) -> Any:
        return self.records

    def wrong(self, why: str) -> Any:
        return {"error": {"message": why, "detail": ""}, "status": "failure"}

    def knows(self, asked: Asked) -> bool:
        return basic(asked.headers) == f"setright:{TOKEN}"

    def answer(self, asked: Asked) -> Reply:
        found = re.fullmatch(r"/api/now/table/(incident|sys_user_group)(?:/([0-9a-f]{32}))?", asked.path)
        if found is None:
            return Reply(400, self.wrong("Invalid table"))
        if found[1] == "sys_user_group":
            name = asked.query["sysparm_query"].removeprefix("name=")
            return Reply(200, {"result": [{"sys_id": self.groups[name]}] if name in self.groups else []})
        if found[2] is None:
            return self._create(asked) if asked.method == "POST" else self._list(asked)
        if found[2] not in self.records:
            return Reply(404, self.wrong("No Record found"))
        return self._record(asked, self.records[found[2]])

    def _create(self, asked: Asked) -> Reply:
        body = asked.body
        if not body.get("short_description") or len(body["short_description"]) > 160 or len(body.get("description", "")) > 4000:
            return Reply(403, self.wrong("Operation Failed: Data Policy Exception: short_description, description"))
        id_ = f"{len(self.records) + 1:032x}"
        row = {"sys_id": id_, "number": f"INC{len(self.records) + 1:07}", "state": "1", "hidden": self.lag, "notes": []}
        self.records[id_] = row | {k: v for k, v in body.items() if k not in self.not_ours} | {"sys_updated_on": self.now()}
        self.wrote(asked)
        return Reply(201, {"result": self._shown(self.records[id_])})

    def _list(self, asked: Asked) -> Reply:
        query = re.fullmatch(r"correlation_id=([^^]+)\^ORDERBYsys_created_on", asked.query.get("sysparm_query", ""))
        found = []
        for row in self.records.values():
            row["hidden"], is_hidden = max(0, row["hidden"] - 1), row["hidden"] > 0
            if query and not is_hidden and row.get("correlation_id") == query[1]:
                found.append(self._shown(row))
        return Reply(200, {"result": found[: int(asked.query["sysparm_limit"])]})

    def _record(self, asked: Asked, row: dict[str, Any]) -> Reply:
        if asked.method == "GET":
            shown = self._shown(row) | {"work_notes": "\n\n".join(row["notes"][::-1])}
            return Reply(200, {"result": {k: v for k, v in shown.items() if k in asked.query["sysparm_fields"].split(",")}})
        if asked.method != "PATCH":
            return Reply(405, self.wrong("method not supported"))
        told = {k: v for k, v in asked.body.items() if k not in self.not_ours}
        if row["state"] in ("7", "8"):
            return Reply(403, self.wrong("Operation Failed: ACL Exception Update Failed due to security constraints"))
        if told.get("state") in ("6", "7") and not (told.get("close_code") and told.get("close_notes")):
            return Reply(403, self.wrong("Operation Failed: Data Policy Exception: Close code, Close notes are mandatory"))
        if "work_notes" in told:
            row["notes"].append(told.pop("work_notes"))
        row |= told | {"sys_updated_on": self.now()}
        if told.get("state") == "6":
            row |= {"resolved_by.name": "setright", "resolved_at": self.now()}
        self.wrote(asked)
        return Reply(200, {"result": self._shown(row)})

    def people_close(self, id_: str, state: str = "6", who: str = "Ann Smith") -> None:
        self.records[id_] |= {"state": state, "resolved_by.name": who, "resolved_at": self.now()}

    def now(self) -> str:
        return f"{self.clock():%Y-%m-%d %H:%M:%S}"

    def _shown(self, row: dict[str, Any]) -> dict[str, Any]:
        return {k: v for k, v in row.items() if k not in ("hidden", "notes")}

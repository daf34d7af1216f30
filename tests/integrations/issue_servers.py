"""Local servers that hold callers to the public contracts of GitHub's and GitLab's issues.

They refuse what the real ones refuse (headers, rights, fields, states that are none), leave out in silence what those leave out
(labels of an account that may not give them), page their lists, and list what was made only some lists later (`lag`). Text is
looked through for what the real ones would act on: people who are mentioned, quick actions.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlencode

from .ticket_servers import TOKEN, Asked, Reply, TicketServer

CODE = re.compile(r"^(`{3,})\n.*?^\1$", re.DOTALL | re.MULTILINE)


class IssueServer(TicketServer):
    """`issues` by name, ``acme/sec#1``; `places` are what is known of repositories or projects."""

    def __init__(self) -> None:
        super().__init__()
        self.issues: dict[str, dict[str, Any]] = {}
        self.deleted: set[str] = set()
        self.lag = 0
        self.page = 100
        self.lists = 0
        self.prefix = ""

    @property
    def url(self) -> str:
        return super().url + self.prefix

    def made(self) -> Any:
        return self.issues

    def now(self) -> str:
        return f"{self.clock():%Y-%m-%dT%H:%M:%SZ}"

    def numbered(self, place: str) -> int:
        return 1 + sum(name.startswith(f"{place}#") for name in (*self.issues, *self.deleted))

    def visible(self, place: str, label: str) -> list[dict[str, Any]]:
        found = []
        self.lists += 1
        for name, issue in self.issues.items():
            if name.startswith(f"{place}#"):
                issue["hidden"], is_hidden = max(0, issue["hidden"] - 1), issue["hidden"] > 0
                found += [issue] if not is_hidden and label in issue["names"] else []
        return found

    def paged(self, asked: Asked, found: list[Any]) -> tuple[list[Any], int]:
        """A page, and the number of the next; 0: there is none."""
        size = min(self.page, int(asked.query.get("per_page", "30")))
        page = int(asked.query.get("page", "1"))
        return found[(page - 1) * size : page * size], page + 1 if page * size < len(found) else 0

    def delete(self, name: str) -> None:
        del self.issues[name]
        self.deleted.add(name)


def mentioned(text: str) -> list[str]:
    """Whom it would call, and what it would refer to, outside of code."""
    return re.findall(r"(?<![\w`])@\w[\w-]*|#\d+|!\d+", CODE.sub("", text))


class GitHubIssuesServer(IssueServer):
    """GitHub REST, 2022-11-28. An issue that was transferred is told by a redirect, one that was deleted by 410."""

    accept = "application/vnd.github+json"

    def __init__(self) -> None:
        super().__init__()
        rights = {"admin": False, "maintain": False, "push": True, "triage": True, "pull": True}
        self.places = {
            name: {"full_name": name, "private": True, "has_issues": True, "archived": False, "permissions": dict(rights)}
            for name in ("acme/sec", "acme/web")
        }
        self.users = {"ann", "bob"}
        self.moved: dict[str, str] = {}

    def wrong(self, why: str) -> Any:
        return {"message": why, "documentation_url": "https://docs.github.com/rest", "status": "400"}

    def knows(self, asked: Asked) -> bool:
        return bool(asked.headers.get("Authorization") == f"Bearer {TOKEN}")

    def answer(self, asked: Asked) -> Reply:
        if not asked.headers.get("User-Agent"):
            return Reply(403, self.wrong("Request forbidden by administrative rules."))
        if asked.headers.get("X-GitHub-Api-Version") != "2022-11-28":
            return Reply(400, self.wrong("the API's version is missing"))
        path = asked.path.removeprefix(self.prefix)
        if path == "/user":
            return Reply(200, {"login": "setright"})
        found = re.fullmatch(r"/repos/([\w.-]+/[\w.-]+)(?:/issues(?:/(\w+)(?:/(comments|labels)(?:/(.+))?)?)?)?", path)
        if found is None or found[1] not in self.places:
            return Reply(404, self.wrong("Not Found"))
        place, number = found[1], found[2]
        if number is None:
            return self._place(asked, place, path.endswith("/issues"))
        return self._numbered(asked, f"{place}#{number}", found[3] or "issue", unquote(found[4] or ""))

    def _place(self, asked: Asked, place: str, is_list: bool) -> Reply:
        if not is_list:
            return Reply(200, self.places[place])
        if not self.places[place]["has_issues"]:
            return Reply(410, self.wrong("Issues are disabled for this repo"))
        return self._create(asked, place) if asked.method == "POST" else self._list(asked, place)

    def _numbered(self, asked: Asked, name: str, sort: str, rest: str) -> Reply:
        if name in self.moved:
            there = f"{self.url}/repos/{self.moved[name].replace('#', '/issues/')}"
            return Reply(301, {"message": "Moved Permanently", "url": there}, {"Location": there})
        if name in self.deleted:
            return Reply(410, self.wrong("This issue was deleted"))
        if name not in self.issues:
            return Reply(404, self.wrong("Not Found"))
        return getattr(self, "_" + sort)(asked, self.issues[name], rest)

    def _list(self, asked: Asked, place: str) -> Reply:
        assert asked.query["state"] == "all" and asked.query["sort"] == "created" and asked.query["direction"] == "asc"
        page, following = self.paged(asked, self.visible(place, asked.query["labels"]))
        return Reply(200, [self.shown(issue) for issue in page], self._link(asked, following))

    def _link(self, asked: Asked, following: int) -> dict[str, str]:
        base = self.url.removesuffix(self.prefix)
        link = f'<{base}{asked.path}?{urlencode(asked.query | {"page": following})}>; rel="next"'
        return {"Link": f'{link}, <{base}{asked.path}?page=9>; rel="last"'} if following else {}

    def _create(self, asked: Asked, place: str) -> Reply:
        body = asked.body
        if wrong := self._wrong(body, creates=True):
            return wrong
        number = self.numbered(place)
        labels = body.get("labels", []) if self.places[place]["permissions"]["push"] else []
        issue = {
            "number": number,
            "url": f"{self.url}/repos/{place}/issues/{number}",
            "html_url": f"{self.url}/{place}/issues/{number}",
            "state": "open",
            "state_reason": None,
            "closed_at": None,
            "closed_by": None,
            "title": body["title"],
            "body": body.get("body"),
            "names": list(labels),
            "assignees": body.get("assignees", []),
            "comments": [],
            "hidden": self.lag,
        }
        self.issues[f"{place}#{number}"] = issue
        self.wrote(asked)
        return Reply(201, self.shown(issue))

    def _wrong(self, body: Any, creates: bool = False) -> Reply | None:
        errors: list[dict[str, str]] = []
        if creates and not body.get("title"):
            errors.append({"resource": "Issue", "code": "missing_field", "field": "title"})
        if len(body.get("title", "")) > 256:
            errors.append({"resource": "Issue", "code": "custom", "message": "title is too long (maximum is 256 characters)"})
        if len(body.get("body") or "") > 65_536:
            errors.append({"resource": "Issue", "code": "custom", "message": "body is too long (maximum is 65536 characters)"})
        if set(body.get("assignees", [])) - self.users:
            errors.append({"resource": "Issue", "code": "invalid", "field": "assignees"})
        if body.get("state_reason", "completed") not in ("completed", "not_planned", "duplicate", "reopened"):
            errors.append({"resource": "Issue", "code": "invalid", "field": "state_reason"})
        if body.get("state", "open") not in ("open", "closed"):
            errors.append({"resource": "Issue", "code": "invalid", "field": "state"})
        if body.keys() - {"title", "body", "labels", "assignees", "milestone", "state", "state_reason"}:
            errors.append({"resource": "Issue", "code": "unprocessable", "field": str(sorted(body))})
        return Reply(422, {"message": "Validation Failed", "errors": errors}) if errors else None

    def _issue(self, asked: Asked, issue: dict[str, Any], _: str) -> Reply:
        if asked.method == "GET":
            return Reply(200, self.shown(issue) | {"closed_by": issue["closed_by"]})
        if asked.method != "PATCH":
            return Reply(404, self.wrong("Not Found"))
        if wrong := self._wrong(asked.body):
            return wrong
        issue |= {key: value for key, value in asked.body.items() if key in ("title", "body")}
        if asked.body.get("state") == "closed":
            self._close(issue, "setright", asked.body.get("state_reason", "completed"))
        elif asked.body.get("state") == "open":
            issue |= {"state": "open", "state_reason": "reopened", "closed_at": None, "closed_by": None}
        self.wrote(asked)
        return Reply(200, self.shown(issue))

    def _comments(self, asked: Asked, issue: dict[str, Any], _: str) -> Reply:
        if asked.method == "GET":
            page, following = self.paged(asked, [{"id": n, "body": text} for n, text in enumerate(issue["comments"])])
            return Reply(200, page, self._link(asked, following))
        if not asked.body.get("body") or len(asked.body["body"]) > 65_536:
            return Reply(422, {"message": "Validation Failed", "errors": [{"resource": "IssueComment", "code": "unprocessable"}]})
        issue["comments"].append(asked.body["body"])
        self.wrote(asked)
        return Reply(201, {"id": len(issue["comments"]), "body": asked.body["body"]})

    def _labels(self, asked: Asked, issue: dict[str, Any], label: str) -> Reply:
        if asked.method == "DELETE":
            if label not in issue["names"]:
                return Reply(404, self.wrong("Label does not exist"))
            issue["names"].remove(label)
        else:
            issue["names"] += [name for name in asked.body["labels"] if name not in issue["names"]]
        self.wrote(asked)
        return Reply(200, [{"name": name} for name in issue["names"]])

    def _close(self, issue: dict[str, Any], who: str, why: str) -> None:
        issue |= {"state": "closed", "state_reason": why, "closed_at": self.now(), "closed_by": {"login": who}}

    def people_close(self, name: str, why: str = "not_planned") -> None:
        self._close(self.issues[name], "ann", why)

    def transfer(self, name: str, to: str) -> str:
        new = f"{to}#{self.numbered(to)}"
        issue = self.issues[new] = self.issues.pop(name)
        number = int(new.partition("#")[2])
        issue |= {"number": number, "url": f"{self.url}/repos/{to}/issues/{number}", "html_url": f"{self.url}/{to}/issues/{number}"}
        self.moved[name] = new
        return new

    def shown(self, issue: dict[str, Any]) -> dict[str, Any]:
        more = {"pull_request": {"url": "..."}} if issue.get("is_pull") else {}
        told = {key: value for key, value in issue.items() if key not in ("hidden", "names", "comments", "closed_by", "is_pull")}
        return told | {"labels": [{"name": name} for name in issue["names"]], "comments": len(issue["comments"])} | more


class GitLabIssuesServer(IssueServer):
    """GitLab REST v4. A moved issue is closed and points to what it has become; a quick action in a text is carried out."""

    def __init__(self) -> None:
        super().__init__()
        self.places = {
            name: {
                "id": number,
                "path_with_namespace": name,
                "visibility": "private",
                "issues_access_level": "enabled",
                "archived": False,
                "permissions": {"project_access": {"access_level": 20}, "group_access": None},
            }
            for number, name in ((41, "acme/sec"), (42, "acme/web"))
        }
        self.users = {"ann": 7, "bob": 8}
        self.bearer = False

    def wrong(self, why: str) -> Any:
        return {"message": why}

    def knows(self, asked: Asked) -> bool:
        if self.bearer:
            return bool(asked.headers.get("Authorization") == f"Bearer {TOKEN}")
        return bool(asked.headers.get("PRIVATE-TOKEN") == TOKEN)

    def answer(self, asked: Asked) -> Reply:
        path = asked.path.removeprefix(self.prefix)
        if path == "/user":
            return Reply(200, {"id": 1, "username": "setright"})
        if path == "/users":
            name = asked.query["username"]
            return Reply(200, [{"id": self.users[name], "username": name}] if name in self.users else [])
        if path == "/issues":
            return self._search(asked)
        found = re.fullmatch(r"/projects/([^/]+)(?:/issues(?:/(\w+)(?:/(notes))?)?)?", path)
        place = self._named(unquote(found[1])) if found else ""
        if found is None or not place:
            return Reply(404, self.wrong("404 Project Not Found"))
        if found[2] is None:
            return self._place(asked, place, path.endswith("/issues"))
        issue = self.issues.get(f"{place}#{found[2]}")
        if issue is None:
            return Reply(404, self.wrong("404 Issue Not Found"))
        return self._notes(asked, issue) if found[3] else self._issue(asked, issue)

    def _named(self, word: str) -> str:
        return next((name for name, place in self.places.items() if word in (name, str(place["id"]))), "")

    def _place(self, asked: Asked, place: str, is_list: bool) -> Reply:
        if not is_list:
            return Reply(200, self.places[place])
        if asked.method == "POST":
            return self._create(asked, place)
        assert asked.query["state"] == "all" and asked.query["sort"] == "asc"
        return self._listed(asked, self.visible(place, asked.query["labels"]))

    def _listed(self, asked: Asked, found: list[dict[str, Any]]) -> Reply:
        page, following = self.paged(asked, found)
        headers = {"X-Next-Page": str(following) if following else "", "RateLimit-Remaining": "600"}
        return Reply(200, [self.shown(issue) for issue in page], headers)

    def _search(self, asked: Asked) -> Reply:
        assert asked.query["scope"] == "all" and asked.query["in"] == "description" and asked.query["search"]
        return self._listed(asked, [i for i in self.issues.values() if asked.query["search"] in i["description"]])

    def _create(self, asked: Asked, place: str) -> Reply:
        body = asked.body
        if wrong := self._wrong(body, creates=True):
            return wrong
        self.wrote(asked)
        return Reply(201, self.shown(self._made(place, body)))

    def _made(self, place: str, body: dict[str, Any]) -> dict[str, Any]:
        number = self.numbered(place)
        rights = self.places[place]["permissions"]["project_access"]["access_level"]
        issue = {
            "id": 1000 + len(self.issues),
            "iid": number,
            "project_id": self.places[place]["id"],
            "references": {"full": f"{place}#{number}"},
            "web_url": f"{self.url}/{place}/-/issues/{number}",
            "state": "opened",
            "closed_at": None,
            "closed_by": None,
            "moved_to_id": None,
            "title": body["title"],
            "description": body.get("description", ""),
            "names": body.get("labels", "").split(",") if rights >= 15 else [],
            "confidential": body.get("confidential", False),
            "assignee_ids": body.get("assignee_ids", []),
            "notes": [],
            "hidden": self.lag,
        }
        self.issues[f"{place}#{number}"] = issue
        self._act(issue, issue["description"])
        return issue

    def _wrong(self, body: Any, creates: bool = False) -> Reply | None:
        known = {"title", "description", "labels", "add_labels", "remove_labels", "confidential", "assignee_ids", "state_event"}
        if creates and not body.get("title"):
            return Reply(400, {"error": "title is missing"})
        if len(body.get("title", "")) > 255:
            return Reply(400, {"message": {"title": ["is too long (maximum is 255 characters)"]}})
        if body.get("state_event", "close") not in ("close", "reopen"):
            return Reply(400, {"error": "state_event does not have a valid value"})
        if not creates and not body.keys() & known:
            return Reply(400, {"error": "title, description, labels are missing, at least one parameter must be provided"})
        if set(body.get("assignee_ids", [])) - set(self.users.values()):
            return Reply(400, {"message": {"assignees": ["is invalid"]}})
        return Reply(400, {"error": "unknown"}) if body.keys() - known else None

    def _issue(self, asked: Asked, issue: dict[str, Any]) -> Reply:
        if asked.method == "GET":
            return Reply(200, self.shown(issue))
        if asked.method != "PUT":
            return Reply(405, self.wrong("405 Method Not Allowed"))
        if wrong := self._wrong(asked.body):
            return wrong
        body = asked.body
        issue |= {key: value for key, value in body.items() if key in ("title", "description")}
        self._act(issue, body.get("description", ""))
        gone = body.get("remove_labels", "").split(",")
        added = [name for name in body.get("add_labels", "").split(",") if name]
        issue["names"] = list(dict.fromkeys([*(name for name in issue["names"] if name not in gone), *added]))
        if body.get("state_event") == "close":
            self._close(issue, "setright")
        elif body.get("state_event") == "reopen":
            issue |= {"state": "opened", "closed_at": None, "closed_by": None}
        self.wrote(asked)
        return Reply(200, self.shown(issue))

    def _notes(self, asked: Asked, issue: dict[str, Any]) -> Reply:
        if asked.method == "GET":
            assert asked.query["sort"] == "desc"
            page, following = self.paged(asked, [{"id": n, "body": text} for n, text in enumerate(issue["notes"])][::-1])
            return Reply(200, page, {"X-Next-Page": str(following) if following else ""})
        if not asked.body.get("body"):
            return Reply(400, {"error": "body is missing"})
        issue["notes"].append(asked.body["body"])
        self._act(issue, asked.body["body"])
        self.wrote(asked)
        return Reply(201, {"id": len(issue["notes"]), "body": asked.body["body"]})

    def _act(self, issue: dict[str, Any], text: str) -> None:
        """What a line of a text that begins with a slash does there."""
        issue.setdefault("acted", []).extend(re.findall(r"^/\w+.*", CODE.sub("", text), re.MULTILINE))

    def _close(self, issue: dict[str, Any], who: str) -> None:
        issue |= {"state": "closed", "closed_at": self.now(), "closed_by": {"name": who, "username": who}}

    def people_close(self, name: str) -> None:
        self._close(self.issues[name], "ann")

    def move(self, name: str, to: str) -> str:
        old = self.issues[name]
        new = self._made(to, {"title": old["title"], "description": old["description"], "labels": ",".join(old["names"])})
        new |= {"notes": list(old["notes"]), "state": old["state"], "closed_at": old["closed_at"], "closed_by": old["closed_by"]}
        self._close(old, "ann")
        old["moved_to_id"] = new["id"]
        return str(new["references"]["full"])

    def shown(self, issue: dict[str, Any]) -> dict[str, Any]:
        told = {key: value for key, value in issue.items() if key not in ("hidden", "names", "notes", "acted", "assignee_ids")}
        return told | {"labels": issue["names"], "user_notes_count": len(issue["notes"])}

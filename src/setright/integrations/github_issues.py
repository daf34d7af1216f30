"""Tickets as issues on GitHub and GitHub Enterprise Server. Source: GitHub REST API, version 2022-11-28, Issues and rate limits.

They are found by listing the issues with our label, not by search, which lags behind and is limited to 30 requests a minute.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import msgspec

from setright.integrations.error import IntegrationError
from setright.integrations.github import rest
from setright.integrations.http import Response
from setright.integrations.issues import by_key, described, hidden, remarked
from setright.integrations.message import Refused
from setright.integrations.tickets import Access, Gone, Said, Ticket, TicketDraft, Wire, Written, key_in, utc

TITLE_CHARACTERS = 256
BODY_CHARACTERS = 65_000  # of 65,536
PAUSE_S = 1.0  # between two requests that change something, as the best practices ask for
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
UNSEEN = "it is not there, or our account may not see it"
CHECK = "check that the URL is the API's: https://api.github.com, or https://HOST/api/v3"


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`url` is the API's. `repositories` and `assignees` are by owner, `labels` by severity; `label` is the one of all our tickets.

    `public` says that everybody may read what is open. `estate` tells several installations that write to one repository apart.
    """

    token: str
    repository: str
    url: str = "https://api.github.com"
    repositories: dict[str, str] = {}
    assignees: dict[str, tuple[str, ...]] = {}
    label: str = "setright"
    labels: dict[str, str] = {}
    public: bool = False
    estate: str = ""


SECRETS = ("token",)


class GitHubIssues:
    """The issues of some repositories. A ticket's id is ``acme/shop#7``."""

    def __init__(self, options: Options, dry: bool = False) -> None:
        self._options = options
        self._wire = Wire(rest(options.url, options.token), "GitHub", dry, PAUSE_S)
        self._repositories = list(dict.fromkeys([options.repository, *options.repositories.values()]))
        self._keys: dict[str, list[str]] | None = None  # ids, once they were listed
        self._why_not: dict[str, str] = {}  # by repository
        self._moved: dict[str, str] = {}  # paths, by id

    @property
    def written(self) -> list[Written]:
        return self._wire.written

    def find(self, key: str) -> Ticket | None:
        """Of several an open one, the oldest."""
        found = [self.get(id_) for id_ in self._listed().get(key_in(self._options.estate, key), [])]
        return min(found, key=lambda ticket: not ticket.is_open, default=None)

    def create(self, draft: TicketDraft) -> Ticket:
        """Not where everybody could read it, nor where the label would be dropped in silence."""
        repository = self._options.repositories.get(draft.owner, self._options.repository)
        if why := self._why_none(repository):
            raise Refused(f"GitHub: {repository}: {why}")
        severity = self._options.labels.get(draft.severity)
        body = self._text(draft) | {
            "labels": [self._options.label, *([severity] if severity else [])],
            "assignees": list(self._options.assignees.get(draft.owner, ())),
        }
        answer = self._wire.make(f"/repos/{repository}/issues", body)
        if self._wire.dry:
            return Ticket("", "", "")
        made = _read(answer)
        self._listed().setdefault(key_in(self._options.estate, draft.key), []).append(made.id)
        return made

    def get(self, id_: str) -> Ticket:
        issue = self._issue(id_)
        return _ticket(issue)._replace(id=id_)

    def update(self, id_: str, draft: TicketDraft) -> None:
        """The text, and the label of its severity where that is another now; what people put there stays."""
        there = {label["name"] for label in self._issue(id_)["labels"]} if self._options.labels else set()
        self._wire.write("PATCH", self._path(id_), self._text(draft))
        severity = self._options.labels.get(draft.severity)
        if severity and severity not in there:
            self._wire.write("POST", f"{self._path(id_)}/labels", {"labels": [severity]})
        for label in sorted((there & set(self._options.labels.values())) - {severity}):
            self._wire.write("DELETE", f"{self._path(id_)}/labels/{quote(label, safe='')}", None)

    def comment(self, id_: str, said: Said) -> None:
        if id_ and any(hidden(said.mark) in (each["body"] or "") for each in self._pages(f"{self._path(id_)}/comments", {})):
            return
        self._wire.write("POST", f"{self._path(id_)}/comments", {"body": remarked(said.mark, said.body, BODY_CHARACTERS)})

    def close(self, id_: str, is_fixed: bool) -> None:
        self._wire.write("PATCH", self._path(id_), {"state": "closed", "state_reason": "completed" if is_fixed else "not_planned"})

    def reopen(self, id_: str) -> None:
        self._wire.write("PATCH", self._path(id_), {"state": "open"})

    def access(self) -> Access:
        try:
            account = str(_object(self._wire.read("GET", "/user"))["login"])
        except (Gone, Refused):
            account = "an app"  # its tokens are nobody's
        return Access(account, {repository: self._why_none(repository) for repository in self._repositories})

    def _text(self, draft: TicketDraft) -> dict[str, Any]:
        key = key_in(self._options.estate, draft.key)
        return {"title": draft.title[:TITLE_CHARACTERS], "body": described(key, draft.body, BODY_CHARACTERS)}

    def _listed(self) -> dict[str, list[str]]:
        """Asked for once: all that have our label, of every repository that can be seen."""
        if self._keys is None:
            query = {"labels": self._options.label, "state": "all", "sort": "created", "direction": "asc"}
            issues = [
                issue
                for repository in self._repositories
                if self._why_none(repository) != UNSEEN
                for issue in self._pages(f"/repos/{repository}/issues", query)
                if "pull_request" not in issue
            ]
            self._keys = by_key((_ticket(issue).id, issue["body"]) for issue in issues)
        return self._keys

    def _why_none(self, repository: str) -> str:
        """Why there can be no tickets in a repository; empty: there can."""
        if repository not in self._why_not:
            try:
                self._why_not[repository] = self._against(_object(self._wire.read("GET", f"/repos/{repository}")))
            except Gone:
                self._why_not[repository] = UNSEEN
        return self._why_not[repository]

    def _against(self, repository: dict[str, Any]) -> str:
        rights = repository.get("permissions") or {}
        if not repository["has_issues"] or repository.get("archived"):
            return "it takes no issues"
        if not repository["private"] and not self._options.public:
            return "it is public: everybody could read what is open; say public = true if that is meant"
        if rights.get("pull") and not rights.get("push"):  # an app's rights are not told there
            return "our account may not give labels there, by which tickets are found; it needs the role Write"
        return ""

    def _issue(self, id_: str) -> dict[str, Any]:
        """It, where it was transferred to as well."""
        issue = _object(self._wire.read("GET", self._path(id_)))
        if str(issue["url"]).startswith(f"{self._wire.base}/"):
            self._moved[id_] = str(issue["url"]).removeprefix(self._wire.base)
        return issue

    def _path(self, id_: str) -> str:
        if id_ in self._moved:
            return self._moved[id_]
        repository, _, number = id_.rpartition("#")
        return f"/repos/{repository or self._options.repository}/issues/{number}"

    def _pages(self, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for answer in self._wire.pages(path, query | {"per_page": "100"}):
            if not isinstance(answer.data, list):
                raise IntegrationError(f"GitHub's answer is no list; {CHECK}")
            found += answer.data
        return found


def open_tickets(options: Options, dry: bool = False) -> GitHubIssues:
    for repository in (options.repository, *options.repositories.values()):
        if not REPOSITORY.fullmatch(repository):
            raise IntegrationError(f"GitHub: {repository!r} is no repository; write owner/name")
    return GitHubIssues(options, dry)


def _read(answer: Response) -> Ticket:
    return _ticket(_object(answer))


def _ticket(issue: dict[str, Any]) -> Ticket:
    repository = "/".join(str(issue["url"]).split("/")[-4:-2])
    name = f"{repository}#{issue['number']}"
    ticket = Ticket(name, name, str(issue["html_url"]))
    if issue["state"] == "open":
        return ticket
    who = str((issue.get("closed_by") or {}).get("login", ""))
    why = str(issue.get("state_reason") or "").replace("_", " ")
    return ticket._replace(is_open=False, closed_by=who, closed_at=utc(issue.get("closed_at") or ""), closed_as=why)


def _object(answer: Response) -> dict[str, Any]:
    if not isinstance(answer.data, dict):
        raise IntegrationError(f"GitHub's answer is no JSON object; {CHECK}")
    return answer.data

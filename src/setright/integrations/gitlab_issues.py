"""Tickets as issues on GitLab, the public one or one's own. Source: GitLab REST API v4: Issues, Notes, Projects, pagination.

They are found by listing the issues with our label. Text is written so that no line of it is a quick action.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import msgspec

from setright.integrations.error import IntegrationError
from setright.integrations.http import Response
from setright.integrations.issues import by_key, described, hidden, remarked, ticket_key
from setright.integrations.message import Refused
from setright.integrations.rest import Rest
from setright.integrations.tickets import MOST_PAGES, Access, Gone, Said, Ticket, TicketDraft, Wire, Written, key_in, utc

TITLE_CHARACTERS = 255
BODY_CHARACTERS = 65_000  # of 1,048,576; nobody reads more
MAY_LABEL = 15  # the role Planner; Reporter and above can as well
UNSEEN = "it is not there, or our account may not see it"


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`url` is the API's. `projects` and `assignees` (user names) are by owner, `labels` by severity; `label` is on all of ours.

    `bearer`: `token` is an OAuth token. `confidential` hides tickets from guests; `public` says that everybody may read what is
    open. `estate` tells several installations that write to one project apart.
    """

    token: str
    project: str
    url: str = "https://gitlab.com/api/v4"
    bearer: bool = False
    projects: dict[str, str] = {}
    assignees: dict[str, tuple[str, ...]] = {}
    label: str = "setright"
    labels: dict[str, str] = {}
    confidential: bool = False
    public: bool = False
    estate: str = ""


SECRETS = ("token",)


class GitLabIssues:
    """The issues of some projects. A ticket's id is the project's number and its own, ``42#7``: names change."""

    def __init__(self, options: Options, dry: bool = False) -> None:
        self._options = options
        auth = {"Authorization": f"Bearer {options.token}"} if options.bearer else {"PRIVATE-TOKEN": options.token}
        self._wire = Wire(Rest(options.url, auth, {"Accept": "application/json"}), "GitLab", dry)
        self._projects = list(dict.fromkeys([options.project, *options.projects.values()]))
        self._keys: dict[str, list[str]] | None = None  # ids, once they were listed
        self._why_not: dict[str, str] = {}  # by project
        self._users: dict[str, int] = {}
        self._moved: dict[str, str] = {}  # ids, by id

    @property
    def written(self) -> list[Written]:
        return self._wire.written

    def find(self, key: str) -> Ticket | None:
        """Of several an open one, the oldest."""
        found = [self.get(id_) for id_ in self._listed().get(key_in(self._options.estate, key), [])]
        return min(found, key=lambda ticket: not ticket.is_open, default=None)

    def create(self, draft: TicketDraft) -> Ticket:
        """Not where everybody could read it, nor where the label would be dropped in silence."""
        project = self._options.projects.get(draft.owner, self._options.project)
        if why := self._why_none(project):
            raise Refused(f"GitLab: {project}: {why}")
        severity = self._options.labels.get(draft.severity)
        body = self._text(draft) | {
            "labels": ",".join([self._options.label, *([severity] if severity else [])]),
            "confidential": self._options.confidential,
            "assignee_ids": [self._user(name) for name in self._options.assignees.get(draft.owner, ())],
        }
        answer = self._wire.make(f"{_place(project)}/issues", body)
        if self._wire.dry:
            return Ticket("", "", "")
        made = _ticket(_object(answer))
        self._listed().setdefault(key_in(self._options.estate, draft.key), []).append(made.id)
        return made

    def get(self, id_: str) -> Ticket:
        """As it is, where it was moved to as well. Raises Gone where that is no place of ours to see."""
        issue = _object(self._wire.read("GET", self._path(id_)))
        for _ in range(MOST_PAGES):
            if not issue.get("moved_to_id"):
                break
            issue = self._followed(issue)
            self._moved[id_] = _ticket(issue).id
        return _ticket(issue)._replace(id=id_)

    def update(self, id_: str, draft: TicketDraft) -> None:
        """The text, and the label of its severity; what people put there stays."""
        severity = self._options.labels.get(draft.severity)
        others = sorted(set(self._options.labels.values()) - {severity})
        labels = {"add_labels": severity or "", "remove_labels": ",".join(others)} if self._options.labels else {}
        self._wire.write("PUT", self._path(id_), self._text(draft) | labels)

    def comment(self, id_: str, said: Said) -> None:
        notes = f"{self._path(id_)}/notes"
        newest = {"sort": "desc", "order_by": "created_at"}
        if id_ and any(hidden(said.mark) in (each["body"] or "") for each in self._pages(notes, newest)):
            return
        self._wire.write("POST", notes, {"body": remarked(said.mark, said.body, BODY_CHARACTERS)})

    def close(self, id_: str, _: bool) -> None:
        self._wire.write("PUT", self._path(id_), {"state_event": "close"})

    def reopen(self, id_: str) -> None:
        self._wire.write("PUT", self._path(id_), {"state_event": "reopen"})

    def access(self) -> Access:
        account = str(_object(self._wire.read("GET", "/user")).get("username", ""))
        return Access(account, {project: self._why_none(project) for project in self._projects})

    def _text(self, draft: TicketDraft) -> dict[str, Any]:
        key = key_in(self._options.estate, draft.key)
        return {"title": draft.title[:TITLE_CHARACTERS], "description": described(key, draft.body, BODY_CHARACTERS)}

    def _listed(self) -> dict[str, list[str]]:
        """Asked for once: all that have our label, of every project that can be seen."""
        if self._keys is None:
            query = {"labels": self._options.label, "state": "all", "order_by": "created_at", "sort": "asc"}
            seen = [project for project in self._projects if self._why_none(project) != UNSEEN]
            issues = [issue for project in seen for issue in self._pages(f"{_place(project)}/issues", query)]
            self._keys = by_key((_ticket(issue).id, issue["description"]) for issue in issues if not issue.get("moved_to_id"))
        return self._keys

    def _followed(self, issue: dict[str, Any]) -> dict[str, Any]:
        """What a moved issue has become: only administrators may ask for an issue without its project, but all may search."""
        asked = {"scope": "all", "state": "all", "search": ticket_key(issue["description"]), "in": "description"}
        there = next((each for each in self._pages("/issues", asked) if each["id"] == issue["moved_to_id"]), None)
        if there is None:
            raise Gone("GitLab: the issue was moved to where our account sees nothing")
        return there

    def _why_none(self, project: str) -> str:
        """Why there can be no tickets in a project; empty: there can."""
        if project not in self._why_not:
            try:
                self._why_not[project] = self._against(_object(self._wire.read("GET", _place(project))))
            except Gone:
                self._why_not[project] = UNSEEN
        return self._why_not[project]

    def _against(self, project: dict[str, Any]) -> str:
        told = [access for access in (project.get("permissions") or {}).values() if access]
        if project.get("issues_access_level") == "disabled" or project.get("archived"):
            return "it takes no issues"
        if project["visibility"] == "public" and not self._options.confidential and not self._options.public:
            return "it is public: everybody could read what is open; say confidential = true, or public = true if that is meant"
        if told and max(access["access_level"] for access in told) < MAY_LABEL:
            return "our account may not give labels there, by which tickets are found; it needs the role Planner or Reporter"
        return ""

    def _user(self, name: str) -> int:
        """Raises Refused for a name that nobody has."""
        if name not in self._users:
            people = [each for each in self._pages("/users", {"username": name}) if each["username"] == name]
            if not people:
                raise Refused(f"GitLab: nobody is called {name!r}; correct assignees")
            self._users[name] = int(people[0]["id"])
        return self._users[name]

    def _path(self, id_: str) -> str:
        project, _, number = self._moved.get(id_, id_).rpartition("#")
        return f"{_place(project or self._options.project)}/issues/{number}"

    def _pages(self, path: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
        """Raises IntegrationError where the list does not end, since what is missed would be made anew."""
        page = "1"
        for _ in range(MOST_PAGES):
            answer = self._wire.read("GET", path, query=query | {"per_page": "100", "page": page})
            if not isinstance(answer.data, list):
                raise IntegrationError("GitLab's answer is no list; check that the URL is the API's: https://HOST/api/v4")
            yield from answer.data
            page = answer.headers.get("x-next-page", "")
            if not page:
                return
        raise IntegrationError(f"GitLab: a list of more than {MOST_PAGES} pages; give our tickets a label of their own")


def open_tickets(options: Options, dry: bool = False) -> GitLabIssues:
    if "," in "".join([options.label, *options.labels.values()]):
        raise IntegrationError("GitLab: a label has no comma; correct label and labels")
    return GitLabIssues(options, dry)


def _place(project: str) -> str:
    return f"/projects/{quote(project, safe='')}"


def _ticket(issue: dict[str, Any]) -> Ticket:
    ticket = Ticket(f"{issue['project_id']}#{issue['iid']}", str(issue["references"]["full"]), str(issue["web_url"]))
    if issue["state"] == "opened":
        return ticket
    who = str((issue.get("closed_by") or {}).get("name", ""))
    return ticket._replace(is_open=False, closed_by=who, closed_at=utc(issue.get("closed_at") or ""))


def _object(answer: Response) -> dict[str, Any]:
    if not isinstance(answer.data, dict):
        raise IntegrationError("GitLab's answer is no JSON object; check that the URL is the API's: https://HOST/api/v4")
    return answer.data

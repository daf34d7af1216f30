"""Tickets in Jira: Cloud (REST v3, bodies in ADF) and Data Center (REST v2, bodies in wiki text).

developer.atlassian.com/cloud/jira/platform/rest/v3 (search by ``/search/jql`` and nextPageToken; ``/search`` is gone there);
docs.atlassian.com/software/jira/docs/api/REST. The key is kept twice: as a label, which search knows, and as an issue
property, which people do not edit.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from setright.integrations.error import IntegrationError
from setright.integrations.http import Response
from setright.integrations.markup import adf, wiki
from setright.integrations.message import Refused
from setright.integrations.rest import MAX_PAGES, Rest
from setright.integrations.tickets import (
    Access,
    Block,
    Gone,
    Paragraph,
    Said,
    Ticket,
    TicketDraft,
    Wire,
    Written,
    key_in,
    shortened,
    utc,
)
from setright.model import Plain

PROPERTY = "setright"  # its value must stay below 32,768 characters; ours has one short key
TITLE_CHARACTERS = 254
BODY_CHARACTERS = 30_000  # of the 32,767 that a text field takes, the rest for the form
FIELDS = ("status", "updated")
RIGHTS = ("BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES")


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`token`: an API token of `user` (cloud), a personal access token (data-center). `projects` are by owner.

    `close_status` and `reopen_status` are names, where the first that fits is not the right one. `priorities` are by severity,
    `fields` what a project asks for besides. `estate` tells several installations that write to one project apart.
    """

    url: str
    token: str
    project: str
    user: str = ""
    flavour: Literal["cloud", "data-center"] = "cloud"
    projects: dict[str, str] = {}
    issue_type: str = "Task"
    close_status: str = ""
    reopen_status: str = ""
    resolution: str = "Done"
    priorities: dict[str, str] = {}
    fields: dict[str, Plain] = {}
    estate: str = ""


SECRETS = ("token",)


class Jira:
    """One site."""

    def __init__(self, options: Options, dry: bool = False) -> None:
        self._options = options
        self._is_cloud = options.flavour == "cloud"
        self._wire = Wire(Rest(options.url, _credentials(options), {"Accept": "application/json"}), "Jira", dry)
        self._api = "/rest/api/3" if self._is_cloud else "/rest/api/2"

    @property
    def written(self) -> list[Written]:
        return self._wire.written

    def find(self, key: str) -> Ticket | None:
        """By its label, held against its property, since a clone has the label too; of several an open one, the oldest."""
        key = key_in(self._options.estate, key)
        issues = self._issues(f'labels = "{key}" ORDER BY created ASC')
        found = [self._read(issue) for issue in issues if self._key_of(issue) == key]
        return min(found, key=lambda ticket: not ticket.is_open, default=None)

    def create(self, draft: TicketDraft) -> Ticket:
        """The property is made with the issue: there is no moment in which it has none."""
        key = key_in(self._options.estate, draft.key)
        fields = self._fields(draft) | {
            "project": {"key": self._options.projects.get(draft.owner, self._options.project)},
            "issuetype": {"name": self._options.issue_type},
            "labels": ["setright", key],
        }
        properties = [{"key": PROPERTY, "value": {"key": key}}]
        answer = self._wire.make(f"{self._api}/issue", {"fields": self._options.fields | fields, "properties": properties})
        if self._wire.dry:
            return Ticket("", "", "")
        return Ticket(str(answer.data["id"]), str(answer.data["key"]), self._url(str(answer.data["key"])))

    def get(self, id_: str) -> Ticket:
        query = {"fields": ",".join(FIELDS), "expand": "changelog"}
        return self._read(_object(self._wire.read("GET", f"{self._api}/issue/{quote(id_)}", query=query)))

    def update(self, id_: str, draft: TicketDraft) -> None:
        self._wire.write("PUT", f"{self._api}/issue/{quote(id_)}", {"fields": self._fields(draft)})

    def comment(self, id_: str, said: Said) -> None:
        body = self._body((*shortened(said.body, BODY_CHARACTERS), Paragraph(said.mark)))
        if id_ and self._has(id_, said.mark):
            return
        self._wire.write("POST", f"{self._api}/issue/{quote(id_)}/comment", {"body": body})

    def close(self, id_: str, _: bool) -> None:
        self._move(id_, self._options.close_status, done=True)

    def reopen(self, id_: str) -> None:
        self._move(id_, self._options.reopen_status, done=False)

    def access(self) -> Access:
        account = _object(self._wire.read("GET", f"{self._api}/myself")).get("displayName", "")
        projects = sorted({self._options.project, *self._options.projects.values()})
        return Access(str(account), {project: self._lacking(project) for project in projects})

    def _lacking(self, project: str) -> str:
        """The rights that we lack in a project."""
        query = {"projectKey": project, "permissions": ",".join(RIGHTS)}
        try:
            told = _object(self._wire.read("GET", f"{self._api}/mypermissions", query=query)).get("permissions", {})
        except (Gone, Refused) as error:
            return str(error)
        lacking = [name for name in RIGHTS if not told.get(name, {}).get("havePermission")]
        return f"our account lacks {', '.join(lacking)}" if lacking else ""

    def _fields(self, draft: TicketDraft) -> dict[str, Plain]:
        body = self._body(shortened(draft.body, BODY_CHARACTERS))
        fields: dict[str, Plain] = {"summary": draft.title[:TITLE_CHARACTERS], "description": body}
        priority = self._options.priorities.get(draft.severity)
        return fields | ({"priority": {"name": priority}} if priority else {})

    def _body(self, body: tuple[Block, ...]) -> Plain:
        return adf(body) if self._is_cloud else wiki(body)

    def _issues(self, jql: str) -> Iterator[dict[str, Any]]:
        asked: dict[str, Any] = {"jql": jql, "fields": list(FIELDS), "maxResults": 50}
        if not self._is_cloud:
            yield from _object(self._wire.read("POST", "/rest/api/2/search", asked | {"startAt": 0})).get("issues", [])
            return
        asked |= {"properties": [PROPERTY]}
        for _ in range(MAX_PAGES):
            page = _object(self._wire.read("POST", "/rest/api/3/search/jql", asked))
            yield from page.get("issues", [])
            if not page.get("nextPageToken"):
                return
            asked["nextPageToken"] = page["nextPageToken"]

    def _key_of(self, issue: dict[str, Any]) -> str:
        """What its property says; Data Center's search does not tell properties."""
        if self._is_cloud:
            return str((issue.get("properties", {}).get(PROPERTY) or {}).get("key", ""))
        try:
            told = self._wire.read("GET", f"{self._api}/issue/{quote(str(issue['id']))}/properties/{PROPERTY}")
        except Gone:
            return ""
        return str(_object(told).get("value", {}).get("key", ""))

    def _has(self, id_: str, mark: str) -> bool:
        """Whether a comment with that mark is there; the newest are looked at first."""
        query = {"orderBy": "-created", "maxResults": "100"}
        page = _object(self._wire.read("GET", f"{self._api}/issue/{quote(id_)}/comment", query=query))
        return any(mark in msgspec.json.encode(each.get("body")).decode() for each in page.get("comments", []))

    def _move(self, id_: str, status: str, done: bool) -> None:
        """By the first transition that leads to such a status. Raises Refused where none does."""
        path = f"{self._api}/issue/{quote(id_)}/transitions"
        ways = _object(self._wire.read("GET", path, query={"expand": "transitions.fields"})).get("transitions", [])
        fits = [way for way in ways if _is_done(way["to"]) == done and status in ("", way["to"]["name"])]
        if not fits:
            word = "close_status" if done else "reopen_status"
            names = ", ".join(str(way["to"]["name"]) for way in ways) or "nowhere"
            raise Refused(f"Jira: the workflow leads from here to {names}; name the right one with {word}")
        asks = fits[0].get("fields", {}).get("resolution", {}).get("required")
        fields = {"fields": {"resolution": {"name": self._options.resolution}}} if asks else {}
        self._wire.write("POST", path, {"transition": {"id": fits[0]["id"]}, **fields})

    def _read(self, issue: dict[str, Any]) -> Ticket:
        name, fields = str(issue["key"]), issue["fields"]
        ticket = Ticket(str(issue["id"]), name, self._url(name))
        if not _is_done(fields["status"]):
            return ticket
        moves = [h for h in issue.get("changelog", {}).get("histories", []) if any(i["field"] == "status" for i in h["items"])]
        last = max(moves, key=lambda history: utc(history["created"]), default=None)
        who = (last.get("author") or {}).get("displayName", "") if last else ""
        when = utc(last["created"] if last else fields.get("updated", ""))
        return ticket._replace(is_open=False, closed_by=who, closed_at=when)

    def _url(self, name: str) -> str:
        return f"{self._wire.base}/browse/{name}"


def open_tickets(options: Options, dry: bool = False) -> Jira:
    if options.flavour == "cloud" and not options.user:
        raise IntegrationError("Jira: no user; name the account of the token (its e-mail address), or flavour = data-center")
    return Jira(options, dry)


def _credentials(options: Options) -> dict[str, str]:
    if options.flavour == "cloud":
        return {"Authorization": "Basic " + b64encode(f"{options.user}:{options.token}".encode()).decode()}
    return {"Authorization": f"Bearer {options.token}"}


def _is_done(status: dict[str, Any]) -> bool:
    return bool(status["statusCategory"]["key"] == "done")


def _object(answer: Response) -> dict[str, Any]:
    if not isinstance(answer.data, dict):
        raise IntegrationError("Jira's answer is no JSON object; check the URL of the site")
    return answer.data

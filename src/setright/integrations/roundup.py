"""Tickets in a Roundup tracker, by its REST API. Source: roundup-tracker.org/docs/rest.html, and the classic template's schema.

A ticket's text is its first message. Messages are found by their Message-ID, which nobody edits: the ticket's key, or a
comment's mark. A retired issue is still told by its own address, so tickets are read from the list.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from setright.integrations.error import IntegrationError
from setright.integrations.http import Response
from setright.integrations.message import Refused
from setright.integrations.rest import Rest
from setright.integrations.tickets import (
    Access,
    Block,
    Gone,
    Said,
    Stale,
    Ticket,
    TicketDraft,
    Wire,
    Written,
    key_in,
    plain_text,
    shortened,
    utc,
)
from setright.model import Plain

BODY_CHARACTERS = 60_000
DATA = "/rest/data"
FIELDS = "title,status,activity,actor,messages"
NEW = "new"  # what stands for the number of a message that a dry run does not make


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`url` is the tracker's. `assignees` (user names) are by owner, `priorities` by severity; `fields` what it asks for besides.

    Statuses are the tracker's: the one that a closed and a reopened ticket gets, and all in which it counts as closed.
    `estate` tells several installations that write to one tracker apart.
    """

    url: str
    user: str
    password: str
    assignees: dict[str, str] = {}
    priorities: dict[str, str] = {}
    open_status: str = "chatting"
    closed_status: str = "resolved"
    closed_statuses: tuple[str, ...] = ("resolved", "done-cbb")
    fields: dict[str, Plain] = {}
    estate: str = ""


SECRETS = ("password",)


class Roundup:
    """One tracker."""

    def __init__(self, options: Options, dry: bool = False) -> None:
        self._options = options
        parts = urlsplit(options.url)
        auth = {"Authorization": "Basic " + b64encode(f"{options.user}:{options.password}".encode()).decode()}
        asked = {"Accept": "application/json", "X-Requested-With": "rest", "Origin": f"{parts.scheme}://{parts.netloc}"}
        self._wire = Wire(Rest(options.url, auth, asked), "Roundup", dry)
        self._given: dict[str, str] = {}  # a dry run's statuses, by id

    @property
    def written(self) -> list[Written]:
        return self._wire.written

    def find(self, key: str) -> Ticket | None:
        """By its first message; of several an open one, the oldest."""
        messages = self._messages(key_in(self._options.estate, key))
        if not messages:
            return None
        found = [self._read(row) for row in self._collection("issue", {"messages": ",".join(messages), "@sort": "id"})]
        return min(found, key=lambda ticket: not ticket.is_open, default=None)

    def create(self, draft: TicketDraft) -> Ticket:
        """A message that an earlier try left behind is made again: it hangs on nothing, and nobody sees it."""
        given: dict[str, Plain] = {"title": draft.title, "messages": [self._message(self._key(draft), draft.body)]}
        if priority := self._options.priorities.get(draft.severity):
            given["priority"] = priority
        if assignee := self._options.assignees.get(draft.owner):
            given["assignedto"] = assignee
        answer = self._wire.make(f"{DATA}/issue", self._options.fields | given)
        return Ticket("", "", "") if self._wire.dry else self.get(str(_object(answer)["data"]["id"]))

    def get(self, id_: str) -> Ticket:
        rows = self._collection("issue", {"id": id_}) if id_.isdigit() else []
        if not rows:
            raise Gone(f"Roundup: issue {id_} is retired, or not for us to see")
        return self._read(rows[0])

    def update(self, id_: str, draft: TicketDraft) -> None:
        here = _ids(self._attributes("issue", id_)[0])
        text = plain_text(shortened(draft.body, BODY_CHARACTERS))
        for message in self._messages(self._key(draft)):
            if message in here:
                self._change("msg", message, lambda _: {"content": text})
        priority = self._options.priorities.get(draft.severity)
        self._change("issue", id_, lambda _: {"title": draft.title, **({"priority": priority} if priority else {})})

    def comment(self, id_: str, said: Said) -> None:
        """With the status it has: trackers reopen what they get a message for, where that does not say otherwise."""
        there = self._messages(said.mark)
        if id_ and set(there) & set(_ids(self._attributes("issue", id_)[0])):
            return
        message = there[0] if there else self._message(said.mark, said.body)

        def added(issue: Mapping[str, Any]) -> dict[str, Plain]:
            status = self._given.get(id_) or (issue.get("status") or {}).get("name")
            return {"messages": [*_ids(issue), message], **({"status": status} if status else {})}

        self._change("issue", id_, added)

    def close(self, id_: str, _: bool) -> None:
        self._give(id_, self._options.closed_status)

    def reopen(self, id_: str) -> None:
        self._give(id_, self._options.open_status)

    def access(self) -> Access:
        """Whether we may write there is told by nothing but writing."""
        try:
            self._collection("issue", {"@page_size": "1"})
            why = ""
        except (Gone, Refused) as error:
            why = str(error)
        return Access(self._options.user, {self._wire.base: why})

    def _give(self, id_: str, status: str) -> None:
        self._change("issue", id_, lambda _: {"status": status})
        if self._wire.dry:
            self._given[id_] = status

    def _key(self, draft: TicketDraft) -> str:
        return key_in(self._options.estate, draft.key)

    def _message(self, word: str, body: tuple[Block, ...]) -> str:
        """Makes one, and says its number. Its author is told: a tracker that mails does not do without."""
        text = plain_text(shortened(body, BODY_CHARACTERS))
        made = {"content": text, "messageid": _message_id(word), "author": self._options.user, "date": "."}
        answer = self._wire.write("POST", f"{DATA}/msg", made)
        return NEW if self._wire.dry else str(_object(answer)["data"]["id"])

    def _messages(self, word: str) -> list[str]:
        return [str(row["id"]) for row in self._collection("msg", {"messageid:": _message_id(word)})]

    def _change(self, sort: str, id_: str, changed: Callable[[Mapping[str, Any]], dict[str, Plain]]) -> None:
        """Of what is there now: where somebody changes it between our reading and writing, it is read once more."""
        for is_last in (False, True):
            there, etag = self._attributes(sort, id_)
            try:
                self._wire.write("PUT", f"{DATA}/{sort}/{id_}", changed(there), {"If-Match": etag})
                return
            except Stale:
                if is_last:
                    raise
                self._wire.written.pop()  # nothing came of it

    def _attributes(self, sort: str, id_: str) -> tuple[Mapping[str, Any], str]:
        told = _object(self._wire.read("GET", f"{DATA}/{sort}/{id_}", query={"@verbose": "2"}))["data"]
        return told["attributes"], str(told["@etag"])

    def _collection(self, sort: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
        asked = {**query, "@verbose": "2", **({"@fields": FIELDS} if sort == "issue" else {})}
        found: list[dict[str, Any]] = _object(self._wire.read("GET", f"{DATA}/{sort}", query=asked))["data"]["collection"]
        return found

    def _read(self, row: Mapping[str, Any]) -> Ticket:
        id_ = str(row["id"])
        ticket = Ticket(id_, f"issue{id_}", f"{self._wire.base}/issue{id_}")
        status = (row.get("status") or {}).get("name", "")
        if status not in self._options.closed_statuses:
            return ticket
        who = str((row.get("actor") or {}).get("username", ""))
        return ticket._replace(is_open=False, closed_by=who, closed_at=_utc(row["activity"]), closed_as=status)


def open_tickets(options: Options, dry: bool = False) -> Roundup:
    return Roundup(options, dry)


def _ids(issue: Mapping[str, Any]) -> list[str]:
    return [str(message["id"]) for message in issue["messages"]]


def _message_id(word: str) -> str:
    """As mail has them (RFC 5322), since the tracker mails its messages under it."""
    return f"<{re.sub('[^A-Za-z0-9-]+', '.', word).strip('.')}@setright.invalid>"


def _utc(text: str) -> str:
    """``2026-01-02.03:04:05`` (UTC) as we write times."""
    return utc(f"{datetime.strptime(text, '%Y-%m-%d.%H:%M:%S').replace(tzinfo=UTC):%Y-%m-%dT%H:%M:%S%z}")


def _object(answer: Response) -> dict[str, Any]:
    if not isinstance(answer.data, dict) or not isinstance(answer.data.get("data", {}), dict):
        raise IntegrationError("Roundup's answer is none of its REST API; check the URL of the tracker")
    return answer.data

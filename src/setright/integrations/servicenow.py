"""Tickets in ServiceNow, by its Table API: one record a matter, found by its correlation_id.

servicenow.com/docs: REST API reference, Table API. What an access rule does not let us write is left out without a word, so
answers are read.
"""

from __future__ import annotations

import re
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import msgspec

from setright.integrations.error import IntegrationError
from setright.integrations.http import Response
from setright.integrations.message import Refused
from setright.integrations.rest import Rest
from setright.integrations.tickets import Access, Gone, Said, Ticket, TicketDraft, Wire, Written, key_in, plain_text, shortened

TITLE_CHARACTERS = 160
BODY_CHARACTERS = 3_900  # of the 4,000 of a description
SYS_ID = re.compile(r"[0-9a-f]{32}")
TABLE = re.compile(r"[a-z0-9_]+")
URGENCIES = {"critical": "1", "high": "2", "medium": "2"}  # 3 for the rest, where `urgencies` says nothing
FIELDS = "sys_id,number,state,correlation_id,resolved_by.name,closed_by.name,resolved_at,closed_at,sys_updated_on,sys_updated_by"


class Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`user` and `password`, or an OAuth `token`. `group` and `groups` (by owner) are assignment groups, by name or sys_id.

    States are those of the table: the one that a closed and a reopened record gets, and all in which it counts as closed.
    `final_states` are those out of which nothing comes back. `estate` tells several installations that write to one table apart.
    `urgencies` are by severity, `fields` what a table asks for besides.
    """

    url: str
    user: str = ""
    password: str = ""
    token: str = ""
    table: str = "incident"
    group: str = ""
    groups: dict[str, str] = {}
    open_state: str = "2"
    closed_state: str = "6"
    closed_states: tuple[str, ...] = ("6", "7", "8")
    final_states: tuple[str, ...] = ("7", "8")
    close_code: str = "Solution provided"
    urgencies: dict[str, str] = {}
    fields: dict[str, str] = {}
    estate: str = ""


SECRETS = ("password", "token")


class ServiceNow:
    """One table of one instance."""

    def __init__(self, options: Options, dry: bool = False) -> None:
        self._options = options
        self._wire = Wire(Rest(options.url, _credentials(options), {"Accept": "application/json"}), "ServiceNow", dry)
        self._table = f"/api/now/table/{options.table}"
        self._groups: dict[str, str] = {}

    @property
    def written(self) -> list[Written]:
        return self._wire.written

    def find(self, key: str) -> Ticket | None:
        """Of several an open one, the oldest."""
        key = key_in(self._options.estate, key)
        query = {"sysparm_query": f"correlation_id={key}^ORDERBYsys_created_on", "sysparm_fields": FIELDS, "sysparm_limit": "20"}
        found = [self._read(row) for row in _result(self._wire.read("GET", self._table, query=query), list)]
        return min(found, key=lambda ticket: not ticket.is_open, default=None)

    def create(self, draft: TicketDraft) -> Ticket:
        given = self._fields(draft) | {"correlation_id": key_in(self._options.estate, draft.key), "correlation_display": "setright"}
        if group := self._group(self._options.groups.get(draft.owner, self._options.group)):
            given["assignment_group"] = group
        answer = self._wire.make(self._table, self._options.fields | given)
        return Ticket("", "", "") if self._wire.dry else self._read(_result(answer, dict))

    def get(self, id_: str) -> Ticket:
        return self._read(_result(self._wire.read("GET", f"{self._table}/{id_}", query={"sysparm_fields": FIELDS}), dict))

    def update(self, id_: str, draft: TicketDraft) -> None:
        self._wire.write("PATCH", f"{self._table}/{id_}", self._fields(draft))

    def comment(self, id_: str, said: Said) -> None:
        """As a work note, which the caller of an incident does not see."""
        if id_ and said.mark in self._notes(id_):
            return
        text = _harmless(plain_text(shortened(said.body, BODY_CHARACTERS)))
        self._wire.write("PATCH", f"{self._table}/{id_}", {"work_notes": f"{text}\n\n{said.mark}"})

    def close(self, id_: str, is_fixed: bool) -> None:
        notes = "setright looked again and found nothing of it any more." if is_fixed else "It belongs to somebody else now."
        told = {"state": self._options.closed_state, "close_code": self._options.close_code, "close_notes": notes}
        self._move(id_, told)

    def reopen(self, id_: str) -> None:
        """Raises Gone for a record in a state that nothing comes back from."""
        row = _result(self._wire.read("GET", f"{self._table}/{id_}", query={"sysparm_fields": "state"}), dict)
        if str(row.get("state")) in self._options.final_states:
            raise Gone("ServiceNow: the record is closed for good")
        self._move(id_, {"state": self._options.open_state})

    def access(self) -> Access:
        """The Table API does not say who we are; that the table answers is all there is to see."""
        try:
            _result(self._wire.read("GET", self._table, query={"sysparm_fields": "sys_id", "sysparm_limit": "1"}), list)
            why = ""
        except (Gone, Refused) as error:
            why = str(error)
        return Access(self._options.user or "the token's account", {self._options.table: why})

    def _move(self, id_: str, told: dict[str, str]) -> None:
        answer = self._wire.write("PATCH", f"{self._table}/{id_}", told)
        if not self._wire.dry and str(_result(answer, dict).get("state")) != told["state"]:
            raise Refused(f"ServiceNow did not take the state {told['state']}; check it, and our right to write the field")

    def _fields(self, draft: TicketDraft) -> dict[str, str]:
        body = _harmless(plain_text(shortened(draft.body, BODY_CHARACTERS)))
        urgency = (URGENCIES | self._options.urgencies).get(draft.severity, "3")
        return {"short_description": draft.title[:TITLE_CHARACTERS], "description": body, "urgency": urgency}

    def _notes(self, id_: str) -> str:
        query = {"sysparm_fields": "work_notes", "sysparm_display_value": "true"}
        return str(_result(self._wire.read("GET", f"{self._table}/{id_}", query=query), dict).get("work_notes", ""))

    def _group(self, name: str) -> str:
        """Its sys_id. Raises Refused for a name that no group has."""
        if not name or SYS_ID.fullmatch(name):
            return name
        if name not in self._groups:
            if "^" in name:
                raise Refused(f"ServiceNow: {name!r} cannot be looked up; give the sys_id of the group")
            query = {"sysparm_query": f"name={name}", "sysparm_fields": "sys_id", "sysparm_limit": "2"}
            rows = _result(self._wire.read("GET", "/api/now/table/sys_user_group", query=query), list)
            if len(rows) != 1:
                raise Refused(f"ServiceNow: {len(rows)} groups are called {name!r}; give the sys_id of the one that is meant")
            self._groups[name] = str(rows[0]["sys_id"])
        return self._groups[name]

    def _read(self, row: dict[str, Any]) -> Ticket:
        id_ = str(row["sys_id"])
        ticket = Ticket(id_, str(row["number"]), f"{self._wire.base}/nav_to.do?uri={self._options.table}.do?sys_id={id_}")
        if str(row.get("state")) not in self._options.closed_states:
            return ticket
        who = row.get("closed_by.name") or row.get("resolved_by.name") or row.get("sys_updated_by") or ""
        when = row.get("closed_at") or row.get("resolved_at") or row.get("sys_updated_on") or ""
        return ticket._replace(is_open=False, closed_by=str(who), closed_at=_utc(str(when)))


def open_tickets(options: Options, dry: bool = False) -> ServiceNow:
    if not (options.token or (options.user and options.password)):
        raise IntegrationError("ServiceNow: no credentials; give user and password, or an OAuth token")
    if not TABLE.fullmatch(options.table):
        raise IntegrationError(f"ServiceNow: {options.table!r} is no table; give its name, such as incident")
    return ServiceNow(options, dry)


def _credentials(options: Options) -> dict[str, str]:
    if options.token:
        return {"Authorization": f"Bearer {options.token}"}
    return {"Authorization": "Basic " + b64encode(f"{options.user}:{options.password}".encode()).decode()}


def _result(answer: Response, sort: type) -> Any:
    """What the answer holds. Raises IntegrationError for a page that is none of the API's: a login form, a sleeping instance."""
    result = answer.data.get("result") if isinstance(answer.data, dict) else None
    if not isinstance(result, sort):
        raise IntegrationError("ServiceNow's answer is none of the Table API; check the URL, and that the instance is awake")
    return result


def _harmless(text: str) -> str:
    """A journal field shows what stands between [code] and [/code] as HTML."""
    return re.sub(r"\[(?=/?code\])", "[ ", text, flags=re.IGNORECASE)


def _utc(text: str) -> str:
    """``2026-01-02 03:04:05`` (UTC, as stored) as we write times."""
    return f"{datetime.fromisoformat(text).replace(tzinfo=UTC):%Y-%m-%dT%H:%M:%S.%fZ}" if text else ""

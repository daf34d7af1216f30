"""What every ticket system can do, what a ticket says before it has that system's form, and the way requests are made.

One port, so that what is said, when, and to whom is decided once, for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import accumulate
from typing import Any, NamedTuple, Protocol

from setright.integrations.error import IntegrationError
from setright.integrations.http import Answer, taken
from setright.integrations.message import Refused
from setright.integrations.rest import Rest
from setright.model import Plain

MORE = "... cut here; setright has all of it"


class Paragraph(NamedTuple):
    text: str


class Listing(NamedTuple):
    items: tuple[str, ...]


class Code(NamedTuple):
    text: str


Block = Paragraph | Listing | Code


class Draft(NamedTuple):
    """A ticket as it shall be. `key` is the same for one matter for ever; `owner` empty: nobody is known."""

    key: str
    owner: str
    title: str
    body: tuple[Block, ...]
    severity: str


class Said(NamedTuple):
    """A comment. `mark` stands at its end, and a ticket that has it already does not get it again."""

    mark: str
    body: tuple[Block, ...]


class Ticket(NamedTuple):
    """A ticket as it is: `id` for requests, `name` and `url` for people. Times are UTC (RFC 3339), empty: not told.

    `closed_by` names who closed it last; empty: it is open, or nobody says.
    """

    id: str
    name: str
    url: str
    is_open: bool = True
    closed_by: str = ""
    closed_at: str = ""


class Written(NamedTuple):
    """One request that changes something: as it was sent, or in a dry run as it would be. Without credentials."""

    method: str
    url: str
    body: Plain


class Lost(IntegrationError):
    """No answer came to a create: the ticket may be there, so it must be looked for and never just made again."""


class Gone(IntegrationError):
    """The ticket is no longer there, or no longer for us to see."""


class TicketSystem(Protocol):
    """One ticket system. All raise Refused for what concerns one ticket, IntegrationError for what concerns the system.

    `find` may miss what was made a moment ago: search engines lag behind. `create` raises Lost where it may have worked.
    `get`, `update`, `comment`, `close` and `reopen` raise Gone.
    """

    written: list[Written]

    def find(self, key: str) -> Ticket | None: ...
    def create(self, draft: Draft) -> Ticket: ...
    def get(self, id_: str) -> Ticket: ...
    def update(self, id_: str, draft: Draft) -> None: ...
    def comment(self, id_: str, said: Said) -> None: ...
    def close(self, id_: str) -> None: ...
    def reopen(self, id_: str) -> None: ...


class Wire:
    """An API's requests. `dry`: what would change something is noted, and not sent."""

    def __init__(self, rest: Rest, who: str, dry: bool) -> None:
        self.written: list[Written] = []
        self.dry = dry
        self.base = rest.base
        self._rest, self._who = rest, who

    def read(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Answer:
        """Raises Gone for what is not there."""
        return self._checked(self._rest.call(method, path, body, query))

    def write(self, method: str, path: str, body: Any) -> Answer:
        self.written.append(Written(method, f"{self.base}{path}", body))
        return Answer(204, None, {}) if self.dry else self._checked(self._rest.call(method, path, body))

    def make(self, path: str, body: Any) -> Answer:
        """A POST that must not be made twice. Raises Lost where nobody knows whether it worked. A dry run's answer is empty."""
        self.written.append(Written("POST", f"{self.base}{path}", body))
        if self.dry:
            return Answer(201, {}, {})
        try:
            answer = self._rest.call("POST", path, body)
        except IntegrationError as error:
            raise Lost(f"{error}; it is looked for before it is made again") from error
        if answer.status >= 500 or (answer.status < 300 and not isinstance(answer.data, dict)):
            raise Lost(f"{self._who} answered {answer.status} to a new ticket; it is looked for before it is made again")
        if answer.status == 404:
            raise Refused(
                f"{self._who} answered 404 to a new ticket; check that the place for it exists and that we may write there"
            )
        return self._checked(answer)

    def _checked(self, answer: Answer) -> Answer:
        if answer.status in (404, 410):
            raise Gone(f"{self._who} answered {answer.status}; it is not there, or not for us to see")
        if answer.status == 403:
            raise Refused(f"{self._who} answered 403{_why(answer.data)}; check the rights of our account")
        if answer.status >= 400 and (why := _why(answer.data)) and answer.status not in (401, 429) and answer.status < 500:
            raise Refused(f"{self._who} answered {answer.status}{why}")
        return taken(answer, self._who)


def key_in(estate: str, key: str) -> str:
    """The key where several installations of setright write to one place. Raises IntegrationError for a name that is no word."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,40}", estate):
        raise IntegrationError(f"estate: {estate!r} is no name of letters, digits, _ and -")
    return f"{key}-{estate}" if estate else key


def shortened(body: tuple[Block, ...], characters: int) -> tuple[Block, ...]:
    """The blocks that fit, the last one cut, with a word that there is more."""
    kept: list[Block] = []
    left = characters - len(MORE) - 2
    for block in body:
        size = sum(len(item) + 4 for item in block.items) if isinstance(block, Listing) else len(block.text) + 4
        if size > left:
            cut = _cut(block, left - 4)
            return (*kept, *cut, Paragraph(MORE))
        kept.append(block)
        left -= size
    return tuple(kept)


def _cut(block: Block, characters: int) -> tuple[Block, ...]:
    if characters < 1:
        return ()
    if not isinstance(block, Listing):
        return (block._replace(text=block.text[:characters]),)
    sizes = accumulate(len(item) + 4 for item in block.items)
    return (Listing(tuple(item for item, size in zip(block.items, sizes, strict=True) if size <= characters)),)


def plain_text(body: tuple[Block, ...]) -> str:
    """For systems whose fields know no form."""
    parts = ["\n".join(f"- {item}" for item in b.items) if isinstance(b, Listing) else b.text for b in body]
    return "\n\n".join(parts)


def _why(data: Any) -> str:
    """What went wrong, in the words of Jira (errorMessages, errors) or ServiceNow (error.message, error.detail)."""
    if not isinstance(data, dict):
        return ""
    error = data.get("error")
    told = [error.get("message"), error.get("detail")] if isinstance(error, dict) else [*_texts(data.get("errorMessages"))]
    if isinstance(data.get("errors"), dict):
        told += [f"{name}: {text}" for name, text in data["errors"].items()]
    words = "; ".join(str(each) for each in told if each)
    return f": {words[:300]}" if words else ""


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []

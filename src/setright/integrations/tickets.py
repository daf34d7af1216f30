"""What every ticket system can do, what a ticket says before it has that system's form, and the way requests are made.

One port, so that what is said, when, and to whom is decided once, for all of them.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any, NamedTuple, Protocol

from setright.integrations.error import IntegrationError
from setright.integrations.http import Response, accepted
from setright.integrations.message import Refused
from setright.integrations.rest import Limited, Rest
from setright.model import Plain

MORE = "... cut here; setright has all of it"
MOST_PAGES = 200  # of a list in which one must not be missed
MOVED = (301, 302, 307, 308)


class Paragraph(NamedTuple):
    text: str


class BulletList(NamedTuple):
    items: tuple[str, ...]


class Code(NamedTuple):
    text: str


class Anchor(NamedTuple):
    """Words that lead to an address of ours: the one link in a ticket that may be followed."""

    text: str
    url: str


Block = Paragraph | BulletList | Code | Anchor


class TicketDraft(NamedTuple):
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

    `closed_by` names who closed it last, `closed_as` the system's word for why; empty: it is open, or nobody says.
    """

    id: str
    name: str
    url: str
    is_open: bool = True
    closed_by: str = ""
    closed_at: str = ""
    closed_as: str = ""


class Access(NamedTuple):
    """Who we are to a system, and each place for tickets with why there can be none; empty: there can."""

    account: str
    places: Mapping[str, str]


class Written(NamedTuple):
    """One request that changes something: as it was sent, or in a dry run as it would be. Without credentials."""

    method: str
    url: str
    body: Plain


class Lost(IntegrationError):
    """No answer came to a create: the ticket may be there, so it must be looked for and never just made again."""


class Gone(IntegrationError):
    """The ticket is no longer there, or no longer for us to see."""


class Stale(Refused):
    """Somebody changed it after we had read it; nothing was written."""


class TicketSystem(Protocol):
    """One ticket system. All raise Refused for what concerns one ticket, IntegrationError for what concerns the system.

    `find` may miss what was made a moment ago: search engines lag behind. `create` raises Lost where it may have worked.
    `get`, `update`, `comment`, `close` and `reopen` raise Gone. `close` is told whether what the ticket speaks of was put right,
    or has only left it. `access` changes nothing.
    """

    written: list[Written]

    def find(self, key: str) -> Ticket | None: ...
    def create(self, draft: TicketDraft) -> Ticket: ...
    def get(self, id_: str) -> Ticket: ...
    def update(self, id_: str, draft: TicketDraft) -> None: ...
    def comment(self, id_: str, said: Said) -> None: ...
    def close(self, id_: str, is_fixed: bool, /) -> None: ...
    def reopen(self, id_: str) -> None: ...
    def access(self) -> Access: ...


class Wire:
    """An API's requests. `dry`: what would change something is noted, and not sent. `pause_s` lies between two that do."""

    def __init__(self, rest: Rest, who: str, dry: bool, pause_s: float = 0.0) -> None:
        self.written: list[Written] = []
        self.dry = dry
        self.base = rest.base
        self._rest, self._who = rest, who
        self._pause_s, self._free_at = pause_s, 0.0

    def read(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> Response:
        """What stands there, or where that was moved to within the API. Raises Gone for what is not there."""
        answer = self._rest.call(method, path, body, query)
        there = answer.headers.get("location", "") if answer.status in MOVED else ""
        if there.startswith(f"{self.base}/"):
            answer = self._rest.call(method, there.removeprefix(self.base), body)
        return self._checked(answer)

    def pages(self, path: str, query: Mapping[str, str]) -> Iterator[Response]:
        """A list by its Link headers, as a whole: raises IntegrationError where it does not end."""
        for number, answer in enumerate(self._rest.pages(path, query, MOST_PAGES)):
            if number == MOST_PAGES:
                raise IntegrationError(
                    f"{self._who}: a list of more than {MOST_PAGES} pages; give our tickets a label of their own"
                )
            yield self._checked(answer)

    def write(self, method: str, path: str, body: Any, headers: Mapping[str, str] | None = None) -> Response:
        self.written.append(Written(method, f"{self.base}{path}", body))
        if self.dry:
            return Response(204, None, {})
        self._pause()
        return self._checked(self._rest.call(method, path, body, headers=headers))

    def make(self, path: str, body: Any) -> Response:
        """A POST that must not be made twice. Raises Lost where nobody knows whether it worked. A dry run's answer is empty."""
        self.written.append(Written("POST", f"{self.base}{path}", body))
        if self.dry:
            return Response(201, {}, {})
        self._pause()
        try:
            answer = self._rest.call("POST", path, body)
        except Limited:
            raise
        except IntegrationError as error:
            raise Lost(f"{error}; it is looked for before it is made again") from error
        if answer.status >= 500 or (answer.status < 300 and not isinstance(answer.data, dict)):
            raise Lost(f"{self._who} answered {answer.status} to a new ticket; it is looked for before it is made again")
        if answer.status in (404, 410):
            where = "check that the place for it exists and that we may write there"
            raise Refused(f"{self._who} answered {answer.status} to a new ticket; {where}")
        return self._checked(answer)

    def _pause(self) -> None:
        if (left_s := self._free_at - time.monotonic()) > 0:
            time.sleep(left_s)
        self._free_at = time.monotonic() + self._pause_s

    def _checked(self, answer: Response) -> Response:
        if answer.status in (404, 410):
            raise Gone(f"{self._who} answered {answer.status}; it is not there, or not for us to see")
        if answer.status == 412:
            raise Stale(f"{self._who}: somebody is changing it; it is tried again next time")
        if answer.status == 403:
            raise Refused(f"{self._who} answered 403{_why(answer.data)}; check the rights of our account")
        if answer.status >= 400 and (why := _why(answer.data)) and answer.status not in (401, 429) and answer.status < 500:
            raise Refused(f"{self._who} answered {answer.status}{why}")
        return accepted(answer, self._who)


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
        size = _size(block)
        if size > left:
            cut = _cut(block, left - 4)
            return (*kept, *cut, Paragraph(MORE))
        kept.append(block)
        left -= size
    return tuple(kept)


def _size(block: Block) -> int:
    if isinstance(block, BulletList):
        return sum(len(item) + 4 for item in block.items)
    return len(block.text) + 4 + (len(block.url) + 4 if isinstance(block, Anchor) else 0)


def _cut(block: Block, characters: int) -> tuple[Block, ...]:
    if characters < 1 or isinstance(block, Anchor):
        return ()
    if not isinstance(block, BulletList):
        return (block._replace(text=block.text[:characters]),)
    sizes = accumulate(len(item) + 4 for item in block.items)
    return (BulletList(tuple(item for item, size in zip(block.items, sizes, strict=True) if size <= characters)),)


def plain_text(body: tuple[Block, ...]) -> str:
    """For systems whose fields know no form."""
    return "\n\n".join(map(_plain, body))


def _plain(block: Block) -> str:
    if isinstance(block, BulletList):
        return "\n".join(f"- {item}" for item in block.items)
    return f"{block.text}: {block.url}" if isinstance(block, Anchor) else block.text


def utc(text: str) -> str:
    """An ISO 8601 time with its zone as we write times; empty stays empty."""
    if not text:
        return ""
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def _why(data: Any) -> str:
    """What went wrong, in the words of any of them: `error`, `errorMessages`, `message`, `errors`."""
    if not isinstance(data, dict):
        return ""
    told = [word for name in ("error", "errorMessages", "message", "errors") for word in _told(data.get(name))]
    words = "; ".join(each for each in told if each)
    return f": {words[:300]}" if words else ""


def _told(value: Any) -> list[str]:
    """A text, a list of them, or a mapping: of fields to texts, or one error with its message or code."""
    match value:
        case str():
            return [value]
        case list():
            return [word for each in value for word in _told(each)]
        case {"code": str(code), "field": str(field)}:
            return [str(value.get("message") or f"{field}: {code}")]
        case {"message": _} | {"msg": _}:
            return [str(value[name]) for name in ("message", "msg", "detail") if value.get(name)]
        case dict():
            return [f"{name}: {', '.join(_told(each))}" for name, each in value.items()]
    return []

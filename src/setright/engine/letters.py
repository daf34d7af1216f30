"""Letters to people: one thing said in text, HTML and chat, addressed over the channels that there are. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from html import escape
from typing import NamedTuple

from msgspec.structs import replace

from setright.engine.channels import Event, Route, wants
from setright.engine.configuration import Configuration
from setright.engine.times import stamp
from setright.integrations.message import Message
from setright.model import Plain

FRAME = (
    "<!doctype html><html><body style='margin:0;background:#f4f6f8;font-family:system-ui,Segoe UI,sans-serif;color:#1c2430'>"
    "<div style='max-width:640px;margin:0 auto;padding:24px'><div style='background:#fff;border:1px solid #d9dee5;"
    "border-radius:10px;padding:24px'>{}</div><p style='color:#5b6675;font-size:12px'>setright {}</p></div></body></html>"
)
CELL = "padding:6px 10px 6px 0;border-bottom:1px solid #e7ebf0;vertical-align:top;font-size:14px"
ENDED = "-ended"  # an event's end goes wherever the event goes
ROWS = 25  # of a table; the rest is counted


class LetterTable(NamedTuple):
    """Rows under headings."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Button(NamedTuple):
    """One of a chat message's buttons."""

    text: str
    action: str
    value: str
    style: str = ""


class Letter(NamedTuple):
    """What is said, and to whom. `key` tells it from every other: the same letter is sent once.

    `to` are names of owners and people, or addresses; `picture` a PNG with its words; `links` addresses and their words;
    `buttons` are for chats that tell us who pressed them, which then leave the links out.
    """

    key: str
    event: str
    item: str
    to: tuple[str, ...]
    subject: str
    said: tuple[str, ...]
    table: LetterTable | None = None
    picture: tuple[bytes, str] | None = None
    links: tuple[tuple[str, str], ...] = ()
    buttons: tuple[Button, ...] = ()
    severity: str = ""
    channel: str = ""  # only by this one


class Contact(NamedTuple):
    """Where somebody is reached: e-mail addresses and a chat's channel or user."""

    mail: tuple[str, ...] = ()
    chat: str = ""


def key_of(*words: str) -> str:
    return sha256("\0".join(words).encode()).hexdigest()[:24]


def contact_of(configuration: Configuration, name: str) -> Contact:
    """An owner's contact or people, a person, or an address that is one already; nowhere where nobody is known by that name."""
    for owner in configuration.owners:
        if owner.is_called(name):
            own = (owner.contact,) if "@" in owner.contact else ()
            people = tuple(p.email for p in configuration.people if owner.name in p.teams and p.email)
            return Contact(own or people, owner.channel)
    for person in configuration.people:
        if person.is_called(name) or name == person.email:
            return Contact((person.email,) if person.email else (), person.slack)
    return Contact((name,) if "@" in name else ())


def addressed(configuration: Configuration, routes: Mapping[str, Route], letters: Iterable[Letter], at: datetime) -> list[Message]:
    """Each letter for each channel that reaches its people and wants it. For e-mail and chat `events` is no matter."""
    return [message for letter in letters for message in _addressed(configuration, routes, letter, stamp(at))]


def _addressed(configuration: Configuration, routes: Mapping[str, Route], letter: Letter, at: str) -> Iterator[Message]:
    found = [contact_of(configuration, name) for name in letter.to]
    mail = tuple(dict.fromkeys(each for one in found for each in one.mail))
    chats = list(dict.fromkeys(one.chat for one in found if one.chat))
    owners = [owner.name for owner in configuration.owners if any(owner.is_called(each) for each in letter.to)]
    event = Event(
        letter.key, letter.event.removesuffix(ENDED), letter.item, at, {}, letter.severity, owners[0] if len(owners) == 1 else ""
    )
    for name, route in routes.items():
        anything = replace(route, events=("*",)) if route.type in ("mail", "slack") else route
        if not wants(anything, event) or (letter.channel and letter.channel != route.type):
            continue
        if letter.event.endswith(ENDED) and route.type in ("mail", "slack"):
            continue  # people see that it is over; only what keeps something open must hear of it
        if route.type == "mail":
            if mail:
                yield Message(letter.key, name, letter.item, letter.event, at, _mail(letter, mail))
        elif route.type == "slack":
            for chat in chats or [""]:
                key = key_of(letter.key, chat) if chat else letter.key
                yield Message(key, name, letter.item, letter.event, at, _chat(letter, chat))
        else:
            body = {"subject": letter.subject, "text": letter_text(letter), "to": list(letter.to), "severity": letter.severity}
            yield Message(letter.key, name, letter.item, letter.event, at, body)


def letter_text(letter: Letter) -> str:
    """In plain words, as a mail program without HTML shows it."""
    parts = [*letter.said]
    if letter.picture:
        parts.append(letter.picture[1])
    if letter.table:
        rows = ["  ".join(row) for row in letter.table.rows[:ROWS]]
        parts.append("\n".join(["  ".join(letter.table.heads), *rows, *_more(letter.table)]))
    parts += [f"{words}:\n{address}" for address, words in letter.links]
    return "\n\n".join(parts) + "\n"


def html(letter: Letter) -> str:
    parts = [f"<h1 style='font-size:19px;margin:0 0 12px'>{escape(letter.subject)}</h1>"]
    parts += [f"<p style='font-size:15px;line-height:1.5;margin:0 0 10px'>{escape(each)}</p>" for each in letter.said]
    if letter.picture:
        parts.append(f"<img src='cid:picture' width=592 alt='{escape(letter.picture[1])}' style='max-width:100%;margin:8px 0'>")
        parts.append(f"<p style='color:#5b6675;font-size:12px;margin:0 0 10px'>{escape(letter.picture[1])}</p>")
    if letter.table:
        parts.append(_table(letter.table))
    parts += [_anchor(*link) for link in letter.links]
    return FRAME.format("".join(parts), escape(letter.event.partition(".")[2]))


def _anchor(address: str, words: str) -> str:
    style = "display:inline-block;background:#0b5cad;color:#fff;padding:11px 22px;border-radius:8px;text-decoration:none"
    return f"<p style='margin:18px 0 4px'><a href='{escape(address)}' style='{style}'>{escape(words)}</a></p>"


def _table(table: LetterTable) -> str:
    heads = "".join(f"<th align=left style='{CELL};color:#5b6675'>{escape(head)}</th>" for head in table.heads)
    rows = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows[:ROWS])
    more = "".join(f"<p style='color:#5b6675;font-size:13px'>{escape(each)}</p>" for each in _more(table))
    return f"<table style='border-collapse:collapse;width:100%;margin:10px 0'><tr>{heads}</tr>{rows}</table>{more}"


def _cell(text: str) -> str:
    return f"<td style='{CELL}'>{escape(text)}</td>"


def _more(table: LetterTable) -> list[str]:
    return [f"... and {len(table.rows) - ROWS} more; `setright findings` lists them"] if len(table.rows) > ROWS else []


def _mail(letter: Letter, to: Sequence[str]) -> dict[str, Plain]:
    from base64 import b64encode

    pictures = {"picture": b64encode(letter.picture[0]).decode()} if letter.picture else {}
    return {"to": list(to), "subject": letter.subject, "text": letter_text(letter), "html": html(letter), "pictures": pictures}


def _chat(letter: Letter, to: str) -> dict[str, Plain]:
    """Slack's Block Kit (api.slack.com/block-kit); its text is what notifications show."""
    words = "\n".join(letter.said)
    rows = "\n".join(f"• {' · '.join(row)}" for row in (letter.table.rows[:10] if letter.table else ()))
    blocks: list[Plain] = [_section(f"*{_marked(letter.subject)}*\n{_marked(words)}")]
    blocks += [_section(_marked(rows))] if rows else []
    if letter.links and not letter.buttons:
        blocks += [_section(f"<{address}|{_marked(words)}>") for address, words in letter.links]
    if letter.buttons:
        blocks.append({"type": "actions", "elements": [_button(each) for each in letter.buttons]})
    return {"to": to, "text": _marked(letter.subject), "blocks": blocks}


def _section(words: str) -> dict[str, Plain]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": words[:2900]}}


def _button(button: Button) -> dict[str, Plain]:
    told: dict[str, Plain] = {
        "type": "button",
        "action_id": button.action,
        "value": button.value,
        "text": {"type": "plain_text", "text": button.text},
    }
    return told | ({"style": button.style} if button.style else {})


def _marked(words: str) -> str:
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

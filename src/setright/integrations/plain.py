"""What people read of one thing that happened: a line on what it is about; then where, what could come of it, and what to do.

Pure. A message that brings words of its own (`subject`, `text`) keeps them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from setright.integrations.message import TEST, Message
from setright.model import Plain

HAPPENED = {  # said before what it is about
    "finding.opened": "To put right",
    "finding.reopened": "Wrong again",
    "finding.resolved": "Put right",
    "plan.asked": "Somebody asks for a change",
    "plan.approved": "A change was agreed to",
    "plan.verified": "Changed, and checked afterwards",
    "plan.unverified": "Changed, but nobody could check it",
    "plan.reverted": "Changed, and taken back",
    "plan.refused": "A change was not begun",
    "plan.hand": "A change that a person has to make",
    "exception.made": "Left open knowingly",
    "exception.ended": "Left open no more",
    "switch.on": "All changes are stopped",
    "switch.off": "Changes may go on",
    "ticket.opened": "A ticket was opened",
    "ticket.closed": "A ticket was closed",
    "ticket.reopened": "A ticket was reopened",
    TEST: "A test of this channel",
}
ABOUT = ("title", "document", "ticket", "why", "reason")  # the first that there is says what it is about
OPEN = ("finding.opened", "finding.reopened", "finding.digest")


def subject(message: Message) -> str:
    """One line: ``To put right (high): Root cannot log in over SSH``."""
    body = message_fields(message)
    if own := body.get("subject"):
        return str(own)
    about = next((str(body[name]) for name in ABOUT if body.get(name)), "")
    if message.event == "finding.digest":
        return about
    happened = HAPPENED.get(message.event, message.event.replace(".", " "))
    grave = f" ({body['severity']})" if body.get("severity") and message.event in OPEN else ""
    return f"{happened}{grave}: {about}" if about else f"{happened}{grave}"


def message_text(message: Message) -> str:
    """A few lines; what a channel tells besides its `subject`."""
    body = message_fields(message)
    return str(body["text"]) if body.get("text") else "\n".join(_lines(message, body)) or subject(message)


def message_fields(message: Message) -> Mapping[str, Plain]:
    """What it brings, by name."""
    return message.body if isinstance(message.body, dict) else {"text": message.body}


def _lines(message: Message, body: Mapping[str, Plain]) -> Iterator[str]:
    if places := " in ".join(filter(None, (str(body.get("resource") or ""), _place(body)))):
        yield f"Where: {places}"
    for name, word in (("target", "Target"), ("owner", "Owner"), ("actor", "By")):
        if body.get(name):
            yield f"{word}: {body[name]}"
    if message.event in OPEN:
        yield from _to_do(body)
    elif why := body.get("why") or body.get("reason"):
        yield f"Why: {why}"


def _to_do(body: Mapping[str, Plain]) -> Iterator[str]:
    if body.get("happens"):
        yield f"What could happen: {body['happens']}"
    steps = body.get("do") or []
    if steps:
        yield "What to do:"
        yield from (f"{n}. {step}" for n, step in enumerate(steps, 1))
    if body.get("source"):
        yield f"More: {body['source']}"


def _place(body: Mapping[str, Plain]) -> str:
    location = body.get("location")
    if isinstance(location, dict) and location.get("path"):
        return f"{location['path']}" + (f", line {location['line']}" if location.get("line") else "")
    return str(body.get("document") or "")

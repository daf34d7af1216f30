"""Signed links: one person, one plan, until a moment, once. A token holds no secret, and cannot be made without the key.

``BASE64URL(json).BASE64URL(HMAC-SHA-256)`` under STATE/keys/links.key (RFC 2104, RFC 4648); compared in constant time.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe

import msgspec

from setright.engine.error import EngineError
from setright.engine.times import moment, stamp
from setright.model import Plan

LONGEST = 2000  # characters of a token that are looked at


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a token says. `person` empty: whoever the channel it came through knows. `id` is used up by the first decision."""

    plan: str
    person: str
    until: str
    id: str


def link_to(plan: Plan, person: str, at: datetime, life: timedelta) -> Link:
    """A link that holds for that long, and no longer than its plan."""
    until = min(at + life, moment(plan.expires_at)) if plan.expires_at else at + life
    return Link(plan.hash, person, stamp(until), token_urlsafe(12))


def token(link: Link, key: bytes) -> str:
    said = msgspec.json.encode(link)
    return f"{_text(said)}.{_text(hmac.digest(key, said, sha256))}"


def read_link(text: str, key: bytes) -> Link:
    """What a token says, whether it is over or not. Raises EngineError for one that was not made with this key."""
    said, _, signature = text[:LONGEST].partition(".")
    try:
        data, given = _data(said), _data(signature)
    except ValueError as error:
        raise EngineError("this link is not whole; open it as it stands in the message") from error
    if not hmac.compare_digest(hmac.digest(key, data, sha256), given):
        raise EngineError("this link was not made here, or was changed; open it as it stands in the message")
    try:
        return msgspec.json.decode(data, type=Link)
    except msgspec.DecodeError as error:
        raise EngineError("this link was made by another version; ask for a new one") from error


def plan_word(hash_: str, key: bytes) -> str:
    """What names a plan to somebody who may see it and is not known: the same at every time, so that a ticket stays as it is."""
    return f"{hash_}.{_text(hmac.digest(key, b'plan:' + hash_.encode(), sha256))}"


def read_plan_word(text: str, key: bytes) -> str:
    """The plan's hash. Raises EngineError for a word that was not made with this key."""
    hash_ = text[:LONGEST].partition(".")[0]
    if not hmac.compare_digest(plan_word(hash_, key).encode(), text[:LONGEST].encode()):
        raise EngineError("this link was not made here, or was changed; open it as it stands in the ticket")
    return hash_


def form_key(text: str, key: bytes) -> str:
    """What a form must hold to be one of ours for this token."""
    return _text(hmac.digest(key, b"form:" + text.encode(), sha256))


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _data(text: str) -> bytes:
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))

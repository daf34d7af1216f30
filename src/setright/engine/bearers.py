"""Tokens that other programs come with: made, shown once, kept as a hash, and believed (RFC 6750, bearer tokens).

``srt_ID_SECRET``: the id finds the row, the secret has 256 bits, so that one SHA-256 of it is all the hash that it needs.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_hex, token_urlsafe

from setright.engine.error import EngineError
from setright.engine.store import BearerToken, Store
from setright.engine.times import moment, stamp

LONGEST = 200  # characters of a token that are looked at
NOBODYS = "0" * 64


def new_token(
    actor: str, actions: Sequence[str], targets: Sequence[str], days: int, by: tuple[str, datetime]
) -> tuple[BearerToken, str]:
    """A token to keep, and the text that its holder gets; `by`: who makes it, and when."""
    maker, at = by
    id_, secret = token_hex(4), token_urlsafe(32)
    until = stamp(at + timedelta(days=days))
    made = BearerToken(id_, _hash(secret), actor, tuple(dict.fromkeys(actions)), tuple(targets), maker, stamp(at), until)
    return made, f"srt_{id_}_{secret}"


def bearer(store: Store, text: str, at: datetime) -> BearerToken:
    """The token whose text this is. Raises EngineError for one that is none, is over, or was revoked."""
    sort, id_, secret = [*text[:LONGEST].split("_", 2), "", ""][:3]
    kept = store.api_token(id_) if sort == "srt" else None
    if not hmac.compare_digest(_hash(secret), kept.hash if kept else NOBODYS) or kept is None:
        raise EngineError("this token was not made here; `setright tokens new` makes one")
    if kept.revoked_at:
        raise EngineError(f"the token {kept.id} was revoked at {kept.revoked_at[:16]}Z; `setright tokens new` makes another")
    if at >= moment(kept.expires_at):
        raise EngineError(f"the token {kept.id} held until {kept.expires_at[:16]}Z; `setright tokens new` makes another")
    return kept


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()

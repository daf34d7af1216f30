"""Text and values as people may see them: every secret gives way to a fingerprint that says whether two are the same. Pure.

A fingerprint is the start of an HMAC-SHA-256 under a random key, so no list of passwords can be tried against it.
"""

from __future__ import annotations

import hmac
import os
import re
import sys
from bisect import bisect_right
from functools import lru_cache
from hashlib import sha256

from setright.engine.secret_names import is_plain, names_secret
from setright.engine.secret_text import Span, secret_spans
from setright.model import Path, Plain
from setright.patterns import late

OF_THIS_PROCESS = os.urandom(32)
SHORT = 1024  # characters
FINGERPRINT = late(r"<secret sha256:[0-9a-f]{8}>")
HARMLESS = late(r"[\w./-]{0,14}")
UNSHOWABLE = late("[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]|\r(?!\n|$)")


def fingerprint(secret: str, key: bytes = OF_THIS_PROCESS) -> str:
    """``<secret sha256:1a2b3c4d>``; equal secrets give equal ones under one key."""
    return f"<secret sha256:{hmac.digest(key, secret.encode('utf-8', 'surrogatepass'), sha256).hex()[:8]}>"


def redact_text(text: str, locator: str = "", key: bytes = OF_THIS_PROCESS) -> str:
    """The text with fingerprints for secrets; its lines stay where they are, but for a secret of several lines.

    The locator tells the format (``main.tf``, ``/etc/shadow``, ``Dockerfile``); without one, all are thought of.
    """
    if HARMLESS.fullmatch(text):
        return text
    return _redacted_short(text, locator, key) if len(text) <= SHORT else _redacted(text, locator, key)


@lru_cache(maxsize=4096)
def _redacted_short(text: str, locator: str, key: bytes) -> str:
    """The values of findings say the same again and again."""
    return _redacted(text, locator, key)


def _redacted(text: str, locator: str, key: bytes) -> str:
    out, at = [], 0
    ours = [match.span() for match in FINGERPRINT.finditer(text)]
    spans = secret_spans(text, locator)
    for start, end in _merged(sorted(span for span in spans if span[0] < span[1] and not _within(span, ours))):
        out += [text[at:start], fingerprint(text[start:end], key)]
        at = end
    return "".join([*out, text[at:]])


@lru_cache(maxsize=64)
def secrets_in(text: str, locator: str) -> frozenset[str]:
    """The secrets of a whole document, which a part of it may not show to be some."""
    return frozenset(text[start:end] for start, end in secret_spans(text, locator) if start < end)


def redact_value(path: Path, value: Plain, key: bytes = OF_THIS_PROCESS) -> Plain:
    """Plain data with fingerprints for secrets; the path's last key says what the value is."""
    if value is None or value.__class__ is bool:
        return value
    match value:
        case dict():
            return _redact_mapping(path, value, key)
        case list() | tuple():
            return [redact_value((*path, index), item, key) for index, item in enumerate(value)]
        case str():
            if _under_secret_name(path):
                return value if is_plain(value) else fingerprint(value, key)
            return value if HARMLESS.fullmatch(value) else printable(redact_text(value, key=key))
        case int() | float() if _under_secret_name(path):
            return fingerprint(str(value), key)
    return value


def printable(text: str) -> str:
    """The text with what a terminal would obey, or would show in another order, written out as ``\\x1b``."""
    if text.isascii() and text.isprintable():
        return text
    return UNSHOWABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)


def one_line(text: str) -> str:
    """A text for people on one line, its secrets as fingerprints."""
    return printable(" ".join(redact_text(text).split()))


def without_password(url: str) -> str:
    """A target's URL as it may be shown and kept: no password before the host nor among the parameters."""
    if "://" not in url:
        return url
    plain = re.sub(r"\A(\w+://[^:@/?#]*):.*@", r"\1@", url)
    place, _, query = plain.partition("?")
    kept = [part for part in query.split("&") if part and not names_secret(part.partition("=")[0])]
    return re.sub(r"\Apostgresql:", "postgres:", place) + ("?" + "&".join(kept) if kept else "")


def _redact_mapping(path: Path, value: dict[str, Plain], key: bytes) -> dict[str, Plain]:
    secret = value.get("kind") == "Secret"
    redacted = {}
    for name, item in value.items():
        if secret and name in ("data", "stringData") and isinstance(item, dict):
            redacted[name] = {inner: fingerprint(str(text), key) for inner, text in item.items()}
        else:
            redacted[name] = redact_value((*path, _meaning(name, value)), item, key)
    return redacted


def _meaning(name: str, mapping: dict[str, Plain]) -> str:
    """What a key speaks of: in ``{name: DB_PASSWORD, value: x}`` the value is the password."""
    if str(name).lower() in ("value", "parametervalue"):
        called = next((text for key, text in mapping.items() if str(key).lower() in ("name", "key", "parameterkey")), name)
        return str(called)
    return str(name)


def _under_secret_name(path: Path) -> bool:
    for part in reversed(path):
        if isinstance(part, str):
            return names_secret(part)
    return False


def _within(span: Span, ours: list[Span]) -> bool:
    place = bisect_right(ours, (span[0], sys.maxsize)) - 1
    return place >= 0 and ours[place][0] <= span[0] and span[1] <= ours[place][1]


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in spans:
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged

"""How a directive's arguments are told as a kind's value, and a value as arguments: by the form that the binding names. Pure.

    word        all of them as one text
    switch      ``on`` or ``off``, of which Apache takes any case
    words       the list of them
    colons      the last one, in parts between colons (a list of ciphers)
    protocols   those of TLS that Apache's SSLProtocol leaves on: ``all -SSLv3``
    versions    those of TLS that Postfix leaves on: ``!SSLv2, !SSLv3`` or ``>=TLSv1.2``
    options     by name whether Apache's Options switches it on or off: ``Indexes FollowSymLinks`` or ``-Indexes +FollowSymLinks``

Sources: mod_ssl, SSLProtocol; postconf(5), smtpd_tls_mandatory_protocols; core, Options (all of Apache 2.4 and Postfix 3.7).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from setright.bindings.error import BindingError
from setright.model import Plain, Unknown

TLS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
OLDER = ("SSLv2", "SSLv3", *TLS)
ALL_OPTIONS = ("ExecCGI", "FollowSymLinks", "Includes", "Indexes")
SPELT = {name.lower(): name for name in (*ALL_OPTIONS, "IncludesNOEXEC", "MultiViews", "SymLinksIfOwnerMatch", "None")}


class Form(NamedTuple):
    """`read` tells a value of arguments; `written` the arguments that say a value, where these stood before."""

    read: Callable[[Sequence[str]], Plain]
    written: Callable[[Plain, Sequence[str]], list[str]]


def read_form(form: str, words: Sequence[str]) -> Plain:
    """A value with a variable in it cannot be told."""
    if any("${" in word for word in words):
        return Unknown(" ".join(words))
    return FORMS[form].read(words)


def written(form: str, value: Plain, before: Sequence[str]) -> list[str]:
    return FORMS[form].written(value, before)


def _protocols(words: Sequence[str]) -> list[str]:
    on: list[str] = []
    for word in words:
        sign, name = (word[0], word[1:]) if word[:1] in "+-" else ("", word)
        named = [each for each in OLDER if name.lower() == each.lower() or (name.lower() == "all" and each in ("SSLv3", *TLS))]
        if sign == "-":
            on = [each for each in on if each not in named]
        else:
            on = ([] if not sign else on) + [each for each in named if not sign or each not in on]
    return on


def _protocols_written(value: Plain, before: Sequence[str]) -> list[str]:
    """What is switched off besides stands behind what is there; else all that shall be on is named."""
    off = [each for each in _protocols(before) if each not in value]
    longer = [*before, *(f"-{each}" for each in off)]
    if any(word.lower() in ("all", "+all") for word in before) and sorted(_protocols(longer)) == sorted(value):
        return longer
    left = [word for word in before if word.lstrip("+") not in off]
    if left and sorted(_protocols(left)) == sorted(value):
        return left
    return ["-all", *(f"+{each}" for each in value)]


def _versions(words: Sequence[str]) -> list[str]:
    named = [each for each in words if not each.startswith(("!", ">=", "<="))]
    on = [each for each in OLDER if each in named] if named else list(OLDER)
    for word in words:
        name = word.lstrip("!>=<")
        if name not in OLDER:
            continue
        at = OLDER.index(name)
        kept = {"!": [*OLDER[:at], *OLDER[at + 1 :]], ">": OLDER[at:], "<": OLDER[: at + 1]}.get(word[0], OLDER)
        on = [each for each in on if each in kept]
    return on


def _versions_written(value: Plain, before: Sequence[str]) -> list[str]:
    """Ranges are known to Postfix 3.6 and later: they are written where one stands already."""
    if any(word.startswith(">=") for word in before):
        ranged = [f">={value[0]}", *(word for word in before if not word.startswith(">="))]
        return ranged if _versions(ranged) == list(value) else ranged[:1]
    off = [each for each in OLDER if each not in value and f"!{each}" not in before]
    return [*(word for word in before if word.startswith("!")), *(f"!{each}" for each in off)]


def _options(words: Sequence[str]) -> dict[str, str]:
    """What is added to that which holds above is on as well."""
    told: dict[str, str] = {}
    for word in words:
        name = word.lstrip("+-")
        named = ALL_OPTIONS if name.lower() == "all" else (SPELT.get(name.lower(), name),)
        told |= dict.fromkeys(named, "off" if word[:1] == "-" else "on")
    return told


def _options_written(value: Plain, before: Sequence[str]) -> list[str]:
    off = {name.lower() for name, state in value.items() if state == "off"}
    if any(word[:1] in ("+", "-") for word in before):
        return [f"-{word.lstrip('+')}" if word.lstrip("+").lower() in off else word for word in before]
    kept = [word for word in before if word.lower() not in off | {"all"}]
    if len(kept) + len(off) < len(value):
        kept = [name for name, state in value.items() if state == "on"]
    return kept or ["None"]


def _listed(value: Plain, before: Sequence[str]) -> list[str]:
    return [str(each) for each in value]


def _colons(value: Plain, before: Sequence[str]) -> list[str]:
    return [*before[:-1], ":".join(map(str, value))]


def _one(value: Plain, before: Sequence[str]) -> list[str]:
    if isinstance(value, list | dict):
        raise BindingError(f"{value!r} cannot be the one argument of a directive")
    return [str(value)]


FORMS = {
    "word": Form(" ".join, _one),
    "switch": Form(lambda words: " ".join(words).lower(), lambda value, before: [str(value).capitalize()]),
    "words": Form(list, _listed),
    "colons": Form(lambda words: words[-1].split(":") if words else [], _colons),
    "protocols": Form(_protocols, _protocols_written),
    "versions": Form(_versions, _versions_written),
    "options": Form(_options, _options_written),
}

"""Values and requirements as people read them. Pure."""

from __future__ import annotations

import json
from typing import NamedTuple

from setright.controls.operators import OPERATORS
from setright.controls.paths import show
from setright.model import Mismatch, Param, Plain, Requirement, Some, Unknown

PHRASES = {
    "one-of": "one of {}",
    "at-least": "at least {}",
    "at-most": "at most {}",
    "includes": "with {}",
    "excludes": "none of {}",
    "subset-of": "nothing but {}",
    "bits-within": "at most {}",
    "matches": "like {}",
    "starts-with": "beginning with {}",
}
NOT_SET = "not set"
LONG = 60  # characters of a list, among which what is too much does not strike the eye
OFFERED = "offered"  # what a layout adds for a fix to take: nobody wrote it
MANY = 6  # items of a list
REASON = 160  # characters of a plan's reason, cut at the end of one of several


def brief(reason: str) -> str:
    """The first of a plan's reasons, where all of them stand elsewhere."""
    cut = reason.find("; ", REASON // 2)
    return reason if len(reason) <= REASON or cut < 0 else f"{reason[:cut]}; and more"


class WordedMismatch(NamedTuple):
    """One line of a finding in words: where, what is, what should be."""

    path: str
    have: str
    want: str


def mismatch_in_words(mismatch: Mismatch) -> WordedMismatch:
    """A mismatch in words; the running value is told from the persistent one. A check's `want` is empty: its title says it."""
    if mismatch.op == "check":
        return WordedMismatch(place_in_words(mismatch), value_in_words(mismatch.have) if mismatch.path else "", "")
    if mismatch.op == "none":
        return WordedMismatch(place_in_words(mismatch), value_in_words(mismatch.have), "no such item")
    if mismatch.op == "subset-of" and (beyond := _beyond(mismatch)):
        return beyond
    want = _beginning(mismatch.want)
    if mismatch.op == "excludes":
        phrase = "without {}" if isinstance(mismatch.have, list | tuple) else "anything but {}"
        return WordedMismatch(place_in_words(mismatch), value_in_words(mismatch.have), phrase.format(value_in_words(want)))
    return WordedMismatch(place_in_words(mismatch), value_in_words(mismatch.have), want_in_words(mismatch.op, want))


def _beginning(want: Plain) -> Plain:
    """Of a long list the first three, which say what sort it is; `explain` tells all. A number and its text are one to people."""
    if isinstance(want, list | tuple):
        want = list({value_in_words(item): item for item in want}.values())
    if not isinstance(want, list | tuple) or len(want) <= MANY or len(value_in_words(want)) <= LONG:
        return want
    return f"{value_in_words(want[:3])} and {len(want) - 3} more"


def _beyond(mismatch: Mismatch) -> WordedMismatch | None:
    """What of a long list is too much, which the whole of it would hide; None where the list is short."""
    have, want = mismatch.have, mismatch.want
    if not isinstance(have, list) or not isinstance(want, list) or len(value_in_words(have)) < LONG:
        return None
    more = [item for item in have if not OPERATORS["subset-of"].holds([item], want)]
    return (
        WordedMismatch(place_in_words(mismatch), value_in_words(more), f"nothing beyond the {len(want)} that may be there")
        if more
        else None
    )


def place_in_words(mismatch: Mismatch) -> str:
    """Where the value stands in the resource; empty for the resource as a whole."""
    path = show(mismatch.path)
    return f"{path} (running)" if mismatch.live else path


def value_in_words(given: Plain) -> str:
    """A value on one line; strings stand as they are."""
    match given:
        case None:
            return NOT_SET
        case str():
            return given or '""'
        case bool():
            return "true" if given else "false"
        case int():
            return str(given)
        case Unknown():
            return given.text
        case Param():
            return f"a value for the parameter {given.name}"
        case list() | tuple():
            return ", ".join(value_in_words(item) for item in given) or "nothing"
    written = {key: item for key, item in given.items() if item != OFFERED} if isinstance(given, dict) else given
    return json.dumps(written, ensure_ascii=False, default=_within)


def want_in_words(op: str, want: Plain) -> str:
    """What an operator and its argument ask for."""
    match op:
        case "absent" | "present":
            return "set" if (op == "present") is bool(want) else NOT_SET
        case "written":
            return "written there itself" if want else "not written in the sources"
        case "check":
            return f"so that {want}"
        case "each" | "none" if isinstance(want, Some):
            return _of_items(op, want)
    return PHRASES.get(op, "{}").format(value_in_words(want))


def requirement(given: Requirement) -> str:
    """One requirement as part of a sentence: ``mode at most 0640``."""
    path = show(given.path)
    phrase = want_in_words(given.op, given.want)
    return f"{path} is {phrase}" if given.op in ("equals", "one-of", "absent", "present", "written") else f"{path} {phrase}"


def _of_items(op: str, some: Some) -> str:
    which = " and ".join(requirement(r) for r in some.where)
    if op == "none":
        which = which or " and ".join(requirement(r) for r in some.require)
        return f"no item where {which}"
    must = " and ".join(requirement(r) for r in some.require)
    return f"each item where {which}: {must}" if which else f"each item: {must}"


def _within(odd: Plain) -> str:
    return value_in_words(odd)

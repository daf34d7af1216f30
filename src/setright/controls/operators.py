"""The closed set of operators: how each is judged, and the smallest value that makes it true.

`holds` answers True, False, or None where an Unknown keeps it from being told. `remedy` answers a value,
REMOVE, or an Unknown that says why there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from setright.model import Plain, Unknown
from setright.patterns import fits, late
from setright.trees import as_list

REMOVE = object()
TEMPLATE = late(r'"([^"\\$%]*)(?:\$\{[^{}"]*\}([^"\\$%{}]*))+"')
WILD = late(r"[*?]")
TO_FILL = late(  # a place that a tool puts the value in before the text is used, or where it has it from
    r"\{\{|\$\{|\$\(|<%|^(?:\$[A-Za-z_]\w*|%[A-Za-z_]\w*%|#\{[\w.]+\}#?|__\w+__|@\w+@)$|^(?:<path:|ref\+[a-z]+://|vault:|ENC\[)"
)
SWITCHES = frozenset(("", "true", "false", "yes", "no", "none", "null"))
OTHERWISE = late(  # an expression that falls back on what it says itself, or that reads a file of the sources
    r"\b(?:coalesce|try|merge)\([\s\S]*[,=:]\s*\"[^\"$]+\"|\b(?:templatefile|file|template_file)\b"
)
Holds = Callable[[Plain, Plain], bool | None]


class Operator(NamedTuple):
    """One word of the control language."""

    holds: Holds
    remedy: Callable[[Plain, Plain], Plain]


def as_text(value: Plain) -> str:
    """A scalar as configuration writes it: true, not True."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def as_number(value: Plain) -> float | None:
    """The number that a value is or spells; None for what is none."""
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def alike(have: Plain, want: Plain) -> bool | None:
    """Equality that reads "1" and 1, "true" and true as one, all the way down."""
    if have is None:
        return False
    if have.__class__ is str and want.__class__ is str:
        return bool(have == want)
    if isinstance(have, Unknown):
        return None
    if isinstance(want, dict):
        if not isinstance(have, dict) or have.keys() != want.keys():
            return False
        return every(alike(have[key], want[key]) for key in want)
    if isinstance(want, list):
        if not isinstance(have, list) or len(have) != len(want):
            return False
        return every(alike(h, w) for h, w in zip(have, want, strict=True))
    return not isinstance(have, list | dict) and as_text(have) == as_text(want)


def cannot_be(have: Unknown, glob: str) -> bool:
    """Whether what a template begins or ends with (``"user:${...}"``) keeps it from ever fitting the glob."""
    known = TEMPLATE.fullmatch(have.text)
    if known is None or "[" in glob:
        return False
    head, tail = WILD.split(glob)[0], WILD.split(glob)[-1]
    if head == glob:
        return not (glob.startswith(known[1]) and glob.endswith(known[2]))
    meets = (head.startswith(known[1]) or known[1].startswith(head), tail.endswith(known[2]) or known[2].endswith(tail))
    return not all(meets)


def every(verdicts: Plain) -> bool | None:
    """False if any is False, else None if any is None, else True."""
    told: bool | None = True
    for verdict in verdicts:
        if verdict is False:
            return False
        if verdict is None:
            told = None
    return told


def _one_of(have: Plain, want: Plain) -> bool | None:
    if isinstance(have, Unknown):
        return None
    return any(alike(have, choice) for choice in want)


def _compare(better: Callable[[float, float], bool]) -> Holds:
    def holds(have: Plain, want: Plain) -> bool | None:
        if isinstance(have, Unknown):
            return None
        value, bound = as_number(have), as_number(want)
        return value is not None and bound is not None and better(value, bound)

    return holds


def _includes(have: Plain, want: Plain) -> bool | None:
    if isinstance(have, Unknown):
        return None
    missing = [w for w in as_list(want) if not any(alike(h, w) for h in as_list(have))]
    if not missing:
        return True
    return None if any(isinstance(h, Unknown) for h in as_list(have)) else False


def _with(have: Plain, want: Plain) -> Plain:
    return [*as_list(have), *(w for w in as_list(want) if not any(alike(h, w) for h in as_list(have)))]


def _excludes(have: Plain, want: Plain) -> bool | None:
    told = [_matches(each, want) for each in as_list(have)]
    return every(None if each is None else not each for each in told)


def _without(have: Plain, want: Plain) -> Plain:
    if not isinstance(have, list):
        return Unknown("says what is wrong, not what is right")
    left = [h for h in have if isinstance(h, Unknown) or not _matches(h, want)]
    return left or Unknown("nothing would be left of the list")


def _matches(have: Plain, want: Plain) -> bool | None:
    if isinstance(have, Unknown):
        return False if all(cannot_be(have, as_text(glob)) for glob in as_list(want)) else None
    return have is not None and any(fits(as_text(have), as_text(glob)) for glob in as_list(want))


def _some_match(have: Plain, want: Plain) -> bool | None:
    told = [_matches(each, want) for each in as_list(have)]
    return True if True in told else None if None in told else False


def _subset_of(have: Plain, want: Plain) -> bool | None:
    if isinstance(have, Unknown):
        return None
    told = [_one_of(h, want) for h in as_list(have)]
    return every(told) if told else False


def _within(have: Plain, want: Plain) -> Plain:
    left = [h for h in as_list(have) if not isinstance(h, Unknown) and _one_of(h, want)]
    return left or list(want)


def _bits_within(have: Plain, want: Plain) -> bool | None:
    if isinstance(have, Unknown):
        return None
    try:
        return have is not None and int(as_text(have), 8) & ~int(as_text(want), 8) == 0
    except ValueError:
        return False


def _masked(have: Plain, want: Plain) -> Plain:
    try:
        return f"{int(as_text(have), 8) & int(as_text(want), 8):04o}"
    except ValueError:
        return as_text(want)


def _present(have: Plain, want: Plain) -> bool | None:
    return (have is not None) is bool(want)


def _written(have: Plain, want: Plain) -> bool | None:
    """Whether the value itself stands there: a reference is none, nor what is empty, a switch, or a place to fill in."""
    if isinstance(have, Unknown):
        return None if OTHERWISE.search(have.text) else not want
    if isinstance(have, list):
        told = [_written(each, True) for each in have]
        return None if None in told and True not in told else (True in told) is bool(want)
    stands = not TO_FILL.search(have) and have.lower() not in SWITCHES if isinstance(have, str) else bool(have) and have is not True
    return stands is bool(want)


OPERATORS: dict[str, Operator] = {
    "equals": Operator(alike, lambda have, want: want),
    "one-of": Operator(_one_of, lambda have, want: want[0]),
    "at-least": Operator(_compare(float.__ge__), lambda have, want: want),
    "at-most": Operator(_compare(float.__le__), lambda have, want: want),
    "absent": Operator(lambda have, want: _present(have, not want), lambda have, want: REMOVE),
    "present": Operator(_present, lambda have, want: Unknown("needs a value that only its owner knows")),
    "written": Operator(_written, lambda have, want: REMOVE if not want else Unknown("needs a value that only its owner knows")),
    "includes": Operator(_includes, _with),
    "excludes": Operator(_excludes, _without),
    "subset-of": Operator(_subset_of, _within),
    "bits-within": Operator(_bits_within, _masked),
    "matches": Operator(_some_match, lambda have, want: Unknown("says what is right only in part")),
    "starts-with": Operator(
        lambda have, want: None if isinstance(have, Unknown) else isinstance(have, str) and have.startswith(want),
        lambda have, want: Unknown("says how it begins only"),
    ),
}
SOME = ("each", "none")  # over the items of a list, with a `where`; judged in `judge`

"""What the arguments of a keyword say, and the arguments that say a value."""

from __future__ import annotations

import re

from setright.lenses.error import LensError
from setright.lenses.sshd.keywords import ADDING_UP, DISPUTED, SAME_WORDS, Keyword
from setright.lenses.sshd.parse import Directive
from setright.model import Plain, Unknown

WHOLE = re.compile(r"0|[1-9][0-9]{0,17}")
TIME = re.compile(r"(?:[0-9]{1,9}[smhdwSMHDW])*(?:[0-9]{1,9})?")
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
LISTS = ("words", *ADDING_UP)
UNPRINTABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def value(text: str, group: list[Directive]) -> Plain:
    """The value of a keyword from all its lines in one section: the first one's, or all of them where they add up."""
    first = group[0]
    if first.keyword.shape in ADDING_UP:
        return [item for each in group for item in listed_items(text, each)]
    said = [argument(text, each) for each in group] if first.keyword.name in DISPUTED else []
    if len(set(said)) > 1:
        return Unknown(f"set more than once: {', '.join(said)}")
    return listed_items(text, first) if first.keyword.shape == "words" else _scalar(first.keyword, argument(text, first))


def listed_items(text: str, directive: Directive) -> list[Plain]:
    """The list items that one line gives."""
    shape = directive.keyword.shape
    if shape in ("words", "many"):
        return [word.text for word in directive.words]
    written = argument(text, directive)
    return [_number(written) if shape == "items" else re.sub(r"[ \t]+", " ", written)]


def argument(text: str, directive: Directive) -> str:
    """The one argument without its quotes; where there are several, all as written."""
    if len(directive.words) == 1 and directive.keyword.shape not in ("rest", "match"):
        return directive.words[0].text
    return text[directive.start : directive.end]


def arguments(meant: Keyword, want: Plain, quote: str = "") -> list[str]:
    """What stands behind the keyword to say `want`, a text for each line. Raises LensError for what no line can say."""
    if isinstance(want, list) != (meant.shape in (*LISTS, "comma")) or want == []:
        raise LensError(f"{meant.name}: takes {'a list with items' if meant.shape in (*LISTS, 'comma') else 'one value'}")
    texts = [_text(meant, each) for each in (want if isinstance(want, list) else [want])]
    if meant.shape in ("words", "many"):
        return [" ".join(map(quoted, texts))]
    if meant.shape == "items":
        return [quoted(each) for each in texts]
    if meant.shape in ("entries", "rest", "match"):
        return texts
    return [quoted(",".join(texts), quote)]


def quoted(text: str, quote: str = "") -> str:
    """One argument, in quotes where it needs them or where `quote` says so."""
    if not quote and text and not text.startswith("#") and not re.search(r"[ \t'\"\\]", text):
        return text
    mark = quote or '"'
    return mark + text.replace("\\", "\\\\").replace(mark, "\\" + mark) + mark


def _scalar(meant: Keyword, written: str) -> Plain:
    if meant.shape == "word":
        return _number(written)
    if meant.shape == "flag":
        return SAME_WORDS.get((meant.name, written.lower()), written.lower())
    if meant.shape == "upper":
        return written.upper()
    if meant.shape == "time":
        return _seconds(written)
    if meant.shape == "comma":
        return Unknown(written) if written[:1] in ("+", "-", "^") else written.split(",")
    return written


def _number(written: str) -> int | str:
    return int(written) if WHOLE.fullmatch(written) else written


def _seconds(written: str) -> int | str:
    if not written or not TIME.fullmatch(written):
        return written
    return sum(int(count) * SECONDS[unit.lower()] for count, unit in re.findall(r"([0-9]+)([a-zA-Z]?)", written))


def _text(meant: Keyword, item: Plain) -> str:
    if isinstance(item, bool) or not isinstance(item, str | int):
        raise LensError(f"{meant.name}: {type(item).__name__} is neither text nor a whole number")
    if UNPRINTABLE.search(str(item)):
        raise LensError(f"{meant.name}: a line cannot hold control characters")
    return str(item)

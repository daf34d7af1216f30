"""Instructions of a Dockerfile that were not there: as a line, at the end of a text, above another instruction.

Dockerfile reference (docs.docker.com/reference/dockerfile).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from setright.lenses.error import LensError
from setright.lenses.lines import newline_of
from setright.model import Plain

_BUILD = ("ADD", "ARG", "COPY", "FROM", "ONBUILD", "RUN", "SHELL", "WORKDIR")
_RUNTIME = ("CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "MAINTAINER", "STOPSIGNAL", "USER", "VOLUME")
KEYWORDS = frozenset((*_BUILD, *_RUNTIME))
DIRECTIVE = re.compile(r"[ \t]*#[ \t]*(syntax|escape|check)[ \t]*=[ \t]*(.*?)[ \t]*\Z", re.I)
INDENT = re.compile(r" {5}&& ")

BLANKS = " \t\r\n\v\f"  # never bare strip(): the text is a latin-1 view, and UTF-8 holds bytes that are blanks there


def appended(text: str, tree: Plain, escape: str, *, apart: bool = False) -> str:
    """The text with an instruction more at its end; `apart` from a heredoc, below which not all readers expect one at once."""
    newline = newline_of(text)
    gap = ("" if not text or text.endswith("\n") else newline) + (newline if apart else "")
    return text + gap + _written(tree, newline, escape) + newline


def before(text: str, within: tuple[int, int], trees: Sequence[Plain], escape: str) -> str:
    """New instructions above the one that ends `within` and above its comment, apart by a blank line where that has one above.

    `within` are the end of the instruction before it and its own start.
    """
    floor, at = within
    start = text.rfind("\n", 0, at) + 1
    while start > floor and _is_comment(above := _line_above(text, start)):
        start -= len(above)
    newline = newline_of(text)
    apart = newline if start > floor and not _line_above(text, start).strip(BLANKS) else ""
    return text[:start] + "".join(_written(tree, newline, escape) + newline for tree in trees) + apart + text[start:]


def behind(text: str, end: int, trees: Sequence[Plain], escape: str, *, apart: bool) -> str:
    """New instructions below the one that ends there, as what comes next begins another stage; `apart` from a heredoc."""
    newline = newline_of(text)
    start = text.find("\n", end) + 1
    gap = newline if apart else ""
    return text[:start] + gap + "".join(_written(tree, newline, escape) + newline for tree in trees) + text[start:]


def _is_comment(line: str) -> bool:
    return line.lstrip(BLANKS).startswith("#") and not DIRECTIVE.match(line.rstrip("\r\n"))


def _line_above(text: str, start: int) -> str:
    return text[text.rfind("\n", 0, start - 1) + 1 : start]


def _written(tree: Plain, newline: str, escape: str) -> str:
    """An instruction as a line, or as several where the commands of a RUN are indented."""
    if not isinstance(tree, dict) or not {"keyword", "value"} <= tree.keys() <= {"keyword", "value", "flags"}:
        raise LensError(f"{tree!r} is no instruction: keyword, value, and flags where it has some")
    value = tree["value"]
    words = [keyword(tree["keyword"], "X"), *map(require_one_line, tree.get("flags") or ())]
    words.append(require_one_line(json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value))
    line = " ".join(word for word in words if word)
    return f" {escape}{newline}    && ".join(INDENT.split(line)) if words[0] == "RUN" and isinstance(value, str) else line


def keyword(word: Plain, like: str) -> str:
    """The keyword, in small letters where the old one was."""
    if not isinstance(word, str) or word not in KEYWORDS:
        raise LensError(f"{word!r} is no Dockerfile instruction")
    return word.lower() if like.islower() else word


def encodes(words: str) -> bool:
    try:
        words.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def require_one_line(words: Plain) -> str:
    if not isinstance(words, str) or "\n" in words or "\r" in words:
        raise LensError(f"{words!r} cannot stand on one line of a Dockerfile")
    if not encodes(words):
        raise LensError(f"{words!r} has characters that UTF-8 cannot hold")
    return words.encode("utf-8", "surrogateescape").decode("latin-1")

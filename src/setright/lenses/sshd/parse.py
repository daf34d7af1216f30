"""The lines of an sshd_config, with spans. Source: servconf.c and misc.c (strdelim, argv_split) of OpenSSH 9.2."""

from __future__ import annotations

import re
from typing import NamedTuple

from setright.lenses.error import LensError
from setright.lenses.lines import Line, lines
from setright.lenses.sshd.keywords import Keyword, keyword

BLANK = re.compile(r"[ \t\r\f]*(?:#|$)")
HEAD = re.compile(
    r'[ \t\r]*(?:"(?P<quoted>[^"=\s]+)"(?P<blank>[ \t\r]*)|(?P<plain>[^"=\s]+)(?P<gap>[ \t\r]*=[ \t\r]*|[ \t\r]+))'
)  # after a keyword in quotes a "=" is part of the value
ESCAPED = "'\"\\"


class Word(NamedTuple):
    """One argument: its text without quotes, and where it stands."""

    text: str
    start: int
    end: int


class Directive(NamedTuple):
    """One line that says something. `start` to `end` are its arguments, a comment behind them left out; `gap` parts them."""

    keyword: Keyword
    line: Line
    gap: str
    words: tuple[Word, ...]
    start: int
    end: int


class Section(NamedTuple):
    """The global section (`head` is None) or one Match block."""

    head: Directive | None
    body: list[Directive]

    def of(self, name: str) -> list[Directive]:
        return [each for each in self.body if each.keyword.name.lower() == name.lower()]


class Config(NamedTuple):
    """A whole file: the global section, then the Match blocks in order."""

    text: str
    lines: list[Line]
    sections: list[Section]


def parse(text: str) -> Config:
    """Raises LensError with the line where sshd would not read on."""
    found = Config(text, lines(text), [Section(None, [])])
    for line in found.lines:
        if BLANK.match(line.text):
            continue
        directive = _directive(line)
        if directive.keyword.name == "Match":
            found.sections.append(Section(directive, []))
        else:
            found.sections[-1].body.append(directive)
    return found


def _directive(line: Line) -> Directive:
    head = HEAD.match(line.text)
    if not head:
        raise LensError(f"line {line.number}: a keyword and its value are needed: {line.text.strip()[:60]!r}")
    meant = keyword(head["quoted"] or head["plain"])
    words = _words(line, head.end())
    start = line.start + head.end()
    end = line.start + len(line.text.rstrip(" \t\r\f")) if meant.shape == "rest" else words[-1].end if words else start
    if end <= start:
        raise LensError(f"line {line.number}: {meant.name} has no value")
    return Directive(meant, line, head["gap"] or " ", words, start, end)


def _words(line: Line, at: int) -> tuple[Word, ...]:
    """The arguments from an offset on: quoted or not, up to a word that begins with ``#``."""
    found: list[Word] = []
    text = line.text.rstrip(" \t\r\f")
    while at < len(text):
        if text[at] in " \t":
            at += 1
        elif text[at] == "#":
            break
        else:
            word, end = _word(line, text, at)
            found.append(Word(word, line.start + at, line.start + end))
            at = end
    return tuple(found)


def _word(line: Line, text: str, at: int) -> tuple[str, int]:
    """The argument at an offset and where it ends. A backslash escapes quotes, itself and, outside quotes, a blank."""
    out: list[str] = []
    quote = ""
    while at < len(text) and (quote or text[at] not in " \t"):
        char, following = text[at], text[at + 1 : at + 2]
        if char == "\\" and following and (following in ESCAPED or (following == " " and not quote)):
            out.append(following)
            at += 1
        elif not quote and char in "'\"":
            quote = char
        elif char == quote:
            quote = ""
        else:
            out.append(char)
        at += 1
    if quote:
        raise LensError(f"line {line.number}: a quote without its end")
    return "".join(out), at

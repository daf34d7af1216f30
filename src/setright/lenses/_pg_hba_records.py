"""Lines of pg_hba.conf as records of fields of tokens, each knowing where it stands.

Source: src/backend/libpq/hba.c (PostgreSQL 15), next_token and next_field_expand: blanks part fields, commas part the tokens of
one, a quote may begin anywhere in a token, ``#`` ends the line, and a backslash at its very end continues it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from setright.lenses.error import LensError
from setright.lenses.lines import lines
from setright.model import Plain, Tree

TYPES = ("local", "host", "hostssl", "hostnossl", "hostgssenc", "hostnogssenc")
DIRECTIVES = ("include", "include_if_exists", "include_dir")
KEYWORDS = frozenset({"all", "sameuser", "samerole", "samegroup", "replication", "samehost", "samenet"})
BLANKS = " \t\r"
NUMERIC = re.compile(r"[0-9a-fA-F:.]*[:.][0-9a-fA-F:.%\w]*")


class Token(NamedTuple):
    """One word. `quoted`: it began with a quote, and so is no keyword; `text` has its quotes taken off."""

    text: str
    quoted: bool
    start: int
    end: int

    @property
    def plain(self) -> str:
        """The text as the tree shows it; quotes that carry meaning stay."""
        meant = self.text in KEYWORDS or self.text[:1] in ("+", "@", "/")
        if self.text.startswith('"') or (self.quoted and (meant or not self.text)):
            return '"' + self.text.replace('"', '""') + '"'
        return self.text

    @property
    def option(self) -> str:
        """The name before the equals sign."""
        return self.text.partition("=")[0]


class Field(NamedTuple):
    """Tokens with commas between."""

    tokens: tuple[Token, ...]

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def end(self) -> int:
        return self.tokens[-1].end


class HbaRecord(NamedTuple):
    """One line that counts, with those that continue it; `end` is behind its line end. Options are fields without a name."""

    number: int
    start: int
    end: int
    fields: tuple[Field, ...]
    named: dict[str, Field]
    is_include: bool
    gaps: dict[str, str]
    columns: dict[str, int]

    def tree(self) -> Tree:
        found: Tree = {}
        for name, field in self.named.items():
            found[name] = [t.plain for t in field.tokens] if name in ("database", "user") else field.tokens[0].plain
        if not self.is_include:
            tokens = (token for field in self.fields[len(self.named) :] for token in field.tokens)
            found["options"] = {token.option: token.text.partition("=")[2] for token in tokens}
        return found


class _Logical(NamedTuple):
    """A line with its continuations: its characters, and where each stands in the text."""

    number: int
    start: int
    end: int
    text: str
    places: Sequence[int]


def records(text: str) -> Iterator[HbaRecord]:
    """The lines that count. Raises LensError for one that the server would refuse."""
    for line in _logical(text):
        fields = tuple(_fields(line))
        if fields:
            named = _named(line, fields)
            yield _record(line, fields, named, text)


def spelled(value: Plain, loose: bool = False) -> str:
    """A word of the tree as the file spells it, in quotes where it needs them. `loose`: an option's value knows no keywords."""
    if not isinstance(value, str) or any(c in value for c in "\0\n\r"):
        raise LensError(f"{value!r}: a word is text without line ends")
    if value.startswith('"') and not loose:
        return _quoted_word(value)
    if value and not re.search(r'[\s,#"]', value):
        if value.endswith("\\"):
            raise LensError(f"{value!r}: a backslash at the end could continue the line")
        return value
    if not loose and value[:1] in ("+", "@", "/"):
        return value[0] + _quotes(value[1:])
    return _quotes(value)


def _quoted_word(value: str) -> str:
    """A word that carries its quotes; it must be exactly one token that shows as it is written here."""
    if not re.fullmatch(r'"(?:[^"]|"")*"', value):
        raise LensError(f"{value!r}: its double quotes do not pair")
    meant = Token(value[1:-1].replace('""', '"'), True, 0, 0).plain
    if meant != value:
        raise LensError(f"{value!r}: needs no quotes here; write {meant!r}")
    return value


def _quotes(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _logical(text: str) -> Iterator[_Logical]:
    pieces: list[tuple[str, int]] = []
    number = start = 0
    for line in lines(text):
        if not pieces:
            number, start = line.number, line.start
        bare = line.text.rstrip("\r")
        pieces.append((bare.removesuffix("\\"), line.start))
        if bare.endswith("\\") and line.end < len(text):
            continue
        yield _joined(number, start, min(line.end + 1, len(text)), pieces)
        pieces = []
    if pieces:
        yield _joined(number, start, len(text), pieces)


def _joined(number: int, start: int, end: int, pieces: Sequence[tuple[str, int]]) -> _Logical:
    if len(pieces) == 1:
        piece, at = pieces[0]
        return _Logical(number, start, end, piece, range(at, at + len(piece)))
    places = [at + i for piece, at in pieces for i in range(len(piece))]
    return _Logical(number, start, end, "".join(piece for piece, _ in pieces), places)


def _fields(line: _Logical) -> Iterator[Field]:
    tokens: list[Token] = []
    at = 0
    while (found := _token(line, at)) is not None:
        token, at, more = found
        tokens.append(token)
        if not more:
            yield Field(tuple(tokens))
            tokens = []
    if tokens:
        yield Field(tuple(tokens))


def _token(line: _Logical, at: int) -> tuple[Token, int, bool] | None:
    """The next token, where it ended, and whether a comma ended it. The server's loop, character by character."""
    text, end = line.text, len(line.text)
    while at < end and (text[at] in BLANKS or text[at] == ","):
        at += 1
    first = at
    said: list[str] = []
    in_quote = was_quote = initial = comma = False
    while at < end and (text[at] not in BLANKS or in_quote):
        char = text[at]
        if char in "#," and not in_quote:
            comma = char == ","
            break
        if char != '"' or was_quote:
            said.append(char)
        was_quote = in_quote and char == '"' and not was_quote
        if char == '"':
            in_quote = not in_quote
            initial = initial or not said
        at += 1
    if not said and not initial:
        return None
    token = Token("".join(said), initial, line.places[first], line.places[at - 1] + 1)
    if in_quote:
        raise LensError(f"line {line.number}: a double quote is not closed")
    return token, (end if at < end and text[at] == "#" else at + 1 if comma else at), comma


def _named(line: _Logical, fields: Sequence[Field]) -> dict[str, Field]:
    first = fields[0].tokens[0].text
    if first in DIRECTIVES:
        names: list[str] = ["directive", "file"]
        if len(fields) != 2:
            raise LensError(f"line {line.number}: {first} takes one file")
    elif first in TYPES:
        names = ["type", "database", "user", *_address(first, fields), "method"]
    else:
        raise LensError(f"line {line.number}: {first!r} is no connection type; they are {', '.join(TYPES)}")
    if len(fields) < len(names):
        raise LensError(f"line {line.number}: ends before its {names[len(fields)]}")
    named = dict(zip(names, fields, strict=False))
    _single(line, named)
    for token in (token for field in fields[len(names) :] for token in field.tokens):
        if "=" not in token.text:
            raise LensError(f"line {line.number}: {token.text!r} is no name=value")
    return named


def _address(kind: str, fields: Sequence[Field]) -> list[str]:
    """Whether an address and a netmask stand in a line of this type."""
    if kind == "local":
        return []
    if len(fields) < 5 or "/" in fields[3].tokens[0].text:
        return ["address"]
    looks = fields[4].tokens[0].text
    return ["address", "netmask"] if NUMERIC.fullmatch(looks) else ["address"]


def _single(line: _Logical, named: dict[str, Field]) -> None:
    for name, field in named.items():
        if name not in ("database", "user") and len(field.tokens) > 1:
            raise LensError(f"line {line.number}: several values where one {name} belongs")


def _record(line: _Logical, fields: tuple[Field, ...], named: dict[str, Field], text: str) -> HbaRecord:
    gaps, columns, previous = {}, {}, line.start
    for name, field in named.items():
        gaps[name] = text[previous : field.start]
        columns[name] = field.start - text.rfind("\n", 0, field.start) - 1
        previous = field.end
    return HbaRecord(line.number, line.start, line.end, fields, named, fields[0].tokens[0].text in DIRECTIVES, gaps, columns)

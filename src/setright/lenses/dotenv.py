"""Compose's `.env`: NAME=value, one a line, `#` begins a comment. Sources: docs.docker.com, Interpolation, .env file syntax.

    {"POSTGRES_PASSWORD": "s3cret", "TAG": "1.4"}

Every value is text. One that other variables make up, or that goes on in another line, cannot be told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from setright.lenses import pairs
from setright.lenses.error import LensError
from setright.lenses.lines import Replacement, decode, lines, put_each
from setright.lenses.pairs import Pair
from setright.model import Edit, Path, Plain, Tree, Unknown

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
SETTING = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.]*)[ \t]*(?:=|:[ \t])[ \t]*(.*?)[ \t\r]*$")
QUOTED = re.compile(r"(['\"])((?:\\.|(?!\1)[^\\])*)\1[ \t]*(?:#.*)?")
SAFE = re.compile(r"[A-Za-z0-9_@%+=:,./!?*^~-]+")


def get(source: bytes) -> Tree:
    """The last line of a name wins."""
    return pairs.tree(list(_pairs(decode(source))))


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Raises LensError for a value that no quotes hold as it is."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    text = decode(source)
    return pairs.span(text, list(_pairs(text)), path)


def _change(text: str, edit: Edit) -> list[Replacement]:
    if edit.remove or len(edit.path) != 1:
        return pairs.change(text, list(_pairs(text)), edit, "=")
    name = str(edit.path[0])
    if not NAME.fullmatch(name):
        raise LensError(f"{name!r} cannot be a name")
    return pairs.change(text, [each for each in _pairs(text) if each.key == name], Edit(edit.path, _written(name, edit.value)), "=")


def _written(name: str, value: Plain) -> str:
    """The value as it is read back: bare, or in single quotes, in which nothing means anything else."""
    if not isinstance(value, str) or re.search(r"['\\\x00-\x1f]", value):
        raise LensError(f"{name}: is no text that a line of .env holds as it is")
    return value if SAFE.fullmatch(value) else f"'{value}'"


def _pairs(text: str) -> Iterator[Pair]:
    open_quote = ""
    for line in lines(text):
        if open_quote:
            open_quote = "" if open_quote in line.text else open_quote
        elif found := SETTING.match(line.text):
            raw = found[2]
            value = _told(raw)
            open_quote = raw[:1] if raw[:1] in ("'", '"') and not QUOTED.match(raw) else ""
            yield Pair(found[1], value, line, "=", line.start + found.start(2), line.start + found.start(2) + len(raw))


def _told(raw: str) -> Plain:
    if quoted := QUOTED.fullmatch(raw):
        is_plain = "\\" not in quoted[2] and (quoted[1] == "'" or "$" not in quoted[2])
        return quoted[2] if is_plain else Unknown(raw)
    bare = re.split(r"(?:^|[ \t])#", raw, maxsplit=1)[0].rstrip()
    return Unknown(raw) if raw[:1] in ("'", '"') or "$" in bare else bare

"""Files of NAME=value that a shell reads: /etc/default, useradd's defaults, os-release. Source: POSIX shell 2.2-2.10, useradd(8).

    {"GRUB_CMDLINE_LINUX": "quiet audit=1", "INACTIVE": 30}

A value that holds more than text in plain words or quotes (``$(...)``, ``$X``) cannot be told. The last assignment counts; one
inside ``if``, a loop or a function may count or not, so that then nothing can be told of the name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.lenses import pairs
from setright.lenses.error import LensError
from setright.lenses.lines import Replacement, decode, lines, put_each
from setright.lenses.pairs import Pair
from setright.model import Edit, Path, Plain, Tree, Unknown

WORD = r"'[^'\n]*'|\"(?:\\[^\n]|[^\"\\\n])*\"|\\[^\n]|[^\s;&|<>()'\"\\]"
SETTING = re.compile(
    r"[ \t]*(?:export[ \t]+)?(?P<key>[A-Za-z_][A-Za-z0-9_]*)"
    rf"=(?P<value>(?:{WORD})*)[ \t\r]*(?:;|(?<=[\s;])#.*)?[ \t\r]*$"
)
UNENDED = re.compile(r"[ \t]*(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_]*=(?:'[^']*|\"(?:\\.|[^\"\\])*\\?)$")
OPENS = re.compile(r"[ \t]*(?:if|for|while|until|case)\b|.*\{[ \t\r]*$")
CLOSES = re.compile(r"[ \t]*(?:fi|done|esac|\})[ \t\r;]*(?:#.*)?$")
PIECE = re.compile(WORD)
SAFE = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")


def get(source: bytes) -> Tree:
    """Whole numbers are numbers."""
    return pairs.tree(_pairs(decode(source)))


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Sets the assignment that counts. Raises LensError for values that no line can hold."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where the value that counts stands, with its quotes."""
    text = decode(source)
    return pairs.span(text, _pairs(text), path)


def _change(text: str, edit: Edit) -> list[Replacement]:
    found = _pairs(text)
    mine = [pair for pair in found if edit.path == (pair.key,)]
    if edit.remove or len(edit.path) != 1:
        return pairs.change(text, found, edit, "=")
    key = str(edit.path[0])
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", key):
        raise LensError(f"{key!r} cannot be a name")
    if mine:
        return [Replacement(mine[-1].start, mine[-1].end, quoted(key, edit.value, text[mine[-1].start : mine[-1].end][:1]))]
    return pairs.change(text, [], Edit(edit.path, quoted(key, edit.value, "")), "=")


def quoted(key: str, value: Plain, quote: str) -> str:
    """The value as a shell word, in the quotes that stood there before. Raises LensError for what one line cannot say."""
    text = pairs.value_on_line(key, value)
    if quote not in ("'", '"') and SAFE.fullmatch(text):
        return text
    if quote == "'" and "'" not in text:
        return f"'{text}'"
    return '"' + re.sub(r'([\\"$`])', r"\\\1", text) + '"'


def plain(written: str) -> Plain:
    """What a word says; Unknown where the shell would put something in."""
    pieces = []
    for piece in PIECE.findall(written):
        if piece[0] == "'":
            pieces.append(piece[1:-1])
            continue
        bare = piece[1:-1] if piece[0] == '"' else piece
        if re.search(r"(?<!\\)(?:\\\\)*[$`]", bare):
            return Unknown(written)
        pieces.append(re.sub(r'\\([\\"$`])' if piece[0] == '"' else r"\\(.)", r"\1", bare))
    return pairs.number("".join(pieces))


def _pairs(text: str) -> list[Pair]:
    found: list[Pair] = []
    depth = 0
    for line in lines(text):
        if CLOSES.match(line.text):
            depth = max(0, depth - 1)
        elif m := SETTING.match(line.text):
            value = plain(m["value"]) if depth == 0 else Unknown(f"set under a condition: {m['value']}")
            found.append(Pair(m["key"], value, line, "=", line.start + m.start("value"), line.start + m.end("value")))
        elif UNENDED.match(line.text.rstrip("\r")):
            raise LensError(f"line {line.number}: a quote that ends in another line: {line.text.strip()[:60]!r}")
        elif (
            not line.text.lstrip().startswith("#") and OPENS.match(line.text) and not re.search(r"\b(?:fi|done|esac)\b", line.text)
        ):
            depth += 1
    return found

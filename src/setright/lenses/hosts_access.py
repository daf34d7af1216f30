"""hosts.allow and hosts.deny of TCP wrappers. Source: hosts_access(5), hosts_options(5): the first rule that fits decides.

    {"rules": [{"daemons": ["sshd"], "clients": ["192.0.2.0/24"]}, {"daemons": ["ALL"], "clients": ["ALL"], "options": "deny"}]}

A line that ends with a backslash goes on in the next; ``#`` begins a comment line. Colons in square brackets are of IPv6 addresses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.lenses import rows
from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, byte_span, decode, encode, lines, nowhere, put_each
from setright.lenses.rows import Row
from setright.model import Edit, Path, Plain, Tree

FIELDS = re.compile(r"((?:\[[^\]]*\]|[^:\[])*):((?:\[[^\]]*\]|[^:\[])*)(?::(.*))?", re.DOTALL)
WORD = re.compile(r"[^\s,:#\[\]]+|[^\s,:#\[\]]*\[[^\]\s]*\][^\s,:#]*")


def get(source: bytes) -> Tree:
    """Raises LensError, naming the line, for one without a colon, which the library skips with a complaint."""
    return {"rules": [row.value for row in _rows(decode(source))]}


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Raises LensError for what no line can say."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where the rule stands."""
    text = decode(source)
    found = _rows(text)
    if len(path) < 2 or path[0] != "rules" or not isinstance(path[1], int) or not 0 <= path[1] < len(found):
        raise nowhere(path)
    return byte_span(text, found[path[1]].line.start, found[path[1]].line.end)


def _rows(text: str) -> list[Row]:
    found: list[Row] = []
    part: list[Line] = []
    for line in lines(text):
        if not part and (not line.text.strip() or line.text.startswith("#")):
            continue
        part.append(line)
        if not line.text.rstrip("\r").endswith("\\"):
            found.append(_row(text, part))
            part = []
    return [*found, _row(text, part)] if part else found


def _row(text: str, part: Sequence[Line]) -> Row:
    whole = Line(part[0].number, part[0].start, part[-1].end, text[part[0].start : part[-1].end])
    match = FIELDS.fullmatch(re.sub(r"\\\r?\n", " ", whole.text).rstrip("\r"))
    if not match or not match[1].strip() or not match[2].strip():
        raise LensError(f"line {whole.number}: daemons, a colon and clients are needed: {whole.text.strip()[:60]!r}")
    rule: Tree = {"daemons": re.split(r"[\s,]+", match[1].strip(" \t,")), "clients": re.split(r"[\s,]+", match[2].strip(" \t,"))}
    return Row(rule | ({"options": match[3].strip()} if match[3] and match[3].strip() else {}), whole)


def _change(text: str, edit: Edit) -> list[Replacement]:
    new = rows.wanted_rows(get(encode(text)), edit, "rules")
    return rows.row_changes(text, _rows(text), new, _written, lambda row, value: None)


def _written(value: Plain, beside: Row | None) -> str:
    if not isinstance(value, dict) or set(value) - {"daemons", "clients", "options"}:
        raise LensError("a rule has daemons, clients and options")
    parts = [_words(value.get(key)) for key in ("daemons", "clients")]
    options = value.get("options")
    if options is not None:
        if not isinstance(options, str) or not re.fullmatch(r"[^\s\0][^\r\n\0]*(?<![\s\\])", options):
            raise LensError(f"{options!r} cannot be options")
        parts.append(options)
    return ": ".join(parts)


def _words(value: Plain) -> str:
    if not isinstance(value, list) or not value or not all(isinstance(word, str) and WORD.fullmatch(word) for word in value):
        raise LensError(f"{value!r} is no list of daemons or clients")
    return ", ".join(value)

"""One name a line: cron.allow, at.allow, shells. Source: crontab(1), at.allow(5), shells(5). A ``#`` begins a comment line.

{"names": ["root", "backup"]}
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.lenses import rows
from setright.lenses.error import LensError
from setright.lenses.lines import Replacement, byte_span, decode, encode, lines, nowhere, put_each
from setright.lenses.rows import Row
from setright.model import Edit, Path, Plain, Tree


def get(source: bytes) -> Tree:
    return {"names": [row.value for row in _rows(decode(source))]}


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Raises LensError for what no line can say."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    text = decode(source)
    found = _rows(text)
    if len(path) != 2 or path[0] != "names" or not isinstance(path[1], int) or not 0 <= path[1] < len(found):
        raise nowhere(path)
    return byte_span(text, found[path[1]].line.start, found[path[1]].line.end)


def _rows(text: str) -> list[Row]:
    return [Row(line.text.strip(), line) for line in lines(text) if line.text.strip() and not line.text.lstrip().startswith("#")]


def _change(text: str, edit: Edit) -> list[Replacement]:
    new = rows.wanted_rows(get(encode(text)), edit, "names")
    found = _rows(text)
    return rows.row_changes(text, found, new, _written, lambda row, value: None)


def _written(value: Plain, beside: Row | None) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[^\s#\0][^\r\n\0]*(?<!\s)", value):
        raise LensError(f"{value!r} is no name")
    return value

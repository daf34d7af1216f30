"""chrony.conf and its drop-ins. Source: chrony.conf(5) of chrony 4.3: names in any case, ``! ; # %`` begin a comment line.

    {"pool": ["2.debian.pool.ntp.org iburst"], "user": "_chrony", "cmdport": 0, "rtcsync": True}

Sources and access rules are lists, since their lines add up; of other directives the last line counts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.lenses import pairs
from setright.lenses.edited import edited
from setright.lenses.error import LensError
from setright.lenses.lines import Change, byte_span, decode, delete, encode, insert_after, lines, nowhere, put_each
from setright.lenses.pairs import Pair
from setright.model import Edit, Path, Plain, Tree

LISTS = (
    "server",
    "pool",
    "peer",
    "refclock",
    "allow",
    "deny",
    "cmdallow",
    "cmddeny",
    "confdir",
    "sourcedir",
    "include",
    "bindcmdaddress",
)
DIRECTIVE = re.compile(r"[ \t]*(?P<name>[A-Za-z][A-Za-z0-9]*)(?:(?P<gap>[ \t]+)(?P<value>[^\s][^\r]*?))?[ \t\r]*$")


def get(source: bytes) -> Tree:
    """Whole numbers are numbers; a directive without arguments is True, in a list the empty text."""
    tree: Tree = {}
    for pair in _pairs(decode(source)):
        if pair.key in LISTS:
            tree.setdefault(pair.key, []).append("" if pair.value is True else str(pair.value))
        else:
            tree[pair.key] = pair.value
    return tree


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Raises LensError for what no line can say."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where the line stands; of a list the first of its lines."""
    text = decode(source)
    mine = [pair for pair in _pairs(text) if path[:1] == (pair.key,)]
    index = path[1] if len(path) == 2 and isinstance(path[1], int) else 0 if mine and mine[0].key in LISTS else -1
    if not mine or index >= len(mine):
        raise nowhere(path)
    return byte_span(text, mine[index].start, mine[index].end)


def _pairs(text: str) -> list[Pair]:
    found = []
    for line in lines(text):
        if m := DIRECTIVE.match(line.text):
            part = "value" if m["value"] else "name"
            value: Plain = pairs.number(m["value"]) if m["value"] else True
            at = (line.start + m.start(part), line.start + m.end(part))
            found.append(Pair(m["name"].lower(), value, line, m["gap"] or " ", *at))
    return found


def _change(text: str, edit: Edit) -> list[Change]:
    key = str(edit.path[0])
    found = [pair for pair in _pairs(text) if pair.key == key]
    if not re.fullmatch(r"[a-z][a-z0-9]*", key):
        raise LensError(f"{key!r} cannot be a directive")
    if key in LISTS:
        return _listed(text, key, found, edited(get(encode(text)), [edit]).get(key, []))
    if len(edit.path) != 1:
        raise nowhere(edit.path)
    if edit.remove:
        return [delete(text, pair.line) for pair in found]
    new = _line(key, edit.value, found[-1].gap if found else " ")
    if not found:
        return [insert_after(text, _last(text), [new])]
    if found[-1].value is True or edit.value is True:
        start = found[-1].line.start + len(found[-1].line.text) - len(found[-1].line.text.lstrip(" \t"))
        return [Change(start, found[-1].end, new)]
    return [Change(found[-1].start, found[-1].end, pairs.written(key, edit.value))]


def _listed(text: str, key: str, found: Sequence[Pair], new: Plain) -> list[Change]:
    """Lines that stay are kept; others are deleted, and new ones go behind the last."""
    if not isinstance(new, list):
        raise LensError(f"{key}: takes a list")
    keep = [pair for pair, value in zip(found, new, strict=False) if ("" if pair.value is True else str(pair.value)) == value]
    if len(keep) == len(found):
        more = [_line(key, value or True, found[-1].gap if found else " ") for value in new[len(found) :]]
        return [insert_after(text, found[-1].line if found else _last(text), more)] if more else []
    made = [delete(text, pair.line) for pair in found[1:]] if new else [delete(text, pair.line) for pair in found]
    if new:
        line = found[0].line
        tail = "\r" if line.text.endswith("\r") else ""
        ending = f"{tail}\n"
        made.append(Change(line.start, line.end, ending.join(_line(key, v or True, found[0].gap) for v in new) + tail))
    return made


def _line(key: str, value: Plain, gap: str) -> str:
    return key if value is True else f"{key}{gap}{pairs.written(key, value)}"


def _last(text: str) -> Plain:
    found = lines(text)
    return found[-1] if found else None

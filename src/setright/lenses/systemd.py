"""systemd's own configuration and unit files; DNF's too. Source: systemd.syntax(7), dnf.conf(5).

    {"Journal": {"Storage": "persistent", "SystemMaxUse": "1G"}, "Service": {"ExecStart": ["", "/bin/a"]}}

A key that stands several times in a section is a list of all its values: whether they add up or the last one counts is the
program's to say. A line that ends with a backslash goes on in the next; comments begin a line with ``#`` or ``;``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from setright.lenses import pairs
from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, byte_span, decode, delete, insert_after, lines, nowhere, put_each
from setright.model import Edit, Path, Plain, Tree

SECTION = re.compile(r"[ \t]*\[(?P<name>[^\]\r\n]+)\][ \t\r]*$")
SETTING = re.compile(r"[ \t]*(?P<key>[^\s=#;\[][^=\r]*?)(?P<gap>[ \t]*=[ \t]*)(?P<value>.*?)[ \t\r]*$", re.DOTALL)
COMMENT = re.compile(r"[ \t]*[#;]")


class Setting(NamedTuple):
    """One assignment; `line` is all of it, with the lines that continue it."""

    section: str
    key: str
    value: Plain
    line: Line
    gap: str
    start: int
    end: int


class File(NamedTuple):
    """Settings in order, and the last line of each section: its heading, or its last setting."""

    settings: list[Setting]
    ends: dict[str, Line]
    heads: dict[str, Line]


def get(source: bytes) -> Tree:
    """Whole numbers are numbers. Settings above the first section say nothing and are left out."""
    tree: Tree = {}
    file = _parse(decode(source))
    for name in file.heads:
        tree[name] = {}
    for each in file.settings:
        tree[each.section].setdefault(each.key, []).append(each.value)
    return {name: {key: values if len(values) > 1 else values[0] for key, values in keys.items()} for name, keys in tree.items()}


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Raises LensError for what no line can say, and for another number of values of a key that stands several times."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where the value stands; of several the last."""
    text = decode(source)
    file = _parse(text)
    for each in reversed(file.settings):
        if path[:2] == (each.section, each.key):
            return byte_span(text, each.start, each.end)
    if path[:1] and path[0] in file.heads:
        return byte_span(text, file.heads[str(path[0])].start, file.heads[str(path[0])].end)
    raise nowhere(path)


def _parse(text: str) -> File:
    file = File([], {}, {})
    section = ""
    for line in _logical(text):
        if COMMENT.match(line.text):
            continue
        if head := SECTION.match(line.text):
            section = head["name"]
            file.heads.setdefault(section, line)
            file.ends[section] = line
        elif section and (m := SETTING.match(line.text)):
            value = re.sub(r"\s*\\\n\s*", " ", m["value"])
            at = (line.start + m.start("value"), line.start + m.end("value"))
            file.settings.append(Setting(section, m["key"], pairs.number(value), line, m["gap"], *at))
            file.ends[section] = line
    return file


def _logical(text: str) -> list[Line]:
    """Lines with those that continue them."""
    found: list[Line] = []
    part: list[Line] = []
    for line in lines(text):
        part.append(line)
        if line.text.endswith("\\") and not COMMENT.match(part[0].text):
            continue
        found.append(_joined(text, part))
        part = []
    return [*found, _joined(text, part)] if part else found


def _joined(text: str, part: Sequence[Line]) -> Line:
    return Line(part[0].number, part[0].start, part[-1].end, text[part[0].start : part[-1].end])


def _change(text: str, edit: Edit) -> list[Replacement]:
    if len(edit.path) == 1 and edit.value == {} and not edit.remove:
        return [_section(text, str(edit.path[0]), [])]
    if len(edit.path) not in (2, 3):
        raise LensError(f"{'/'.join(map(str, edit.path))}: a path is a section and a key")
    section, key = map(str, edit.path[:2])
    file = _parse(text)
    mine = [each for each in file.settings if (each.section, each.key) == (section, key)]
    if len(edit.path) == 3:
        return _one(text, mine, edit)
    if edit.remove:
        return [delete(text, each.line) for each in mine]
    if isinstance(edit.value, list) and len(edit.value) == len(mine) > 1:
        return [Replacement(e.start, e.end, _written(key, v)) for e, v in zip(mine, edit.value, strict=True) if e.value != v]
    if isinstance(edit.value, list):
        raise LensError(f"{section}/{key}: cannot be given another number of values")
    if mine:
        return [
            *(delete(text, each.line) for each in mine[:-1]),
            Replacement(mine[-1].start, mine[-1].end, _written(key, edit.value)),
        ]
    return [_new(text, file, section, key, edit.value)]


def _one(text: str, mine: Sequence[Setting], edit: Edit) -> list[Replacement]:
    """One of several values."""
    index = edit.path[2]
    if len(mine) < 2 or not isinstance(index, int) or not 0 <= index < len(mine):
        raise nowhere(edit.path)
    if edit.remove:
        return [delete(text, mine[index].line)]
    return [Replacement(mine[index].start, mine[index].end, _written(str(edit.path[1]), edit.value))]


def _new(text: str, file: File, section: str, key: str, value: Plain) -> Replacement:
    """Under the key's own line commented out, else at the end of its section, which is made where it is not there."""
    near = [each for each in file.settings if each.section == section] or file.settings
    line = f"{key}{near[-1].gap if near else '='}{_written(key, value)}"
    if not re.fullmatch(r"[^\s=#;\[][^=\r\n]*(?<!\s)", key):
        raise LensError(f"{key!r} cannot be a key")
    if section not in file.heads:
        return _section(text, section, [line])
    return insert_after(text, _anchor(text, file, section, key), [line])


def _anchor(text: str, file: File, section: str, key: str) -> Line:
    """Where a section stands several times its last part counts, but for a commented key, which is looked for in all."""
    shipped = re.compile(rf"[ \t]*[#;][ \t]?{re.escape(key)}[ \t]*=")
    here = ""
    for line in lines(text):
        head = SECTION.match(line.text)
        here = head["name"] if head else here
        if here == section and shipped.match(line.text) and not line.text.endswith("\\"):
            return line
    return file.ends[section]


def _section(text: str, name: str, new: Sequence[str]) -> Replacement:
    if not re.fullmatch(r"[^\]\r\n]+", name):
        raise LensError(f"{name!r} cannot be a section")
    found = lines(text)
    blank = [""] if found and found[-1].text.strip() else []
    return insert_after(text, found[-1] if found else None, [*blank, f"[{name}]", *new])


def _written(key: str, value: Plain) -> str:
    text = pairs.value_on_line(key, "true" if value is True else "false" if value is False else value)
    if text.endswith("\\") or text != text.strip():
        raise LensError(f"{key}: {text!r} cannot be written on one line")
    return text

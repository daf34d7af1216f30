"""Rules of the Linux audit system: rules.d/*.rules and what `auditctl -l` prints. Source: auditctl(8) of audit 3.0.

    {"rules": ["-w /etc/sudoers -p wa -k scope", "-a always,exit -F arch=b64 -S mount -k mounts"],
     "set": {"b": "8192", "f": "1", "e": "2"}}

`rules` are the lines that watch something, blanks between words made one; `set` are options of the system as a whole, the last
one of each letter. A ``#`` begins a comment where it begins a line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.lenses import rows
from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, byte_span, decode, delete, encode, insert_after, lines, nowhere, put_each
from setright.lenses.rows import Row
from setright.model import Edit, Path, Plain, Tree

RULE = re.compile(r"[ \t]*(?P<rule>-[aAwWd][ \t].*?)[ \t\r]*$")
OPTION = re.compile(r"[ \t]*-{1,2}(?P<name>[A-Za-z_]+)(?:[ \t]+(?P<value>[^\s-][^\r]*?))?[ \t\r]*$")
SILENT = re.compile(r"[ \t\r]*(?:#|$)|No rules")


def get(source: bytes) -> Tree:
    """The tree above. Raises LensError, naming the line, for what auditctl would not read."""
    text = decode(source)
    tree: Tree = {"rules": [row.value for row in _rules(text)], "set": {}}
    for name, value, _, _ in _options(text):
        tree["set"][name] = value
    return tree


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """New rules go above an option that closes the rules (``-e 2``). Raises LensError for what no line can say."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where a rule or an option stands."""
    text = decode(source)
    if len(path) == 2 and path[0] == "set":
        for name, _, line, _ in reversed(_options(text)):
            if name == path[1]:
                return byte_span(text, line.start, line.end)
    rules = _rules(text)
    if len(path) == 2 and path[0] == "rules" and isinstance(path[1], int) and 0 <= path[1] < len(rules):
        return byte_span(text, rules[path[1]].line.start, rules[path[1]].line.end)
    raise nowhere(path)


def _rules(text: str) -> list[Row]:
    return [Row(" ".join(m["rule"].split()), line) for line in lines(text) if (m := RULE.match(line.text))]


def _options(text: str) -> list[tuple[str, Plain, Line, re.Match[str]]]:
    found = []
    for line in lines(text):
        if SILENT.match(line.text) or RULE.match(line.text):
            continue
        m = OPTION.match(line.text)
        if not m:
            raise LensError(f"line {line.number}: auditctl would not read this: {line.text.strip()[:60]!r}")
        found.append((m["name"], m["value"] or True, line, m))
    return found


def _change(text: str, edit: Edit) -> list[Replacement]:
    if edit.path[0] == "set":
        return _option(text, edit)
    if edit.path[0] != "rules":
        raise LensError(f"{'/'.join(map(str, edit.path))}: a path begins with rules or set")
    mine = _rules(text)
    new = rows.wanted_rows(get(encode(text)), edit, "rules")
    if not mine and new:
        closing = [line for name, value, line, _ in _options(text) if (name, value) == ("e", "2")]
        return [_first(text, closing, [_written(value, None) for value in new])]
    return rows.row_changes(text, mine, new, _written, lambda row, value: None)


def _first(text: str, closing: Sequence[Line], new: Sequence[str]) -> Replacement:
    if not closing:
        return insert_after(text, rows.final_line(text), new)
    return Replacement(closing[0].start, closing[0].start, insert_after(text, None, new).text)


def _option(text: str, edit: Edit) -> list[Replacement]:
    if len(edit.path) != 2 or not re.fullmatch(r"[A-Za-z_]+", str(edit.path[1])):
        raise LensError(f"{'/'.join(map(str, edit.path))}: an option has a name of letters")
    name = str(edit.path[1])
    mine = [each for each in _options(text) if each[0] == name]
    if edit.remove:
        return [delete(text, line) for _, _, line, _ in mine]
    if edit.value is not True and not (isinstance(edit.value, str) and re.fullmatch(r"[^\s-][^\s]*", edit.value)):
        raise LensError(f"{name}: an option has one word or none, not {edit.value!r}")
    dashes = "-" if len(name) == 1 else "--"
    new = f"{dashes}{name}" + ("" if edit.value is True else f" {edit.value}")
    if mine:
        line, m = mine[-1][2:]
        return [Replacement(line.start, line.start + (m.end("value") if m["value"] else m.end("name")), new)]
    return [insert_after(text, rows.final_line(text), [new])]


def _written(value: Plain, beside: Row | None) -> str:
    if not isinstance(value, str) or not RULE.fullmatch(value) or value != " ".join(value.split()) or "\0" in value:
        raise LensError(f"{value!r} is no rule")
    return value

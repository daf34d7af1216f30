"""modprobe.d. Source: modprobe.d(5) and libkmod-config.c of kmod 30: of install and remove commands the first counts.

    {"install": {"cramfs": "/bin/false"}, "blacklist": {"cramfs": True}, "options": {"bonding": "max_bonds=0"}}

Names have ``_`` where a line may have ``-``. A backslash takes the next character with it, a line's end too.
Lines that say nothing to modprobe stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, byte_span, decode, delete, insert_after, nowhere, put_each
from setright.model import Edit, Path, Plain, Tree

COMMANDS = ("alias", "blacklist", "install", "options", "remove", "softdep")
LOGICAL = re.compile(r"(?:\\[\s\S]|[^\\\n])*\\?")
LINE = re.compile(rf"[ \t]*(?P<command>{'|'.join(COMMANDS)})[ \t]+(?P<name>[^ \t]+)(?:[ \t]+(?P<rest>[\s\S]+))?")
BRACKETS = re.compile(r"\[[^\]]*\]|-")


class ModprobeLine(NamedTuple):
    """One command; `start` to `end` is what stands behind its name, or the name where nothing does."""

    word: str
    name: str
    rest: str
    line: Line
    start: int
    end: int


def get(source: bytes) -> Tree:
    """The tree above, with all six commands; options of several lines are one text."""
    tree: Tree = {word: {} for word in COMMANDS}
    for command in _commands(decode(source)):
        names = tree[command.word]
        if command.word == "options" and command.name in names:
            names[command.name] += " " + command.rest
        else:
            names.setdefault(command.name, command.rest or True)
    return tree


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Raises LensError for what no line can say."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where the command stands that counts."""
    text = decode(source)
    for command in _commands(text):
        if path == (command.word, command.name):
            return byte_span(text, command.start, command.end)
    raise nowhere(path)


def _commands(text: str) -> list[ModprobeLine]:
    found = []
    start = 0
    for number, logical in enumerate(_logical_lines(text), 1):
        line = Line(number, start, start + len(logical), logical)
        if m := LINE.fullmatch(logical.rstrip(" \t")):
            part = "rest" if m["rest"] else "name"
            name = BRACKETS.sub(lambda b: "_" if b[0] == "-" else b[0], _plain(m["name"]))
            found.append(
                ModprobeLine(m["command"], name, _plain(m["rest"] or ""), line, start + m.start(part), start + m.end(part))
            )
        start = line.end + 1
    return [each for each in found if each.rest or each.word == "blacklist"]


def _logical_lines(text: str) -> list[str]:
    found = []
    at = 0
    while at < len(text):
        m = LOGICAL.match(text, at)
        found.append(m[0] if m else "")
        at += len(found[-1]) + 1
    return found


def _plain(written: str) -> str:
    return re.sub(r"\\([\s\S]?)", lambda m: "" if m[1] == "\n" else m[1], written)


def _change(text: str, edit: Edit) -> list[Replacement]:
    if len(edit.path) != 2 or edit.path[0] not in COMMANDS:
        raise LensError(f"{'/'.join(map(str, edit.path))}: a path is a command ({', '.join(COMMANDS)}) and a name")
    word, name = map(str, edit.path)
    mine = [each for each in _commands(text) if (each.word, each.name) == (word, name)]
    if edit.remove:
        return [delete(text, each.line) for each in mine]
    new = _written(word, edit.value)
    if mine and new:
        return [Replacement(mine[0].start, mine[0].end, new), *(delete(text, each.line) for each in mine[1:] if word == "options")]
    return [insert_after(text, _last_line(text), [f"{word} {name} {new}".rstrip()], "\n")]


def _written(word: str, value: Plain) -> str:
    """What stands behind the name; nothing for a module that is blacklisted."""
    if word == "blacklist" and value is True:
        return ""
    if word == "blacklist" or not isinstance(value, str) or not value or "\n" in value:
        raise LensError(f"{word}: cannot be {value!r}")
    return value.replace("\\", "\\\\")


def _last_line(text: str) -> Line | None:
    logical = _logical_lines(text)
    if not logical:
        return None
    end = len(text) - text.endswith("\n")
    return Line(len(logical), end - len(logical[-1]), end, logical[-1])

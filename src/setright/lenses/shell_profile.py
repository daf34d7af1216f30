"""What shells run at a login: /etc/profile, profile.d, bash.bashrc. Source: bash(1), POSIX shell 2.9.

    {"umask": "027", "TMOUT": 900, "readonly": ["TMOUT"], "export": ["TMOUT"]}

Only lines that hold nothing but such a command are read. The last value counts. What stands under a condition or in a function may
count or not: then nothing can be told of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from setright.lenses import pairs
from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, byte_span, decode, delete, insert_after, lines, nowhere, put_each
from setright.lenses.shell_assign import CLOSES, OPENS, plain
from setright.model import Edit, Path, Plain, Tree, Unknown

END = r"[ \t\r]*;?[ \t\r]*(?:(?<=[\s;])#.*)?$"
UMASK = re.compile(rf"[ \t]*umask[ \t]+(?P<value>[0-7]{{1,4}}){END}")
HOW = r"(?P<how>readonly|export|(?:typeset|declare)[ \t]+-[a-z]+)[ \t]+"
ALSO = r"[ \t]*;[ \t]*(?:readonly|export)[ \t]+TMOUT"
TMOUT = re.compile(rf"[ \t]*(?:{HOW})?TMOUT=(?P<value>[^\s;#&|]*)(?P<more>{ALSO}(?:{ALSO})?)?{END}")
MARK = re.compile(rf"[ \t]*{HOW}TMOUT{END}")
NAMES = ("umask", "TMOUT", "readonly", "export")


class ProfileLine(NamedTuple):
    """One line; `start` to `end` is its value, or all of it where it only marks."""

    tree: Tree
    line: Line
    start: int
    end: int


def get(source: bytes) -> Tree:
    """The tree above."""
    tree: Tree = {}
    for command in _commands(decode(source)):
        for name, value in command.tree.items():
            tree[name] = sorted({*tree.get(name, ()), *value}) if isinstance(value, list) else value
    return tree


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Raises LensError for anything but a mask, a number of seconds, and what marks TMOUT."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where the command stands that counts."""
    text = decode(source)
    for command in reversed(_commands(text)):
        if path[:1] and path[0] in command.tree:
            return byte_span(text, command.start, command.end)
    raise nowhere(path)


def _commands(text: str) -> list[ProfileLine]:
    found: list[ProfileLine] = []
    depth = 0
    for line in lines(text):
        if CLOSES.match(line.text):
            depth = max(0, depth - 1)
        elif command := _command(line, depth > 0):
            found.append(command)
        elif _opens(line.text):
            depth += 1
    return found


def _opens(text: str) -> bool:
    return not text.lstrip().startswith("#") and bool(OPENS.match(text)) and not re.search(r"\b(?:fi|done|esac)\b", text)


def _command(line: Line, may: bool) -> ProfileLine | None:
    for name, pattern in (("umask", UMASK), ("TMOUT", TMOUT)):
        if m := pattern.match(line.text):
            value: Plain = m["value"] if name == "umask" else plain(m["value"])
            marks = _marks(f"{m['how'] or ''} {m['more'] or ''}") if name == "TMOUT" else {}
            tree = {name: Unknown(f"{name} {m['value']} under a condition")} if may else {name: value, **marks}
            return ProfileLine(tree, line, line.start + m.start("value"), line.start + m.end("value"))
    m = MARK.match(line.text)
    return ProfileLine(_marks(m["how"]), line, line.start, line.end) if m and not may else None


def _marks(how: str) -> Tree:
    flags = "".join(re.findall(r"-([a-z]+)", how))
    read, out = "readonly" in how or "r" in flags, "export" in how or "x" in flags
    return {name: ["TMOUT"] for name, marked in (("readonly", read), ("export", out)) if marked}


def _change(text: str, edit: Edit) -> list[Replacement]:
    name = str(edit.path[0])
    mine = [command for command in _commands(text) if name in command.tree]
    if len(edit.path) != 1 or name not in NAMES:
        raise LensError(f"{'/'.join(map(str, edit.path))}: there are {', '.join(NAMES)}")
    if edit.remove:
        return [delete(text, command.line) for command in mine]
    if name in ("readonly", "export"):
        if edit.value != ["TMOUT"]:
            raise LensError(f"{name}: only TMOUT can be marked")
        return [_new(text, f"{name} TMOUT", "TMOUT")]
    new = pairs.value_on_line(name, edit.value)
    if not re.fullmatch(r"[0-7]{1,4}" if name == "umask" else r"[0-9]{1,9}", new):
        raise LensError(f"{name}: cannot be {new!r}")
    if mine:
        return [Replacement(mine[-1].start, mine[-1].end, new)]
    return [_new(text, f"umask {new}" if name == "umask" else f"TMOUT={new}", name)]


def _new(text: str, line: str, after: str) -> Replacement:
    """Behind what sets the same name; else at the end."""
    mine = [command for command in _commands(text) if after in command.tree]
    found = lines(text)
    return insert_after(text, mine[-1].line if mine else found[-1] if found else None, [line])

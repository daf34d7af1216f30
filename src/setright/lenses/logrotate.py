"""logrotate.conf and its drop-ins. Source: logrotate(8) 3.21: the last of a directive counts, blocks take what stands above them.

    {"weekly": True, "rotate": 4, "create": {}, "include": ["/etc/logrotate.d", "/etc/logrotate.d/*"],
     "Block": [{"criteria": "/var/log/a /var/log/b", "files": ["/var/log/a", "/var/log/b"],
                "create": {"mode": "0640", "owner": "root", "group": "adm"}}]}

Scripts (``postrotate`` to ``endscript``) are no directives and are passed over. A second ``include`` of one file is ``include 2``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from typing import NamedTuple

from setright.lenses.edited import edited, find_at
from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, byte_span, decode, delete, encode, insert_after, lines, nowhere, put_each
from setright.lenses.pairs import number, value_on_line
from setright.model import Edit, Path, Plain, Tree

DIRECTIVE = re.compile(r"[ \t]*(?P<name>[A-Za-z]+)(?:(?P<gap>[ \t]*=[ \t]*|[ \t]+)(?P<value>[^\s][^\r]*?))?[ \t\r]*$")
SCRIPTS = ("prerotate", "postrotate", "firstaction", "lastaction", "preremove")
MODE = re.compile(r"[0-7]{3,4}")
OWN = ("criteria", "files", "Block")


class Directive(NamedTuple):
    """One line; `start` to `end` is its argument, or the empty place behind its name."""

    name: str
    argument: str
    line: Line
    gap: str
    start: int
    end: int


class Section(NamedTuple):
    """The directives outside all blocks (`head` is None), or one block: the lines that name its files, and its brace."""

    head: list[Line] | None
    body: list[Directive]


def get(source: bytes) -> Tree:
    """Raises LensError, naming the line, for what logrotate would not read."""
    whole, *blocks = _parse(decode(source))
    tree = _tree(whole)
    if blocks:
        tree["Block"] = [_block(block) for block in blocks]
    return tree


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Raises LensError for values that no line can hold, and for edits on a block's files."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where the directive's argument stands, or the lines that begin a block."""
    text = decode(source)
    section, rest = _section(_parse(text), path)
    if section.head and (rest == () or rest[0] in OWN):
        return byte_span(text, section.head[0].start, section.head[-1].end)
    for key, directive in reversed(_keyed(section)):
        if rest[:1] == (key,):
            return byte_span(text, directive.start, directive.end)
    raise nowhere(path)


def _parse(text: str) -> list[Section]:
    sections = [Section(None, [])]
    names: list[Line] = []
    inside = script = False
    for line in lines(text):
        said = line.text.strip()
        if script:
            script = said != "endscript"
        elif not said or said.startswith("#"):
            continue
        elif not inside and (names or said[0] in "/\"'{" or said.endswith("{")):
            names.append(line)
            if inside := "{" in said:
                sections.append(_opened(names))
                names = []
        elif inside and said == "}":
            inside = False
        else:
            directive = _directive(line)
            script = directive.name in SCRIPTS
            if not script:
                (sections[-1] if inside else sections[0]).body.append(directive)
    if inside or names or script:
        raise LensError("the last block has no end")
    return sections


def _opened(names: Sequence[Line]) -> Section:
    if not names[-1].text.strip().endswith("{"):
        raise LensError(f"line {names[-1].number}: more stands behind the brace on its line")
    return Section(list(names), [])


def _directive(line: Line) -> Directive:
    match = DIRECTIVE.match(line.text)
    if not match:
        raise LensError(f"line {line.number}: a directive is needed: {line.text.strip()[:60]!r}")
    part = "value" if match["value"] else "name"
    start, end = (line.start + offset for offset in match.span(part))
    return Directive(match["name"].lower(), match["value"] or "", line, match["gap"] or " ", start if match["value"] else end, end)


def _files(section: Section) -> list[str]:
    said = " ".join(line.text.strip() for line in section.head or ())
    try:
        return shlex.split(said.removesuffix("{"))
    except ValueError as error:
        raise LensError(f"{said[:60]!r}: a quote has no end") from error


def _block(section: Section) -> Tree:
    files = _files(section)
    return {"criteria": " ".join(files), "files": files, **_tree(section)}


def _tree(section: Section) -> Tree:
    return {key: _value(each.name, each.argument) for key, each in _keyed(section)}


def _keyed(section: Section) -> list[tuple[str, Directive]]:
    """Each directive under the key it has in the tree."""
    found = []
    includes = 0
    for each in section.body:
        key = each.name
        if key in ("criteria", "files"):
            raise LensError(f"line {each.line.number}: there is no directive {key!r}")
        if key == "include":
            includes += 1
            key = "include" if includes == 1 else f"include {includes}"
        found.append((key, each))
    return found


def _value(name: str, argument: str) -> Plain:
    if name == "create":
        words = argument.split()
        mode = {"mode": words.pop(0)} if words and MODE.fullmatch(words[0]) else {}
        if len(words) > 2:
            return argument
        return mode | dict(zip(("owner", "group"), words, strict=False))
    if name == "include":
        return [argument] if re.search(r"[*?[]", argument) else [argument, f"{argument.rstrip('/')}/*"]
    return number(argument) if argument else True


def _section(sections: Sequence[Section], path: Path) -> tuple[Section, Path]:
    if path[:1] != ("Block",):
        return sections[0], path
    if len(path) < 2 or not isinstance(path[1], int) or not 0 <= path[1] < len(sections) - 1:
        raise nowhere(path)
    return sections[path[1] + 1], path[2:]


def _change(text: str, edit: Edit) -> list[Replacement]:
    """A part of ``create`` is set by its whole line."""
    at = edit.path[: 3 if edit.path[0] == "Block" else 1]
    if len(edit.path) > len(at):
        there, whole = find_at(edited(get(encode(text)), [edit]), at)
        edit = Edit(at, whole, remove=not there)
    section, rest = _section(_parse(text), edit.path)
    if len(rest) != 1 or rest[0] in OWN or not re.fullmatch(r"[a-z]+", str(rest[0])) or rest[0] in ("include", *SCRIPTS):
        raise LensError(f"{'/'.join(map(str, edit.path))}: only directives can be set")
    key = str(rest[0])
    mine = [each for each in section.body if each.name == key]
    if edit.remove:
        return [delete(text, each.line) for each in mine]
    argument = _written(key, edit.value)
    if mine and argument and mine[-1].argument:
        return [Replacement(mine[-1].start, mine[-1].end, argument)]
    if mine:
        last = mine[-1]
        return [
            Replacement(
                last.line.start + last.line.text.lower().index(key) + len(key), last.end, f" {argument}" if argument else ""
            )
        ]
    return [_new(text, section, f"{key} {argument}".rstrip())]


def _new(text: str, section: Section, line: str) -> Replacement:
    """Behind the last directive of the block; outside, above the first block or include, since those below it would not see it."""
    if section.head:
        last = section.body[-1].line if section.body else section.head[-1]
        indent = re.match(r"[ \t]*", last.text)[0] if section.body else "\t"  # type: ignore[index]
        return insert_after(text, last, [indent + line])
    bounds = [each.line.start for each in section.body if each.name == "include"]
    bounds += [other.head[0].start for other in _parse(text)[1:] if other.head]
    above = [each.line for each in section.body if each.line.start < min(bounds, default=len(text) + 1)]
    return insert_after(text, above[-1] if above else None, [line])


def _written(key: str, value: Plain) -> str:
    if key == "create":
        if not isinstance(value, dict) or set(value) - {"mode", "owner", "group"} or ("group" in value and "owner" not in value):
            raise LensError("create: takes mode, owner and group")
        words = [str(value[part]) for part in ("mode", "owner", "group") if part in value]
        if any(not re.fullmatch(r"[A-Za-z0-9_.-]+", word) for word in words):
            raise LensError(f"create: {words!r} cannot be written")
        return " ".join(words)
    text = "" if value is True else value_on_line(key, value)
    if (value is not True and not text) or text != text.strip():
        raise LensError(f"{key}: {text!r} cannot be written")
    return text

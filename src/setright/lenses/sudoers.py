"""sudoers. Source: sudoers(5) of sudo 1.9 and its grammar (toke.l): of several Defaults the last counts.

    {"defaults": {"use_pty": True, "authenticate": False, "logfile": "/var/log/sudo.log", "timestamp_timeout": 15},
     "include": ["/etc/sudoers.d/"], "late": {}, "scopes": [{"of": ":deploy", "authenticate": False}],
     "rules": [{"users": ["ops"], "grant": "ALL=(ALL) ALL", "nopasswd": True}]}

`late` are Defaults below the first include; of several includes `behind` tells which one they follow. ``name += value`` adds to a
list, and is left alone; `aliases` are what names stand for, `kept` the variables that env_keep names in any of its lines.
`nopasswd` stands where any command of the rule asks for no password; a rule's `commands` have the tags that hold for each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from setright.lenses import pairs
from setright.lenses._sudo_commands import GRANT, QUOTED, WHO, B, aliases, each_command
from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, byte_span, decode, delete, insert_after, lines, nowhere, put_each
from setright.model import Edit, Path, Plain, Tree

LOGICAL = re.compile(r"(?:\\[\s\S]|[^\\\n])*\\?")
INCLUDE = re.compile(rf"{B}*[@#]include(?P<folder>dir)?[ \t]+(?P<path>{QUOTED}|(?:\\[^\n]|[^\s\\])+)")
COMMENT = re.compile(rf"{QUOTED}|\\[\s\S]|(?P<mark>#(?!-?[0-9]))")
DEFAULTS = re.compile(rf"{B}*Defaults(?P<scope>[@:!>][^\s,]+(?:{B}*,{B}*[^\s,]+)*)?{B}+")
PARAMETER = re.compile(
    rf"(?P<not>!{B}*)?(?P<name>[A-Za-z_]+)(?P<set>{B}*(?P<op>\+=|-=|=){B}*(?P<value>{QUOTED}|(?:\\[^\n]|[^\s,\"\\])+))?"
)
BETWEEN = re.compile(rf"{B}*,?{B}*")
RULE = re.compile(rf"{B}*(?P<users>{WHO}(?:{B}*,{B}*{WHO})*){B}+(?P<grant>{GRANT}(?:{B}*:{B}*{GRANT})*){B}*")
TAG = re.compile(rf"\bNOPASSWD{B}*:{B}*")
NAME = re.compile(r"[a-z_]+")


class Setting(NamedTuple):
    """One parameter of a Defaults line. `start` to `end` is all of it, the comma behind it left out; `at` begins its value."""

    section: str  # defaults, late, or the scope
    name: str
    value: Plain
    line: Line
    start: int
    end: int
    at: int
    alone: bool


class UserSpec(NamedTuple):
    """One user specification; `tags` are where it says that no password is needed."""

    value: Tree
    line: Line
    tags: tuple[tuple[int, int], ...]


class File(NamedTuple):
    """A whole file, taken apart."""

    settings: list[Setting]
    rules: list[UserSpec]
    includes: list[tuple[str, Line]]
    lines: list[Line]
    kept: list[str]
    aliases: Tree


def get(source: bytes) -> Tree:
    """The tree above. Raises LensError, naming the line, for what sudo would not read."""
    file = _parse(decode(source))
    tree: Tree = {"defaults": {}, "late": {}, "scopes": [], "include": [path for path, _ in file.includes]}
    scopes: dict[str, Tree] = {}
    behind: Tree = {}
    for each in file.settings:
        if each.section in ("defaults", "late"):
            tree[each.section][each.name] = each.value
            behind |= {each.name: sum(line.start < each.start for _, line in file.includes)} if each.section == "late" else {}
        else:
            scopes.setdefault(each.section, {"of": each.section})[each.name] = each.value
    several = {"behind": behind} if behind and len(file.includes) > 1 else {}
    kept: Tree = ({"kept": file.kept} if file.kept else {}) | ({"aliases": file.aliases} if file.aliases else {})
    return tree | several | kept | {"scopes": list(scopes.values()), "rules": [rule.value for rule in file.rules]}


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Raises LensError for anything but Defaults, and for rules anything but taking `nopasswd` away."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where a parameter or a rule stands."""
    text = decode(source)
    file = _parse(text)
    if len(path) >= 2 and path[0] == "rules" and isinstance(path[1], int) and 0 <= path[1] < len(file.rules):
        line = file.rules[path[1]].line
        return byte_span(text, line.start, line.end)
    for each in reversed(_settings(file, path)):
        return byte_span(text, each.start, each.end)
    raise nowhere(path)


def _parse(text: str) -> File:
    file = File([], [], [], [], [], {})
    start = 0
    number = 1
    while start < len(text):
        m = LOGICAL.match(text, start)
        end = m.end() if m else len(text)
        _line(file, text, Line(number, start, end, text[start:end]))
        number += text.count("\n", start, end) + 1
        start = end + 1
    return file


def _line(file: File, text: str, line: Line) -> None:
    file.lines.append(line)
    if include := INCLUDE.match(line.text):
        path = include["path"].strip('"')
        file.includes.append((path.rstrip("/") + "/" if include["folder"] else path, line))
        return
    said = line.text[: _comment(line.text)].rstrip(" \t\r")
    sort, named = aliases(said)
    if named:
        file.aliases.setdefault(sort, {}).update(named)
    if sort or not said.strip(" \t\r\\\n"):
        return
    if defaults := DEFAULTS.match(said):
        section = re.sub(rf"{B}+", "", defaults["scope"] or "") or ("late" if file.includes else "defaults")
        file.settings.extend(_parameters(line, said, defaults.end(), section))
        file.kept.extend(_kept(said[defaults.end() :]))
    elif rule := RULE.fullmatch(said):
        file.rules.append(_rule(line, rule))
    else:
        raise LensError(f"line {line.number}: sudo would not read this: {said.strip()[:60]!r}")


def _comment(text: str) -> int:
    """Where a comment begins; the end where there is none."""
    return next((m.start() for m in COMMENT.finditer(text) if m["mark"]), len(text))


def _parameters(line: Line, said: str, at: int, section: str) -> Iterator[Setting]:
    found = []
    while at < len(said):
        m = PARAMETER.match(said, at)
        if not m:
            raise LensError(f"line {line.number}: sudo would not read this: {said[at:].strip()[:60]!r}")
        found.append(m)
        at = BETWEEN.match(said, m.end()).end()  # type: ignore[union-attr]
    for m in found:
        if m["op"] in (None, "="):
            value = _value(m["value"]) if m["op"] else not m["not"]
            start, end, at = (line.start + offset for offset in (m.start(), m.end(), m.start("value") if m["op"] else m.end()))
            yield Setting(section, m["name"], value, line, start, end, at, len(found) == 1)


def _kept(said: str) -> list[str]:
    """The variables of the caller that a line of Defaults lets through."""
    found = [m for m in PARAMETER.finditer(said) if m["name"] == "env_keep" and m["op"] in ("=", "+=")]
    return [name.partition("=")[0] for m in found for name in str(_value(m["value"])).split()]


def _value(written: str) -> Plain:
    if written.startswith('"'):
        return written[1:-1].replace('\\"', '"')
    return pairs.number(re.sub(r"\\([\s\S])", r"\1", written))


def _rule(line: Line, m: re.Match[str]) -> UserSpec:
    at = line.start + m.start("grant")
    tags = tuple((at + t.start(), at + t.end()) for t in TAG.finditer(m["grant"]))
    value: Tree = {
        "users": [re.sub(r"\\([^\n])", r"\1", u.strip('"')) for u in re.findall(WHO, m["users"])],
        "grant": " ".join(re.sub(r"\\\n", " ", TAG.sub("", m["grant"])).split()),
    }
    if tags:
        value["nopasswd"] = True
    value["commands"] = [*each_command(m["grant"])]
    return UserSpec(value, line, tags)


def _settings(file: File, path: Path) -> list[Setting]:
    """The places that set a parameter, in order."""
    if len(path) == 2 and path[0] in ("defaults", "late"):
        return [each for each in file.settings if (each.section, each.name) == path]
    scopes = list(dict.fromkeys(each.section for each in file.settings if each.section not in ("defaults", "late")))
    if len(path) == 3 and path[0] == "scopes" and isinstance(path[1], int) and 0 <= path[1] < len(scopes):
        return [each for each in file.settings if (each.section, each.name) == (scopes[path[1]], path[2])]
    return []


def _change(text: str, edit: Edit) -> list[Replacement]:
    file = _parse(text)
    if edit.path[0] == "rules" and len(edit.path) == 3 and edit.path[2] == "nopasswd" and edit.remove:
        return [Replacement(start, end, "") for start, end in file.rules[int(edit.path[1])].tags]
    mine = _settings(file, edit.path)
    if edit.remove:
        return [_gone(text, each) for each in mine]
    if mine:
        return [_set(mine[-1], edit.value)]
    if len(edit.path) != 2 or edit.path[0] != "defaults" or not NAME.fullmatch(str(edit.path[1])):
        raise LensError(f"{'/'.join(map(str, edit.path))}: only Defaults can be added")
    return [_new(text, file, _written(str(edit.path[1]), edit.value))]


def _set(setting: Setting, value: Plain) -> Replacement:
    """The value alone where there is one and will be, else the whole parameter."""
    new = _written(setting.name, value)
    if isinstance(value, bool) or setting.at == setting.end:
        return Replacement(setting.start, setting.end, new)
    return Replacement(setting.at, setting.end, new.partition("=")[2])


def _gone(text: str, setting: Setting) -> Replacement:
    """One parameter away with the comma beside it; a line of its own wholly."""
    if setting.alone:
        return delete(text, setting.line)
    end = BETWEEN.match(text, setting.end).end()  # type: ignore[union-attr]
    if end < setting.line.end and "," in text[setting.end : end]:
        return Replacement(setting.start, end, "")
    before = re.search(rf"{B}*,{B}*$", text[setting.line.start : setting.start])
    return Replacement(setting.line.start + before.start() if before else setting.start, setting.end, "")


def _new(text: str, file: File, written: str) -> Replacement:
    """Behind the last Defaults above an include; else at the end, or above the include."""
    above = [each for each in file.settings if each.section == "defaults"]
    tab = bool(above) and above[-1].line.text.partition("Defaults")[2][:1] == "\t"
    new = [f"Defaults{chr(9) if tab else ' '}{written}"]
    if above:
        return insert_after(text, above[-1].line, new)
    if file.includes:
        at = file.includes[0][1].start
        return Replacement(at, at, insert_after(text, None, new).text)
    found = lines(text)
    return insert_after(text, found[-1] if found else None, new)


def _written(name: str, value: Plain) -> str:
    if isinstance(value, bool):
        return name if value else f"!{name}"
    text = pairs.value_on_line(name, value)
    if isinstance(value, int) or (re.fullmatch(r"[A-Za-z0-9_./@%+-]+", text) and _value(text) == text and type(value) is str):
        return f"{name}={text}"
    if "\\" in text:
        raise LensError(f"{name}: a value with a backslash cannot be written")
    quoted = text.replace('"', '\\"')
    return f'{name}="{quoted}"'

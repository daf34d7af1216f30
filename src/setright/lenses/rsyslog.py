"""rsyslog.conf and rsyslog.d: legacy directives and the modules that are loaded. Source: rsyslog.conf(5), rsyslog 8.

    {"directives": {"FileCreateMode": "0640", "Umask": "0022"}, "modules": ["imuxsock", "imtcp"], "listens": ["imtcp"],
     "records": ["/var/log/syslog"], "sends": ["@@loghost"]}

A directive keeps the spelling of its first line; of several the last counts for what follows it. `listens` are the inputs that take
what comes over the network, `records` and `sends` where rules put things. Modules and inputs can only be taken out. Rules,
templates and scripts stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from setright.lenses import pairs
from setright.lenses.error import LensError
from setright.lenses.lines import Change, Line, byte_span, decode, delete, insert_after, lines, nowhere, put_each
from setright.model import Edit, Path, Tree

DIRECTIVE = re.compile(r"[ \t]*\$(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<gap>[ \t]+)(?P<value>[^\s#][^\r#]*?)[ \t\r]*(?:#.*)?$")
STATEMENT = re.compile(r"[ \t]*(?P<what>module|input)[ \t]*\((?P<inside>[^()#]*)\)[ \t\r]*(?:#.*)?$", re.IGNORECASE)
NAMED = re.compile(r"\b(?:load|type)[ \t]*=[ \t]*\"(?P<name>[^\"]+)\"", re.IGNORECASE)
RULE = re.compile(r"[ \t]*(?:[\w*,]+\.[^\s#\"'()]+|:[^\s#()][^#()]*\")[ \t]+(?P<action>-?/[^\s;#]+|@@?[^\s#]+)")
ACTION = re.compile(r"\baction\s*\([^()#]*?\btype\s*=\s*\"(?P<type>om(?:file|fwd|relp))\"", re.IGNORECASE)
COMMENT = re.compile(r"^[ \t]*#.*$", re.MULTILINE)
NETWORK = ("imtcp", "imudp", "imrelp", "imptcp", "imgssapi")
LEGACY_INPUTS = {"inputtcpserverrun": "imtcp", "udpserverrun": "imudp", "inputrelpserverrun": "imrelp"}


class Part(NamedTuple):
    """One line: what it sets or loads; `start` to `end` is the value."""

    path: Path
    value: str
    line: Line
    gap: str
    start: int
    end: int


def get(source: bytes) -> Tree:
    """The tree above. Raises LensError for a statement over several lines that loads or opens something."""
    tree: Tree = {}
    for part in _parts(decode(source)):
        if part.path[0] == "directives":
            tree.setdefault("directives", {})[str(part.path[1])] = part.value
        else:
            tree.setdefault(str(part.path[0]), []).append(part.value)
    return tree | _rules(decode(source))


def _rules(text: str) -> Tree:
    """Where rules put what they choose; of an action that is written out, its type."""
    found = [match["action"].lstrip("-") for line in lines(text) if (match := RULE.match(line.text))]
    found += [match["type"] for match in ACTION.finditer(COMMENT.sub("", text))]
    records = [each for each in found if each.startswith(("/", "omfile"))]
    sends = [each for each in found if each not in records]
    return {name: each for name, each in (("records", records), ("sends", sends)) if each}


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Raises LensError for anything but directives, and taking out modules and inputs."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where the directive, module or input stands."""
    text = decode(source)
    mine = _mine(_parts(text), path)
    if not mine:
        raise nowhere(path)
    return byte_span(text, mine[-1].start, mine[-1].end)


def _mine(parts: Sequence[Part], path: Path) -> list[Part]:
    if path[:1] == ("directives",):
        return [part for part in parts if part.path == path]
    mine = [part for part in parts if part.path == path[:1]]
    return mine[path[1] : path[1] + 1] if len(path) == 2 and isinstance(path[1], int) and path[1] >= 0 else []


def _parts(text: str) -> list[Part]:
    found: list[Part] = []
    spelled: dict[str, str] = {}
    for line in lines(text):
        if m := DIRECTIVE.match(line.text):
            name, at = m["name"].lower(), (line.start + m.start("value"), line.start + m.end("value"))
            if name in ("modload", *LEGACY_INPUTS):
                path, value = (("modules",), m["value"]) if name == "modload" else (("listens",), LEGACY_INPUTS[name])
                found.append(Part(path, value, line, m["gap"], *at))
            else:
                found.append(Part(("directives", spelled.setdefault(name, m["name"])), m["value"], line, m["gap"], *at))
        elif (s := STATEMENT.match(line.text)) and (named := NAMED.search(s["inside"])):
            what = "modules" if s["what"].lower() == "module" else "listens"
            start = line.start + s.start("inside")
            if what == "listens" and named["name"] not in NETWORK:
                continue
            found.append(Part((what,), named["name"], line, " ", start + named.start("name"), start + named.end("name")))
        elif re.match(r"[ \t]*(?:module|input)[ \t]*\(", line.text, re.IGNORECASE):
            raise LensError(f"line {line.number}: a statement over several lines: {line.text.strip()[:60]!r}")
    return found


def _change(text: str, edit: Edit) -> list[Change]:
    parts = _parts(text)
    mine = _mine(parts, edit.path)
    if edit.remove and edit.path[0] == "directives" and len({part.path for part in parts if part.path[0] == "directives"}) < 2:
        raise LensError("the only directive of a file cannot be taken out alone")
    if edit.remove:
        return [delete(text, part.line) for part in mine or [part for part in parts if part.path == edit.path]]
    if isinstance(edit.value, list) and len(edit.path) == 1 and edit.path[0] in ("modules", "listens"):
        return _fewer(text, [part for part in parts if part.path == edit.path], edit)
    if len(edit.path) != 2 or edit.path[0] != "directives" or not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", str(edit.path[1])):
        raise LensError(f"{'/'.join(map(str, edit.path))}: directives can be set, modules and inputs taken out")
    name = str(edit.path[1])
    new = pairs.written(name, edit.value)
    if mine:
        return [Change(mine[-1].start, mine[-1].end, new)]
    legacy = [part for part in parts if part.path[0] == "directives"]
    first = legacy[0].line if legacy else None
    if first is None:
        found = lines(text)
        return [insert_after(text, found[-1] if found else None, [f"${name} {new}"])]
    return [Change(first.start, first.start, insert_after(text, None, [f"${name} {new}"]).text)]


def _fewer(text: str, mine: Sequence[Part], edit: Edit) -> list[Change]:
    """The lines gone whose item the list does not hold any more."""
    left = list(edit.value)
    gone = []
    for part in mine:
        if left and part.value == left[0]:
            left.pop(0)
        else:
            gone.append(delete(text, part.line))
    if left:
        raise LensError(f"{edit.path[0]}: can only be taken out")
    return gone

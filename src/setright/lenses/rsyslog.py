"""rsyslog.conf and rsyslog.d: legacy directives and the modules that are loaded. Source: rsyslog.conf(5), rsyslog 8.

    {"directives": {"FileCreateMode": "0640", "Umask": "0022"}, "modules": ["imuxsock", "imtcp"], "listens": ["imtcp"],
     "records": ["/var/log/syslog"], "sends": ["@@loghost"]}

A directive keeps the spelling of its first line; of several the last counts for what follows it. `listens` are the inputs that take
what comes over the network, `records` and `sends` where rules put things, `discards` the rules that drop what logins say. Modules
and inputs can only be taken out. Rules, templates and scripts stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from setright.lenses import pairs
from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, byte_span, decode, delete, insert_after, lines, nowhere, put_each
from setright.model import Edit, Path, Tree

DIRECTIVE = re.compile(r"[ \t]*\$(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<gap>[ \t]+)(?P<value>[^\s#][^\r#]*?)[ \t\r]*(?:#.*)?$")
OPENING = re.compile(r"[ \t]*(?P<what>module|input)[ \t]*(?=\()", re.IGNORECASE)
INSIDE = re.compile(r"\((?:[^\"#()]|\"(?:[^\"\\]|\\.)*\"|#[^\n]*)*\)", re.DOTALL)
QUOTED_OR_COMMENT = re.compile(r"\"(?:[^\"\\]|\\.)*\"|#[^\n]*", re.DOTALL)
NOTHING = re.compile(r"[ \t\r]*(?:#.*)?")
NAMED = re.compile(r"\b(?:load|type)[ \t]*=[ \t]*\"(?P<name>[^\"]+)\"", re.IGNORECASE)
RULE = re.compile(r"[ \t]*(?:[\w*,]+\.[^\s#\"'()]+|:[^\s#()][^#()]*\")[ \t]+(?P<action>-?/[^\s;#]+|@@?[^\s#]+)")
ACTS = re.compile(rf"{RULE.pattern}|[ \t]*(?:include|action|ruleset|if)\b|[ \t]*[\w*,]+\.[\w*!=,;.]+[ \t]", re.IGNORECASE)
ACTION = re.compile(r"\baction\s*\([^()#]*?\btype\s*=\s*\"(?P<type>om(?:file|fwd|relp))\"", re.IGNORECASE)
DISCARD = re.compile(
    r"[ \t]*(?P<what>[\w*,]+\.[\w*!=,;.]+|:[^\s#]+,[^#]*?\"|if\b[^#]*?\bthen)[ \t]*\{?[ \t]*(?:stop|~)[ \t}]*(?:#.*)?$"
)
NAMED_SO = r"(?:programname|app-name|syslogtag|syslogfacility-text)"
LOGINS = r"[\"'](?:sshd?|sudo|su|login|systemd-logind|auth|authpriv)\b[^\"']*[\"']"
OF_LOGINS = (  # whole facilities of logins, or all of the programs that tell of them
    re.compile(r"(?:^|[;,])(?:\*|auth|authpriv)(?:,[\w*]+)*\.(?:\*|debug|info|notice)", re.IGNORECASE),
    re.compile(rf"^:{NAMED_SO}[ \t]*,[ \t]*\w+[ \t]*,[ \t]*{LOGINS}$", re.IGNORECASE),
    re.compile(rf"^if[ \t(]+\${NAMED_SO}[ \t]*(?:==|startswith|contains)[ \t]*{LOGINS}[ \t)]*then$", re.IGNORECASE),
)
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
    """The tree above. Raises LensError for a statement that loads or opens something and cannot be followed."""
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
    rules = [m["what"].strip() for line in lines(text) if (m := DISCARD.match(line.text)) and ".none" not in m["what"]]
    dropped = [rule for rule in rules if any(each.search(rule) for each in OF_LOGINS)]
    return {name: each for name, each in (("records", records), ("sends", sends), ("discards", dropped)) if each}


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
    done = 0  # where the last statement over several lines ends
    for line in lines(text):
        if line.start < done:
            continue
        if m := DIRECTIVE.match(line.text):
            name, at = m["name"].lower(), (line.start + m.start("value"), line.start + m.end("value"))
            if name in ("modload", *LEGACY_INPUTS):
                path, value = (("modules",), m["value"]) if name == "modload" else (("listens",), LEGACY_INPUTS[name])
                found.append(Part(path, value, line, m["gap"], *at))
            else:
                found.append(Part(("directives", spelled.setdefault(name, m["name"])), m["value"], line, m["gap"], *at))
        elif m := OPENING.match(line.text):
            part = _statement(text, line, m["what"].lower(), line.start + m.end())
            done = part.line.end
            if part.path == ("modules",) or part.value in NETWORK:
                found.append(part)
    return found


def _statement(text: str, line: Line, what: str, start: int) -> Part:
    """A module or input that is written out, which may take several lines with comments at their ends."""
    whole = INSIDE.match(text, start)
    end = text.find("\n", whole.end()) if whole else -1
    end = len(text) if end < 0 else end
    inside = QUOTED_OR_COMMENT.sub(lambda m: m[0] if m[0][0] == '"' else " " * len(m[0]), whole[0]) if whole else ""
    named = NAMED.search(inside)
    if whole is None or named is None or not NOTHING.fullmatch(text[whole.end() : end]):
        raise LensError(f"line {line.number}: a statement that cannot be followed: {line.text.strip()[:60]!r}")
    lines_of_it = Line(line.number, line.start, end, text[line.start : end])
    path: Path = ("modules",) if what == "module" else ("listens",)
    return Part(path, named["name"], lines_of_it, " ", start + named.start("name"), start + named.end("name"))


def _change(text: str, edit: Edit) -> list[Replacement]:
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
    new = pairs.value_on_line(name, edit.value)
    if mine:
        return [Replacement(mine[-1].start, mine[-1].end, new)]
    return [_first(text, parts, f"${name} {new}")]


def _first(text: str, parts: Sequence[Part], new: str) -> Replacement:
    """Before the first directive, rule or file that is included: it counts for what comes behind it."""
    found = lines(text)
    legacy = min((part.line.start for part in parts if part.path[0] == "directives"), default=len(text))
    place = next((n for n, line in enumerate(found) if line.start == legacy or ACTS.match(line.text)), None)
    if place is None:
        return insert_after(text, found[-1] if found else None, [new])
    while found[place].start != legacy and place and found[place - 1].text.startswith("#"):
        place -= 1
    return Replacement(found[place].start, found[place].start, insert_after(text, None, [new]).text)


def _fewer(text: str, mine: Sequence[Part], edit: Edit) -> list[Replacement]:
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

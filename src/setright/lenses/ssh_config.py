"""ssh_config, the client's. Source: ssh_config(5) and readconf.c of OpenSSH 9.2: the first value wins.

    {"Include": ["/etc/ssh/ssh_config.d/*.conf"], "HashKnownHosts": "yes", "Ciphers": ["aes256-ctr"],
     "Block": [{"criteria": "Host *", "ForwardAgent": "no"}]}

Keys keep the spelling of their first line in a section, but for those named in `KNOWN`, and stand in the order of the lines. What a
Host or Match line begins is a block; what holds for every host (``Host *``) is none, it goes with what stands above all blocks. A
second Include line of one section is ``Include 2``, and so on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from setright.lenses import pairs
from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, byte_span, decode, delete, insert_after, lines, nowhere, put_each
from setright.model import Edit, Path, Plain, Tree

COMMAS = ("Ciphers", "MACs", "KexAlgorithms", "HostKeyAlgorithms", "PubkeyAcceptedAlgorithms", "CASignatureAlgorithms")
PLAIN = (
    "ForwardAgent", "ForwardX11", "ForwardX11Trusted", "GSSAPIAuthentication", "GSSAPIDelegateCredentials", "HashKnownHosts",
    "HostbasedAuthentication", "EnableSSHKeysign", "Include", "PasswordAuthentication", "PermitLocalCommand",
    "StrictHostKeyChecking", "Tunnel", "UserKnownHostsFile", "VerifyHostKeyDNS", "RekeyLimit", "CheckHostIP", "UpdateHostKeys",
    "RequiredRSASize", "LogLevel", "NoHostAuthenticationForLocalhost", "SendEnv", "BatchMode", "Port", "User",
)  # fmt: skip
KNOWN = {name.lower(): name for name in (*COMMAS, *PLAIN)}
DIRECTIVE = re.compile(r"[ \t]*(?P<name>[A-Za-z][A-Za-z0-9]*)(?P<gap>[ \t]*=[ \t]*|[ \t]+)(?P<value>[^\s][^\r\n]*?)[ \t\r\f]*$")
SILENT = re.compile(r"[ \t\r\f]*(?:#|$)")
EVERYWHERE = re.compile(r"host \*|match all", re.IGNORECASE)
COMMENT = re.compile(r"[ \t]+#[^\"]*$")


class Directive(NamedTuple):
    """One line; `start` to `end` is its arguments, a comment behind them left out."""

    name: str
    value: str
    line: Line
    gap: str
    start: int
    end: int


class Section(NamedTuple):
    """What stands above the first block (`head` is None), or one block."""

    head: Directive | None
    body: list[Directive]


def get(source: bytes) -> Tree:
    """The tree above. Raises LensError, naming the line, for what ssh would not read."""
    sections = _parse(decode(source))
    tree = _tree(sections[0])
    if len(sections) > 1:
        tree["Block"] = [{"criteria": f"{s.head.name} {s.head.value}", **_tree(s)} for s in sections[1:] if s.head]
    return tree


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Raises LensError for values that no line can hold, and for edits on a block as a whole."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where the value that counts stands, or the head of a block."""
    text = decode(source)
    section, rest = _section(_parse(text), path)
    if section.head and rest in ((), ("criteria",)):
        return byte_span(text, section.head.start, section.head.end)
    for key, directive in _keyed(section):
        if rest[:1] == (key,):
            return byte_span(text, directive.start, directive.end)
    raise nowhere(path)


def _parse(text: str) -> list[Section]:
    here = Section(None, [])
    found = [here]
    for line in lines(text):
        if SILENT.match(line.text):
            continue
        m = DIRECTIVE.match(line.text)
        if not m:
            raise LensError(f"line {line.number}: a keyword and its value are needed: {line.text.strip()[:60]!r}")
        comment = COMMENT.search(m["value"])
        value = m["value"][: comment.start()] if comment else m["value"]
        start = line.start + m.start("value")
        directive = Directive(m["name"], value, line, m["gap"], start, start + len(value))
        if EVERYWHERE.fullmatch(f"{m['name']} {value}"):
            here = found[0]
        elif m["name"].lower() in ("host", "match"):
            here = Section(directive._replace(name=m["name"].capitalize()), [])
            found.append(here)
        else:
            here.body.append(directive)
    return found


def _keyed(section: Section) -> list[tuple[str, Directive]]:
    """Each directive under the key it has in the tree."""
    found = []
    spelled: dict[str, str] = {}
    includes = 0
    for each in section.body:
        low = each.name.lower()
        key = spelled.setdefault(low, KNOWN.get(low, each.name))
        if key == "Include":
            includes += 1
            key = "Include" if includes == 1 else f"Include {includes}"
        if key == "criteria":
            raise LensError(f"line {each.line.number}: there is no keyword 'criteria'")
        found.append((key, each))
    return found


def _tree(section: Section) -> Tree:
    tree: Tree = {}
    for key, each in _keyed(section):
        tree.setdefault(key, _value(key, each.value))
    return tree


def _value(key: str, written: str) -> Plain:
    if key.startswith("Include"):
        return [word.strip('"') for word in written.split()]
    bare = written[1:-1] if re.fullmatch(r'"[^"]*"', written) else written
    return bare.split(",") if key in COMMAS else pairs.number(bare)


def _section(sections: Sequence[Section], path: Path) -> tuple[Section, Path]:
    if path[:1] != ("Block",):
        return sections[0], path
    if len(path) < 2 or not isinstance(path[1], int) or not 0 <= path[1] < len(sections) - 1:
        raise nowhere(path)
    return sections[path[1] + 1], path[2:]


def _change(text: str, edit: Edit) -> list[Replacement]:
    section, rest = _section(_parse(text), edit.path)
    if len(rest) != 1 or rest[0] == "criteria" or str(rest[0]).startswith("Include"):
        raise LensError(f"{'/'.join(map(str, edit.path))}: only keywords can be set")
    key = str(rest[0])
    mine = [each for name, each in _keyed(section) if name == key]
    if edit.remove:
        return [delete(text, each.line) for each in mine]
    new = _written(key, edit.value)
    if mine:
        return [Replacement(mine[0].start, mine[0].end, new)]
    return [_new(text, section, key, new)]


def _new(text: str, section: Section, key: str, new: str) -> Replacement:
    """At the end of its section, indented as it is; above the first block a keyword goes to the end of what stands there."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", key) or key.lower() in ("host", "match"):
        raise LensError(f"{key!r} cannot be a keyword")
    last = section.body[-1] if section.body else section.head
    if last is None:
        return _above(text, f"{key} {new}")
    indent = last.line.text[: len(last.line.text) - len(last.line.text.lstrip(" \t"))] if section.body else "    "
    return insert_after(text, last.line, [f"{indent}{key}{last.gap if section.body else ' '}{new}"])


def _above(text: str, new: str) -> Replacement:
    """Before the first block, with an empty line between; at the end of a file that has none."""
    sections = _parse(text)
    if len(sections) == 1 or sections[1].head is None:
        found = lines(text)
        return insert_after(text, found[-1] if found else None, [new])
    at = sections[1].head.line.start
    return Replacement(at, at, insert_after(text, None, [new, ""]).text)


def _written(key: str, value: Plain) -> str:
    if isinstance(value, list):
        if key not in COMMAS or not value:
            raise LensError(f"{key}: takes one value")
        value = ",".join(map(str, value))
    elif key in COMMAS:
        raise LensError(f"{key}: takes a list with items")
    text = pairs.value_on_line(key, value)
    if '"' in text or not text:
        raise LensError(f"{key}: cannot be {text!r}")
    return f'"{text}"' if re.search(r"\s|#", text) else text

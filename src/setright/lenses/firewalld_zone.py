"""A zone of firewalld: what it lets in, element by element. Source: firewalld.zone(5); XML 1.0, without a document type.

    {"target": "DROP", "services": [{"name": "ssh"}], "ports": [{"port": "8080/tcp"}], "masquerade": true,
     "interfaces": ["eth0"], "sources": ["192.0.2.0/24"], "others": ["<protocol value=\\"esp\\"/>"]}

What is none of these (rules, forwarded ports) stands in `others` as it is written. Lists are there even where they are empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from setright.lenses.edited import find_at
from setright.lenses.error import LensError
from setright.lenses.lines import nowhere
from setright.model import Edit, Path, Plain, Tree
from setright.trees import same

EMPTY = b'<?xml version="1.0" encoding="utf-8"?>\n<zone>\n</zone>\n'
FLAGS = ("masquerade", "forward", "icmp-block-inversion")
TEXTS = ("short", "description")
LISTS = ("services", "ports", "interfaces", "sources", "others")
OF = {"service": "services", "port": "ports", "interface": "interfaces", "source": "sources"}
ATTRIBUTE = re.compile(rb"\s+([\w:.-]+)\s*=\s*(\"[^\"]*\"|'[^']*')")
TAG_END = re.compile(rb"(?:[^\"'>]|\"[^\"]*\"|'[^']*')*>")


class Element(NamedTuple):
    """A child of the zone, as offsets in the bytes; `key` is where it stands in the tree."""

    key: str
    value: Plain
    start: int
    end: int


class Zone(NamedTuple):
    """`start` to `end` is the zone's own tag, `close` where its end tag begins; -1 where it has none."""

    attributes: Mapping[str, str]
    start: int
    end: int
    close: int
    children: Sequence[Element]

    def of(self, key: str) -> list[Element]:
        return [child for child in self.children if child.key == key]


def get(source: bytes) -> Tree:
    """Raises LensError for what is no zone."""
    zone = _parsed(source)
    tree: Tree = {name: zone.attributes[name] for name in ("target", "version") if name in zone.attributes}
    tree |= {child.key: child.value for child in zone.children if child.key in TEXTS}
    tree |= {name: [child.value for child in zone.of(name)] for name in LISTS}
    return tree | {child.key: child.value for child in zone.children if child.key in FLAGS}


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    for edit in edits:
        there, value = find_at(get(source), edit.path)
        if there if edit.remove else not (there and same(value, edit.value)):
            start, end, new = _change(source, _parsed(source), edit)
            source = source[:start] + new + source[end:]
    return source


def span(source: bytes, path: Path) -> tuple[int, int]:
    zone = _parsed(source)
    if len(path) == 1 and path[0] in zone.attributes:
        return _attribute(source, zone, str(path[0]))[1:]
    children = zone.of(str(path[0])) if path else []
    number = path[1] if len(path) > 1 else 0
    if not children or not isinstance(number, int) or not 0 <= number < len(children):
        raise nowhere(path)
    return children[number].start, children[number].end


class _Reader:
    """Collects the zone's children, with where each begins and ends."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.XmlDeclHandler = self._declared
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.depth = 0
        self.zone: tuple[dict[str, str], int, int, int] = ({}, 0, 0, -1)
        self.children: list[Element] = []
        self._open: tuple[str, dict[str, str], int] = ("", {}, 0)
        self._said: list[str] = []
        self._plain = True

    def _refuse(self, *_: Any) -> None:
        raise LensError(f"line {self.parser.CurrentLineNumber}: a document type can mean anything; firewalld writes none")

    def _declared(self, _: str, encoding: str | None, __: int) -> None:
        if (encoding or "utf-8").lower() not in ("utf-8", "us-ascii", "ascii"):
            raise LensError(f"line 1: is in {encoding}; save it as UTF-8")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        at = self.parser.CurrentByteIndex
        if self.depth == 0:
            if name != "zone":
                raise LensError(f"line {self.parser.CurrentLineNumber}: is a {name[:40]!r}, not a zone")
            self.zone = (attributes, at, _tag_end(self.source, at), -1)
        elif self.depth == 1:
            self._open, self._said, self._plain = (name, attributes, at), [], True
        else:
            self._plain = False
        self.depth += 1

    def _text(self, text: str) -> None:
        if self.depth > 1:
            self._said.append(text)

    def _end(self, name: str) -> None:
        self.depth -= 1
        at = self.parser.CurrentByteIndex
        if self.depth == 0 and self.source[self.zone[2] - 2 : self.zone[2]] != b"/>":
            self.zone = (*self.zone[:3], at)
        elif self.depth == 1:
            tag, attributes, start = self._open
            end = _tag_end(self.source, start)
            end = end if self.source[end - 2 : end] == b"/>" else _tag_end(self.source, at)
            said = "".join(self._said)
            key, value = _told(tag, attributes, said) if self._plain else ("others", None)
            if key in FLAGS + TEXTS and any(child.key == key for child in self.children):
                raise LensError(f"line {self.parser.CurrentLineNumber}: a second {name[:40]}; keep one")
            raw = self.source[start:end].decode()
            self.children.append(Element(key, raw if key == "others" else value, start, end))


def _parsed(source: bytes) -> Zone:
    reader = _Reader(source)
    try:
        reader.parser.Parse(source, True)
    except (expat.ExpatError, ValueError) as error:
        raise LensError(f"is no XML: {error}") from error
    return Zone(*reader.zone, reader.children)


def _told(tag: str, attributes: Mapping[str, str], said: str) -> tuple[str, Plain]:
    """Where an element without children stands in the tree, and as what."""
    names = set(attributes)
    if tag in TEXTS and not names:
        return tag, said
    if said.strip():
        return "others", None
    if tag in FLAGS and not names:
        return tag, True
    if tag == "service" and names == {"name"}:
        return OF[tag], {"name": attributes["name"]}
    if tag == "port" and names == {"port", "protocol"} and "/" not in attributes["port"]:
        return OF[tag], {"port": f"{attributes['port']}/{attributes['protocol']}"}
    if (tag, names) in (("interface", {"name"}), ("source", {"address"})):
        return OF[tag], attributes.get("name", attributes.get("address"))
    return "others", None


def _tag_end(source: bytes, start: int) -> int:
    match = TAG_END.match(source, start)
    if match is None:
        raise LensError("a tag has no end")
    return match.end()


def _change(source: bytes, zone: Zone, edit: Edit) -> tuple[int, int, bytes]:
    """The one splice that an edit is."""
    key = str(edit.path[0])
    if edit.path == ("target",):
        return _target(source, zone, edit)
    if len(edit.path) == 1 and key in FLAGS:
        return _flag(source, zone, key, edit)
    if len(edit.path) == 1 and key in TEXTS and not edit.remove and not zone.of(key) and isinstance(edit.value, str):
        return _new(source, zone, key, f"<{key}>{escape(edit.value)}</{key}>")
    if len(edit.path) == 2 and key in LISTS and isinstance(edit.path[1], int):
        return _item(source, zone, key, edit.path[1], edit)
    if len(edit.path) == 1 and key in LISTS and isinstance(edit.value, list):
        return _list(source, zone, key, edit.value)
    raise LensError(f"{'/'.join(map(str, edit.path))}: cannot be written in a zone; change it with firewall-cmd --permanent")


def _target(source: bytes, zone: Zone, edit: Edit) -> tuple[int, int, bytes]:
    text = b"" if edit.remove else b" target=" + quoteattr(_word(edit.value)).encode()
    if "target" in zone.attributes:
        before, start, end = _attribute(source, zone, "target")
        return (before, end, b"") if edit.remove else (start, end, text.partition(b"=")[2])
    return zone.start + len(b"<zone"), zone.start + len(b"<zone"), text


def _attribute(source: bytes, zone: Zone, name: str) -> tuple[int, int, int]:
    """Where the white space before an attribute of the zone begins, and its value with its quotes from and to."""
    at = zone.start + len(b"<zone")
    while match := ATTRIBUTE.match(source, at, zone.end):
        if match[1] == name.encode():
            return match.start(), match.start(2), match.end(2)
        at = match.end()
    raise nowhere((name,))


def _flag(source: bytes, zone: Zone, key: str, edit: Edit) -> tuple[int, int, bytes]:
    if edit.remove:
        return _gone(source, zone.of(key)[0])
    if edit.value is not True:
        raise LensError(f"{key}: is there or not; remove it")
    return _new(source, zone, key, f"<{key}/>")


def _item(source: bytes, zone: Zone, key: str, number: int, edit: Edit) -> tuple[int, int, bytes]:
    children = zone.of(key)
    if edit.remove:
        return _gone(source, children[number])
    if number == len(children):
        return _new(source, zone, key, _written(key, edit.value))
    if not 0 <= number < len(children):
        raise LensError(f"{key}/{number}: there is no such place")
    return children[number].start, children[number].end, _written(key, edit.value).encode()


def _list(source: bytes, zone: Zone, key: str, want: Sequence[Plain]) -> tuple[int, int, bytes]:
    """A whole list at once, for a zone that is made; what is there already cannot be told from what replaces it."""
    if zone.of(key):
        raise LensError(f"{key}: change its items one by one")
    return _new(source, zone, key, *(_written(key, each) for each in want))


WRITTEN: Mapping[str, Callable[[Any], str]] = {
    "services": lambda value: f"<service name={quoteattr(_word(value['name']))}/>",
    "ports": lambda value: _port(*_word(value["port"]).rsplit("/", 1)),
    "interfaces": lambda value: f"<interface name={quoteattr(_word(value))}/>",
    "sources": lambda value: f"<source address={quoteattr(_word(value))}/>",
    "others": lambda value: _word(value),
}


def _written(key: str, value: Plain) -> str:
    try:
        return WRITTEN[key](value)
    except (KeyError, TypeError) as error:
        raise LensError(f"{key}: {value!r} cannot be written there") from error


def _port(port: str, protocol: str = "") -> str:
    return f"<port port={quoteattr(port)} protocol={quoteattr(protocol)}/>"


def _word(value: Plain) -> str:
    if not isinstance(value, str):
        raise LensError(f"{value!r} is no text")
    return value


def _gone(source: bytes, child: Element) -> tuple[int, int, bytes]:
    """An element away, with its line where it has one of its own."""
    start = source.rfind(b"\n", 0, child.start) + 1
    end = source.find(b"\n", child.end)
    if end >= 0 and not (source[start : child.start] + source[child.end : end]).strip():
        return start, end + 1, b""
    return child.start, child.end, b""


def _new(source: bytes, zone: Zone, key: str, *elements: str) -> tuple[int, int, bytes]:
    """New elements behind the last of their sort, else behind the last of all; indented as the first child is."""
    line = b"\r\n" if b"\r\n" in source else b"\n"
    first = zone.children[0] if zone.children else None
    head = source[source.rfind(b"\n", 0, first.start) + 1 : first.start] if first else b""
    indent = head if first and not head.strip() else b"  "
    new = b"".join(line + indent + each.encode() for each in elements)
    if behind := zone.of(key) or zone.children:
        return behind[-1].end, behind[-1].end, new
    if zone.close < 0:
        return zone.end - len(b"/>"), zone.end, b">" + new + line + b"</zone>"
    return zone.end, zone.end, new if source[zone.end : zone.close].strip(b" \t").startswith((b"\n", b"\r")) else new + line

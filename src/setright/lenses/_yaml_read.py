"""YAML text to nodes: libyaml's events, and what plain scalars mean to the programs whose files these are.

YAML 1.2 core schema, and beyond it what sigs.k8s.io/yaml and CloudFormation read: yes, no, on and off are booleans
(y and n, on which they differ, stay strings), 0644 is octal, << merges. A number that they read differently (0899) is
an Unknown. Keys are their text, as in JSON. CloudFormation's !If is read as the Fn::If that it is short for.
yaml.org/spec/1.2.2, go-yaml v2 resolve.go.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import msgspec
import yaml
from yaml.cyaml import CParser  # type: ignore[attr-defined]

from setright.lenses._nodes import MAX_DEPTH, MERGE, Alias, Mapping, Node, Scalar, Sequence, line_of
from setright.lenses._recent import recent
from setright.lenses._yaml_places import content_end
from setright.lenses.error import LensError
from setright.model import Plain, Unknown

BOM = "\ufeff"
MAX_SHARED = 100_000  # nodes that aliases may add to a tree, beyond ten times its own
CORE = "tag:yaml.org,2002:"
CHOICE, CHOICE_KEY = "!If", "Fn::If"
SHORT = "!"  # the style of a key that a tag stands for
WORDS: dict[str, Plain] = {"": None, "~": None}
WORDS |= dict.fromkeys(("null", "Null", "NULL"))
WORDS |= {w: True for word in ("true", "yes", "on") for w in (word, word.title(), word.upper())}
WORDS |= {w: False for word in ("false", "no", "off") for w in (word, word.title(), word.upper())}
NUMERIC_STARTS = frozenset("-+.0123456789")
NUMERIC = re.compile(r"[-+.]?[0-9.][0-9a-fA-FoxinIN._+-]{0,60}")
INTEGER = re.compile(r"([-+]?)(?:(0)|0o?([0-7_]+)|0x([0-9a-fA-F_]+)|0b([01_]+)|([1-9][0-9_]*))")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[1-9][0-9]*[eE][-+]?[0-9]+")
DISPUTED = re.compile(r"[-+]?(?:0[0-9]+(?:\.[0-9]*)?(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))")


class Stream(msgspec.Struct):
    """One file: its text without byte order mark, and its documents."""

    text: str
    mark: str
    documents: list[Node]


@recent
def read_yaml(source: bytes) -> Stream:
    """The nodes of a file. Raises LensError with line and reason for what is no YAML, or YAML that we will not judge."""
    try:
        text = source.decode()
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        raise LensError(f"line {line}: is not UTF-8") from error
    mark = BOM if text.startswith(BOM) else ""
    text = text[len(mark) :]
    if (at := _lone_return(text)) >= 0:
        raise LensError(f"line {line_of(text, at)}: a carriage return without a line feed")
    return Stream(text, mark, _Reader(text).documents())


def resolve_scalar(text: str) -> Plain:
    """What a plain scalar without a tag means."""
    if text in WORDS:
        return WORDS[text]
    if text[0] not in NUMERIC_STARTS or not NUMERIC.fullmatch(text):
        return text
    if DISPUTED.fullmatch(text) and not INTEGER.fullmatch(text):
        return Unknown(text)
    if m := INTEGER.fullmatch(text):
        digits, base = next((d, b) for d, b in zip(m.groups()[1:], (10, 8, 16, 2, 10), strict=True) if d)
        bare = digits.replace("_", "")
        return int(m[1] + bare, base) if bare else text
    return float(text) if FLOAT.fullmatch(text) else text


def _lone_return(text: str) -> int:
    if "\r" not in text:
        return -1
    m = re.search(r"\r(?!\n)", text)
    return m.start() if m else -1


def _is_short(node: Mapping) -> bool:
    return bool(node.pairs) and node.pairs[0][0].style == SHORT


class _Reader:
    """Builds nodes from events, without recursion: nesting is the file's to choose."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.found: list[Node] = []
        self.children: list[Node] = self.found
        self.open: list[tuple[Mapping | Sequence, list[Node], str | None, int]] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self.count = 0
        self.shared = 0

    def documents(self) -> list[Node]:
        handlers: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._mapping,
            yaml.SequenceStartEvent: self._sequence,
            yaml.MappingEndEvent: self._end,
            yaml.SequenceEndEvent: self._end,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        try:
            next_event = CParser(self.text).get_event
            while (event := next_event()) is not None:
                if handler := handlers.get(event.__class__):
                    handler(event)
        except yaml.YAMLError as error:
            raise self._wrong(error) from error
        if self.shared > MAX_SHARED + 10 * self.count:
            raise LensError("aliases blow this file up beyond measure")
        return self.found

    def _document(self, event: Any) -> None:
        self.anchors = {}

    def _scalar(self, event: Any) -> None:
        text, tag, style = event.value, event.tag, event.style or ""
        start, end = event.start_mark.index, event.end_mark.index
        if tag is not None:
            value = self._tagged(tag, text, start, end)
        elif style:
            value = text
        else:
            value = resolve_scalar(text)
        node = Scalar(start, end, value, text, style, event.anchor)
        self.count += 1
        self.children.append(node)
        if event.anchor is not None:
            self.anchors[event.anchor] = (node, 1)

    def _tagged(self, tag: str, text: str, start: int, end: int) -> Plain:
        if tag in ("!", CORE + "str"):
            return text
        value = resolve_scalar(text)
        of = {bool: "bool", int: "int", float: "float", type(None): "null"}.get(type(value))
        return value if of and tag == CORE + of else Unknown(self.text[start:end].strip())

    def _mapping(self, event: Any) -> None:
        opaque = "" if event.tag in (None, "!", CORE + "map") else event.tag
        self._start(Mapping(event.start_mark.index, 0, [], bool(event.flow_style), event.anchor, 0, opaque), event.anchor)

    def _sequence(self, event: Any) -> None:
        opaque = "" if event.tag in (None, "!", CORE + "seq") else event.tag
        self._start(Sequence(event.start_mark.index, 0, [], bool(event.flow_style), event.anchor, 0, opaque), event.anchor)

    def _start(self, node: Mapping | Sequence, anchor: str | None) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise LensError(f"line {line_of(self.text, node.start)}: more than {MAX_DEPTH} levels deep")
        if anchor is not None:
            self.anchors.pop(anchor, None)
        self.count += 1
        self.children.append(node)
        self.open.append((node, self.children, anchor, self.count + self.shared))
        self.children = node.items if isinstance(node, Sequence) else []

    def _end(self, event: Any) -> None:
        node, above, anchor, before = self.open.pop()
        node.end = event.end_mark.index
        if isinstance(node, Mapping):
            node.pairs = self._pairs(self.children)
        self.children = above
        if node.opaque == CHOICE and isinstance(node, Sequence) and len(node.items) == 3 and anchor is None:
            above[-1] = self._choice(node)
        elif node.opaque:
            node.opaque = self.text[node.start : content_end(self.text, node)].strip()
        if anchor is not None:
            self.anchors[anchor] = (node, self.count + self.shared - before + 1)

    def _choice(self, node: Sequence) -> Mapping:
        """A choice between two values, told by its tag, as the mapping that it is short for."""
        node.opaque = ""
        key = Scalar(node.start, node.start + len(CHOICE), CHOICE_KEY, CHOICE_KEY, SHORT)
        return Mapping(node.start, content_end(self.text, node), [(key, node)])

    def _alias(self, event: Any) -> None:
        start, name = event.start_mark.index, event.anchor
        if name not in self.anchors:
            raise LensError(f"line {line_of(self.text, start)}: *{name} names no anchor that ends before it")
        target, size = self.anchors[name]
        self.shared += size
        if self.shared > MAX_SHARED + 10 * len(self.text):
            raise LensError(f"line {line_of(self.text, start)}: aliases blow this file up beyond measure")
        if not isinstance(target, Alias):
            target.uses += 1
        self.children.append(Alias(start, event.end_mark.index, target, name))

    def _pairs(self, flat: list[Node]) -> list[tuple[Scalar, Node]]:
        seen: set[str] = set()
        pairs: list[tuple[Scalar, Node]] = []
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            if not isinstance(key, Scalar):
                raise LensError(f"line {line_of(self.text, key.start)}: {self._odd_key(key)}")
            if key.text in seen:
                raise LensError(
                    f"line {line_of(self.text, key.start)}: the key {key.text!r} stands twice; which holds differs by program"
                )
            if key.text == MERGE and not key.style:
                self._check_merge(value)
            seen.add(key.text)
            pairs.append((key, value))
        return pairs

    def _odd_key(self, key: Node) -> str:
        if self.text.startswith("{{", max(0, key.start - 1)):
            return "a template in {{ }}: not YAML before it is rendered; edit its values, or scan the rendered files"
        return "a key that is no scalar"

    def _check_merge(self, node: Node) -> None:
        """Only mappings can be merged in."""
        for each in node.items if isinstance(node, Sequence) else [node]:
            target = each.target if isinstance(each, Alias) else each
            if not isinstance(target, Mapping) or target.opaque or _is_short(target):
                raise LensError(f"line {line_of(self.text, each.start)}: << needs a mapping, or a list of them")
            target.merges += isinstance(each, Alias)

    def _wrong(self, error: yaml.YAMLError) -> LensError:
        mark = getattr(error, "problem_mark", None)
        if mark is None:
            at = getattr(error, "position", 0)
            return LensError(f"line {line_of(self.text, at)}: {getattr(error, 'reason', error)}")
        line = self.text[mark.index - mark.column :].partition("\n")[0] if mark.index <= len(self.text) else ""
        if sign := next((sign for sign in ("{{ }}", "{% %}") if sign[:2] in line), ""):
            return LensError(f"line {mark.line + 1}: a template in {sign}: not YAML before it is rendered; edit its values")
        return LensError(f"line {mark.line + 1}: {getattr(error, 'problem', error)}")

"""What configurations of directives in nested blocks share: a block is a mapping of its directives, in the order of the file.

    {"http": {"()": [], "server_tokens": ["off"], "server": {...}, "server 2": {...}, "include": ["conf.d/*.conf"]}}

Every directive has a key of its own: the second of one name is ``NAME 2``. How it is spelt is the formats'.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from setright.lenses.edited import edited
from setright.lenses.error import LensError
from setright.lenses.lines import Replacement, byte_span, decode, newline_of, nowhere, put_each
from setright.model import Edit, Path, Plain, Tree

ARGS = "()"
DEEPEST = 100  # blocks inside each other


class Word(NamedTuple):
    """One argument: what it says, and where it stands."""

    said: str
    start: int
    end: int


class Node(NamedTuple):
    """One directive from its name to what ends it. `body` holds a block's own; `inside` is what its brackets hold."""

    name: str
    words: list[Word]
    start: int
    name_end: int
    end: int
    body: list[Node] | None = None
    inside: tuple[int, int] = (0, 0)
    closed: bool = False  # what it holds is no directives, or none that can be told apart


class Blocks:
    """A format; its class says how the text is read and how a directive is spelt."""

    glue = " "  # what stands between arguments

    def parse(self, text: str) -> list[Node]:
        """Raises LensError, naming the line, for what the program would not read."""
        raise NotImplementedError

    def word(self, name: str, said: str) -> str:
        """An argument as it is written. Raises LensError for what cannot be."""
        raise NotImplementedError

    def line(self, name: str, written: str) -> str:
        """A whole directive."""
        raise NotImplementedError

    def kin(self, name: str) -> str:
        """What directives that stand together begin with."""
        return name

    def get(self, source: bytes) -> Tree:
        return _tree(self.parse(decode(source)))

    def put(self, source: bytes, edits: Sequence[Edit]) -> bytes:
        """Raises LensError for what no directive can say, and for whole blocks."""
        return put_each(source, edits, self.get, self._change)

    def span(self, source: bytes, path: Path) -> tuple[int, int]:
        """Where a directive's arguments stand, or the beginning of a block."""
        text = decode(source)
        node, rest = _at(self.parse(text), path)
        if node is None or len(rest) > 1 or (rest and node.body is not None and rest != (ARGS,)):
            raise nowhere(path)
        if node.words and node.body is None:
            chosen = node.words if not rest else [word for i, word in enumerate(node.words) if i == rest[0]]
            if not chosen:
                raise nowhere(path)
            return byte_span(text, chosen[0].start, chosen[-1].end)
        return byte_span(text, node.start, node.words[-1].end if node.words else node.name_end)

    def _change(self, text: str, edit: Edit) -> list[Replacement]:
        nodes = self.parse(text)
        node, rest = _at(nodes, edit.path)
        shown = "/".join(map(str, edit.path))
        if node is not None and node.body is None and len(rest) <= 1:
            if edit.remove and not rest:
                return [_gone(text, node)]
            new = edited({"": [word.said for word in node.words]}, [Edit(("", *rest), edit.value, edit.remove)])[""]
            return self._said(text, node, _words(shown, new))
        if len(rest) != 1 or edit.remove or rest[0] == ARGS or (node is not None and (node.body is None or node.closed)):
            raise LensError(f"{shown}: only a directive and all its arguments can be set; change it by hand")
        name = str(rest[0]).partition(" ")[0]
        return [self._new(text, nodes, node, name, self._written(name, _words(shown, edit.value)))]

    def _written(self, name: str, words: Sequence[str]) -> str:
        return self.glue.join(self.word(name, said) for said in words)

    def _said(self, text: str, node: Node, new: Sequence[str]) -> list[Replacement]:
        """The arguments that stay are not touched."""
        old = [word.said for word in node.words]
        if not old:
            return [Replacement(node.name_end, node.name_end, f" {self._written(node.name, new)}")]
        places, changes = node.words, list[Replacement]()
        for tag, i, end, j, upto in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            if tag == "equal":
                continue
            written = self._written(node.name, new[j:upto])
            if tag == "replace":
                changes.append(_in_place(text, places[i].start, places[end - 1].end, written))
            elif tag == "insert":
                at, shown = (places[i - 1].end, self.glue + written) if i else (places[0].start, written + self.glue)
                changes.append(Replacement(at, at, shown))
            else:
                start = places[i - 1].end if i else places[0].start
                changes.append(_in_place(text, start, places[end - 1].end if i or end == len(old) else places[end].start, ""))
        return changes

    def beside(self, text: str, node: Node, name: str, written: str) -> str:
        """A whole directive in the style of one that stands beside it."""
        return self.line(name, written)

    def _new(self, text: str, nodes: Sequence[Node], block: Node | None, name: str, written: str) -> Replacement:
        """Behind the last of its name, its own line commented out, the last of its kin, what stands above the first block, or at
        the block's beginning."""
        body = nodes if block is None else block.body or []
        line = self.line(name, written)
        kin = _last(body, lambda each: each.body is None and self.kin(each.name) == self.kin(name))
        near = _last(body, lambda each: each.name == name) or kin
        if (near is None or near.name != name) and (shipped := _commented_out(text, block, body, name)):
            return _behind_comment(text, shipped, self.beside(text, near, name, written) if near else line)
        near = near or _above_blocks(body)
        if near is not None:
            return _behind(text, near, self.beside(text, near, name, written))
        return _first(text, block, body, line) if block else self._alone(text, line)

    def _alone(self, text: str, line: str) -> Replacement:
        end = newline_of(text)
        return Replacement(len(text), len(text), f"{line}{end}" if not text or text.endswith("\n") else f"{end}{line}")


def numbered(text: str, at: int) -> str:
    """``line 3``."""
    return f"line {text.count(chr(10), 0, at) + 1}"


def _tree(nodes: Iterable[Node]) -> Tree:
    return {
        key: [word.said for word in node.words]
        if node.body is None
        else {ARGS: [word.said for word in node.words], **(_tree(node.body) if not node.closed else {})}
        for key, node in _keyed(nodes)
    }


def _keyed(nodes: Iterable[Node]) -> list[tuple[str, Node]]:
    seen: dict[str, int] = {}
    found: dict[str, Node] = {}
    for node in nodes:
        count = seen.get(node.name, 0) + 1
        while (key := node.name if count == 1 else f"{node.name} {count}") in found or key == ARGS:
            count += 1
        seen[node.name] = count
        found[key] = node
    return list(found.items())


def _at(nodes: Sequence[Node], path: Path) -> tuple[Node | None, Path]:
    """The innermost directive on the path that is there, and what is left of the path."""
    body, found = nodes, None
    for i, key in enumerate(path):
        node = next((node for name, node in _keyed(body) if name == key), None)
        if node is None:
            return found, path[i:]
        found = node
        if node.body is None or node.closed:
            return found, path[i + 1 :]
        body = node.body
    return found, ()


def _words(shown: str, value: Plain) -> list[str]:
    if not isinstance(value, list) or any(isinstance(each, bool) or not isinstance(each, str | int) for each in value):
        raise LensError(f"{shown}: a directive takes a list of arguments, not {value!r}")
    return [str(each) for each in value]


def _in_place(text: str, start: int, end: int, new: str) -> Replacement:
    if re.search(r"(?:^|\s)#", text[start:end]):
        raise LensError(f"{numbered(text, start)}: a comment stands between the arguments; change it by hand")
    return Replacement(start, end, new)


def _gone(text: str, node: Node) -> Replacement:
    """A directive that has its lines to itself goes with them; a comment behind it stays."""
    start = text.rfind("\n", 0, node.start) + 1
    newline = text.find("\n", node.end)
    end = len(text) if newline < 0 else newline + 1
    behind = text[node.end : end].lstrip(" \t")
    if text[start : node.start].strip() or behind.strip():
        return Replacement(node.start, end - len(behind) if behind.startswith("#") else node.end, "")
    return Replacement(start, end, "")


def _behind(text: str, node: Node, line: str) -> Replacement:
    """On a line of its own, unless the one before shares its line with something else."""
    newline = text.find("\n", node.end)
    rest = text[node.end : len(text) if newline < 0 else newline].strip()
    begin = text.rfind("\n", 0, node.start) + 1
    if (rest and not rest.startswith("#")) or text[begin : node.start].strip():
        return Replacement(node.end, node.end, f" {line}")
    indent = _indent(text, node.start)
    if newline < 0:
        return Replacement(len(text), len(text), f"{newline_of(text)}{indent}{line}")
    return Replacement(newline + 1, newline + 1, f"{indent}{line}{newline_of(text)}")


def _above_blocks(body: Sequence[Node]) -> Node | None:
    """The last directive above the first block that includes nothing."""
    first = next((i for i, each in enumerate(body) if each.body is not None), len(body))
    plain = [each for each in body[:first] if "include" not in each.name.lower()]
    return plain[-1] if plain else None


def _commented_out(text: str, block: Node | None, body: Sequence[Node], name: str) -> re.Match[str] | None:
    """The directive's own line, commented out, that stands in the block itself."""
    start, end = block.inside if block else (0, len(text))
    shipped = re.compile(rf"(?m)^([ \t]*)#[ \t]?{re.escape(name)}(?=[ \t=])[^\n]*+\n?")
    inner = [each for each in body if each.body is not None]
    for match in shipped.finditer(text, start, end):
        if not any(each.start <= match.start() < each.end for each in inner):
            return match
    return None


def _behind_comment(text: str, comment: re.Match[str], line: str) -> Replacement:
    if comment[0].endswith("\n"):
        return Replacement(comment.end(), comment.end(), f"{comment[1]}{line}{newline_of(text)}")
    return Replacement(comment.end(), comment.end(), f"{newline_of(text)}{comment[1]}{line}")


def _first(text: str, block: Node, body: Sequence[Node], line: str) -> Replacement:
    start = block.inside[0]
    if "\n" not in text[slice(*block.inside)]:
        return Replacement(start, start, f" {line}" if text[start : start + 1] in (" ", "\t") else f" {line} ")
    at = text.index("\n", start)
    if text[start:at].strip() and not text[start:at].strip().startswith("#"):
        return Replacement(start, start, f" {line}")
    indent = _indent(text, body[0].start) if body else _indent(text, block.start) + _unit(text)
    return Replacement(at + 1, at + 1, f"{indent}{line}{newline_of(text)}")


def _last(nodes: Sequence[Node], fits: Callable[[Node], bool]) -> Node | None:
    return next((node for node in reversed(nodes) if fits(node)), None)


def _indent(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _unit(text: str) -> str:
    """What the file indents by."""
    found = re.search(r"(?m)^(\t| {2,8})\S", text)
    return found[1] if found else "    "

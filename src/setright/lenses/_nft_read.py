"""Files of nft as statements with spans, block in block. Source: nft(8) of nftables 1.0, LEXICAL CONVENTIONS; scanner.l."""

from __future__ import annotations

import re
from typing import NamedTuple

from setright.lenses.error import LensError
from setright.model import Path, Plain, Tree, Unknown

TOKEN = re.compile(
    r"(?P<gap>(?:[ \t\r]|\\\r?\n)+)|(?P<comment>#[^\n]*)|(?P<quoted>\"[^\"]*\")|(?P<end>[;\n])|(?P<open>\{)|(?P<close>\})"
    r"|(?P<word>(?:[^ \t\r\n;{}\"#\\]|\\(?!\r?\n))+)"
)


class Token(NamedTuple):
    kind: str
    text: str
    start: int
    end: int


class Piece(NamedTuple):
    """One statement. `text` has one blank between words and no comments; `stop` is behind its ``;``.

    `opens` and `closes` are its last braces (0, 0 where it has none): what is between them is a block where `head` says so.
    """

    words: tuple[Token, ...]
    text: str
    start: int
    end: int
    stop: int
    opens: int
    closes: int

    @property
    def head(self) -> tuple[str, ...]:
        """The words before the block that the statement ends with; empty where it ends with none."""
        before = [token.text for token in self.words if token.end <= self.opens]
        return tuple(before) if self.opens and self.closes == self.end - 1 and "{" not in before else ()


class Part(NamedTuple):
    """A statement as what it is in the tree: the list it stands in, its value, and the parts of its block."""

    key: str
    value: Plain
    piece: Piece
    parts: tuple[Part, ...] = ()

    def of(self, key: str) -> list[Part]:
        return [part for part in self.parts if part.key == key]


def pieces(text: str, start: int, end: int) -> list[Piece]:
    """The statements between two offsets. Raises LensError, naming the line, where braces or quotes have no other half."""
    found: list[Piece] = []
    words: list[Token] = []
    depth = opens = closes = 0
    at = start
    while at < end:
        match = TOKEN.match(text, at, end)
        if match is None:
            raise LensError(f"line {_line(text, at)}: a quote without its end")
        kind = str(match.lastgroup)
        token = Token(kind, match[0], at, at := match.end())
        if kind == "open":
            opens = token.start if depth == 0 else opens
            depth += 1
        elif kind == "close":
            closes, depth = token.start, depth - 1
            if depth < 0:
                raise LensError(f"line {_line(text, token.start)}: a }} without its {{")
        elif kind == "end" and depth == 0:
            stop = token.end if token.text == ";" else token.start
            found += [_piece(words, stop if words and token.text == ";" else -1, opens, closes)] if words else []
            words, opens, closes = [], 0, 0
            continue
        if kind not in ("gap", "comment"):
            words.append(token)
    if depth:
        raise LensError(f"line {_line(text, opens)}: a {{ without its }}")
    return [*found, _piece(words, -1, opens, closes)] if words else found


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _piece(words: list[Token], stop: int, opens: int, closes: int) -> Piece:
    end = words[-1].end
    return Piece(tuple(words), _flat(words), words[0].start, end, max(stop, end), opens, closes)


def _flat(words: list[Token]) -> str:
    """On one line: a line end within braces is a ``;`` but where a list goes on over it."""
    said: list[str] = []
    for token, following in zip(words, [*words[1:], None], strict=True):
        if token.text == "\n":
            goes_on = not said or said[-1][-1] in "{,;" or following is None or following.text[0] in "},\n;"
            said += [] if goes_on else [";"]
        else:
            said.append(token.text)
    return re.sub(r'("[^"]*")| ;', lambda match: match[1] or ";", " ".join(said))


def parsed(text: str) -> Part:
    """The whole file."""
    found = tuple(_top(text, piece) for piece in pieces(text, 0, len(text)))
    return Part("", None, Piece((), "", 0, len(text), len(text), 0, 0), found)


def ruleset_tree(whole: Part) -> Tree:
    return {key: [part.value for part in whole.of(key)] for key in ("commands", "defines", "includes", "tables")}


def _top(text: str, piece: Piece) -> Part:
    words = [token.text for token in piece.words]
    if piece.head[:1] == ("table",) and len(piece.head) in (2, 3):
        return _table(text, piece)
    if words[0] == "define" and len(words) > 3 and words[2] == "=":
        return Part("defines", {"name": words[1], "value": piece.text.split(" = ", 1)[1]}, piece)
    if words[0] == "include" and len(words) == 2 and piece.words[1].kind == "quoted":
        return Part("includes", words[1][1:-1], piece)
    return Part("commands", piece.text, piece)


def _table(text: str, piece: Piece) -> Part:
    parts = tuple(_inner(text, each) for each in pieces(text, piece.opens + 1, piece.closes))
    family = piece.head[1] if len(piece.head) == 3 else "ip"
    value: Tree = {"family": family, "name": piece.head[-1]}
    return _block("tables", value, ("chains", "sets", "others"), piece, parts)


def _block(key: str, value: Tree, lists: tuple[str, ...], piece: Piece, parts: tuple[Part, ...]) -> Part:
    said = value | {name: [part.value for part in parts if part.key == name] for name in lists}
    return Part(key, said, piece, parts)


def _inner(text: str, piece: Piece) -> Part:
    """What stands in a table."""
    if piece.head[:1] == ("chain",) and len(piece.head) == 2:
        parts = tuple(_in_chain(each) for each in pieces(text, piece.opens + 1, piece.closes))
        if len([part for part in parts if part.key == "hook"]) > 1 or len([part for part in parts if part.key == "policy"]) > 1:
            raise LensError(f"line {_line(text, piece.start)}: the chain {piece.head[1]} has two hooks or policies")
        said: Tree = {"name": piece.head[1]}
        for part in parts:
            said |= part.value if part.key == "hook" else {"policy": part.value} if part.key == "policy" else {}
        return _block("chains", said, ("rules", "others"), piece, parts)
    if piece.head[:1] in (("set",), ("map",)) and len(piece.head) == 2:
        parts = tuple(_in_set(text, each) for each in pieces(text, piece.opens + 1, piece.closes))
        elements = {part.key: [each.value for each in part.parts] for part in parts if part.key == "elements"}
        if len([part for part in parts if part.key == "elements"]) > 1:
            raise LensError(f"line {_line(text, piece.start)}: the set {piece.head[1]} lists its elements twice")
        return _block("sets", {"sort": piece.head[0], "name": piece.head[1], **elements}, ("others",), piece, parts)
    return Part("others", piece.text, piece)


def _in_chain(piece: Piece) -> Part:
    words = [token.text for token in piece.words]
    if words[0] == "type" and words[2:3] == ["hook"] and "priority" in words[4:-1]:
        at = words.index("priority", 4)
        said: Tree = {"type": words[1], "hook": words[3], "priority": " ".join(words[at + 1 :])}
        return Part("hook", said | ({"device": " ".join(words[4:at])} if at > 4 else {}), piece)
    if words[0] == "policy" and len(words) == 2:
        return Part("policy", Unknown(words[1]) if words[1].startswith("$") else words[1], piece)
    return Part("others" if words[0] in ("type", "policy", "comment", "flags", "devices") else "rules", piece.text, piece)


def _in_set(text: str, piece: Piece) -> Part:
    words = [token.text for token in piece.words[:3]]
    if words[:2] == ["elements", "="] and piece.head == ("elements", "="):
        parts = _elements(text, piece)
        if parts:
            return Part("elements", None, piece, parts)
    return Part("others", piece.text, piece)


def _elements(text: str, piece: Piece) -> tuple[Part, ...]:
    """The elements between the braces; none where comments, quotes or braces stand among them."""
    inner = text[piece.opens + 1 : piece.closes]
    if re.search(r"[\"#{};\\]", inner):
        return ()
    found: list[Part] = []
    at = piece.opens + 1
    for each in inner.split(","):
        start, end = at + len(each) - len(each.lstrip()), at + len(each.rstrip())
        if start < end:
            found.append(Part("element", " ".join(each.split()), Piece((), each.strip(), start, end, end, 0, 0)))
        at += len(each) + 1
    return tuple(found)


def part_at(whole: Part, path: Path) -> tuple[Part, Path]:
    """The deepest part that a path leads to, and what is left of the path."""
    part = whole
    while len(path) > 1 and isinstance(path[1], int):
        inner = part.of(str(path[0]))
        if path[0] == "elements":
            inner = [each for listed in inner for each in listed.parts]
        if not 0 <= path[1] < len(inner):
            break
        part, path = inner[path[1]], path[2:]
    return part, path

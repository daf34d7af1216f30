"""nginx.conf and what it includes. Source: nginx 1.22, ngx_conf_read_token: a quote counts at the beginning of a word only.

{"http": {"()": [], "ssl_protocols": ["TLSv1.2", "TLSv1.3"], "server": {"()": [], "listen": ["443", "ssl"]}}}

Blocks whose lines are data (``map``, ``types``) and Lua are passed over.
"""

from __future__ import annotations

import re

from setright.lenses._blocks import DEEPEST, Blocks, Node, Word, numbered
from setright.lenses.error import LensError

GAP = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*+")
QUOTED = re.compile(r"\"(?:\\.|[^\"\\])*+\"|'(?:\\.|[^'\\])*+'", re.DOTALL)
BARE = re.compile(r"(?:\\.|\$\{|[^\s;{\\])++", re.DOTALL)
ESCAPE = re.compile(r"\\([\"' \\trn])", re.DOTALL)
SAYS = {"t": "\t", "r": "\r", "n": "\n"}
PLAIN = re.compile(r"[^\s;{}\"'\\#$\x00-\x1f]++[^\s;{}\"'\\\x00-\x1f]*+")
LUA = re.compile(r"--\[(=*)\[.*?\]\1\]|--[^\n]*|\[(=*)\[.*?\]\2\]|\"(?:\\.|[^\"\\])*+\"|'(?:\\.|[^'\\])*+'|[{}]", re.DOTALL)
DATA = frozenset({"map", "geo", "types", "split_clients", "charset_map", "match"})


class Nginx(Blocks):
    """Directives end with ``;``, blocks stand in braces."""

    def parse(self, text: str) -> list[Node]:
        top: list[Node] = []
        opened: list[tuple[list[Word], int, list[Node]]] = []  # the words before a brace, the place behind it, what was around
        body, words, at = top, list[Word](), GAP.match(text, 0).end()  # type: ignore[union-attr]
        while at < len(text):
            sign = text[at]
            if sign in ";{}":
                _expect(text, at, bool(opened) and not words if sign == "}" else bool(words))
                if sign == ";":
                    body.append(_node(words, at + 1))
                elif sign == "{" and words[0].said.endswith("_by_lua_block"):
                    end = _after_lua(text, at + 1)
                    body.append(_node(words, end, [], (at + 1, end - 1), closed=True))
                    at = end - 1
                elif sign == "{":
                    _expect(text, at, len(opened) < DEEPEST)
                    opened.append((words, at + 1, body))
                    body = []
                else:
                    head, start, around = opened.pop()
                    around.append(_node(head, at + 1, body, (start, at), closed=head[0].said in DATA))
                    body = around
                words = []
                at += 1
            else:
                words.append(_word(text, at))
                at = words[-1].end
            at = GAP.match(text, at).end()  # type: ignore[union-attr]
        if opened or words:
            raise LensError(f"{numbered(text, words[0].start if words else opened[-1][1])}: what begins here has no end")
        return top

    def word(self, name: str, said: str) -> str:
        if re.search(r"[\x00-\x1f]", said):
            raise LensError(f"{name}: {said!r} cannot be an argument")
        return said if PLAIN.fullmatch(said) else '"' + said.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def line(self, name: str, written: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise LensError(f"{name!r} cannot be a directive")
        return f"{name} {written}".rstrip() + ";"

    def kin(self, name: str) -> str:
        return name.partition("_")[0]


def _expect(text: str, at: int, fine: bool) -> None:
    if not fine:
        raise LensError(f"{numbered(text, at)}: unexpected {text[at]!r}")


def _node(
    words: list[Word], end: int, body: list[Node] | None = None, inside: tuple[int, int] = (0, 0), closed: bool = False
) -> Node:
    first = words[0]
    return Node(first.said, words[1:], first.start, first.end, end, body, inside, closed)


def _word(text: str, at: int) -> Word:
    if text[at] in "\"'":
        match = QUOTED.match(text, at)
        if match is None:
            raise LensError(f"{numbered(text, at)}: a quote has no end")
        if text[match.end() : match.end() + 1] not in ("", " ", "\t", "\r", "\n", ";", "{", ")"):
            raise LensError(f"{numbered(text, match.end())}: unexpected {text[match.end()]!r} behind a quote")
        return Word(_said(match[0][1:-1]), at, match.end())
    match = BARE.match(text, at)
    if match is None:
        raise LensError(f"{numbered(text, at)}: a word ends with a backslash")
    return Word(_said(match[0]), at, match.end())


def _said(written: str) -> str:
    return ESCAPE.sub(lambda match: SAYS.get(match[1], match[1]), written) if "\\" in written else written


def _after_lua(text: str, at: int) -> int:
    depth = 1
    for match in LUA.finditer(text, at):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if not depth:
            return match.end()
    raise LensError(f"{numbered(text, at)}: what begins here has no end")


NGINX = Nginx()
get, put, span = NGINX.get, NGINX.put, NGINX.span

"""dovecot.conf and what it includes, and what doveconf prints. Source: Dovecot 2.3, config-parser.c: a brace ends its line.

{"ssl": ["required"], "!include": ["conf.d/*.conf"], "protocol": {"()": ["imap"], "ssl_min_protocol": ["TLSv1.2"]}}
"""

from __future__ import annotations

import re

from setright.lenses._blocks import DEEPEST, Blocks, Node, Word
from setright.lenses.error import LensError
from setright.lenses.lines import Line, lines

SET = re.compile(
    r"[ \t]*(?P<name>[^\s={}#!\"]+)[ \t]*=[ \t]*"
    r"(?P<value>\"(?:\\.|[^\"\\])*+\"(?=[ \t\r]*(?:#|\Z))|(?:[^\s#]|[ \t]++(?![\s#]|\Z))*+)"
)
OPEN = re.compile(r"[ \t]*(?P<name>[^\s={}#!]+)(?P<rest>[^#]*?)\{[ \t\r]*(?:#.*)?\Z")
CLOSE = re.compile(r"[ \t]*\}[ \t\r]*(?:#.*)?\Z")
INCLUDE = re.compile(r"[ \t]*(?P<name>!include(?:_try)?)[ \t]+(?P<value>[^\s#]+)")
REST = re.compile(r"[ \t\r]*(?:#.*)?\Z")


class Dovecot(Blocks):
    """One setting a line; what joins lines with a backslash is left to people."""

    def parse(self, text: str) -> list[Node]:
        top: list[Node] = []
        opened: list[tuple[Node, list[Node]]] = []
        body = top
        for line in lines(text):
            if not line.text.strip() or line.text.lstrip().startswith("#"):
                continue
            if CLOSE.match(line.text):
                if not opened:
                    raise LensError(f"line {line.number}: a brace ends what does not begin")
                node, around = opened.pop()
                close = line.start + line.text.index("}")
                around.append(node._replace(body=body, end=close + 1, inside=(node.inside[0], close)))
                body = around
            elif (match := SET.match(line.text)) or (match := INCLUDE.match(line.text)):
                body.append(_setting(line, match))
            elif (match := OPEN.match(line.text)) and len(opened) < DEEPEST:
                opened.append((_block(line, match), body))
                body = []
            else:
                raise LensError(f"line {line.number}: a setting, a block or an include is needed: {line.text.strip()[:60]!r}")
        if opened:
            raise LensError(f"{opened[-1][0].name}: a block has no end")
        return top

    def word(self, name: str, said: str) -> str:
        if not said or said != said.strip() or re.search(r"[\x00-\x1f\"'\\#]|^<", said):
            raise LensError(f"{name}: {said!r} cannot be a value")
        return said

    def line(self, name: str, written: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_/]*", name):
            raise LensError(f"{name!r} cannot be a setting")
        return f"{name} = {written}"

    def kin(self, name: str) -> str:
        return name.partition("_")[0]


def _setting(line: Line, match: re.Match[str]) -> Node:
    if not REST.match(line.text, match.end()) or line.text.rstrip().endswith("\\"):
        raise LensError(f"line {line.number}: more stands behind the value than can be read")
    start, end = (line.start + place for place in match.span("value"))
    value, quoted = match["value"], len(match["value"]) > 1 and match["value"][0] == match["value"][-1] == '"'
    if not quoted and re.search("[\"']", value) and "#" in line.text[match.end() :]:
        raise LensError(f"line {line.number}: a quote inside a value, and a # behind it; put the whole value in quotes")
    said = re.sub(r"\\(.)", r"\1", value[1:-1]) if quoted else value
    words = [Word(said, start, end)] if value else []
    return Node(match["name"], words, line.start + match.start("name"), start, end)


def _block(line: Line, match: re.Match[str]) -> Node:
    begin = line.start + match.start("rest")
    words = [Word(m[0], begin + m.start(), begin + m.end()) for m in re.finditer(r"\S+", match["rest"])]
    return Node(
        match["name"],
        words,
        line.start + match.start("name"),
        line.start + match.end("name"),
        line.end,
        [],
        (line.start + line.text.index("{", match.end("rest")) + 1, 0),
    )


DOVECOT = Dovecot()
get, put, span = DOVECOT.get, DOVECOT.put, DOVECOT.span

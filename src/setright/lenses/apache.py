"""Apache's httpd.conf, apache2.conf and what they include. Source: Apache 2.4, Configuration Files; util.c, ap_getword_conf.

{"ServerTokens": ["Prod"], "VirtualHost": {"()": ["*:443"], "SSLEngine": ["on"]}, "IncludeOptional": ["sites-enabled/*.conf"]}

A directive's name counts in any case; those of our controls have one spelling in the tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setright.lenses._blocks import DEEPEST, Blocks, Node, Word, numbered
from setright.lenses.error import LensError

LOGICAL = re.compile(r"(?:[^\n\\]|\\\r?\n|\\(?!\r?\n))*+")
HEAD = re.compile(r"(?:[ \t\r\f\v]|\\\r?\n)*+(?P<open></?)?[ \t]*+(?P<name>[^\s<>\"'#\\][^\s>\\]*+)")
GAP = re.compile(r"(?:[ \t\r\n\f\v]|\\\r?\n)*+")
WORD = re.compile(r"\"(?:\\.|[^\"\\])*+\"|'(?:\\.|[^'\\])*+'|(?:\\(?!\r?\n)|[^\s\\])++", re.DOTALL)
BARE = re.compile(r"[^\s\"'\\#<>\x00-\x1f][^\s\"'\\\x00-\x1f]*+")
CLOSED = frozenset({"perl", "lua", "macro"})  # what they hold is written otherwise
NAMES = """
    Directory DirectoryMatch Files FilesMatch If IfDefine IfFile IfModule IfVersion Include IncludeOptional Location LocationMatch
    Options SSLCipherSuite SSLEngine SSLProtocol ServerName ServerRoot ServerSignature ServerTokens TraceEnable VirtualHost
"""
KNOWN = {name.lower(): name for name in NAMES.split()}


class Apache(Blocks):
    """A directive is a line; a backslash at its end joins the next; sections stand between ``<Name ...>`` and ``</Name>``."""

    def parse(self, text: str) -> list[Node]:
        top: list[Node] = []
        opened: list[tuple[Node, list[Node]]] = []
        body, skipped = top, ""
        for start, end in _logical(text):
            head = HEAD.match(text, start, end)
            if head is None:
                continue
            name = KNOWN.get(head["name"].lower(), head["name"])
            if skipped and not (head["open"] == "</" and name.lower() == skipped):
                continue
            if head["open"] == "</":
                if not opened or opened[-1][0].name.lower() != name.lower():
                    raise LensError(f"{numbered(text, start)}: </{name}> ends what does not begin")
                node, around = opened.pop()
                around.append(node._replace(body=body, end=end, inside=(node.inside[0], start)))
                body, skipped = around, ""
            elif head["open"]:
                if len(opened) == DEEPEST:
                    raise LensError(f"{numbered(text, start)}: too many sections inside each other")
                opened.append((_section(text, head, name, end), body))
                body, skipped = [], name.lower() if name.lower() in CLOSED else ""
            else:
                words = list(_words(text, head.end(), end))
                body.append(Node(name, words, head.start("name"), head.end(), words[-1].end if words else head.end()))
        if opened:
            raise LensError(f"{numbered(text, opened[-1][0].start)}: <{opened[-1][0].name}> has no end")
        return top

    def word(self, name: str, said: str) -> str:
        if re.search(r"[\x00-\x1f]", said) or said.endswith("\\"):
            raise LensError(f"{name}: {said!r} cannot be an argument")
        return said if BARE.fullmatch(said) else '"' + said.replace("\\", "\\\\").replace('"', '\\"') + '"'

    def line(self, name: str, written: str) -> str:
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
            raise LensError(f"{name!r} cannot be a directive")
        return f"{name} {written}".rstrip()

    def kin(self, name: str) -> str:
        return re.match(r"[A-Z]+(?=[A-Z][a-z])|[A-Z][a-z]*|", name)[0]  # type: ignore[index]


def _logical(text: str) -> Iterator[tuple[int, int]]:
    """Where each line stands with those it goes on in, but for comments."""
    at = 0
    while at < len(text):
        match = LOGICAL.match(text, at)
        end = match.end() if match else len(text)
        if not text[at:end].lstrip().startswith("#"):
            yield at, end
        at = end + 1


def _words(text: str, at: int, end: int) -> Iterator[Word]:
    while (at := GAP.match(text, at, end).end()) < end:  # type: ignore[union-attr]
        match = WORD.match(text, at, end)
        if match is None:
            raise LensError(f"{numbered(text, at)}: an argument that cannot be read")
        yield Word(_said(match[0]), at, match.end())
        at = match.end()


def _said(written: str) -> str:
    """A quote that does not end is a word like others."""
    if len(written) > 1 and written[0] in "\"'" and written[-1] == written[0]:
        return re.sub(r"\\([\\\"'])", r"\1", written[1:-1])
    return written


def _section(text: str, head: re.Match[str], name: str, end: int) -> Node:
    close = text.rfind(">", head.end(), end)
    if close < 0:
        raise LensError(f"{numbered(text, head.start())}: <{name} has no >")
    words = list(_words(text, head.end(), close))
    begin = min(end + 1, len(text))
    return Node(name, words, head.start("open"), head.end(), end, [], (close + 1, begin), name.lower() in CLOSED)


APACHE = Apache()
get, put, span = APACHE.get, APACHE.put, APACHE.span

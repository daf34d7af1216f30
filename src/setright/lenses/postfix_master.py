"""Postfix's master.cf: what its services set for themselves. Source: master(5): a line that begins with a blank goes on.

{"submission": {"()": ["inet"], "smtpd_tls_auth_only": ["yes"]}}

Only services that take mail (smtpd) with ``-o name=value`` or ``-o { name = value }`` are told; an address before the port is
what such a service listens on, whatever `inet_interfaces` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from setright.lenses._blocks import Node, Word
from setright.lenses.error import LensError
from setright.lenses.lines import Replacement, lines
from setright.lenses.postfix import Postfix
from setright.model import Edit

TOKEN = re.compile(r"[{][^{}\n]*[}]|\S+")
OPTION = re.compile(r"[{]?\s*(?P<name>[A-Za-z0-9_]+)\s*=\s*(?P<value>[^{}]*?)\s*[}]?")
ADDRESS = re.compile(r"(?P<host>.+):[^:\]]+")
WORD = re.compile(r"[^\s,]+")
COMMAND = 7  # behind name, type, private, unprivileged, chroot, wake-up and limit
LISTENS = "inet_interfaces"


class PostfixMaster(Postfix):
    """Values of options that stand there can be set; new ones are written by people."""

    glue = ","

    def parse(self, text: str) -> list[Node]:
        return [node for words in _services(text) if (node := _service(words)) is not None]

    def _change(self, text: str, edit: Edit) -> list[Replacement]:
        at = edit.path[1] if len(edit.path) == 2 else LISTENS
        there = [each for node in self.parse(text) for each in node.body or () if (node.name, each.name) == edit.path]
        if edit.remove or at == LISTENS or not there or not there[0].words:
            raise LensError(f"{'/'.join(map(str, edit.path))}: options of services are added and removed by hand")
        return super()._change(text, edit)


def _services(text: str) -> Iterator[list[Word]]:
    """The words of each service, from its own line and those that go on with it."""
    words: list[Word] = []
    for line in lines(text):
        if not line.text.strip() or line.text.lstrip().startswith("#"):
            continue
        if line.text[0] not in " \t":
            if words:
                yield words
            words = []
        elif not words:
            raise LensError(f"line {line.number}: goes on with a service where none stands above")
        words += [Word(m[0], line.start + m.start(), line.start + m.end()) for m in TOKEN.finditer(line.text)]
    if words:
        yield words


def _service(words: Sequence[Word]) -> Node | None:
    """None for what takes no mail, or sets nothing for itself."""
    name = words[0]
    if len(words) <= COMMAND:
        raise LensError(f"{name.said}: a service has {COMMAND + 1} fields")
    if words[COMMAND].said.rpartition("/")[2] != "smtpd":
        return None
    body = list(_options(words[COMMAND + 1 :]))
    host = ADDRESS.fullmatch(name.said) if words[1].said == "inet" else None
    if host:
        address = Word(host["host"], name.start, name.start + host.end("host"))
        body.insert(0, Node(LISTENS, [address], name.start, name.end, name.end))
    return Node(name.said, [words[1]], name.start, name.end, words[-1].end, body, (words[0].start, words[-1].end)) if body else None


def _options(words: Sequence[Word]) -> Iterator[Node]:
    for flag, word in pairwise(words):
        if flag.said != "-o":
            continue
        found = OPTION.fullmatch(word.said)
        if found is None:
            raise LensError(f"{word.said!r}: a name and = are needed behind -o")
        at = word.start + found.start("value")
        value = [Word(m[0], at + m.start(), at + m.end()) for m in WORD.finditer(found["value"])]
        start = word.start + found.start("name")
        yield Node(found["name"], value, start, at, value[-1].end if value else at)


POSTFIX_MASTER = PostfixMaster()
get, put, span = POSTFIX_MASTER.get, POSTFIX_MASTER.put, POSTFIX_MASTER.span

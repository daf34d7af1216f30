"""Postfix's main.cf, and what postconf prints. Source: postconf(5): a line that begins with a blank goes on with the one above.

{"inet_interfaces": ["loopback-only"], "smtpd_relay_restrictions": ["permit_mynetworks", "reject_unauth_destination"]}

Of a name that is set twice the last counts, and is ``NAME 2`` here.
"""

from __future__ import annotations

import re

from setright.lenses._blocks import Blocks, Node, Word
from setright.lenses.error import LensError
from setright.lenses.lines import Line, lines

HEAD = re.compile(r"(?P<name>[A-Za-z0-9_.${}-]+)[ \t]*=")
WORD = re.compile(r"[^\s,]++")


class Postfix(Blocks):
    """A parameter's value is told in words, between blanks and commas."""

    glue = ", "

    def parse(self, text: str) -> list[Node]:
        found: list[Node] = []
        for line in lines(text):
            said = line.text.strip()
            if not said or said.startswith("#"):
                continue
            if line.text[0] in " \t":
                if not found:
                    raise LensError(f"line {line.number}: goes on with a parameter where none stands above")
                node = found.pop()
                words = [*node.words, *_words(line, 0)]
                found.append(node._replace(words=words, end=words[-1].end if words else node.end))
            else:
                found.append(_node(line))
        return found

    def word(self, name: str, said: str) -> str:
        if not WORD.fullmatch(said) or re.search(r"[\x00-\x1f]", said):
            raise LensError(f"{name}: {said!r} cannot be a word of a value")
        return said

    def line(self, name: str, written: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise LensError(f"{name!r} cannot be a parameter")
        return f"{name} = {written}".rstrip()

    def beside(self, text: str, node: Node, name: str, written: str) -> str:
        """With as many blanks around the sign."""
        gap = text[node.start + len(node.name) : node.words[0].start if node.words else node.name_end]
        return f"{name}{gap}{written}" if node.words and "\n" not in gap and written[:1] not in ">=" else self.line(name, written)

    def kin(self, name: str) -> str:
        return "_".join(name.split("_")[:2])


def _node(line: Line) -> Node:
    head = HEAD.match(line.text)
    if head is None:
        raise LensError(f"line {line.number}: a name and = are needed")
    words = _words(line, head.end())
    behind = line.start + head.end()
    return Node(head["name"], words, line.start, behind, words[-1].end if words else behind)


def _words(line: Line, at: int) -> list[Word]:
    return [Word(m[0], line.start + m.start(), line.start + m.end()) for m in WORD.finditer(line.text, at)]


POSTFIX = Postfix()
get, put, span = POSTFIX.get, POSTFIX.put, POSTFIX.span

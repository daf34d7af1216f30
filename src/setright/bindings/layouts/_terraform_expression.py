"""Terraform's expressions as nodes, for their evaluation. hashicorp/hcl, hclsyntax/spec.md; what it does not know gives None.

Splats, directives in templates and expressions in heredocs are not read.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from textwrap import dedent
from typing import NamedTuple

from setright.model import Plain
from setright.patterns import late

TOKEN = late(
    r'(?:[ \t\r\n]|\#[^\n]*|//[^\n]*|/\*.*?\*/)*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w-]*)|(?P<quote>")'
    r"|(?P<sign>==|!=|<=|>=|&&|\|\||=>|\.\.\.|[-+*<>!?:=.,(){}\[\]])|(?P<end>\Z))",
    re.DOTALL,
)
HEREDOC = late(r"\s*<<(-?)([A-Za-z_][\w-]*)\r?\n(.*?)(?:(?<=\n)|\n)[ \t]*\2(?![\w-])", re.DOTALL)
PLAIN = late(r'(?:[^"\\$%]|\\.|\$(?!\{)|%(?!\{))+')
LEVELS = (("||",), ("&&",), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*",))
WORDS: dict[str, Plain] = {"true": True, "false": False, "null": None}
DEEP = 40
LONG = 20_000  # characters


class Name(str):
    """What a node of a name, or of steps from one, is called."""


class Expression(NamedTuple):
    """`sort` says how `value` and `parts` are meant; `text` is the source."""

    sort: str
    text: str
    value: Plain = None
    parts: tuple[Expression, ...] = ()


NONE = Expression("none", "")


class _NotRead(Exception):
    """An expression that is left as it is."""


@lru_cache(maxsize=4096)
def parse_expression(text: str) -> Expression | None:
    """None where some of it is not read."""
    if len(text) > LONG:
        return None
    try:
        reader = _Reader(text)
        node = reader.expression(0)
        return node if reader.token()["end"] is not None else None
    except (_NotRead, RecursionError):
        return None


class _Reader:
    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def token(self) -> re.Match[str]:
        found = TOKEN.match(self.text, self.at)
        if found is None:
            raise _NotRead
        return found

    def take(self, *signs: str) -> str:
        """The sign that stands next, if it is one of these; else empty."""
        found = self.token()
        if found["sign"] in signs:
            self.at = found.end()
            return str(found["sign"])
        return ""

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise _NotRead

    def name(self) -> str:
        found = self.token()
        if found["name"] is None:
            raise _NotRead
        self.at = found.end()
        return str(found["name"])

    def since(self, start: int) -> str:
        return self.text[start : self.at].strip()

    def expression(self, depth: int) -> Expression:
        if depth > DEEP:
            raise _NotRead
        start = self.at
        node = self.operation(0, depth)
        if not self.take("?"):
            return node
        yes = self.expression(depth + 1)
        self.expect(":")
        no = self.expression(depth + 1)
        return Expression("choice", self.since(start), None, (node, yes, no))

    def operation(self, level: int, depth: int) -> Expression:
        if level == len(LEVELS):
            return self.unary(depth)
        start = self.at
        node = self.operation(level + 1, depth)
        while sign := self.take(*LEVELS[level]):
            node = Expression("operator", "", sign, (node, self.operation(level + 1, depth)))
            node = node._replace(text=self.since(start))
        return node

    def unary(self, depth: int) -> Expression:
        start = self.at
        if self.take("!"):
            inner = self.unary(depth + 1)
            return Expression("not", self.since(start), None, (inner,))
        if self.take("-"):
            inner = self.unary(depth + 1)
            if inner.sort != "literal" or not isinstance(inner.value, int | float):
                raise _NotRead
            return Expression("literal", self.since(start), -inner.value)
        return self.steps(start, self.operand(depth + 1), depth)

    def steps(self, start: int, node: Expression, depth: int) -> Expression:
        while sign := self.take(".", "["):
            if sign == ".":
                found = self.token()
                word = found["name"] or found["number"]
                if word is None or not word.replace("_", "").replace("-", "").isalnum():
                    raise _NotRead
                self.at = found.end()
                key = Expression("literal", word, word)
            else:
                key = self.expression(depth + 1)
                self.expect("]")
            node = self.stepped(start, node, key, is_plain=sign == ".")
        return node

    def stepped(self, start: int, node: Expression, key: Expression, is_plain: bool) -> Expression:
        """Two names in a row are one: ``var.a``; further ones lead into it."""
        text = self.since(start)
        if node.sort == "name" and "." not in node.text and is_plain:
            return Expression("name", text, Name(text))
        return Expression("step", text, Name(text) if isinstance(node.value, Name) else None, (node, key))

    def operand(self, depth: int) -> Expression:
        if heredoc := HEREDOC.match(self.text, self.at):
            return self.heredoc(heredoc)
        found = self.token()
        self.at = found.end()
        if found["number"] is not None:
            return Expression(
                "literal", found["number"], float(found["number"]) if "." in found["number"] else int(found["number"])
            )
        if found["quote"] is not None:
            return self.template(found.start("quote"), depth)
        if found["name"] is not None:
            return self.named(found["name"], depth)
        if found["sign"] == "(":
            node = self.expression(depth + 1)
            self.expect(")")
            return node._replace(value=None) if node.sort == "step" else node
        if found["sign"] in ("[", "{"):
            return self.bracketed(found.start("sign"), found["sign"], depth)
        raise _NotRead

    def named(self, name: str, depth: int) -> Expression:
        if name in WORDS:
            return Expression("literal", name, WORDS[name])
        start = self.at - len(name)
        if not self.take("("):
            return Expression("name", name, Name(name))
        parts: list[Expression] = []
        while not self.take(")"):
            parts.append(self.expression(depth + 1))
            if not self.take(","):
                self.expect(")")
                break
        return Expression("call", self.since(start), name, tuple(parts))

    def bracketed(self, start: int, sign: str, depth: int) -> Expression:
        closing = "]" if sign == "[" else "}"
        if self.token()["name"] == "for":
            return self.each(start, closing, depth)
        parts: list[Expression] = []
        while not self.take(closing):
            if sign == "{":
                parts += self.pair(depth)
                self.take(",")
                continue
            parts.append(self.expression(depth + 1))
            if not self.take(","):
                self.expect(closing)
                break
        return Expression("list" if sign == "[" else "object", self.since(start), None, tuple(parts))

    def pair(self, depth: int) -> tuple[Expression, Expression]:
        found = self.token()
        if found["name"] is not None:
            self.at = found.end()
            key = Expression("literal", found["name"], found["name"])
        else:
            key = self.unary(depth + 1)
        if not self.take("=", ":"):
            raise _NotRead
        return key, self.expression(depth + 1)

    def each(self, start: int, closing: str, depth: int) -> Expression:
        self.name()
        names = [self.name()]
        if self.take(","):
            names.append(self.name())
        if self.name() != "in":
            raise _NotRead
        over = self.expression(depth + 1)
        self.expect(":")
        key, value = NONE, self.expression(depth + 1)
        if closing == "}":
            self.expect("=>")
            key, value = value, self.expression(depth + 1)
        condition = NONE
        if self.token()["name"] == "if":
            self.name()
            condition = self.expression(depth + 1)
        self.expect(closing)
        return Expression("for", self.since(start), list[Plain](names), (over, key, value, condition))

    def heredoc(self, found: re.Match[str]) -> Expression:
        if "${" in found[3] or "%{" in found[3]:
            raise _NotRead
        self.at = found.end()
        return Expression("literal", found[0], (dedent(found[3]) if found[1] else found[3]) + "\n")

    def template(self, start: int, depth: int) -> Expression:
        parts: list[Expression] = []
        while not self.text.startswith('"', self.at):
            if self.text.startswith("${", self.at):
                self.at += 2
                parts.append(self.expression(depth + 1))
                self.expect("}")
            elif found := PLAIN.match(self.text, self.at):
                self.at = found.end()
                parts.append(Expression("literal", found[0], _unescaped(found[0])))
            else:
                raise _NotRead
        self.at += 1
        text = self.text[start : self.at]
        if all(each.sort == "literal" for each in parts):
            return Expression("literal", text, "".join(str(each.value) for each in parts))
        return parts[0] if len(parts) == 1 else Expression("text", text, None, tuple(parts))


def _unescaped(raw: str) -> str:
    try:
        return str(json.loads(f'"{raw}"'))
    except ValueError as error:
        raise _NotRead from error

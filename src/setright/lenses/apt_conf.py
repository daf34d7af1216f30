"""apt.conf and apt.conf.d, and what `apt-config dump` prints. Source: apt.conf(5) of apt 2.6: the last value counts.

    {"APT::Get::AllowUnauthenticated": "false", "APT::Periodic::Unattended-Upgrade": "1", "APT::NeverAutoRemove::": ["^a", "^b"]}

Names keep the spelling of their first line and are compared in any case by apt, here as written. What a name in braces adds without
a name of its own is the list behind ``::``. ``#clear`` is refused, since it takes away what other files said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from setright.lenses import pairs
from setright.lenses.error import LensError
from setright.lenses.lines import Replacement, byte_span, decode, insert_after, lines, nowhere, put_each
from setright.model import Edit, Path, Tree

TOKEN = re.compile(
    r"(?P<blank>\s+|//[^\n]*|/\*[\s\S]*?\*/|\#(?!clear\b|include\b)[^\n]*)"
    r"|(?P<order>\#(?:clear|include)\b[^\n]*)|(?P<mark>[{};])|(?P<text>\"[^\"\n]*\")|(?P<word>[^\s{};\"\#/]+(?:/(?!/|\*)[^\s{};\"\#/]*)*|/)"
)
NAME = re.compile(r"[A-Za-z0-9_.+-]+(?:::[A-Za-z0-9_.+/-]+)*(?:::)?")


class AptOption(NamedTuple):
    """One value; `start` to `end` is its text with the quotes, `last` where its statement ends."""

    name: str
    value: str
    start: int
    end: int
    first: int
    last: int


def get(source: bytes) -> Tree:
    """The tree above; values are texts. Raises LensError, naming the line, for what apt would not read."""
    tree: Tree = {}
    for item in _items(decode(source)):
        if item.name.endswith("::"):
            tree.setdefault(item.name, []).append(item.value)
        else:
            tree[item.name] = item.value
    return tree


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Raises LensError for lists, and for values that no line can say."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where the value stands that counts."""
    text = decode(source)
    mine = [item for item in _items(text) if path[:1] == (item.name,)]
    if not mine:
        raise nowhere(path)
    return byte_span(text, mine[-1].start, mine[-1].end)


def _tokens(text: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(text):
        m = TOKEN.match(text, at)
        if not m or m["order"]:
            what = "orders to other files are not read" if m else "apt would not read this"
            raise LensError(f"line {text.count(chr(10), 0, at) + 1}: {what}: {text[at : at + 40].splitlines()[0]!r}")
        at = m.end()
        if not m["blank"]:
            yield m


def _items(text: str) -> list[AptOption]:
    """Values with their whole names."""
    found: list[AptOption] = []
    scope: list[str] = []
    said: list[re.Match[str]] = []
    for m in _tokens(text):
        if m["mark"] == "{":
            scope.append(_name(text, said[:1], scope, m))
            if len(said) == 2:
                found.append(_item(scope[-1], said, said[1].end()))
            said = []
        elif m["mark"] == "}":
            if not scope or said:
                raise _odd(text, m)
            scope.pop()
        elif m["mark"] == ";":
            found += _said(text, scope, said, m)
            said = []
        elif len(said) == 2:
            raise _odd(text, m)
        else:
            said.append(m)
    if scope or said:
        raise LensError(f"line {text.count(chr(10)) + 1}: a brace or a semicolon is missing at the end")
    return found


def _said(text: str, scope: Sequence[str], said: Sequence[re.Match[str]], at: re.Match[str]) -> list[AptOption]:
    """A value with a name, or one of a list; a semicolon behind a brace says nothing."""
    if len(said) == 2:
        return [_item(_name(text, said[:1], scope, at), said, at.end())]
    if said and scope:
        return [_item(f"{scope[-1]}::", [said[0], said[0]], at.end())]
    if said:
        raise _odd(text, at)
    return []


def _item(name: str, said: Sequence[re.Match[str]], last: int) -> AptOption:
    value = said[1]
    return AptOption(name, value["text"][1:-1] if value["text"] else value[0], value.start(), value.end(), said[0].start(), last)


def _name(text: str, said: Sequence[re.Match[str]], scope: Sequence[str], at: re.Match[str]) -> str:
    if not said or not said[0]["word"]:
        raise _odd(text, at)
    return f"{scope[-1]}::{said[0][0]}" if scope else said[0][0]


def _odd(text: str, at: re.Match[str]) -> LensError:
    return LensError(f"line {text.count(chr(10), 0, at.start()) + 1}: apt would not read this: {at[0]!r}")


def _change(text: str, edit: Edit) -> list[Replacement]:
    name = str(edit.path[0])
    mine = [item for item in _items(text) if item.name == name]
    if len(edit.path) != 1 or name.endswith("::") or not NAME.fullmatch(name):
        raise LensError(f"{'/'.join(map(str, edit.path))}: only single values can be set")
    if edit.remove:
        return [_gone(text, item) for item in mine]
    value = pairs.value_on_line(name, edit.value)
    if '"' in value or not isinstance(edit.value, str):
        raise LensError(f"{name}: a text without quotes is needed, not {edit.value!r}")
    if mine:
        return [Replacement(mine[-1].start, mine[-1].end, f'"{value}"')]
    found = lines(text)
    return [insert_after(text, found[-1] if found else None, [f'{name} "{value}";'])]


def _gone(text: str, item: AptOption) -> Replacement:
    """The statement, with its line where nothing else stands there."""
    start, end = text.rfind("\n", 0, item.first) + 1, text.find("\n", item.last)
    end = len(text) if end < 0 else end + 1
    alone = not (text[start : item.first] + text[item.last : end]).strip()
    return Replacement(start, end, "") if alone else Replacement(item.first, item.last, "")

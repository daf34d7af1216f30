"""Edits inside a JSON document that Terraform source writes as text, as a heredoc or in jsonencode: the smallest splice.

developer.hashicorp.com/terraform/language/functions/jsonencode; RFC 8259; hashicorp/hcl, hclwrite/format.go for the columns of
``=``. What stands around a place stays as it is, with its comments; a text that cannot be followed is refused.
"""

from __future__ import annotations

import json
import re
from typing import NamedTuple

from setright.bindings.layouts._terraform_json import BARE, written
from setright.bindings.layouts._terraform_policy import DEPTH, token_at, unread
from setright.model import Path, Plain, Unknown
from setright.patterns import late

MARKED = late(r'"\\u0001((?:[^"\\]|\\.)*?)\\u0001"')  # an expression that a dump put in quotes


class Unreadable(Exception):
    """The text is not made of objects, lists and values alone, or the path leads nowhere in it."""


class PlacedValue(NamedTuple):
    """A value and where it stands; `opens` is its bracket, `items` what is in that."""

    start: int
    end: int
    opens: str
    items: tuple[Item, ...]


class Item(NamedTuple):
    """One item of a list, or one key of an object, whose sign stands at `sign`."""

    key: str | int
    start: int
    sign: int
    node: PlacedValue


def rewritten(text: str, path: Path, value: Plain, remove: bool, is_json: bool) -> str:
    """The text with one value set or taken away; `is_json`: it is no expression. Raises Unreadable."""
    node, _ = _read(text, 0, 0)
    if token_at(text, node.end, True).text:
        raise Unreadable(text[node.end :])
    around: list[tuple[PlacedValue, Item]] = []
    rest = path
    while rest and (item := next((each for each in node.items if each.key == rest[0]), None)) is not None:
        around.append((node, item))
        node, rest = item.node, rest[1:]
    if remove:
        return text if rest else _without(text, *around[-1])
    if not rest:
        return (
            text[: node.start]
            + _said(text, value, _indent(text, node.start), is_json or _has_colons(text, around))
            + text[node.end :]
        )
    for part in reversed(rest[1:]):
        value = [value] if isinstance(part, int) else {part: value}
    if node.opens != ("[" if isinstance(rest[0], int) else "{") or rest[0] not in (len(node.items), *_keys(rest[0])):
        raise Unreadable(f"{path[: len(path) - len(rest) + 1]}")
    return _with(text, node, rest[0], value, is_json or _has_colons(text, around))


def _keys(key: str | int) -> tuple[str, ...]:
    return (key,) if isinstance(key, str) else ()


def _has_colons(text: str, around: list[tuple[PlacedValue, Item]]) -> bool:
    """Whether the nearest key is written as JSON has it."""
    signs = [text[item.sign] for _, item in around if isinstance(item.key, str)]
    return signs[-1] == ":" if signs else re.search(r'"\s*:', text) is not None


# --- reading ----------------------------------------------------------------------------------------------------------


def _read(text: str, at: int, depth: int) -> tuple[PlacedValue, int]:
    token = token_at(text, at, True)
    if depth > DEPTH or not token.text:
        raise Unreadable(text[at:])
    if token.text in ("{", "["):
        items, end = _items(text, token.end, depth + 1, token.text)
        return PlacedValue(token.start, end, token.text, items), end
    end = unread(text, token.start)
    if end <= token.start:
        raise Unreadable(text[at:])
    return PlacedValue(token.start, end, "", ()), end


def _items(text: str, at: int, depth: int, opens: str) -> tuple[tuple[Item, ...], int]:
    items: list[Item] = []
    while True:
        token = token_at(text, at, True)
        if token.text == ",":
            at = token.end
        elif token.text == ("}" if opens == "{" else "]"):
            return tuple(items), token.end
        elif opens == "[":
            node, at = _read(text, token.start, depth)
            items.append(Item(len(items), node.start, node.start, node))
        else:
            sign = token_at(text, token.end, False)
            if token.sort not in ("text", "word") or sign.text not in ("=", ":"):
                raise Unreadable(text[token.start :])
            node, at = _read(text, sign.end, depth)
            items.append(Item(token.text.strip('"'), token.start, sign.start, node))


# --- writing ----------------------------------------------------------------------------------------------------------


def _said(text: str, value: Plain, indent: str, in_json: bool) -> str:
    if not in_json:
        return written(value, indent)
    said = json.dumps(value, ensure_ascii=False, indent=2 if "\n" in text else None, default=_marked)
    lines = MARKED.sub(lambda found: str(json.loads(f'"{found[1]}"')), said).split("\n")
    return ("\n" + indent).join(lines)


def _marked(value: Unknown) -> str:
    """What Terraform fills in: a hole in a text as it is, an expression marked to lose its quotes."""
    return value.text if value.text.startswith("${") else f"\x01{value.text}\x01"


def _indent(text: str, at: int) -> str:
    start = text.rfind("\n", 0, at) + 1
    return text[start : start + len(text[start:]) - len(text[start:].lstrip(" \t"))]


def _with(text: str, node: PlacedValue, key: str | int, value: Plain, in_json: bool) -> str:
    """A new item behind the last, in its style."""
    last = node.items[-1] if node.items else None
    on_lines = "\n" in text[node.start : last.start if last else node.end]
    indent = _indent(text, last.start) if last else _indent(text, node.start) + "  "
    said = _said(text if on_lines else "", value, indent, in_json)
    if isinstance(key, str):
        always = in_json or (last is not None and text[last.start] == '"')
        name = json.dumps(key) if always or not BARE.fullmatch(key) else key
        said = f"{name}: {said}" if in_json else f"{name} = {said}"
    if last is None:
        between = f"\n{indent}{said}\n{_indent(text, node.start)}" if on_lines or (in_json and "\n" in text) else f" {said} "
        return text[: node.start + 1] + (between if node.opens == "{" else between.strip(" ")) + text[node.end - 1 :]
    after = _comma(text, last.node.end)
    needs = in_json or node.opens == "[" or not on_lines or any(_comma(text, each.node.end) for each in node.items)
    line_end = text.find("\n", last.node.end, node.end)
    if not on_lines or line_end < 0:
        return text[: last.node.end] + (", " if needs else " ") + said + text[last.node.end :]
    trailing = "," if after and not in_json else ""
    comma = "" if after or not needs else ","
    grown = text[: last.node.end] + comma + text[last.node.end : line_end] + f"\n{indent}{said}{trailing}" + text[line_end:]
    is_line = not in_json and isinstance(key, str) and "\n" not in said
    return _in_columns(grown, node.start) if is_line and _aligned(text, node) else grown


def _comma(text: str, at: int) -> int:
    """Where the comma after an item ends; 0 where none follows."""
    token = token_at(text, at, True)
    return token.end if token.text == "," else 0


def _without(text: str, node: PlacedValue, item: Item) -> str:
    """An item gone, with its comma and its lines."""
    index = node.items.index(item)
    after = _comma(text, item.node.end)
    start, end = item.start, after or item.node.end
    line, stop = text.rfind("\n", 0, start) + 1, text.find("\n", end)
    alone = not text[line:start].strip() and stop >= 0 and not text[end:stop].strip()
    if index == len(node.items) - 1 and index:
        before = node.items[index - 1].node.end
        return text[:before] + (text[_comma(text, before) or before : line] + text[stop + 1 :] if alone else text[end:])
    if alone:
        return text[:line] + text[stop + 1 :]
    return text[:start] + text[end:].lstrip(" ")


def _in_columns(text: str, at: int) -> str:
    """The object's last lines with their ``=`` in one column."""
    run = _run(_read(text, at, 0)[0], text)
    widest = max((_name(text, each) for each in run), default=0)
    for each in reversed(run):
        end = each.start + _name(text, each)
        text = text[:end] + " " * (widest - _name(text, each) + 1) + text[each.sign :]
    return text


def _aligned(text: str, node: PlacedValue) -> bool:
    run = _run(node, text)
    return len({each.sign - text.rfind("\n", 0, each.start) for each in run}) < 2 and any(
        each.sign - each.start == _name(text, each) + 1 for each in run
    )


def _run(node: PlacedValue, text: str) -> list[Item]:
    """The last lines of an object that share a column: each has one key, and its value ends on the line."""
    run: list[Item] = []
    for each in node.items:
        if run and text.count("\n", run[-1].start, each.start) != 1:
            run = []
        alone = not text[text.rfind("\n", 0, each.start) + 1 : each.start].strip() and "\n" not in text[each.start : each.node.end]
        run = [*run, each] if alone else []
    return run


def _name(text: str, item: Item) -> int:
    return len(text[item.start : item.sign].rstrip(" \t"))

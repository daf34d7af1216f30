"""Plain data as HCL text, and the columns that `terraform fmt` puts it in.

hashicorp/hcl, hclwrite/format.go (formatCells): consecutive lines whose value ends on the line share the column of ``=``,
consecutive trailing comments share theirs; a blank line, a comment line or a value over several lines ends the run.
Texts here are latin-1 views of UTF-8 bytes, as in `_hcl_expr`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from setright.lenses._hcl_expr import HEREDOC, Attribute, Node
from setright.lenses._hcl_parse import BlockNode
from setright.lenses.error import LensError
from setright.model import Plain, Unknown
from setright.patterns import late

IDENTIFIER = late(r"[^\W\d][\w-]*")
NAMED = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
COMMENT = late(r"(?:[ \t]*,)?([ \t]*)(?=\#|//)")

Splice = tuple[int, int, str]


class Alignment(NamedTuple):
    """Whether an attribute's ``=``, and its trailing comment, stand where fmt puts them."""

    sign: bool
    comment: bool


def splice(text: str, splices: Sequence[Splice]) -> str:
    """The text with parts replaced; the parts must not overlap."""
    parts: list[str] = []
    at = 0
    for start, end, new in sorted(splices):
        parts += (text[at:start], new)
        at = end
    return "".join((*parts, text[at:]))


def wide(words: str) -> str:
    """UTF-8 text in the latin-1 view."""
    try:
        return words.encode().decode("latin-1")
    except UnicodeEncodeError as error:
        raise LensError(f"{words!r} has characters that UTF-8 cannot hold") from error


def quoted(words: str) -> str:
    escaped = re.sub(r'[\\"\x00-\x1f\x7f]', lambda x: NAMED.get(x[0], f"\\u{ord(x[0]):04x}"), words)
    return wide('"' + re.sub(r"([$%])\{", r"\1\1{", escaped) + '"')


def identifier(name: Plain) -> str:
    """A name that may stand bare."""
    if not isinstance(name, str) or not IDENTIFIER.fullmatch(name):
        raise LensError(f"{name!r} cannot be the name of an argument or block")
    return wide(name)


def key_text(name: Plain) -> str:
    """An object's key: bare where it can be."""
    if not isinstance(name, str):
        raise LensError(f"{name!r} cannot be the key of an object")
    return wide(name) if IDENTIFIER.fullmatch(name) else quoted(name)


def literal(value: Plain) -> str:
    """The value on one line."""
    if isinstance(value, Unknown):
        return wide(value.text)
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, int | float) and value - value == 0:
        return repr(value)
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key_text(k)} = {literal(v)}" for k, v in value.items()) + " }" if value else "{}"
    raise LensError(f"{value!r} cannot be written in HCL")


def heredoc(text: str, node: Node, value: str) -> str | None:
    """The value in the form of the heredoc that stands at a node; None where there is none, or it cannot hold the value."""
    found = HEREDOC.match(text, node.start)
    if found is None or not value.endswith("\n") or any(line.strip() == found[2] for line in value.splitlines()):
        return None
    start, end = found.end(), line_start(text, node.end)
    filled = [line for line in text[start:end].split("\n") if line.strip()]
    shared = min((len(line) - len(line.lstrip()) for line in filled), default=0) if found[1] else 0
    indent = filled[0][:shared] if filled else ""
    words = re.sub(r"([$%])\{", r"\1\1{", wide(value))
    lines = (indent + line if line.strip() else line for line in words.splitlines(keepends=True))
    return text[node.start : start] + "".join(lines) + text[end : node.end]


def spread(value: Plain, indent: str, newline: str) -> str:
    """The value of an argument: an object takes a line for each key."""
    if not isinstance(value, dict) or not value:
        return literal(value)
    lines = aligned([(key_text(k), spread(v, indent + "  ", newline)) for k, v in value.items()], indent + "  ")
    return newline.join(["{", *lines, indent + "}"])


def aligned(pairs: Sequence[tuple[str, str]], indent: str) -> list[str]:
    """`name = value` lines, their ``=`` where fmt puts it."""
    lines: list[str] = []
    run: list[tuple[str, str]] = []
    for pair in [*pairs, ("", "\n")]:
        if "\n" not in pair[1]:
            run.append(pair)
            continue
        width = max((len(name) for name, _ in run), default=0)
        lines += [f"{indent}{name:{width}} = {value}" for name, value in run]
        lines += [f"{indent}{pair[0]} = {pair[1]}"] if pair[0] else []
        run = []
    return lines


def blocks_in(value: Plain) -> bool:
    """Whether a new value is written as blocks: a list of mappings."""
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def block(labels: Sequence[str], body: Mapping[str, Plain], indent: str, newline: str) -> str:
    """A whole block, its first line not indented."""
    heading = " ".join([identifier(labels[0]), *map(label, labels[1:])]) + " {"
    if not body:
        return heading + "}"
    inner = indent + "  "
    pairs = [(identifier(k), spread(v, inner, newline)) for k, v in body.items() if not blocks_in(v)]
    nested = [inner + block([k], item, inner, newline) for k, v in body.items() if blocks_in(v) for item in v]
    parts = [newline.join(aligned(pairs, inner))] if pairs else []
    return newline.join([heading, (newline * 2).join(parts + nested), indent + "}"])


def label(words: Plain) -> str:
    if not isinstance(words, str) or re.search(r'[\\"\x00-\x1f$%]', words):
        raise LensError(f"{words!r} cannot be the label of a block")
    return wide(f'"{words}"')


# --- columns ------------------------------------------------------------------------------------------------------


def line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def width(text: str, start: int, end: int) -> int:
    """Characters, not bytes."""
    return len(text[start:end].encode("latin-1").decode())


def columns(text: str, items: Sequence[Attribute | BlockNode]) -> dict[str, Alignment]:
    """What fmt would leave as it is, by attribute name."""
    found: dict[str, Alignment] = {}
    for run in aligned_runs(text, items):
        signs = not list(sign_splices(text, run))
        for item in run:
            found[item.name] = Alignment(signs, True)
        for part in commented(text, run):
            fine = not list(comment_splices(text, part))
            found.update((item.name, Alignment(signs, fine)) for item in part)
    return found


def settled(text: str, items: Sequence[Attribute | BlockNode], before: Mapping[str, Alignment]) -> Iterator[Splice]:
    """The splices that align each run again whose lines were aligned before; new lines always count as aligned."""
    fine = Alignment(True, True)
    for run in aligned_runs(text, items):
        if all(before.get(item.name, fine).sign for item in run):
            yield from sign_splices(text, run)


def settled_comments(text: str, items: Sequence[Attribute | BlockNode], before: Mapping[str, Alignment]) -> Iterator[Splice]:
    fine = Alignment(True, True)
    for run in aligned_runs(text, items):
        for part in commented(text, run):
            if all(before.get(item.name, fine).comment for item in part):
                yield from comment_splices(text, part)


def aligned_runs(text: str, items: Sequence[Attribute | BlockNode]) -> Iterator[list[Attribute]]:
    """The attributes that fmt aligns with each other; one whose value takes several lines is a run of its own."""
    run: list[Attribute] = []
    for item in items:
        if run and (not in_column(text, item) or text.count("\n", run[-1].end, item.start) != 1):
            yield run
            run = []
        if isinstance(item, Attribute) and in_column(text, item):
            run.append(item)
        elif isinstance(item, Attribute) and has_own_line(text, item):
            yield [item]
    if run:
        yield run


def in_column(text: str, item: Attribute | BlockNode) -> bool:
    """Whether the item is an argument whose ``=`` shares its column with its neighbours'."""
    if isinstance(item, BlockNode) or not has_own_line(text, item):
        return False
    return "\n" not in text[item.start : item.end] or text.startswith("<<", item.node.start)


def has_own_line(text: str, item: Attribute) -> bool:
    return text[item.sign] == "=" and not text[line_start(text, item.start) : item.start].strip(" \t")


def sign_splices(text: str, run: Sequence[Attribute]) -> Iterator[Splice]:
    ends = [item.start + len(text[item.start : item.sign].rstrip(" \t")) for item in run]
    leads = [width(text, line_start(text, item.start), end) for item, end in zip(run, ends, strict=True)]
    for item, end, lead in zip(run, ends, leads, strict=True):
        blank = " " * (max(leads) - lead + 1)
        if text[end : item.sign] != blank:
            yield end, item.sign, blank


def comment_at(text: str, item: Attribute) -> tuple[int, int] | None:
    """Where the blank before a trailing comment starts and ends; None: there is no comment."""
    found = COMMENT.match(text, item.end)
    return found.span(1) if found else None


def commented(text: str, run: Sequence[Attribute]) -> Iterator[list[Attribute]]:
    """The parts of a run in which each line ends in a comment."""
    part: list[Attribute] = []
    for item in run:
        if comment_at(text, item) is not None:
            part.append(item)
        elif part:
            yield part
            part = []
    if part:
        yield part


def comment_splices(text: str, part: Sequence[Attribute]) -> Iterator[Splice]:
    blanks = [found for item in part if (found := comment_at(text, item)) is not None]
    ends = [width(text, line_start(text, start), start) for start, _ in blanks]
    for (start, at), end in zip(blanks, ends, strict=True):
        blank = " " * (max(ends) - end + 1)
        if text[start:at] != blank:
            yield start, at, blank

"""What is new in HCL text: arguments, blocks, keys of objects and items of lists, in the style of their neighbours.

hashicorp/hcl, hclsyntax/spec.md. Each function gives the splices that add; nothing here changes what is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from setright.lenses import _hcl_write as write
from setright.lenses._hcl_expr import END, Attribute, Node
from setright.lenses._hcl_parse import BlockNode, Body
from setright.lenses._hcl_places import Place, after_comma, indent_at, inner_indent, line_end, on_one_line
from setright.lenses._hcl_write import Splice
from setright.lenses.error import LensError
from setright.lenses.lines import newline_of
from setright.model import Path, Plain

LAST = ("count", "depends_on", "for_each", "labels", "provider", "tags")  # what people put at the end, behind an empty line
LABELLED = ("dynamic", "provisioner")  # the blocks within blocks that have a label


def nest(path: Path, value: Plain) -> Plain:
    """The value as it stands below a new path."""
    for segment in reversed(path):
        if isinstance(segment, int) and segment != 0:
            raise LensError(f"{'/'.join(map(str, path))}: a new list starts with item 0")
        value = [value] if segment == 0 and isinstance(segment, int) else {segment: value}
    return value


def add_to_body(text: str, body: Body, here: Place, rest: Path, value: Plain) -> Iterator[Splice]:
    """A new argument or block. `here` is the body's block, or the body itself where it is the file."""
    name, top = rest[0], isinstance(here, Body)
    known = [item for item in body.items if isinstance(item, BlockNode) and item.labels[0] == name]
    if known and not top and name not in LABELLED and rest[1:2] == (len(known),):
        rest = (name, 0, *rest[2:])
    elif top or name in LABELLED:
        rest = next_index(body, rest)
    wanted = list(blocks((name,), nest(rest[1:], value), top or name in LABELLED))
    if not wanted:
        yield add_attribute(text, body, here, name, nest(rest[1:], value))
    for labels, tree_ in wanted[:1]:
        yield add_block(text, body, here, labels, [tree_, *(x for other, x in wanted[1:] if other == labels)])
    if any(labels != wanted[0][0] for labels, _ in wanted[1:]):
        raise LensError(f"{'/'.join(map(str, rest))}: blocks with different labels are added one by one")


def next_index(body: Body, path: Path) -> Path:
    """The path with index 0 in place of the number of blocks that are there: the next one."""
    count = next((n for n, segment in enumerate(path) if isinstance(segment, int)), len(path))
    there = sum(isinstance(item, BlockNode) and item.labels == path[:count] for item in body.items)
    return (*path[:count], 0, *path[count + 1 :]) if path[count : count + 1] == (there,) else path


def blocks(labels: tuple[Plain, ...], value: Plain, labelled: bool) -> Iterator[tuple[tuple[Plain, ...], dict[str, Plain]]]:
    """The blocks that a new value stands for, none where it is an argument."""
    if write.blocks_in(value):
        yield from ((labels, item) for item in value)
    elif labelled and isinstance(value, dict):
        for name, inner in value.items():
            yield from blocks((*labels, name), inner, True)


def add_attribute(text: str, body: Body, here: Place, name: Plain, value: Plain) -> Splice:
    newline, anchor = newline_of(text), anchor_of(text, body)
    indent = inner_indent(text, body, here)
    word, words = write.identifier(name), write.spread(value, indent, newline)
    pad = " "
    if anchor and "\n" not in words and write.in_column(text, anchor):
        pad = " " * max(1, anchor.sign - anchor.start - len(word))
    line = f"{indent}{word}{pad}= {words}"
    if anchor is None or on_one_line(text, body):
        return open_up(text, body, here, line, before_blocks=True)
    at = line_end(text, anchor.end)
    if "\n" not in words:
        return at, at, newline + line
    following = text[at:].removeprefix(newline).partition(newline)[0].strip()
    return at, at, newline * 2 + line + (newline if following and not following.startswith("}") else "")


def anchor_of(text: str, body: Body) -> Attribute | None:
    """The argument after which a new one goes: the last on one line before the blocks, else the last before them.

    What people put at the end, behind an empty line, stays there.
    """
    first = next((n for n, item in enumerate(body.items) if isinstance(item, BlockNode)), len(body.items))
    before = [item for item in body.items[:first] if isinstance(item, Attribute)]
    before = before or [item for item in body.items if isinstance(item, Attribute)]
    while len(before) > 1 and before[-1].name in LAST and _stands_apart(text, *before[-2:]):
        before.pop()
    return next((item for item in reversed(before) if write.in_column(text, item)), before[-1] if before else None)


def _stands_apart(text: str, one: Attribute, other: Attribute) -> bool:
    return not text[line_end(text, one.end) : other.start].strip() and text.count("\n", one.end, other.start) > 1


def add_block(text: str, body: Body, here: Place, labels: Sequence[Plain], trees: Sequence[dict[str, Plain]]) -> Splice:
    newline, indent = newline_of(text), inner_indent(text, body, here)
    texts = [indent + write.block(labels, item, indent, newline) for item in trees]
    if not body.items or on_one_line(text, body):
        return open_up(text, body, here, (newline * 2).join(texts), before_blocks=False)
    anchor, gap = after_which(text, body, labels, isinstance(here, Body))
    at = line_end(text, anchor.end)
    return at, at, "".join(newline * gap + each for each in texts)


def after_which(text: str, body: Body, labels: Sequence[Plain], top: bool) -> tuple[Attribute | BlockNode, int]:
    """The item that a new block follows, and the newlines between them."""
    if top:
        akin = [
            x
            for x in body.items
            if isinstance(x, BlockNode) and len(labels) > 1 and (x.labels[0], x.labels[-1]) == (labels[0], labels[-1])
        ]
        return max(akin, key=lambda x: (kinship(x, labels), x.start), default=body.items[-1]), 2
    akin = [item for item in body.items if isinstance(item, BlockNode) and item.labels[0] == labels[0]]
    anchor = akin[-1] if akin else body.items[-1]
    index = body.items.index(anchor)
    if isinstance(anchor, BlockNode) and index and isinstance(body.items[index - 1], BlockNode):
        return anchor, min(2, max(1, text.count("\n", body.items[index - 1].end, anchor.start)))
    return anchor, 2


def kinship(item: BlockNode, labels: Sequence[Plain]) -> int:
    """How many words the types of two resources share: aws_s3_bucket_acl is closer to aws_s3_bucket than aws_s3_object is."""
    pairs = zip(item.labels[1].split("_"), str(labels[1]).split("_"), strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), len(item.labels[1].split("_")))


def open_up(text: str, body: Body, here: Place, lines: str, before_blocks: bool) -> Splice:
    """New lines in a body that has none to follow, or that stands on one line with its braces."""
    newline = newline_of(text)
    if isinstance(here, Body):
        return add_to_file(text, body, lines)
    assert isinstance(here, BlockNode)
    indent = inner_indent(text, body, here)
    if on_one_line(text, body):
        only = text[body.start : body.end].strip(" \t")
        between = newline if before_blocks else newline * 2
        inner = newline + (indent + only + between if only else "") + lines + newline
        return body.start, body.end, inner + indent_at(text, here.start)
    if body.items and before_blocks:
        at = line_end(text, body.start)
        return at, at, newline + lines + newline
    at = write.line_start(text, body.end)
    return at, at, lines + newline


def add_to_file(text: str, body: Body, lines: str) -> Splice:
    newline = newline_of(text)
    if body.items and isinstance(body.items[0], BlockNode):
        at = write.line_start(text, body.items[0].start)
        return at, at, lines + newline * 2
    gap = "" if not text.strip("\xef\xbb\xbf \t\r\n") else newline if text.endswith("\n") else newline * 2
    return len(text), len(text), gap + lines + newline


def add_element(text: str, node: Node, name: Plain, value: Plain) -> Splice:
    """A new key of an object literal, in the object's style."""
    items = [item for item in node.items or () if isinstance(item, Attribute)]
    if not items and "\n" not in text[node.start : node.end]:
        return node.start + 1, node.end - 1, f" {write.key_text(name)} = {write.literal(value)} "
    if not items:
        at = write.line_start(text, node.end - 1)
        return at, at, f"{indent_at(text, node.start)}  {write.key_text(name)} = {write.literal(value)}{newline_of(text)}"
    last = items[-1]
    sign = ":" if text[last.sign] == ":" else "="
    before = text[last.start + len(text[last.start : last.sign].rstrip(" \t")) : last.sign]
    always_quoted = all(text[item.start] == '"' for item in items)
    word = write.quoted(str(name)) if always_quoted and isinstance(name, str) else write.key_text(name)
    pad = before[:1]
    if sign == "=" and "\n" in text[node.start : last.start]:
        pad = " " * max(len(pad), last.sign - last.start - len(word))
    return follow(text, last, f"{word}{pad}{sign} {write.literal(value)}", comma_needed=False)


def append(text: str, node: Node, value: Plain) -> Iterator[Splice]:
    """A new item of a list, in the list's style."""
    if node.items:
        yield follow(text, node.items[-1], write.literal(value), comma_needed=True)
        return
    if "\n" not in text[node.start : node.end]:
        yield node.start + 1, node.end - 1, write.literal(value)
        return
    at = write.line_start(text, node.end - 1)
    yield at, at, f"{indent_at(text, node.start)}  {write.literal(value)},{newline_of(text)}"


def follow(text: str, last: Attribute | Node, new: str, comma_needed: bool) -> Splice:
    """The new item after the last one: on the same line, or on a line of its own where the last has one."""
    end = after_comma(text, last.end)
    comma = "," if end > last.end else ""
    if not END.match(text, end):
        return last.end, last.end, f", {new}"
    at = line_end(text, end)
    tail = text[end:at]
    line = f"{newline_of(text)}{indent_at(text, last.start)}{new}{comma}"
    return last.end, at, ("," if comma or comma_needed else "") + tail + line

"""HCL source as nodes with byte offsets: bodies of arguments and blocks.

HCL native syntax specification (hashicorp/hcl, hclsyntax/spec.md), as Terraform 0.12 and later use it.
"""

from __future__ import annotations

import re

from setright.lenses._hcl_expr import BLANK, DEPTH, END, EOL, LITERAL, NAME, SPACE, Attribute, Expressions
from setright.lenses._recent import recent
from setright.lenses.error import LensError
from setright.model import Path, Tree, Unknown

LABELS = rf'(?:"[^"\\$%\x00-\x1f]*+"[ \t]*+|{NAME}[ \t]*+)*+'
ITEM = re.compile(rf"({NAME})[ \t]*+(?:=(?![=>])[ \t]*+(?:{LITERAL}[ \t]*+{EOL})?|({LABELS})(\{{))")
LABEL = re.compile(rf'"([^"]*)"|({NAME})')


class Body:
    """What stands between a block's braces, or the whole file."""

    __slots__ = ("_named", "attributes", "end", "items", "start")

    def __init__(self, start: int) -> None:
        self.start = self.end = start
        self.items: list[Attribute | BlockNode] = []
        self.attributes: dict[str, Attribute] = {}
        self._named: tuple[int, dict[tuple[str, ...], list[BlockNode]]] | None = None

    def named(self, labels: Path) -> list[BlockNode]:
        """The blocks with these labels, in order."""
        if self._named is None or self._named[0] != len(self.items):
            found: dict[tuple[str, ...], list[BlockNode]] = {}
            for item in self.items:
                if isinstance(item, BlockNode):
                    found.setdefault(item.labels, []).append(item)
            self._named = len(self.items), found
        return self._named[1].get(tuple(map(str, labels)), [])


class BlockNode:
    """`labels[0] "labels[1]"... { body }`."""

    __slots__ = ("body", "end", "labels", "start")

    def __init__(self, labels: tuple[str, ...], start: int, body: Body) -> None:
        self.labels, self.start, self.body, self.end = labels, start, body, 0


@recent
def read_hcl(source: bytes) -> tuple[str, Body]:
    """The text and its nodes. Raises LensError with the line of what is no HCL."""
    try:
        source.decode()
    except UnicodeDecodeError as error:
        raise LensError(f"line {source.count(bytes([10]), 0, error.start) + 1}: not UTF-8") from error
    text = source.decode("latin-1")
    return text, parsed(text)


@recent
def parsed(text: str) -> Body:
    """The nodes of a text. What an edit gives is read again by the next edit, by the check of the put and by the next look."""
    return Parser(text).file()


def tree(body: Body) -> Tree:
    """A body as plain data; labels nest, the block itself is an item of a list."""
    out: Tree = {name: attribute.node.value for name, attribute in body.attributes.items()}
    for item in body.items:
        if isinstance(item, BlockNode):
            _nest(out, item, body)
    return out


def _nest(out: Tree, block: BlockNode, body: Body) -> None:
    name, node = block.labels[-1], out
    if block.labels[0] in body.attributes:  # Terraform refuses it: which of the two is meant?
        out[block.labels[0]] = Unknown(f"{block.labels[0]!r}, given both as an argument and as a block")
        return
    for label in block.labels[:-1]:
        node = node.setdefault(label, {})
        if not isinstance(node, dict):
            raise LensError(f"{' '.join(block.labels)}: blocks of one type with different numbers of labels")
    blocks = node.setdefault(name, [])
    if not isinstance(blocks, list):
        raise LensError(f"{' '.join(block.labels)}: blocks of one type with different numbers of labels")
    blocks.append(tree(block.body))


class Parser(Expressions):
    """A recursive descent over the text; every method raises LensError with the line of what it cannot read."""

    within = 0  # how many blocks that are written as values are open

    def file(self) -> Body:
        root = Body(0)
        self.fill(root, 3 if self.text.startswith("\xef\xbb\xbf") else 0, [])
        root.end = len(self.text)
        return root

    def fill(self, body: Body, pos: int, open_blocks: list[BlockNode]) -> int:
        """What stands in a body, up to the end of the file or of the one block that is open at first; gives where that is."""
        text, outer, whole = self.text, [body], not open_blocks
        while True:
            pos = SPACE.match(text, pos).end()  # type: ignore[union-attr]  # matches the empty string too
            if pos >= len(text):
                break
            if text[pos] == "}" and open_blocks:
                pos = self.close(open_blocks.pop(), pos)
                if not open_blocks and not whole:
                    return pos
                body = outer.pop()
                continue
            item, pos = self.item(body, pos)
            body.items.append(item)
            if isinstance(item, BlockNode) and not item.end:
                if len(open_blocks) >= DEPTH:
                    raise self.fail(item.start, f"more than {DEPTH} blocks within each other")
                open_blocks.append(item)
                outer.append(body)
                body = item.body
        if open_blocks:
            raise self.fail(open_blocks[-1].start, f"block {' '.join(open_blocks[-1].labels)} is not closed")
        return pos

    def close(self, block: BlockNode, pos: int) -> int:
        block.body.end, block.end = pos, pos + 1
        return self.line_end(pos + 1)

    def line_end(self, pos: int) -> int:
        found = END.match(self.text, pos)
        if found is None:
            raise self.fail(pos, "a newline must follow here")
        return found.end()

    def item(self, body: Body, pos: int) -> tuple[Attribute | BlockNode, int]:
        found = ITEM.match(self.text, pos)
        if found is None:
            raise self.fail(pos, self.why_no_item(pos))
        if found[6] is not None:
            return self.block(found)
        try:
            attribute = self.attribute(found)
        except LensError as error:
            block = self.assigned(found, error)
        else:
            if not isinstance(attribute.node.value, dict) or not self.is_repeated(body, attribute.name):
                self.enter(body, attribute)
                return attribute, self.line_end(attribute.end)
            block = self.assigned(found, self.given_twice(attribute))
        if first := body.attributes.pop(block.labels[0], None):
            body.items[body.items.index(first)] = self.as_block(first)
        return block, self.line_end(block.end)

    def is_repeated(self, body: Body, name: str) -> bool:
        """Whether an object of the name stands in the block already, or several of them, which are blocks to Terraform 0.11."""
        if not body.start:
            return False
        first = body.attributes.get(name)
        if first is not None:
            return isinstance(first.node.value, dict)
        return any(isinstance(item, BlockNode) and item.labels == (name,) for item in body.items)

    def as_block(self, first: Attribute) -> BlockNode:
        found = ITEM.match(self.text, first.start)
        if found is None:
            raise self.given_twice(first)
        return self.assigned(found, self.given_twice(first))

    def given_twice(self, attribute: Attribute) -> LensError:
        return self.fail(attribute.start, f"{attribute.name} is given twice")

    def assigned(self, found: re.Match[str], error: LensError) -> BlockNode:
        """`name = {` as a block, as Terraform 0.11 reads it where it holds blocks. Raises the error where it is none."""
        opening = self.skip(found.end(), False)
        if not self.text.startswith("{", opening) or self.within >= DEPTH:
            raise error
        block = BlockNode((self.name(found[1], found.start()),), found.start(), Body(opening + 1))
        self.within += 1
        try:
            self.fill(block.body, opening + 1, [block])
        except LensError:
            raise error from None
        finally:
            self.within -= 1
        return block

    def why_no_item(self, pos: int) -> str:
        if self.text[pos] == '"':
            return "a quoted argument name is Terraform 0.11 syntax; upgrade the file first"
        return "an argument (name = value) or a block (name {) must stand here"

    def enter(self, body: Body, attribute: Attribute) -> None:
        if attribute.name in body.attributes:
            raise self.given_twice(attribute)
        body.attributes[attribute.name] = attribute

    def attribute(self, found: re.Match[str]) -> Attribute:
        name, string, number, word, _, _ = found.groups()
        name = self.name(name, found.start())
        sign = self.text.index("=", found.end(1))
        group = 2 if string is not None else 3 if number is not None else 4 if word is not None else 0
        if not group:
            return Attribute(name, found.start(), sign, self.expression(found.end(), False, 0))
        return Attribute(name, found.start(), sign, self.literal(found, group))

    def block(self, found: re.Match[str]) -> tuple[BlockNode, int]:
        text, pos = self.text, found.end()
        labels = (
            self.name(found[1], found.start()),
            *(self.utf8(x[1] if x[1] is not None else x[2]) for x in LABEL.finditer(found[5])),
        )
        block = BlockNode(labels, found.start(), Body(pos))
        if END.match(text, pos):
            return block, pos
        pos = BLANK.match(text, pos).end()  # type: ignore[union-attr]  # matches the empty string too
        if not text.startswith("}", pos):
            inner = ITEM.match(text, pos)
            if inner is None or inner[6] is not None:
                raise self.fail(pos, "a block on one line holds one argument at most")
            only = self.attribute(inner)
            block.body.items.append(only)
            self.enter(block.body, only)
            pos = BLANK.match(text, only.end).end()  # type: ignore[union-attr]  # matches the empty string too
        if not text.startswith("}", pos):
            raise self.fail(pos, "a block on one line must end with } after its one argument")
        return block, self.close(block, pos)

"""One edit on HCL text: where on the path it starts, and the splices that make it.

hashicorp/hcl, hclsyntax/spec.md. What is not named by the edit stays byte for byte, but for the columns of ``=`` and of
trailing comments on neighbouring lines that `terraform fmt` would move.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from setright.lenses import _hcl_add as add
from setright.lenses import _hcl_write as write
from setright.lenses._hcl_expr import END, Attribute, Node
from setright.lenses._hcl_parse import BlockNode, Body, parsed, tree
from setright.lenses._hcl_places import Place, after_comma, body_of, descend, in_lines, indent_at, line_end
from setright.lenses._hcl_write import Splice
from setright.lenses.comments import in_hcl, outlives
from setright.lenses.edited import find_at
from setright.lenses.error import LensError
from setright.lenses.lines import newline_of, next_line
from setright.model import Edit, Path, Plain
from setright.trees import same


def changed(text: str, edit: Edit) -> str:
    """The text with the edit made. Raises LensError where it has no place to go."""
    root = parsed(text)
    there, have = find_at(tree(root), edit.path)
    if (edit.remove and not there) or (not edit.remove and there and same(have, edit.value)):
        return text
    if there and not edit.remove and edit.value == []:
        inside, blocks = blocks_of(root, edit.path)
        if blocks:
            return realigned(text, root, inside, none_of(text, blocks))
    if there and not edit.remove:
        smaller = list(smallest_edits(edit.path, have, edit.value))
        if smaller != [edit]:
            for each in smaller:
                text = changed(text, each)
            return text
    inside, splices = primitive(text, root, edit)
    return realigned(text, root, inside, splices)


def realigned(text: str, root: Body, inside: int, splices: Sequence[Splice]) -> str:
    """The splices made, and the container that starts at `inside` aligned again where it was before."""
    before = write.columns(text, items_at(root, inside))
    text = write.splice(text, in_lines(text, splices))
    signs = list(write.settled(text, items_at(parsed(text), inside), before))
    text = write.splice(text, signs)
    if "#" not in text and "//" not in text:
        return text
    return write.splice(text, list(write.settled_comments(text, items_at(parsed(text), inside), before)))


def items_at(root: Body, start: int) -> list[Attribute | BlockNode]:
    """The items of the body or object literal that starts there."""
    here: Body | Node = root
    while here.start != start:
        inner = next((child for child in children(here) if child.start <= start < child.end), None)
        if inner is None:
            return []
        here = inner
    return [item for item in here.items or () if isinstance(item, Attribute | BlockNode)]


def children(place: Body | Node) -> Iterator[Body | Node]:
    for item in place.items or ():
        yield item.body if isinstance(item, BlockNode) else item.node if isinstance(item, Attribute) else item


def smallest_edits(path: Path, have: Plain, want: Plain) -> Iterator[Edit]:
    """The smallest edits that make one value the other, so that comments between its parts stay."""
    if isinstance(have, dict) and isinstance(want, dict):
        yield from (Edit((*path, name), remove=True) for name in have if name not in want)
        for name, value in want.items():
            if name in have and same(have[name], value):
                continue
            yield from smallest_edits((*path, name), have[name], value) if name in have else [Edit((*path, name), value)]
    elif isinstance(have, list) and isinstance(want, list):
        yield from list_leaves(path, have, want)
    else:
        yield Edit(path, want)


def list_leaves(path: Path, have: list[Plain], want: list[Plain]) -> Iterator[Edit]:
    if have and all(isinstance(item, dict) for item in have + want):
        for index, (old, new) in enumerate(zip(have, want, strict=False)):
            if not same(old, new):
                yield from smallest_edits((*path, index), old, new)
        kept, gone = want[: len(have)], range(len(want), len(have))
    else:
        gone = range(0)
        kept = [item for item in have if any(same(item, other) for other in want)]
        moved = [n for n, (a, b) in enumerate(zip(have, want, strict=False)) if not same(a, b)]
        if len(have) == len(want) and not any(_is_among(have[n], want) or _is_among(want[n], have) for n in moved):
            yield from (Edit((*path, n), want[n]) for n in moved)
            return
        if not same(kept, want[: len(kept)]):
            yield Edit(path, want)
            return
        yield from (Edit((*path, n), remove=True) for n in reversed(range(len(have))) if not any(same(have[n], x) for x in want))
    yield from (Edit((*path, n), remove=True) for n in reversed(gone))
    yield from (Edit((*path, len(kept) + n), value) for n, value in enumerate(want[len(kept) :]))


def _is_among(item: Plain, items: list[Plain]) -> bool:
    return any(same(item, other) for other in items)


def primitive(text: str, root: Body, edit: Edit) -> tuple[int, list[Splice]]:
    """The start of the container to align again, and the splices of one edit that is not a sum of smaller ones."""
    parent, here, rest = descend(root, edit.path)
    if edit.remove:
        return remove_at(text, parent, here, rest)
    if not rest:
        return replace_at(text, parent, here, edit.value)
    body = body_of(here)
    if body is not None:
        return body.start, list(add.add_to_body(text, body, here, rest, edit.value))
    node = here.node if isinstance(here, Attribute) else here
    assert isinstance(node, Node)
    if node.items is None and node.value is None:
        return replace_at(text, parent, here, add.nest(rest, edit.value))
    if isinstance(node.value, dict):
        return node.start, [add.add_element(text, node, rest[0], add.nest(rest[1:], edit.value))]
    if isinstance(node.value, list) and rest[0] == len(node.value):
        return node.start, list(add.append(text, node, add.nest(rest[1:], edit.value)))
    raise LensError(f"{'/'.join(map(str, edit.path))}: {text[node.start : node.end][:60]} stands where a mapping or list is needed")


def blocks_of(root: Body, path: Path) -> tuple[int, list[BlockNode]]:
    """Where the body of an outer block starts, and the blocks in it that a path names as a list."""
    _, here, rest = descend(root, path)
    inside = body_of(here)
    if inside is None or inside is root or len(rest) != 1:
        return 0, []
    return inside.start, [item for item in inside.items if isinstance(item, BlockNode) and item.labels == rest]


def none_of(text: str, blocks: Sequence[BlockNode]) -> list[Splice]:
    """An argument that says that there are none, where the first of the blocks of a name stood."""
    first, *others = blocks
    said = [*notes_in(text, first.start, first.end), f"{first.labels[0]} = []"]
    words = (newline_of(text) + indent_at(text, first.start)).join(said)
    return [(first.start, first.end, words), *(_taken_out(text, *each) for each in joined_spans(text, others))]


def replace_at(text: str, parent: Place, here: Place, value: Plain) -> tuple[int, list[Splice]]:
    if isinstance(here, Body | BlockNode):
        raise LensError(f"{value!r} cannot stand in place of a block")
    node = here.node if isinstance(here, Attribute) else here
    several_lines = isinstance(here, Attribute) and "\n" in text[node.start : node.end]
    if several_lines and isinstance(value, str) and (same_form := write.heredoc(text, node, value)) is not None:
        new = same_form
    elif several_lines and isinstance(value, list) and node.items:
        new = multiline_list(value, indent_at(text, node.start), newline_of(text))
    elif several_lines or (isinstance(here, Attribute) and isinstance(parent, Body | BlockNode)):
        new = write.spread(value, indent_at(text, node.start), newline_of(text))
    else:
        new = write.literal(value)
    return container_start(parent), [(node.start, node.end, new)]


def multiline_list(value: list[Plain], indent: str, newline: str) -> str:
    """A list with an item on each line."""
    if not value:
        return "[]"
    return newline.join(["[", *(f"{indent}  {write.literal(item)}," for item in value), indent + "]"])


def container_start(place: Place) -> int:
    body = body_of(place)
    return body.start if body is not None else place.node.start if isinstance(place, Attribute) else place.start


def remove_at(text: str, parent: Place, here: Place, rest: Path) -> tuple[int, list[Splice]]:
    body = body_of(here if rest else parent)
    if body is None:
        node = parent.node if isinstance(parent, Attribute) else parent
        assert isinstance(node, Node) and isinstance(here, Attribute | Node)
        return node.start, list(drop_item(text, node, here))
    gone: list[Attribute | BlockNode] = [here] if isinstance(here, Attribute | BlockNode) and not rest else []
    if rest:
        gone = [item for item in body.items if isinstance(item, BlockNode) and item.labels[: len(rest)] == rest]
    if "\n" not in text[body.start : body.end] and body.start:
        return body.start, [(body.start, body.end, "")]
    return body.start, [_taken_out(text, start, end) for start, end in joined_spans(text, gone)]


def _taken_out(text: str, start: int, end: int) -> Splice:
    """Items gone, from one place to another, but for their comments, which stay there as lines of their own."""
    stop = line_end(text, end)
    if not (kept := notes_in(text, start, stop)):
        return *lines_of(text, start, end), ""
    indent, newline = indent_at(text, start), newline_of(text)
    return write.line_start(text, start), stop, newline.join(indent + note for note in kept)


def notes_in(text: str, start: int, end: int) -> list[str]:
    """The comments of a part of a text that begins and ends outside of strings."""
    notes = (text[start + first : start + last].rstrip() for first, last in in_hcl(text[start:end]))
    return [note for note in notes if outlives(note)]


def joined_spans(text: str, items: Sequence[Attribute | BlockNode]) -> Iterator[tuple[int, int]]:
    """Where items start and end, those as one that only blank lines part."""
    spans = [(item.start, item.end) for item in items]
    while spans:
        start, end = spans.pop(0)
        while spans and not text[end : spans[0][0]].strip():
            end = spans.pop(0)[1]
        yield start, end


def lines_of(text: str, start: int, end: int) -> tuple[int, int]:
    """The lines from an item to an item with its trailing comment, and with one blank line where blank lines would meet."""
    start, end = write.line_start(text, start), next_line(text, end)
    if end == len(text) and not text.endswith("\n"):
        return len(text[:start].removesuffix("\n").removesuffix("\r")), end
    before = re.search(r"(?:\A|\n)([ \t]*\r?\n)\Z", text[max(0, start - 200) : start])
    blank_after = re.match(r"[ \t]*(?:\r?\n|\}|\Z)", text[end : end + 200])
    if before and blank_after:
        return start - len(before[1]), end
    opens = start == 0 or re.search(r"\{[ \t]*\r?\n\Z", text[max(0, start - 200) : start])
    blank = re.match(r"[ \t]*\r?\n", text[end : end + 200])
    return (start, end + blank.end()) if opens and blank else (start, end)


def drop_item(text: str, node: Node, item: Attribute | Node) -> Iterator[Splice]:
    """An item of a list or object literal, with its comma; the comments in it and behind it stay."""
    items = list(node.items or ())
    index = items.index(item)
    start, after = write.line_start(text, item.start), after_comma(text, item.end)
    last = index == len(items) - 1
    alone = not text[start : item.start].strip(" \t") and END.match(text, after)
    if alone:
        stop, indent = line_end(text, after), text[start : item.start]
        notes = newline_of(text).join(indent + note for note in notes_in(text, item.start, stop))
        yield (start, stop, notes) if notes else (start, next_line(text, after), "")
        if last and index and after == item.end:
            before = items[index - 1].end
            comma = after_comma(text, before)
            yield comma - (comma > before), comma, ""
        return
    begin, end = _gap(text, node, index)
    if notes_in(text, begin, end):
        yield from _but_notes(text, item, after)
    else:
        yield begin, end, ""


def _gap(text: str, node: Node, index: int) -> tuple[int, int]:
    """What goes with an item that has no line of its own: the blanks and the comma on one side of it."""
    items = list(node.items or ())
    if index < len(items) - 1:
        return items[index].start, items[index + 1].start
    return (items[index - 1].end, items[index].end) if index else (node.start + 1, node.end - 1)


def _but_notes(text: str, item: Attribute | Node, after: int) -> Iterator[Splice]:
    """An item among comments gone: a comma behind the item before it does no harm in HCL."""
    stop = after + len(text[after:]) - len(text[after:].lstrip(" \t"))
    inner = newline_of(text).join(notes_in(text, item.start, item.end))
    yield item.start, stop, inner + newline_of(text) if inner else ""

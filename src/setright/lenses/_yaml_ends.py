"""What splices need where lines go, or where a file ends without a line break."""

from __future__ import annotations

from collections.abc import Sequence as Listing

from setright.lenses._nodes import Mapping, Node, Scalar, Sequence, Splice
from setright.lenses._yaml_places import content_start
from setright.lenses._yaml_read import Stream


def on_own_line(text: str, splice: Splice, newline: str) -> Splice:
    """What comes behind the last line of a file, as in an empty document, is a line too."""
    start, end, new = splice
    is_behind = start == end == len(text) and text.endswith("\n")
    return (start, end, new + newline) if is_behind and new and not new.endswith("\n") else splice


def stripped(stream: Stream, splices: list[Splice]) -> list[Splice]:
    """A block scalar that ends the file without a line break must say so when lines follow it: its value has none."""
    text = stream.text
    if text.endswith("\n") or not any(start == end == len(text) for start, end, _ in splices):
        return splices
    leaf = _last_leaf(stream.documents[-1]) if stream.documents else None
    if leaf is None or leaf.style not in ("|", ">") or leaf.text.endswith("\n"):
        return splices
    at = content_start(text, leaf)
    given = next((each for each in splices if each[0] <= at < each[1]), None)
    head = given[2] if given else text[at:]
    if head[:1] not in ("|", ">") or head[1:3].strip("0123456789")[:1] in ("-", "+"):
        return splices
    if given is None:
        return [*splices, (at + 1, at + 1, "-")]
    return [(*each[:2], f"{head[0]}-{head[1:]}") if each is given else each for each in splices]


def _last_leaf(node: Node) -> Scalar | None:
    while isinstance(node, Mapping | Sequence) and not node.flow:
        node = node.pairs[-1][1] if isinstance(node, Mapping) else node.items[-1]
    return node if isinstance(node, Scalar) else None


def settled(splices: Listing[Splice], newline: str) -> list[Splice]:
    """Lines that would come inside lines that go (an inner key last, an outer one new) come behind what stays of those."""
    gone = [(start, end) for start, end, new in splices if start < end and (not new or new.endswith("\n"))]
    settled: list[Splice] = []
    for start, end, new in splices:
        behind = next((b for a, b in gone if a < start < b), None) if start == end and new.startswith(newline) else None
        settled.append((start, end, new) if behind is None else (behind, behind, new.removeprefix(newline) + newline))
    return settled


def shifted(notes: Listing[str], indent: int) -> list[str]:
    """Comments, a line each, as far to the left as what they were inside of, at `indent`."""
    margin = min((len(note) - len(note.lstrip(" ")) for note in notes), default=0)
    return [note[max(margin - indent, 0) :] for note in notes]

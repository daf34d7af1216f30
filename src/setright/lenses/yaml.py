"""YAML: Kubernetes manifests, CloudFormation templates and the like; a file is `{"documents": [...]}`, in order.

Keys are strings, as in JSON. A value with a tag of its own (``!Ref Bucket``) is an Unknown of its source text, and an
Unknown in an edit is written as it is; only ``!If [...]`` is the mapping it is short for, `{"Fn::If": [...]}`, so that
each of its branches can be edited. An alias is seen as a copy; what it repeats is not edited through it. What plain
scalars mean is told in `_yaml_read`; what no edit names keeps its spelling.

yaml.org/spec/1.2.2, read by libyaml.
"""

from __future__ import annotations

from collections.abc import Sequence

from setright.lenses._nodes import Alias, Mapping, Node, Scalar, is_merge, plain, spliced
from setright.lenses._nodes import Sequence as Items
from setright.lenses._remarks import with_remark
from setright.lenses._yaml_edit import splices_between
from setright.lenses._yaml_places import content_end
from setright.lenses._yaml_read import Stream, read_yaml
from setright.lenses.edited import edited
from setright.lenses.error import LensError
from setright.model import Edit, Path, Tree

EMPTY = b""


def get(source: bytes) -> Tree:
    """Every document as plain data; an empty one is None."""
    return {"documents": [plain(node) for node in read_yaml(source).documents]}


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """New bytes with the edits in. A value that is there already keeps its spelling."""
    have = get(source)
    want = edited(have, edits)
    if want.keys() != {"documents"} or not isinstance(want["documents"], list):
        raise LensError("a YAML file holds nothing but documents; paths begin with documents and a number")
    stream = read_yaml(source)
    text = stream.mark + spliced(stream.text, splices_between(stream, have["documents"], want["documents"]))
    try:
        return _remarked(text.encode(), edits)
    except UnicodeEncodeError as error:
        raise LensError(f"{text[error.start]!r} cannot be written as UTF-8") from error


def _remarked(source: bytes, edits: Sequence[Edit]) -> bytes:
    """The file with each edit's remark behind its value."""
    wanted = [each for each in edits if each.remark and not each.remove]
    if not wanted:
        return source
    stream, text = read_yaml(source), source.decode()
    stops = {len(source[: _reached(stream, each.path[1:])[0][1]].decode()): each.remark for each in wanted}
    for stop in sorted(stops, reverse=True):
        text = with_remark(text, stop, stops[stop])
    return text.encode()


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where a value stands, in bytes; an empty one stands at its key. Inside an alias it is the alias."""
    if path[:1] != ("documents",) or len(path) < 2:
        raise LensError(f"{'/'.join(map(str, path))}: is no path into a document")
    place, is_there = _reached(read_yaml(source), path[1:])
    if not is_there:
        raise LensError(f"{'/'.join(map(str, path))}: nothing is there")
    return place


def nearest(source: bytes, path: Path) -> tuple[int, int]:
    """Where a value stands, or the nearest thing above it that is there."""
    return _reached(read_yaml(source), path[1:])[0] if path[:1] == ("documents",) else (0, 0)


def _reached(stream: Stream, path: Path) -> tuple[tuple[int, int], bool]:
    """Where the last thing on the path stands, and whether it is the one that the path names."""
    text = stream.text
    node: Node = Items(0, 0, stream.documents)
    start, is_there = 0, True
    for key in path:
        child = _child(node, key)
        is_there = child is not None
        if child is None:
            break
        start, node = child
        if isinstance(node, Alias):
            break
    end = node.end
    if node.start < end:
        start, end = node.start, content_end(text, node)
    mark = len(stream.mark.encode())
    if not text.isascii():
        start, end = len(text[:start].encode()), len(text[:end].encode())
    return (mark + start, mark + end), is_there


def _child(node: Node, key: str | int) -> tuple[int, Node] | None:
    """The node at a key or index, and where its key stands. What comes in through ``<<`` stands there."""
    if node.__class__ is not Mapping:
        if isinstance(node, Items) and isinstance(key, int) and 0 <= key < len(node.items):
            return node.items[key].start, node.items[key]
        return None
    if node.opaque:
        return None
    if pair := node.named(str(key)):
        return pair[0].start, pair[1]
    return next(((k.start, v) for k, v in node.pairs if is_merge(k) and not isinstance(v, Scalar)), None)

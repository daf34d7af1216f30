"""Kustomization files, and Flux's objects of that name: YAML, in which the patches that stand there as text are read too.

A patch that is a literal block or stands in quotes is seen as what it says, `{"documents": [...]}`; one that is written otherwise,
or is no YAML, stays text. Source: kubectl.docs.kubernetes.io, kustomization file (patches, patchesStrategicMerge,
patchesJson6902); Flux, Kustomization (spec.patches).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from setright.lenses import yaml
from setright.lenses.edited import edited, find_at
from setright.lenses.error import LensError
from setright.model import Edit, Path, Plain, Tree

EMPTY = b""
TEXTS = ("patchesStrategicMerge",)
PATCHES = ("patches", "patchesJson6902")


def get(source: bytes) -> Tree:
    """The documents, with their patches as trees."""
    tree = yaml.get(source)
    read = [Edit(place, inner) for place, text in _texts(source, tree) if (inner := _read(text)) is not None]
    return edited(tree, read) if read else tree


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """New bytes with the edits in; what is for a patch is made in its text."""
    texts = {place: text for place, text in _texts(source, yaml.get(source)) if _read(text) is not None}
    inner: dict[Path, list[Edit]] = {}
    outer = []
    for each in edits:
        place = next((place for place in texts if each.path[: len(place)] == place and len(each.path) > len(place)), None)
        if place is None:
            outer.append(each)
        else:
            inner.setdefault(place, []).append(replace(each, path=each.path[len(place) :]))
    changed = [Edit(place, yaml.put(texts[place].encode(), mine).decode()) for place, mine in inner.items()]
    return yaml.put(source, [*changed, *outer])


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where a value stands, in bytes."""
    place, text = _holding(source, path)
    return _outside(source, place, yaml.span(text, path[len(place) :])) if place else yaml.span(source, path)


def nearest(source: bytes, path: Path) -> tuple[int, int]:
    """Where a value stands, or the nearest thing above it that is there."""
    place, text = _holding(source, path)
    return _outside(source, place, yaml.nearest(text, path[len(place) :])) if place else yaml.nearest(source, path)


def _holding(source: bytes, path: Path) -> tuple[Path, bytes]:
    """The patch that a path leads into, with its text; () for none."""
    found = ((place, text.encode()) for place, text in _texts(source, yaml.get(source)) if path[: len(place)] == place != path)
    return next(found, ((), b""))


def _outside(source: bytes, place: Path, inner: tuple[int, int]) -> tuple[int, int]:
    """A span of a patch's text as one of the file: the block's lines are those of the text, further in. Of text in quotes, all."""
    start, end = yaml.span(source, place)
    if not source.startswith(b"|", start):
        return start, end
    body = source.index(b"\n", start) + 1
    lines = source[body:end].splitlines(keepends=True)
    depth = min((len(line) - len(line.lstrip(b" ")) for line in lines if line.strip()), default=0)
    return _shifted(lines, depth, body, inner[0]), _shifted(lines, depth, body, inner[1])


def _shifted(lines: Sequence[bytes], depth: int, at: int, inner: int) -> int:
    for line in lines:
        length = max(len(line) - depth, len(line.lstrip(b" ")))
        if inner < length:
            break
        inner, at = inner - length, at + len(line)
    else:
        return at
    return at + min(depth, len(line) - length) + inner


def _texts(source: bytes, tree: Tree) -> Iterator[tuple[Path, str]]:
    """The patches that stand in the file as literal blocks or in quotes, with their places."""
    for place, value in _places(tree):
        if isinstance(value, str) and source.startswith((b"|", b"'", b'"'), yaml.span(source, place)[0]):
            yield place, value


def _places(tree: Tree) -> Iterator[tuple[Path, Plain]]:
    for at in (("documents", n, *inner) for n, _ in enumerate(tree["documents"]) for inner in ((), ("spec",))):
        for key in (*TEXTS, *PATCHES):
            _, listed = find_at(tree, (*at, key))
            for i, each in enumerate(listed if isinstance(listed, list) else ()):
                if key in TEXTS:
                    yield (*at, key, i), each
                elif isinstance(each, dict):
                    yield (*at, key, i, "patch"), each.get("patch")


def _read(text: str) -> Tree | None:
    """What the text of a patch says; None for what is no patch."""
    try:
        inner = yaml.get(text.encode())
    except LensError:
        return None
    return inner if any(isinstance(each, dict | list) for each in inner["documents"]) else None

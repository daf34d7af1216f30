"""One format a module; each turns bytes into plain data, and edits into new bytes. Pure.

A lens is a module with three functions:

    get(source: bytes) -> dict                      raises LensError on bytes it does not understand
    put(source: bytes, edits: Sequence[Edit]) -> bytes
    span(source: bytes, path: Path) -> tuple[int, int]   where the value at a path stands (byte offsets)

and one of deep trees with a fourth, which `span` below asks for in one step:

    nearest(source: bytes, path: Path) -> tuple[int, int]   where the value stands, or the nearest thing above it

held to laws by tests/test_lenses.py, over every example and every corpus file:

    put(s, []) == s                       nothing asked, nothing changed
    get(put(s, es)) == edited(get(s), es) what was asked is there, and nothing else moved
    put(put(s, es), es) == put(s, es)     asking twice changes nothing more
    comments, order, quoting, line endings and trailing white space stay

`put` below checks the second law on every put, so a lens may refuse, never corrupt.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from setright.lenses.edited import edited
from setright.lenses.error import LensError
from setright.model import Edit, Path, Tree
from setright.patterns import late
from setright.trees import same

CONFLICT = late(rb"(?m)^<{7}(?= )")
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
__all__ = ["Lens", "LensError", "edited", "get", "lens", "put", "span"]


class Lens(Protocol):
    """What a lens module offers."""

    def get(self, source: bytes) -> Tree: ...
    def put(self, source: bytes, edits: Sequence[Edit]) -> bytes: ...
    def span(self, source: bytes, path: Path) -> tuple[int, int]: ...


def lens(name: str) -> Lens:
    """The lens of that name; hyphens in names stand for underscores in modules. Raises LensError where there is none."""
    try:
        return _named(name)
    except ModuleNotFoundError as error:
        raise LensError(f"there is no lens {name!r}; lenses are the modules of setright/lenses") from error


def get(name: str, source: bytes | None) -> Tree:
    """The tree of a document; a document that does not exist has an empty one."""
    if source is None:
        return {}
    if source.startswith(UTF_16):
        raise LensError("line 1: is UTF-16; save it as UTF-8")
    try:
        return lens(name).get(source)
    except LensError as error:
        if merging := CONFLICT.search(source):
            line = source.count(b"\n", 0, merging.start()) + 1
            raise LensError(f"line {line}: a merge is not finished here ({merging[0].decode()}); end it first") from error
        raise


def put(name: str, source: bytes | None, edits: Sequence[Edit]) -> bytes:
    """New bytes with the edits in and nothing else moved. Raises LensError rather than hand on anything else."""
    optic = lens(name)
    old = source if source is not None else getattr(optic, "EMPTY", b"")
    before = optic.get(old)
    after = optic.put(old, edits)
    want = edited(before, edits)
    got = optic.get(after)
    if not same(got, want):
        raise LensError(f"{', '.join('/'.join(map(str, e.path)) for e in edits)}: the edit would change more than was asked")
    return after


def span(name: str, source: bytes, path: Path) -> tuple[int, int]:
    """Byte offsets of the value at a path, or of the nearest thing above it that is there."""
    optic = lens(name)
    if nearest := getattr(optic, "nearest", None):
        return cast("tuple[int, int]", nearest(source, path))
    while path:
        try:
            return optic.span(source, path)
        except LensError:
            path = path[:-1]
    return (0, 0)


@cache
def _named(name: str) -> Lens:
    return cast(Lens, import_module(f"setright.lenses.{name.replace('-', '_')}"))

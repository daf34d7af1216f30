"""What line formats share: text as lines with spans, and splices on it. Bytes that are no UTF-8 pass through untouched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from setright.lenses.edited import find_at
from setright.lenses.error import LensError
from setright.model import Edit, Path, Tree
from setright.trees import same


class Line(NamedTuple):
    """One line without its ``\\n``; a ``\\r`` before that is part of `text`. `number` counts from 1."""

    number: int
    start: int
    end: int
    text: str


class Replacement(NamedTuple):
    """Replace what stands between two offsets."""

    start: int
    end: int
    text: str


def decode(source: bytes) -> str:
    """Text that `encode` turns back into the same bytes. Raises LensError on NUL, where programs in C stop reading."""
    if (at := source.find(b"\0")) >= 0:
        raise LensError(f"line {source.count(bytes([10]), 0, at) + 1}: holds a NUL byte")
    return source.decode("utf-8", "surrogateescape")


def encode(text: str) -> bytes:
    """Raises LensError for text that no file can hold."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise LensError(f"{text[error.start : error.end]!r} cannot be written as UTF-8") from error


def lines(text: str) -> list[Line]:
    """All lines; only ``\\n`` ends one. Text that ends with it has no empty line after it."""
    found: list[Line] = []
    start = 0
    for number, piece in enumerate(text.split("\n"), 1):
        found.append(Line(number, start, start + len(piece), piece))
        start += len(piece) + 1
    return found if found[-1].text else found[:-1]


def splice(text: str, changes: Sequence[Replacement]) -> str:
    """The text with all changes made; their offsets are those of the text before, and none overlap."""
    for change in sorted(changes, reverse=True):
        text = text[: change.start] + change.text + text[change.end :]
    return text


def insert_after(text: str, line: Line | None, new: Sequence[str], end: str = "") -> Replacement:
    """New lines after a line (None: at the top), ended as the file's first line is; a last line keeps having no end."""
    end = end or newline_of(text)
    if line is None:
        return Replacement(0, 0, "".join(each + end for each in new))
    if line.end == len(text):
        return Replacement(line.end, line.end, "".join(end + each for each in new))
    return Replacement(line.end + 1, line.end + 1, "".join(each + end for each in new))


def delete(text: str, line: Line) -> Replacement:
    """A line and its end gone."""
    return Replacement(line.start, min(line.end + 1, len(text)), "")


def newline_of(text: str) -> str:
    """How the first line ends; ``\\n`` where none does."""
    at = text.find("\n")
    return "\r\n" if at > 0 and text[at - 1] == "\r" else "\n"


def next_line(text: str, at: int) -> int:
    """Where the line after this one begins, or the text's end."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1


def put_each(
    source: bytes, edits: Sequence[Edit], get: Callable[[bytes], Tree], change: Callable[[str, Edit], Sequence[Replacement]]
) -> bytes:
    """The edits made one after another; `change` sees the text each is made on, and only edits that change something."""
    for edit in edits:
        there, value = find_at(get(source), edit.path)
        if there if edit.remove else not (there and same(value, edit.value)):
            source = encode(splice(text := decode(source), change(text, edit)))
    return source


def byte_span(text: str, start: int, end: int) -> tuple[int, int]:
    """Offsets in text as offsets in its bytes."""
    at = len(encode(text[:start]))
    return at, at + len(encode(text[start:end]))


def nowhere(path: Path) -> LensError:
    """For a path that leads to nothing."""
    return LensError(f"{'/'.join(map(str, path))}: nothing stands there")

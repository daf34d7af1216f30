"""A chart as PNG, from rectangles alone: mail programs show no SVG (w3.org/TR/png, 2003). Pure.

Colours are ones that people who see no red or green can tell apart, and the picture's words say the same.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

COLOURS = {"critical": (122, 18, 36), "high": (213, 94, 0), "medium": (230, 159, 0), "low": (86, 180, 233), "info": (190, 198, 208)}
PAPER, RULE = (255, 255, 255), (225, 230, 236)
WIDTH, HEIGHT, MARGIN, GAP = 592, 150, 12, 10


class Bar(NamedTuple):
    """One column, from the bottom up: so many of each severity."""

    label: str
    counts: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return sum(number for _, number in self.counts)


def bars(columns: Sequence[Bar]) -> bytes:
    """Stacked columns beside each other, over three faint lines."""
    sheet = [bytearray(PAPER * WIDTH) for _ in range(HEIGHT)]
    for line in range(4):
        _fill(sheet, (MARGIN, MARGIN + line * (HEIGHT - 2 * MARGIN) // 3), (WIDTH - MARGIN, 1), RULE)
    most = max((column.total for column in columns), default=0) or 1
    width = (WIDTH - 2 * MARGIN) // max(1, len(columns))
    for place, column in enumerate(columns):
        bottom = HEIGHT - MARGIN
        for severity, number in column.counts:
            height = number * (HEIGHT - 2 * MARGIN) // most
            left = MARGIN + place * width + GAP // 2
            _fill(sheet, (left, bottom - height), (left + width - GAP, height), COLOURS[severity])
            bottom -= height
    return _png(sheet)


def _fill(sheet: list[bytearray], at: tuple[int, int], to: tuple[int, int], colour: tuple[int, int, int]) -> None:
    """From the left edge at a height, to a right edge, so many lines down."""
    (left, top), (right, lines) = at, to
    for line in sheet[top : top + lines]:
        line[left * 3 : right * 3] = bytes(colour) * (right - left)


def _png(sheet: Sequence[bytearray]) -> bytes:
    head = struct.pack(">IIBBBBB", len(sheet[0]) // 3, len(sheet), 8, 2, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + bytes(line) for line in sheet), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

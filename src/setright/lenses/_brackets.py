"""Edits inside brackets: all of JSON, and YAML's flow style."""

from __future__ import annotations

from collections.abc import Mapping as Entries
from collections.abc import Sequence as Listing

from msgspec import structs

from setright.lenses._edit import Editor, Slot
from setright.lenses._flow import Box, rearranged
from setright.lenses._json_write import JsonStyle, json_written, pair_text
from setright.lenses._nodes import Mapping, Node, Sequence, Splice, line_of, line_start
from setright.lenses._yaml_places import content_start, value_start
from setright.lenses.error import LensError
from setright.model import Plain

SHORT = 100  # columns of what still stands beside others


class Brackets(Editor):
    """Writes values as JSON does. YAML's own flow style differs in how a value and a pair are spelt."""

    def __init__(self, text: str, style: JsonStyle) -> None:
        super().__init__(text)
        self.json = style

    def spelt(self, value: Plain, margin: str, old: Node | None = None) -> str:
        """A value as it stands between brackets; `old` is what stood there."""
        return json_written(value, self.json, margin)

    def spelt_pair(self, key: Plain, value: Plain, margin: str, beside: Mapping) -> str:
        return pair_text(key, value, self.json, margin)

    def replaced(self, node: Node, want: Plain, slot: Slot) -> list[Splice]:
        if node.start == node.end:
            raise LensError(f"{self._place(node, slot.path)}: an empty place between brackets; change it by hand")
        start = value_start(self.text, node)
        return [(start, node.end, self.spelt(want, self._margin(start), node))]

    def pairs(self, node: Mapping, dropped: Listing[int], added: Entries[str, Plain]) -> list[Splice]:
        box = self._box(node, [(key.start, max(self.colon(key), value.end)) for key, value in node.pairs])
        margin = self._margin(box.items[-1][0])
        texts = [self._beside(key, value, margin, node) for key, value in added.items()]
        return list(rearranged(box, dropped, {len(node.pairs): texts} if texts else {}))

    def _beside(self, key: Plain, value: Plain, margin: str, node: Mapping) -> str:
        """A new pair: on one line in a mapping that stands on one, where it is short."""
        text = self.spelt_pair(key, value, margin, node)
        if "\n" not in text or "\n" in self.text[node.start : node.end]:
            return text
        rows, self.json = self.json, structs.replace(self.json, unit=None)
        short = self.spelt_pair(key, value, margin, node)
        self.json = rows
        return short if len(short) <= SHORT else text

    def items(self, node: Sequence, dropped: Listing[int], added: Entries[int, list[Plain]]) -> list[Splice]:
        box = self._box(node, [(item.start, item.end) for item in node.items])
        margin = self._margin(box.items[-1][0])
        return list(rearranged(box, dropped, {at: [self.spelt(v, margin) for v in values] for at, values in added.items()}))

    def slots(self, node: Sequence, slot: Slot) -> list[Slot]:
        return [Slot((*slot.path, i), item.start, of_list=True, flow=True) for i, item in enumerate(node.items)]

    def _box(self, node: Mapping | Sequence, places: list[tuple[int, int]]) -> Box:
        at = content_start(self.text, node)
        if self.text[at : at + 1] not in ("{", "["):
            raise LensError(f"line {line_of(self.text, at)}: a mapping without braces in a list; change it by hand")
        return Box(self.text, places, self.json.comma[1:])

    def _margin(self, index: int) -> str:
        """What a line begins with."""
        begin = line_start(self.text, index)
        line = self.text[begin:index]
        return line[: len(line) - len(line.lstrip(" \t"))]

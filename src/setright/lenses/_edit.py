"""From a tree that is there to a tree that is wanted, node by node: what YAML and JSON share."""

from __future__ import annotations

from collections.abc import Mapping as Entries
from collections.abc import Sequence as Listing

import msgspec

from setright.lenses._nodes import Alias, Mapping, Node, Scalar, Sequence, Splice, aligned, is_merge, line_of, merged
from setright.lenses.error import LensError
from setright.model import Path, Plain
from setright.patterns import late
from setright.trees import same

COLON = late(r"[ \t]*:")
GAP_COLON = late(r"(?:\s|//[^\n]*|/\*(?s:.*?)\*/)*:")


class Slot(msgspec.Struct, frozen=True):
    """Where a value stands: behind a key's colon or a dash (`after`; -1 for a root), in a collection at column `indent`."""

    path: Path
    after: int = -1
    indent: int = 0
    of_list: bool = False
    flow: bool = False


class Editor:
    """Walks a node beside what it says and what it shall say. How collections change in the text is for the formats."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lent: dict[int, Entries[str, Plain]] = {}  # what is wanted of mappings that others take over through <<
        self.lending = ""  # why not, where others turn out not to want that

    def value(self, node: Node, have: Plain, want: Plain, slot: Slot) -> list[Splice]:
        """The splices after which a node says what is wanted of it. Raises LensError where it has no place of its own."""
        if same(have, want):
            return []
        if isinstance(node, Mapping) and 0 < node.uses == node.merges and isinstance(want, dict):
            self.lent[id(node)] = want
            self.lending = self.lending or self._shared(node, slot.path)
        else:
            self._refuse_shared(node, slot.path)
        if isinstance(node, Mapping) and isinstance(have, dict) and isinstance(want, dict):
            if any(is_merge(key) or key.text in want for key, _ in node.pairs):
                return self._mapping(node, have, want, slot)
        elif isinstance(node, Sequence) and isinstance(have, list) and isinstance(want, list):
            steps = aligned(have, want)
            if any(None not in step for step in steps):
                return self._sequence(node, steps, (have, want), slot)
        self._refuse_anchors_in(node, slot.path)
        return self.replaced(node, want, slot)

    def replaced(self, node: Node, want: Plain, slot: Slot) -> list[Splice]:
        """A node gives way to a value of another sort."""
        raise NotImplementedError

    def pairs(self, node: Mapping, dropped: Listing[int], added: Entries[str, Plain]) -> list[Splice]:
        """Pairs go and pairs come at the end; at least one stays."""
        raise NotImplementedError

    def items(self, node: Sequence, dropped: Listing[int], added: Entries[int, list[Plain]]) -> list[Splice]:
        """Items go and items come, each before the index it is under; at least one stays."""
        raise NotImplementedError

    def slots(self, node: Sequence, slot: Slot) -> list[Slot]:
        """Where each item of a list stands."""
        raise NotImplementedError

    def _mapping(self, node: Mapping, have: Entries[str, Plain], want: Entries[str, Plain], slot: Slot) -> list[Splice]:
        own = {key.text: i for i, (key, _) in enumerate(node.pairs) if not is_merge(key)}
        taken = merged(node) if len(own) < len(node.pairs) else {}
        if gone := [name for name in taken if name not in want]:
            raise LensError(f"{self._place(node, (*slot.path, gone[0]))}: comes in through <<; it can be set here, not removed")
        splices: list[Splice] = []
        for name, i in own.items():
            if name in want:
                inner = self.slot_of(node, node.pairs[i][0], slot)
                splices += self.value(node.pairs[i][1], have[name], want[name], inner)
        dropped = [i for name, i in own.items() if name not in want]
        for i in dropped:
            self._refuse_anchors_in(node.pairs[i][1], slot.path)
        taken |= self._lent_to(node)
        added = {k: v for k, v in want.items() if k not in own and not (k in taken and same(taken[k], v))}
        return splices + (self.pairs(node, dropped, added) if dropped or added else [])

    def _lent_to(self, node: Mapping) -> dict[str, Plain]:
        """What a mapping will take over from those that change here."""
        found: dict[str, Plain] = {}
        for value in (value for key, value in node.pairs if is_merge(key)):
            for each in value.items if isinstance(value, Sequence) else [value]:
                found = {**self.lent.get(id(each.target), {}), **found} if isinstance(each, Alias) else found
        return found

    def slot_of(self, node: Mapping, key: Scalar, slot: Slot) -> Slot:
        """Where the value of a key stands."""
        return Slot((*slot.path, key.text), self.colon(key), flow=node.flow)

    def colon(self, key: Scalar) -> int:
        """The index behind a key's colon."""
        m = (GAP_COLON if key.style == '"' else COLON).match(self.text, key.end)
        if m is None:
            raise LensError(f"{self._place(key, ())}the key {key.text!r} has no colon beside it; change it by hand")
        return m.end()

    def _sequence(
        self, node: Sequence, steps: Listing[tuple[int | None, int | None]], trees: tuple[Plain, Plain], slot: Slot
    ) -> list[Splice]:
        have, want = trees
        slots = self.slots(node, slot)
        splices: list[Splice] = []
        dropped: list[int] = []
        added: dict[int, list[Plain]] = {}
        before = 0
        for old, new in steps:
            if old is None:
                added.setdefault(before, []).append(want[new])
                continue
            before = old + 1
            if new is None:
                dropped.append(old)
                self._refuse_anchors_in(node.items[old], slot.path)
            else:
                splices += self.value(node.items[old], have[old], want[new], slots[old])
        return splices + (self.items(node, dropped, added) if dropped or added else [])

    def _refuse_shared(self, node: Node, path: Path) -> None:
        if isinstance(node, Alias):
            line = line_of(self.text, node.target.start)
            raise LensError(
                f"{self._place(node, path)}: repeats *{node.name}; change its anchor on line {line}, for all who use it"
            )
        if node.uses:
            raise LensError(self._shared(node, path))

    def _shared(self, node: Scalar | Mapping | Sequence, path: Path) -> str:
        return f"{self._place(node, path)}: is &{node.anchor}, used in {node.uses} other places; change it by hand, for all"

    def _refuse_anchors_in(self, node: Node, path: Path) -> None:
        """What goes may hold no anchor that others use."""
        if isinstance(node, Alias):
            return
        self._refuse_shared(node, path)
        inner = [v for _, v in node.pairs] if isinstance(node, Mapping) else node.items if isinstance(node, Sequence) else []
        for each in inner:
            self._refuse_anchors_in(each, path)

    def _place(self, node: Node, path: Path) -> str:
        return f"line {line_of(self.text, node.start)}: {'/'.join(map(str, path))}"

"""Parsed YAML and JSON: nodes that know where they stand in the text, and what changes between two trees."""

from __future__ import annotations

from collections.abc import Sequence as Listing
from typing import TypeAlias

import msgspec

from setright.lenses.error import LensError
from setright.model import Plain, Unknown
from setright.trees import same

MAX_DEPTH = 100
MERGE = "<<"
FEW = 16  # pairs that are looked through one by one
MAX_CELLS = 40_000  # beyond this many pairs of items a changed list is compared place by place

Splice: TypeAlias = tuple[int, int, str]
Step: TypeAlias = tuple[int | None, int | None]


class Scalar(msgspec.Struct):
    """One value. `text` is its content without quotes; `style` the quote, ``|``, ``>`` or nothing."""

    start: int
    end: int
    value: Plain
    text: str = ""
    style: str = ""
    anchor: str | None = None
    uses: int = 0


class Mapping(msgspec.Struct):
    """Keys and values in the order of the text. `end` is past the last token; a block's content may end before it.

    `opaque` is the source text of a collection whose tag makes it a value that cannot be told; `merges` counts the uses by ``<<``.
    """

    start: int
    end: int
    pairs: list[tuple[Scalar, Node]]
    flow: bool = True
    anchor: str | None = None
    uses: int = 0
    opaque: str = ""
    merges: int = 0
    names: dict[str, tuple[Scalar, Node]] | None = None  # what `named` remembers of many pairs

    def named(self, name: str) -> tuple[Scalar, Node] | None:
        """The first pair whose key says so."""
        if len(self.pairs) <= FEW:
            return next((pair for pair in self.pairs if pair[0].text == name), None)
        if self.names is None:
            self.names = {pair[0].text: pair for pair in reversed(self.pairs)}
        return self.names.get(name)


class Sequence(msgspec.Struct):
    """Items in order; `end` and `opaque` as in Mapping."""

    start: int
    end: int
    items: list[Node]
    flow: bool = True
    anchor: str | None = None
    uses: int = 0
    opaque: str = ""


class Alias(msgspec.Struct):
    """A place that repeats an anchored node."""

    start: int
    end: int
    target: Node
    name: str


Node: TypeAlias = Scalar | Mapping | Sequence | Alias
Branch: TypeAlias = Mapping | Sequence


def plain(node: Node, depth: int = 0) -> Plain:
    """The data of a node; every alias becomes a copy of its own. Raises LensError where aliases nest without end."""
    if node.__class__ is Scalar:
        return node.value
    if depth > MAX_DEPTH:
        raise LensError(f"more than {MAX_DEPTH} levels deep")
    if isinstance(node, Alias):
        return plain(node.target, depth + 1)
    if isinstance(node, Branch) and node.opaque:
        return Unknown(node.opaque)
    if isinstance(node, Sequence):
        return [plain(item, depth + 1) for item in node.items]
    if isinstance(node, Mapping):
        if any(key.text == MERGE and not key.style for key, _ in node.pairs):
            return {**merged(node, depth), **{key.text: plain(value, depth + 1) for key, value in node.pairs if not is_merge(key)}}
        return {key.text: value.value if value.__class__ is Scalar else plain(value, depth + 1) for key, value in node.pairs}
    raise TypeError(node)


def is_merge(key: Scalar) -> bool:
    """Whether a key is YAML's merge key. In JSON every key has a quote, so none is."""
    return key.text == MERGE and not key.style


def merged(node: Mapping, depth: int = 0) -> dict[str, Plain]:
    """What a mapping takes over from others through ``<<``; of several, the first wins."""
    found: dict[str, Plain] = {}
    for key, value in node.pairs:
        if is_merge(key):
            given = plain(value, depth + 1)
            for each in given if isinstance(given, list) else [given]:
                found = {**each, **found}
    return found


def spliced(text: str, splices: Listing[Splice]) -> str:
    """The text with every splice made. Removals may overlap; anything else that does raises LensError."""
    out: list[str] = []
    at = 0
    for start, end, new in sorted(splices, key=lambda s: s[:2]):
        if start < at and new:
            raise LensError("two of the edits touch the same place; make them one after the other")
        out += (text[at:start], new)
        at = max(at, end)
    return "".join((*out, text[at:]))


def line_of(text: str, index: int) -> int:
    return text.count("\n", 0, index) + 1


def line_start(text: str, index: int) -> int:
    return text.rfind("\n", 0, index) + 1


def line_end(text: str, index: int) -> int:
    """Where the line of an index ends, before its line break."""
    end = text.find("\n", index)
    if end < 0:
        return len(text)
    return end - 1 if end > index and text[end - 1] == "\r" else end


def aligned(have: Listing[Plain], want: Listing[Plain]) -> list[Step]:
    """Which old item becomes which new one: (old, new), (old, None) for one that goes, (None, new) for one that comes."""
    head = 0
    while head < min(len(have), len(want)) and same(have[head], want[head]):
        head += 1
    tail = 0
    while tail < min(len(have), len(want)) - head and same(have[-1 - tail], want[-1 - tail]):
        tail += 1
    inner = _matched(have[head : len(have) - tail], want[head : len(want) - tail])
    moved: list[Step] = [(None if a is None else a + head, None if b is None else b + head) for a, b in inner]
    kept: list[Step] = [(i, i) for i in range(head)]
    ends: list[Step] = [(len(have) - tail + i, len(want) - tail + i) for i in range(tail)]
    return kept + moved + ends


def _matched(have: Listing[Plain], want: Listing[Plain]) -> list[Step]:
    """The pairing in order with the greatest likeness."""
    if not have or not want or len(have) == len(want) or len(have) * len(want) > MAX_CELLS:
        return [(i if i < len(have) else None, i if i < len(want) else None) for i in range(max(len(have), len(want)))]
    best = _scores(have, want)
    steps: list[Step] = []
    i = j = 0
    while i < len(have) and j < len(want):
        if best[i][j] == best[i + 1][j]:
            steps.append((i, None))
            i += 1
        elif best[i][j] == best[i][j + 1]:
            steps.append((None, j))
            j += 1
        else:
            steps.append((i, j))
            i, j = i + 1, j + 1
    return steps + [(k, None) for k in range(i, len(have))] + [(None, k) for k in range(j, len(want))]


def _scores(have: Listing[Plain], want: Listing[Plain]) -> list[list[float]]:
    """Greatest likeness of what is left, from each pair of places on."""
    best = [[0.0] * (len(want) + 1) for _ in range(len(have) + 1)]
    for i in reversed(range(len(have))):
        for j in reversed(range(len(want))):
            paired = best[i + 1][j + 1] + _likeness(have[i], want[j])
            best[i][j] = max(paired, best[i + 1][j], best[i][j + 1])
    return best


def _likeness(a: Plain, b: Plain) -> float:
    if same(a, b):
        return 4.0
    if isinstance(a, dict) and isinstance(b, dict):
        return 1.0 + 2.0 * sum(k in b and same(v, b[k]) for k, v in a.items()) / max(len(a), len(b), 1)
    return 1.0 if type(a) is type(b) else 0.5

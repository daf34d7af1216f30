"""Items between brackets, as JSON and YAML's flow style have them: which splices drop some and add others."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from collections.abc import Mapping as Texts

import msgspec

from setright.lenses._nodes import Splice, line_end, line_of, line_start
from setright.lenses.comments import outlives
from setright.lenses.error import LensError
from setright.lenses.lines import newline_of, next_line
from setright.patterns import late

GAP = late(r"(?:\s|#[^\n]*|//[^\n]*|/\*(?s:.*?)\*/)*")
REST = late(r"[ \t]*(?:(?:#|//)[^\n]*|/\*[^\n]*\*/[ \t]*)?\r?")


class Box(msgspec.Struct, frozen=True):
    """Where the items between a pair of brackets stand; there is at least one."""

    text: str
    items: list[tuple[int, int]]
    gap: str = " "  # behind a comma, where the items show none

    @property
    def in_rows(self) -> bool:
        """Whether the first item begins a line."""
        return self.begins_line(0)

    def begins_line(self, i: int) -> bool:
        start = self.items[i][0]
        return line_start(self.text, start) > 0 and not self.text[line_start(self.text, start) : start].strip(" \t")

    @property
    def margin(self) -> str:
        """What stands before an item on its line, in rows."""
        start = self.items[0][0]
        return self.text[line_start(self.text, start) : start] if self.in_rows else ""

    @property
    def separator(self) -> str:
        """What stands between a comma and the next item."""
        if self.in_rows:
            return newline_of(self.text) + self.margin
        if len(self.items) > 1 and (comma := self.comma(0)) is not None:
            gap = self.text[comma + 1 : self.items[1][0]]
            return gap if not gap.strip(" ") else self.gap
        return self.gap

    def comma(self, i: int) -> int | None:
        """The index of the comma after an item."""
        m = GAP.match(self.text, self.items[i][1])
        at = m.end() if m else self.items[i][1]
        return at if self.text[at : at + 1] == "," else None


def rearranged(box: Box, dropped: Collection[int], added: Texts[int, list[str]]) -> Iterator[Splice]:
    """Splices that drop items and put new ones before an item (its index) or at the end (their number).

    At least one item stays: an emptied collection is written anew by the caller. Raises LensError rather than lose a comment.
    """
    kept = [i for i in range(len(box.items)) if i not in dropped]
    for first, last in _runs(sorted(dropped)):
        yield from _removal(box, first, last)
    for before, new in added.items():
        following = next((i for i in kept if i >= before), None)
        if following is None:
            yield from _appended(box, kept[-1], new)
        else:
            at = box.items[following][0]
            yield at, at, "".join(text + "," + box.separator for text in new)


def _runs(indexes: list[int]) -> Iterator[tuple[int, int]]:
    start = 0
    for i, index in enumerate(indexes):
        if i + 1 == len(indexes) or indexes[i + 1] != index + 1:
            yield indexes[start], index
            start = i + 1


def _removal(box: Box, first: int, last: int) -> Iterator[Splice]:
    """One run of items gone: their lines, where they have lines of their own."""
    text, final = box.text, len(box.items) - 1
    run = range(first, last + 1)
    if all(_has_own_line(box, i) for i in run):
        yield from (_own_line(box, i) for i in run)
        if last == final and box.comma(last) is None and (before := box.comma(first - 1)) is not None:
            yield before, before + 1, ""
        return
    region = (box.items[first][0], box.items[last + 1][0]) if last < final else (box.items[first - 1][1], box.items[last][1])
    if _holds_comment(box, first, last, region):
        raise LensError(f"line {line_of(text, region[0])}: a comment stands where an item would be removed; remove it by hand")
    yield *region, ""


def _has_own_line(box: Box, i: int) -> bool:
    rest = REST.match(box.text, _behind_comma(box, i))
    return box.begins_line(i) and rest is not None and box.text[rest.end() : rest.end() + 1] == "\n"


def _own_line(box: Box, i: int) -> Splice:
    """The line of an item gone, but for a comment behind it."""
    text, behind = box.text, _behind_comma(box, i)
    if (comment := text[behind : line_end(text, behind)].strip(" \t")) and outlives(comment):
        return box.items[i][0], text.index(comment, behind), ""
    return line_start(text, box.items[i][0]), next_line(text, behind), ""


def _behind_comma(box: Box, i: int) -> int:
    comma = box.comma(i)
    return box.items[i][1] if comma is None else comma + 1


def _holds_comment(box: Box, first: int, last: int, region: tuple[int, int]) -> bool:
    at = region[0]
    for start, end in [*box.items[first : last + 1], (region[1], region[1])]:
        if box.text[at:start].strip(" \t\r\n,"):
            return True
        at = max(at, end)
    return False


def _appended(box: Box, after: int, new: list[str]) -> Iterator[Splice]:
    text, at, sep = box.text, box.items[after][1], box.separator
    final = after == len(box.items) - 1
    trails = final and box.comma(after) is not None
    if not trails:
        yield at, at, ","
    place = _behind_comma(box, after) if trails else at
    rest = REST.match(text, _behind_comma(box, after))
    if box.in_rows and rest is not None and rest[0].strip() and text[rest.end() : rest.end() + 1] == "\n":
        place = line_end(text, rest.end())  # a comment stays with its line
    yield place, place, sep + ("," + sep).join(new) + ("," if trails and box.in_rows else "")

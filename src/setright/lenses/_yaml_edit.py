"""Which splices turn a YAML text into one that says something else: the smallest, in the file's own manner."""

from __future__ import annotations

import re
from collections.abc import Iterator
from collections.abc import Mapping as Entries
from collections.abc import Sequence as Listing
from functools import cached_property
from itertools import pairwise

from msgspec import structs

from setright.lenses import _json_write
from setright.lenses._brackets import Brackets
from setright.lenses._edit import Slot
from setright.lenses._nodes import Mapping, Node, Scalar, Sequence, Splice, line_end, line_of, line_start, plain, spliced
from setright.lenses._yaml_ends import on_own_line, settled, shifted, stripped
from setright.lenses._yaml_moves import travelling
from setright.lenses._yaml_places import content_end, content_start, notes_end, pair_end, value_start
from setright.lenses._yaml_read import SHORT, Stream, read_yaml
from setright.lenses._yaml_texts import refolded, with_lines
from setright.lenses._yaml_write import (
    FLOW_WORD,
    PLAIN,
    RANGE,
    WORD,
    block,
    column,
    first,
    flow,
    is_block,
    key_text,
    literal,
    pair,
    scalar,
    style_of,
)
from setright.lenses.comments import outlives
from setright.lenses.error import LensError
from setright.lenses.lines import next_line
from setright.model import Plain
from setright.patterns import late
from setright.trees import same

BLANK_LINE = late(r"\n[ \t\r]*\n")
COMMENT = late(r"(?m)^[ \t]*#")
NOTE = late(r"(?m)(?:^|(?<=[ \t]))#[^\r\n]*")
BESIDE = late(r"[ \t]+#.*")
LAST = ("jobs", "steps", "spec")  # keys of workflows and objects that stand last by custom, long as they are
FIRST_DASH = late(r"(?m)^[ ]*-(?=\s|\Z)")


def splices_between(stream: Stream, have: Listing[Plain], want: Listing[Plain]) -> list[Splice]:
    """The splices that turn documents `have` into `want`. Raises LensError where an edit has no place of its own."""
    if len(want) < len(have):
        raise LensError("a whole document is not removed here; remove its lines, or the file, by hand")
    editor = _Blocks(stream, travelling(stream, have, want))
    splices: list[Splice] = []
    for i, node in enumerate(stream.documents):
        splices += editor.value(node, have[i], want[i], Slot(("documents", i)))
    splices = settled(splices + editor.new_documents(want[len(have) :], bool(have)), editor.style.newline)
    splices = stripped(stream, [on_own_line(stream.text, each, editor.style.newline) for each in splices])
    if editor.lending and not same(
        [plain(node) for node in read_yaml(spliced(stream.text, splices).encode()).documents], list(want)
    ):
        raise LensError(editor.lending)
    return splices


class _Blocks(Brackets):
    """Edits among indented lines; what stands in brackets is left to Brackets."""

    def __init__(self, stream: Stream, beside: Entries[tuple[str, Plain], str]) -> None:
        """`beside` are the comments of pairs that go from one place to another."""
        root = stream.documents[0] if stream.documents else None
        self._documents = stream.documents
        self.style = structs.replace(style_of(stream.text, stream.documents), beside=beside)
        self._gone_along = {note.lstrip(" \t") for note in beside.values()}
        self.is_json = isinstance(root, Mapping) and root.flow and bool(root.pairs) and root.pairs[0][0].style == '"'
        super().__init__(stream.text, _json_write.style_of(stream.text, root or Scalar(0, 0, None)))

    def new_documents(self, values: Listing[Plain], follows: bool) -> list[Splice]:
        if not values:
            return []
        newline, at = self.style.newline, len(self.text)
        is_open = bool(self.text) and not self.text.endswith("\n")
        lines: list[str] = []
        for value in values:
            lines += [*(["---"] if follows or lines else []), *self._root(value)]
        text = newline.join(lines)
        return [(at, at, newline + text if is_open else text + newline)]

    def spelt(self, value: Plain, margin: str, old: Node | None = None) -> str:
        if self.is_json:
            return super().spelt(value, margin, old)
        if isinstance(old, Scalar) and old.style and isinstance(value, str):
            return scalar(value, old.style)
        return flow(value, self.style)

    def spelt_pair(self, key: Plain, value: Plain, margin: str, beside: Mapping) -> str:
        if self.is_json:
            return super().spelt_pair(key, value, margin, beside)
        return f"{key_text(key, beside.pairs[0][0].style, FLOW_WORD)}: {self.spelt(value, margin)}"

    def slot_of(self, node: Mapping, key: Scalar, slot: Slot) -> Slot:
        if key.style == SHORT:
            return structs.replace(slot, path=(*slot.path, key.text))
        indent = 0 if node.flow else column(self.text, first(node))
        return Slot((*slot.path, key.text), self.colon(key), indent, flow=node.flow)

    def slots(self, node: Sequence, slot: Slot) -> list[Slot]:
        if node.flow:
            return super().slots(node, slot)
        dashes = self._dashes(node)
        return [Slot((*slot.path, i), at + 1, column(self.text, at), of_list=True) for i, at in enumerate(dashes)]

    def pairs(self, node: Mapping, dropped: Listing[int], added: Entries[str, Plain]) -> list[Splice]:
        if node.pairs[0][0].style == SHORT:
            raise LensError(f"line {line_of(self.text, node.start)}: a function takes no keys beside it; change it by hand")
        if node.flow:
            return super().pairs(node, dropped, added)
        places = [(key.start, pair_end(self.text, key, value)) for key, value in node.pairs]
        splices = self._without(places, dropped)
        if added:
            last = max(i for i in range(len(places)) if i not in dropped)
            splices += self._new_pairs(node, [*places[:last], (places[last][0], places[-1][1])], dropped, added)
        return splices

    def _new_pairs(
        self, node: Mapping, places: Listing[tuple[int, int]], dropped: Listing[int], added: Entries[str, Plain]
    ) -> list[Splice]:
        """New keys at the end of those at `places`, or above the last where that stays last: short ones join what is before it."""
        last, indent = len(places) - 1, column(self.text, first(node))
        told = [pair(key, value, indent, self.style) for key, value in added.items()]
        begins = places[last][0]
        if node.pairs[last][0].text not in LAST or self.text[line_start(self.text, begins) : begins].strip(" "):
            at = notes_end(self.text, node.pairs[-1][1], places[last][1], indent)
            return [self._below(at, self._apart(told, 0 if self._parted(places) else len(told)))]
        if not last:
            return [self._before_last(begins, self._apart(told, len(told)))]
        before, gap = last - 1, places[last - 1 : last + 1]
        joins = indent and before not in dropped and self._parted(gap) and not self._parted(places[:last])
        short = [line for each in told if joins and len(each) == 1 for line in each]
        rest = [each for each in told if not joins or len(each) > 1]
        at = notes_end(self.text, node.pairs[before][1], places[before][1], indent)
        lines = self._apart(rest, 1 if self._parted(places) else len(rest))
        return [*([self._below(at, short)] if short else []), *([self._before_last(places[last][0], lines)] if rest else [])]

    def _apart(self, told: Listing[list[str]], since: int) -> list[str]:
        """The lines of several pairs, with a blank one above each of several lines from the one at `since` on."""
        return [line for n, each in enumerate(told) for line in ([""] if n >= since and len(each) > 1 else []) + each]

    def _parted(self, places: Listing[tuple[int, int]]) -> bool:
        """Whether blank lines stand between most of the keys, as between the resources of a template."""
        blank = [bool(BLANK_LINE.search(self.text, end, begin)) for (_, end), (begin, _) in pairwise(places)]
        return 2 * sum(blank) > len(blank)

    def _before_last(self, at: int, lines: Listing[str]) -> Splice:
        """New lines above a key that stands last by custom, and above its comments; a blank line between stays between."""
        at = line_start(self.text, at)
        while at and COMMENT.match(self.text, above := line_start(self.text, at - 1)):
            at = above
        parted = bool(at) and not self.text[line_start(self.text, at - 1) : at].strip()
        return at, at, "".join(line + self.style.newline for line in [*lines, *([""] if parted else [])])

    def items(self, node: Sequence, dropped: Listing[int], added: Entries[int, list[Plain]]) -> list[Splice]:
        if node.flow:
            return super().items(node, dropped, added)
        dashes = self._dashes(node)
        places = [(at, max(at + 1, content_end(self.text, item))) for at, item in zip(dashes, node.items, strict=True)]
        kept = [i for i in range(len(places)) if i not in dropped]
        indent = column(self.text, dashes[0])
        splices = self._without(places, dropped)
        for before, values in added.items():
            lines = block(values, indent, self.style)
            previous = [i for i in kept if i < before]
            splices.append(
                self._below(places[previous[-1]][1], lines) if previous else self._above(places[kept[0]][0], lines, indent)
            )
        return splices

    def _dashes(self, node: Sequence) -> list[int]:
        """Where the dash of each item stands."""
        at = content_start(self.text, node)
        dashes = [at if self.text[at : at + 1] == "-" else self._next_dash(at, FIRST_DASH)]
        line = re.compile(rf"(?m)^[ ]{{{column(self.text, dashes[0])}}}-(?=\s|\Z)")
        for item in node.items[:-1]:
            dashes.append(self._next_dash(max(dashes[-1] + 1, content_end(self.text, item)), line))
        return dashes

    def _next_dash(self, at: int, line: re.Pattern[str]) -> int:
        m = line.search(self.text, at)
        if m is None:
            raise LensError(f"line {line_of(self.text, at)}: the list's next dash is not where it should be; change it by hand")
        return m.end() - 1

    def _below(self, end: int, lines: Listing[str]) -> Splice:
        """New lines after the line on which something ends."""
        at = line_end(self.text, end)
        return at, at, "".join(self.style.newline + line for line in lines)

    def _above(self, at: int, lines: Listing[str], indent: int) -> Splice:
        """New lines before one, whose indentation goes to the first of them."""
        newline = self.style.newline
        return at, at, newline.join(lines)[indent:] + newline + " " * indent

    def _without(self, places: Listing[tuple[int, int]], dropped: Listing[int]) -> list[Splice]:
        """Blocks of lines gone. Where the first begins behind a dash, the next one that stays moves up to it."""
        begin = places[0][0]
        leading = 0
        if self.text[line_start(self.text, begin) : begin].strip(" "):
            leading = next(i for i in range(len(places)) if i not in dropped)
        splices = [self._lines(*places[i]) for i in dropped if i >= leading]
        if leading:
            if any(COMMENT.search(self.text, places[i][1], places[i + 1][0]) for i in range(leading)):
                raise LensError(
                    f"line {line_of(self.text, begin)}: comments stand between what would be removed; remove it by hand"
                )
            margin = self.style.newline + " " * column(self.text, begin)
            notes = [note.lstrip(" ") for note in self._notes(begin, places[leading][0])]
            splices.append((begin, places[leading][0], "".join(note + margin for note in notes)))
        return splices

    def _lines(self, start: int, end: int) -> Splice:
        """The whole lines from `start` to `end` gone, but for comments: one behind a key's last value has the line for itself then.
        A last line without end takes the line break before it along.
        """
        begin, stop = line_start(self.text, start), next_line(self.text, end)
        newline, indent = self.style.newline, column(self.text, start)
        beside = self.text[end:stop].lstrip(" \t")
        if self._outlives(beside) and not self.text[begin : start + 1].strip(" ").startswith("-"):
            line = self.text[line_start(self.text, end) : end]
            *above, last = shifted([*self._notes(begin, end), line[: len(line) - len(line.lstrip(" "))] + "#"], indent)
            return begin, self.text.index("#", end), "".join(note + newline for note in above) + last.removesuffix("#")
        is_open = stop == len(self.text) and not self.text.endswith("\n")
        if notes := newline.join(shifted(self._notes(begin, stop), indent)):
            return begin, stop, notes if is_open else notes + newline
        return begin - len(newline) if is_open and begin else begin, stop, ""

    def _outlives(self, words: str) -> bool:
        """Whether they are a comment that stays where its line goes."""
        return words.startswith("#") and outlives(words) and words.rstrip() not in self._gone_along

    def _notes(self, begin: int, stop: int) -> list[str]:
        """The comments there, each as a line of its own, indented as the line that it is on."""
        notes: list[str] = []
        while m := NOTE.search(self.text, begin, stop):
            begin = next((b for a, b in self._words if a <= m.start() < b), m.end())
            line = self.text[line_start(self.text, m.start()) : m.start()]
            notes += (
                [line[: len(line) - len(line.lstrip(" "))] + m[0].rstrip()] if begin == m.end() and self._outlives(m[0]) else []
            )
        return notes

    @cached_property
    def _words(self) -> list[tuple[int, int]]:
        """Where the strings stand that hold the sign of a comment."""
        return [span for node in self._documents for span in self._words_in(node) if "#" in self.text[slice(*span)]]

    def _words_in(self, node: Node) -> Iterator[tuple[int, int]]:
        if isinstance(node, Scalar):
            start = max(node.start, self.text.find("\n", node.start)) if node.style[:1] in ("|", ">") else node.start
            yield start, content_end(self.text, node)
        elif isinstance(node, Mapping | Sequence):
            inner = [each for pair in node.pairs for each in pair] if isinstance(node, Mapping) else node.items
            for each in inner:
                yield from self._words_in(each)

    def replaced(self, node: Node, want: Plain, slot: Slot) -> list[Splice]:
        if slot.flow:
            return super().replaced(node, want, slot)
        if slot.after < 0:
            return self._new_root(node, want)
        if isinstance(want, str) and isinstance(node, Scalar) and (text := self._literal(node, want, slot)):
            return [(value_start(self.text, node), content_end(self.text, node), text)]
        is_inline = (
            node.flow
            if isinstance(node, Mapping | Sequence)
            else node.style not in ("|", ">")
            if isinstance(node, Scalar)
            else True
        )
        end = max(slot.after, content_end(self.text, node))
        if is_block(want):
            return self._to_block(node, want, slot, end, is_inline)
        text, above = self._line(node, want), line_start(self.text, slot.after)
        if is_inline and node.start < node.end:
            notes = self._notes(value_start(self.text, node), node.end) if not isinstance(node, Scalar) else []
            ahead = [(above, above, "".join(note + self.style.newline for note in notes))] if notes else []
            return [*ahead, (value_start(self.text, node), node.end, text)]
        new = (slot.after, slot.after, " " + text)
        body, stop = self._body(node, slot), line_end(self.text, end)
        return [new] if is_inline else [new, (body, stop, "".join(self.style.newline + note for note in self._notes(body, stop)))]

    def _to_block(self, node: Node, want: Plain, slot: Slot, end: int, is_inline: bool) -> list[Splice]:
        """A value gives way to lines of its own; a comment beside its key or dash stays there."""
        lines = self._nested(want, slot)
        body, stop = (slot.after, end) if is_inline else (self._body(node, slot), line_end(self.text, end))
        at, notes = line_end(self.text, stop), self._notes(body, stop)
        if not slot.of_list:
            return [(body, stop, ""), self._below(at, [*notes, *lines])]
        behind = " " * (self.style.dash - 1) + lines[0].lstrip(" ")
        return [(slot.after, slot.after, behind), (body, stop, ""), self._below(at, [*notes, *lines[1:]])]

    def _body(self, node: Node, slot: Slot) -> int:
        """Where a block's own lines begin: behind the rest of its key's line, unless it begins on that."""
        beside = line_start(self.text, slot.after) == line_start(self.text, node.start)
        return slot.after if beside else line_end(self.text, slot.after)

    def _nested(self, want: Plain, slot: Slot) -> list[str]:
        step = self.style.list_step if isinstance(want, list) else self.style.step
        return block(want, slot.indent + (self.style.dash if slot.of_list else step), self.style)

    def _line(self, node: Node, want: Plain) -> str:
        """A value on one line; a string keeps the quotes of the string before it."""
        if isinstance(want, dict | list):
            return flow(want, self.style)
        quote = node.style if isinstance(node, Scalar) and node.style in ("'", '"') and isinstance(want, str) else ""
        was = node.text if isinstance(node, Scalar) and not node.style and isinstance(node.value, str) else ""
        is_range = isinstance(want, str) and RANGE.fullmatch(was) and RANGE.fullmatch(want)
        word = PLAIN if " " in was else RANGE if is_range else WORD
        return scalar(want, quote, self.style.quote, word)

    def _literal(self, node: Scalar, want: str, slot: Slot) -> str | None:
        raw = self.text[value_start(self.text, node) : content_end(self.text, node)]
        if node.style.startswith(">"):
            return refolded(raw, str(node.value), want)
        if not node.style.startswith("|") or ("\n" in want) != ("\n" in str(node.value)):
            return None
        if kept := with_lines(raw, str(node.value), want):
            return kept
        indent = slot.indent + (self.style.dash if slot.of_list else self.style.step)
        new = literal(want, "|", indent, self.style.newline)
        end = line_end(self.text, node.start)
        beside = BESIDE.search(self.text, node.start, end)
        head, newline, body = (new or "").partition(self.style.newline)
        if content_end(self.text, node) == len(self.text) and "-" not in self.text[node.start : end].partition("#")[0]:
            head = head.removesuffix("-")  # which `stripped` adds where lines follow
        return head + (beside[0] if beside else "") + newline + body if new else None

    def _root(self, value: Plain) -> list[str]:
        return block(value, 0, self.style) if is_block(value) else [flow(value, self.style)]

    def _new_root(self, node: Node, want: Plain) -> list[Splice]:
        start, end = node.start, content_end(self.text, node)
        text = self.style.newline.join(self._root(want))
        begins_line = start == line_start(self.text, start)
        if start < end and not begins_line:
            raise LensError(f"line {line_of(self.text, start)}: the document begins beside its marker; change it by hand")
        if start < end:
            return [(start, end, text)]
        newline = self.style.newline
        ahead, behind = ("" if begins_line else newline), (newline if begins_line and start < len(self.text) else "")
        return [(start, end, ahead + text + behind)]

"""Dockerfiles: the instructions in order, each as one logical line.

`{"instructions": [{"keyword": "RUN", "flags": ["--mount=..."], "value": "apt-get update && ...", "heredocs": ["..."]}]}`; the
value in exec form (a JSON array) is a list; `flags` and `heredocs` are absent where there are none; parser directives stand
in `directives`, whom a USER that is commented out names in `left-out`, a continued line's comments nowhere. Lines of a heredoc
end in the tree as Linux has them. A new value changes only the words that differ, so continuations stay. A list of instructions
as a whole may only have new ones among those it has: they stand before the comment of the one they precede. Blanks of an indent
before `&&` in a new one begin a new line.

Dockerfile reference (docs.docker.com/reference/dockerfile) and BuildKit's frontend/dockerfile/parser.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from setright.lenses._dockerfile_new import (
    BLANKS,
    DIRECTIVE,
    KEYWORDS,
    appended,
    before,
    behind,
    encodes,
    keyword,
    require_one_line,
)
from setright.lenses._recent import recent
from setright.lenses.edited import edited, find_at
from setright.lenses.error import LensError
from setright.model import Edit, Path, Plain, Tree
from setright.patterns import late
from setright.trees import same

EMPTY = b""
EXEC = frozenset(("ADD", "CMD", "COPY", "ENTRYPOINT", "RUN", "SHELL", "VOLUME"))
FLAGGED = frozenset(("ADD", "COPY", "FROM", "HEALTHCHECK", "RUN"))
HEREDOCS = frozenset(("ADD", "COPY", "RUN"))
INSTRUCTION = late(r"[ \t]*([A-Za-z]+)(?:[ \t]+|\Z)")
FLAG = late(r"(--[a-z][a-z-]*(?:=(?:[^\s\"'\\]|\\.|\"(?:[^\"\\]|\\.)*\"|'[^']*')*)?)(?:[ \t]+|\Z)", re.A)
WORD = late(r"(?:[^\s\"'\\]|\\.|\"(?:[^\"\\]|\\.)*\"|'[^']*')+|[\"'\\]", re.A)
MARK = late(r"\d*<<(-?)(?:\"([^<\"]+)\"|'([^<']+)'|([^<\"'\s]+))", re.A)
COMMAND = late(r"( {2,})&& ")
CONTINUED = late(r"([\\`])[ \t]*(\r?\n)")
PIECE = late(r"\s+|[^\s]+", re.A)
REMARK = late(r"(?m)^[ \t]*#")
LEFT_OUT = late(r"(?m)^[ \t]*#[# \t]*USER[ \t]+(\S+)[ \t]*\r?$")

Splice = tuple[int, int, str]


class Instruction:
    """One instruction: its logical text, where each part of that stands in the source, and what it says.

    `spots` are (offset in the logical text, offset in the source), one for each physical line.
    """

    __slots__ = ("end", "flags", "heredocs", "keyword", "logical", "parts", "spots", "start", "tail", "value")

    def __init__(self, logical: str, spots: list[tuple[int, int]], end: int) -> None:
        self.logical, self.spots, self.start, self.tail, self.end = logical, spots, spots[0][1], end, end
        self.keyword = ""
        self.parts: dict[str, tuple[int, int]] = {}  # keyword, flags, value: offsets in the logical text
        self.flags: list[str] = []
        self.value: Plain = ""
        self.heredocs: list[str] = []

    def at(self, offset: int) -> int:
        """The source offset of a logical one."""
        logical, source = self.spots[bisect_right(self.spots, (offset, 1 << 62)) - 1]
        return source + offset - logical

    def range(self, start: int, end: int) -> tuple[int, int]:
        """The source range of a logical one; an empty range stays on the line of the character before it."""
        first = self.at(start) if end > start or start == 0 else self.at(start - 1) + 1
        return first, self.at(end - 1) + 1 if end > start else first

    def tree(self) -> Tree:
        out: Tree = {"keyword": self.keyword.upper(), "value": self.value}
        if self.flags:
            out["flags"] = list(self.flags)
        if self.heredocs:
            out["heredocs"] = list(self.heredocs)
        return out


def get(source: bytes) -> Tree:
    """Directives and instructions. Raises LensError with the line of what is no Dockerfile."""
    text = source.decode("latin-1")
    directives, instructions = _read(text)
    out: Tree = {"instructions": [each.tree() for each in instructions]}
    out |= {"left-out": users} if (users := LEFT_OUT.findall(text)) else {}
    return {"directives": directives, **out} if directives else out


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """New bytes with the edits in; directives and the text of heredocs are not edited."""
    text = source.decode("latin-1")
    for edit in edits:
        text = _changed(text, edit)
    return text.encode("latin-1")


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where an instruction or one of its parts stands."""
    instructions = _instructions(source)
    if len(path) < 2 or path[0] != "instructions" or not isinstance(path[1], int) or not 0 <= path[1] < len(instructions):
        raise LensError(f"{_shown(path)}: is not there")
    each = instructions[path[1]]
    if len(path) == 2:
        return each.start, each.end
    if path[2] not in each.parts:
        raise LensError(f"{_shown(path)}: is not there")
    return each.range(*each.parts[str(path[2])])


@recent
def _instructions(source: bytes) -> list[Instruction]:
    return _read(source.decode("latin-1"))[1]


def _shown(path: Path) -> str:
    return "/".join(map(str, path))


# --- reading --------------------------------------------------------------------------------------------------------


def _read(text: str) -> tuple[dict[str, str], list[Instruction]]:
    lines = _lines(text)
    directives, number = _directives(text, lines)
    escape = directives.get("escape", "\\")
    if escape not in ("\\", "`"):
        raise LensError(f"line 1: escape={escape!r}; it is a backslash or a backtick")
    instructions: list[Instruction] = []
    while number < len(lines):
        if _is_blank(text, lines[number]):
            number += 1
            continue
        first = number
        instruction, number = _logical(text, lines, number, escape)
        try:
            _understand(instruction)
        except LensError as error:
            raise LensError(f"line {first + 1}: {error}") from error
        number = _take_heredocs(text, lines, number, instruction)
        instructions.append(instruction)
    return directives, instructions


def _lines(text: str) -> list[tuple[int, int]]:
    """Start and end of each line, without its newline."""
    starts = [3 if text.startswith("\xef\xbb\xbf") else 0, *(m.end() for m in re.finditer("\n", text))]
    ends = [*(at - 1 for at in starts[1:]), len(text)]
    return [(start, end - (end > start and text[end - 1] == "\r")) for start, end in zip(starts, ends, strict=True)]


def _is_blank(text: str, line: tuple[int, int]) -> bool:
    stripped = text[line[0] : line[1]].lstrip(BLANKS)
    return not stripped or stripped[0] == "#"


def _directives(text: str, lines: Sequence[tuple[int, int]]) -> tuple[dict[str, str], int]:
    found: dict[str, str] = {}
    for number, (start, end) in enumerate(lines):
        directive = DIRECTIVE.match(text[start:end])
        if directive is None:
            return found, number
        name = directive[1].lower()
        if name in found:
            raise LensError(f"line {number + 1}: directive {name} is given twice")
        found[name] = _out(directive[2])
    return found, len(lines)


def _logical(text: str, lines: Sequence[tuple[int, int]], number: int, escape: str) -> tuple[Instruction, int]:
    """The instruction that starts on a line, and the number of the line after it."""
    continued = re.compile(rf"(?:(?<=[^{re.escape(escape)}])|\A){re.escape(escape)}[ \t]*\Z")
    pieces: list[str] = []
    spots: list[tuple[int, int]] = []
    length, end = 0, lines[number][1]
    while number < len(lines):
        start, stop = lines[number]
        number += 1
        if pieces and _is_blank(text, (start, stop)):
            continue
        line = text[start:stop]
        more = continued.search(line, max(0, len(line.rstrip(" \t")) - 2))
        piece = line[: more.start()] if more else line
        spots.append((length, start))
        pieces.append(piece)
        length, end = length + len(piece), stop
        if not more:
            break
    return Instruction("".join(pieces), spots, end), number


def _understand(each: Instruction) -> None:
    """Keyword, flags and value of the logical text."""
    text = each.logical
    found = INSTRUCTION.match(text)
    if found is None or found[1].upper() not in KEYWORDS:
        raise LensError(f"{text.strip(BLANKS)[:40]!r} is no Dockerfile instruction")
    each.keyword, at = found[1], found.end()
    each.start = each.at(found.start(1))
    each.parts["keyword"] = found.span(1)
    flags_at = at
    while each.keyword.upper() in FLAGGED and (flag := FLAG.match(text, at)) is not None:
        each.flags.append(_out(flag[1]))
        each.parts["flags"] = (flags_at, flag.end(1))
        at = flag.end()
    end = len(text.rstrip(BLANKS))
    each.parts["value"] = (min(at, end), end)
    each.value = _value(each.keyword.upper(), text[at:end])


def _value(keyword: str, words: str) -> Plain:
    if keyword in EXEC and words.startswith("["):
        try:
            value = json.loads(_out(words))
        except (ValueError, RecursionError):
            return _out(words)
        if isinstance(value, list) and all(isinstance(item, str) for item in value) and encodes("".join(value)):
            return value
    return _out(words)


def _take_heredocs(text: str, lines: Sequence[tuple[int, int]], number: int, each: Instruction) -> int:
    """Reads the texts of the instruction's heredocs; gives the number of the line after them."""
    if each.keyword.upper() not in HEREDOCS or isinstance(each.value, list) or "<<" not in each.logical:
        return number
    for word in WORD.findall(each.logical):
        mark = MARK.fullmatch(word)
        if mark is None:
            continue
        name, first = mark[2] or mark[3] or mark[4], number
        while number < len(lines) and (text[slice(*lines[number])].lstrip("\t" if mark[1] else "")) != name:
            number += 1
        if number == len(lines):
            raise LensError(f"line {first}: heredoc {name} is not closed")
        each.heredocs.append(_out(text[lines[first][0] : lines[number][0]]).replace("\r\n", "\n"))
        each.end = lines[number][1]
        number += 1
    return number


def _out(words: str) -> str:
    return words if words.isascii() else words.encode("latin-1").decode("utf-8", "surrogateescape")


# --- editing --------------------------------------------------------------------------------------------------------


def _changed(text: str, edit: Edit) -> str:
    directives, instructions = _read(text)
    tree: Tree = {"directives": directives, "instructions": [each.tree() for each in instructions]}
    there, have = find_at(tree, edit.path)
    if (edit.remove and not there) or (there and not edit.remove and same(have, edit.value)):
        return text
    if edit.path == ("instructions",) and isinstance(edit.value, list):
        return _among(text, instructions, edit.value, directives.get("escape", "\\"))
    if edit.path[0] != "instructions" or len(edit.path) < 2 or not isinstance(edit.path[1], int):
        raise LensError(f"{_shown(edit.path)}: only instructions are edited")
    index, rest = edit.path[1], edit.path[2:]
    if not rest and edit.remove:
        return _without(text, instructions[index])
    if not rest and index == len(instructions):
        return appended(text, edit.value, directives.get("escape", "\\"), apart=_ends_in_heredoc(instructions))
    if not 0 <= index < len(instructions):
        raise LensError(f"{_shown(edit.path)}: there are {len(instructions)} instructions")
    want = edit.value if not rest else _with(tree["instructions"][index], edit)
    for start, end, new in sorted(_splices(text, instructions[index], want), reverse=True):
        text = text[:start] + new + text[end:]
    return text


def _with(tree: Tree, edit: Edit) -> Tree:
    """The instruction's tree after the edit."""
    return edited(tree, [Edit(edit.path[2:], edit.value, edit.remove)])


def _splices(text: str, each: Instruction, want: Plain) -> Iterator[Splice]:
    """What makes an instruction say what is wanted, part by part."""
    have = each.tree()
    if not isinstance(want, dict) or not {"keyword", "value"} <= want.keys() <= {"keyword", "value", "flags", "heredocs"}:
        raise LensError(f"{want!r} is no instruction: keyword, value, and flags where it has some")
    if want.get("heredocs") != have.get("heredocs"):
        raise LensError("the text of a heredoc is not edited")
    if want["keyword"] != have["keyword"]:
        yield _keyword_splice(text, each, keyword(want["keyword"], each.keyword))
    if want.get("flags") != have.get("flags"):
        yield _flags_splice(text, each, want.get("flags") or [])
    if not same(want["value"], have["value"]):
        yield from _value_splices(text, each, want["value"])


def _keyword_splice(text: str, each: Instruction, new: str) -> Splice:
    """A longer keyword takes of the blanks behind the old one, where several stand there to align."""
    start, end = each.range(*each.parts["keyword"])
    blanks = len(text[end:]) - len(text[end:].lstrip(" "))
    return start, end + max(0, min(len(new) - (end - start), blanks - 1)), new


def _flags_splice(text: str, each: Instruction, flags: list[Plain]) -> Splice:
    words = " ".join(require_one_line(flag) for flag in flags)
    if "flags" not in each.parts:
        start, _ = each.range(*each.parts["value"])
        return start, start, words + " "
    start, end = each.range(*each.parts["flags"])
    if "\n" in text[start:end]:
        raise LensError("flags on several lines are not edited")
    if not words:
        value_start, _ = each.range(*each.parts["value"])
        return start, value_start, ""
    return start, end, words


def _value_splices(text: str, each: Instruction, value: Plain) -> Iterator[Splice]:
    start, end = each.parts["value"]
    new = json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value
    new = require_one_line(new)
    if new != new.strip(BLANKS):
        raise LensError(f"{new!r}: a value neither starts nor ends with blanks")
    if start == end:
        here, _ = each.range(start, end)
        yield here, here, new if text[here - 1 : here] in (" ", "\t") else " " + new
        return
    for first, last, words in _differences(each.logical[start:end], new):
        source = each.range(start + first, start + last)
        is_begin = not first and not words and not REMARK.search(text[slice(*source)])  # what follows comes up to the keyword
        if "\n" in text[slice(*source)] and not is_begin:
            raise LensError("the words to change stand on several lines")
        at_end = first == last == end - start and len(each.spots) > 1
        yield (*source, _on_a_line(words, text[each.start : each.tail]) if at_end else words)


def _on_a_line(words: str, instruction: str) -> str:
    """A command that is put behind the others of an instruction on several lines, on a line of its own where it is indented."""
    command, end = COMMAND.match(words), CONTINUED.search(instruction)
    return f" {end[1]}{end[2]}{command[1][1:]}{words[len(command[1]) :]}" if command and end else words


def _differences(old: str, new: str) -> Iterator[Splice]:
    """The parts of the old text that differ, word by word, and what stands there in the new one."""
    from difflib import SequenceMatcher

    a, b = PIECE.findall(old), PIECE.findall(new)
    starts_a = [0, *(m.end() for m in PIECE.finditer(old))]
    for kind, i, j, k, m in SequenceMatcher(None, a, b, autojunk=False).get_opcodes():
        if kind != "equal":
            yield starts_a[i], starts_a[j], "".join(b[k:m])


def _without(text: str, each: Instruction) -> str:
    """The text without the instruction's lines, and without one of two blank lines that would meet."""
    start = text.rfind("\n", 0, each.start) + 1
    newline = text.find("\n", each.end)
    end = len(text) if newline < 0 else newline + 1
    if end == len(text) and newline < 0 and start:
        return text[: start - 1 - text[: start - 1].endswith("\r")]
    before = re.search(r"(?:\A|\n)([ \t]*\r?\n)\Z", text[max(0, start - 200) : start])
    if before and re.match(r"[ \t]*(?:\r?\n|\Z)", text[end : end + 200]):
        start -= len(before[1])
    return text[:start] + text[end:]


def _among(text: str, instructions: Sequence[Instruction], want: list[Plain], escape: str) -> str:
    """The text with the instructions that are new in a list put before those that they precede there."""
    at, new, places = 0, list[Plain](), list[tuple[int, list[Plain]]]()
    for tree in want:
        if at < len(instructions) and same(tree, instructions[at].tree()):
            places, new, at = [*places, (at, new)], [], at + 1
        else:
            new = [*new, tree]
    if at < len(instructions):
        raise LensError(f"instructions: {instructions[at].keyword} is not in its place any more; only new ones are put among them")
    for number, tree in enumerate(new):
        text = appended(text, tree, escape, apart=not number and _ends_in_heredoc(instructions))
    for index, trees in reversed(places):
        floor = instructions[index - 1].end + 1 if index else 0
        if trees and instructions[index].keyword == "FROM" and any(each.keyword == "FROM" for each in instructions[:index]):
            text = behind(text, instructions[index - 1].end, trees, escape, apart=_ends_in_heredoc(instructions[:index]))
        elif trees:
            text = before(text, (floor, instructions[index].start), trees, escape)
    return text


def _ends_in_heredoc(instructions: Sequence[Instruction]) -> bool:
    return bool(instructions) and bool(instructions[-1].heredocs)

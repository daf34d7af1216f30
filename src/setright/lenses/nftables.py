"""Rules of nft as files: /etc/nftables.conf and what it includes. Source: nft(8) of nftables 1.0.

    {"commands": ["flush ruleset"], "defines": [{"name": "lan", "value": "10.0.0.0/8"}], "includes": ["/etc/nftables.d/*.nft"],
     "tables": [{"family": "inet", "name": "filter", "others": [],
                 "sets": [{"sort": "set", "name": "known", "elements": ["192.0.2.1"], "others": ["type ipv4_addr"]}],
                 "chains": [{"name": "input", "type": "filter", "hook": "input", "priority": "filter", "policy": "drop",
                             "rules": ["iif lo accept"], "others": []}]}]}

Statements are told with one blank between words; what is none of these stands in `commands` or `others` as it is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.lenses._nft_read import Part, Piece, parsed, part_at, pieces, ruleset_tree
from setright.lenses._nodes import aligned
from setright.lenses.edited import edited
from setright.lenses.error import LensError
from setright.lenses.lines import Replacement, byte_span, decode, newline_of, nowhere, put_each
from setright.model import Edit, Path, Plain, Tree
from setright.trees import same

EMPTY = b"#!/usr/sbin/nft -f\n\nflush ruleset\n"
HOOK = ("type", "hook", "device", "priority")
REST = re.compile(r"[ \t\r]*(?:#[^\n]*)?")


def get(source: bytes) -> Tree:
    """Raises LensError, naming the line, where braces or quotes have no other half."""
    return ruleset_tree(parsed(decode(source)))


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Raises LensError for what no statement can say."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where a statement stands, a block as its head; of a chain's hook and policy the statement that says them."""
    text = decode(source)
    part, rest = part_at(parsed(text), path)
    if rest and part.key == "chains" and rest[0] in part.value:
        part = next((each for each in part.parts if each.key == ("policy" if rest[0] == "policy" else "hook")), part)
    elif not part.key or (rest and rest[0] not in part.value):
        raise nowhere(path)
    return byte_span(text, part.piece.start, part.piece.opens if part.parts and part.piece.opens else part.piece.end)


def _change(text: str, edit: Edit) -> list[Replacement]:
    whole = parsed(text)
    have = ruleset_tree(whole)
    want = edited(have, [edit])
    if want.keys() != have.keys():
        raise LensError(f"{'/'.join(map(str, edit.path))}: a file of nft has {', '.join(have)}")
    return [made for key in have for made in _listed(text, whole, key, have[key], want[key])]


def _listed(text: str, block: Part, key: str, have: Sequence[Plain], want: Plain) -> list[Replacement]:
    """One list of a block put right, statement by statement; what is new goes behind the one before it."""
    if not isinstance(want, list):
        raise LensError(f"{key}: takes a list")
    mine = block.of(key)
    made: list[Replacement] = []
    before: Part | None = None
    new: list[Plain] = []
    for old, then in aligned(have, want):
        if old is None and then is not None:
            new.append(want[then])
            continue
        made += _added(text, block, key, before, new)
        new = []
        if then is None:
            made.append(_gone(text, block, mine[old or 0].piece))
        else:
            before = mine[old or 0]
            made += _altered(text, before, have[old or 0], want[then])
    return made + _added(text, block, key, before, new)


def _altered(text: str, part: Part, have: Plain, want: Plain) -> list[Replacement]:
    """The splices that make one statement say something else."""
    if same(have, want):
        return []
    if not isinstance(want, dict) or not isinstance(have, dict):
        return [Replacement(part.piece.start, part.piece.end, _written(part.key, want)[0])]
    if part.key == "defines":
        return [Replacement(part.piece.start, part.piece.end, _written(part.key, want)[0])]
    lists = [key for key, value in have.items() if isinstance(value, list) and key != "elements"]
    made = [change for key in lists for change in _listed(text, part, key, have[key], want.get(key))]
    moved = [key for key in {*have, *want} if key not in lists and not same(have.get(key), want.get(key))]
    return made + list(dict.fromkeys(change for key in moved for change in _detail(text, part, key, want)))


def _detail(text: str, part: Part, key: str, want: Tree) -> list[Replacement]:
    """What a block says of itself: its policy and hook, or the elements of a set."""
    if key == "elements" and isinstance(want.get(key), list):
        return _elements(part, want[key])
    found = {each.key: each.piece for each in part.parts if each.key in ("hook", "policy")}
    if part.key != "chains" or "hook" not in found or not {"type", "hook", "priority"} <= want.keys():
        raise LensError(f"{key}: cannot be changed where it stands; write the block anew")
    if key in HOOK:
        return [Replacement(found["hook"].start, found["hook"].end, _hook(want))]
    if key != "policy":
        raise LensError(f"{key}: a chain has no such thing")
    if "policy" not in found:
        stop = found["hook"].stop
        return [Replacement(stop, stop, f"{'' if text[stop - 1] == ';' else ';'} policy {_word(want['policy'])};")]
    if "policy" in want:
        return [Replacement(found["policy"].start, found["policy"].end, f"policy {_word(want['policy'])}")]
    return [_gone(text, part, found["policy"])]


def _elements(part: Part, want: Sequence[Plain]) -> list[Replacement]:
    """Elements put in, taken out and altered, each with the comma that parts it from its neighbour."""
    mine = next((each.parts for each in part.parts if each.key == "elements"), ())
    if not mine or not want or not all(isinstance(each, str) and re.fullmatch(r"[^\s,;{}\"#\\]+", each) for each in want):
        raise LensError("elements: can be put beside others that are there, as words without commas")
    made: list[Replacement] = []
    kept = [old for old, new in aligned([each.value for each in mine], want) if old is not None and new is not None]
    if not kept:
        raise LensError("elements: none of those that are there would stay; write the set anew")
    for old, new in aligned([each.value for each in mine], want):
        if old is None and new is not None:
            at = mine[max((each for each in kept if each <= _before(mine, want, new)), default=kept[0])].piece
            made.append(Replacement(at.end, at.end, f", {want[new]}"))
        elif old is not None and new is None:
            start = mine[old - 1].piece.end if old else mine[old].piece.start
            made.append(Replacement(start, mine[old].piece.end if old else mine[1].piece.start, ""))
        elif old is not None and new is not None and mine[old].value != want[new]:
            made.append(Replacement(mine[old].piece.start, mine[old].piece.end, str(want[new])))
    return made


def _before(mine: Sequence[Part], want: Sequence[Plain], new: int) -> int:
    """The last element that is there already and stands before the new one."""
    steps = aligned([each.value for each in mine], want)
    at = steps.index((None, new))
    return max((old for old, then in steps[:at] if old is not None and then is not None), default=-1)


def _added(text: str, block: Part, key: str, before: Part | None, new: Sequence[Plain]) -> list[Replacement]:
    """New statements behind `before`, else behind what the block has, in its indentation."""
    if not new:
        return []
    written = [_written(key, value) for value in new]
    beside = before.piece if before else _above(block, key)
    near = beside or (block.parts[0].piece if block.parts else None)
    unit = _indent(text, near.start) if near else _deeper(text, block)
    line = newline_of(text)
    rows = [unit + row.replace("\t", _unit(unit)) for each in written for row in each]
    if near is None:
        return [_first(text, block, rows, line)]
    if beside is None:
        return [Replacement(near.start, near.start, f"{line}{unit}".join(row.removeprefix(unit) for row in rows) + line + unit)]
    rest = REST.match(text, beside.stop)
    at = rest.end() if rest else beside.stop
    if at == len(text) or text[at] == "\n":
        at -= 1 if at > beside.stop and text[at - 1] == "\r" else 0
        return [Replacement(at, at, "".join(line + row for row in rows))]
    if any(len(each) > 1 for each in written):
        raise LensError(f"{key}: the block stands on one line; put it on several first")
    return [
        Replacement(
            beside.stop, beside.stop, ("" if text[beside.stop - 1] == ";" else ";") + "".join(f" {each[0]};" for each in written)
        )
    ]


def _above(block: Part, key: str) -> Piece | None:
    """What stands above the first statement of the sort; where there is none of it yet, the last of all."""
    mine = block.of(key)
    above = [part.piece for part in block.parts if not mine or part.piece.start < mine[0].piece.start]
    return above[-1] if above else None


def _first(text: str, block: Part, rows: Sequence[str], line: str) -> Replacement:
    """The first statements of an empty block or file."""
    start, end = (block.piece.opens + 1, block.piece.closes) if block.key else (0, len(text))
    at = text.rfind("\n", start, end) + 1
    if at:
        tail = text[at:end] if not block.key else ""
        return Replacement(end if tail else at, end if tail else at, (line if tail else "") + "".join(row + line for row in rows))
    if not block.key:
        return Replacement(end, end, (line if end else "") + "".join(row + line for row in rows))
    return Replacement(start, end, line + "".join(row + line for row in rows) + _indent(text, block.piece.start))


def _gone(text: str, block: Part, piece: Piece) -> Replacement:
    """A statement away, with its lines where it has them for itself."""
    start = text.rfind("\n", 0, piece.start) + 1
    rest = REST.match(text, piece.stop)
    end = rest.end() if rest else piece.stop
    alone = not text[start : piece.start].strip(" \t") and (end == len(text) or text[end] == "\n")
    if alone:
        return Replacement(start, min(end + 1, len(text)), "")
    if not text[start : piece.start].strip(" \t"):
        return Replacement(piece.start, piece.stop + len(text[piece.stop : end]) - len(text[piece.stop : end].lstrip(" \t")), "")
    return Replacement(max(start, block.piece.opens + 1, len(text[: piece.start].rstrip(" \t"))), piece.stop, "")


def _indent(text: str, at: int) -> str:
    start = text.rfind("\n", 0, at) + 1
    line = text[start:at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _deeper(text: str, block: Part) -> str:
    """The indentation of what a block without statements will hold."""
    indent = _indent(text, block.piece.start)
    return indent + _unit(indent) if block.key else ""


def _unit(indent: str) -> str:
    return "\t" if "\t" in indent or not indent else "    "


def _written(key: str, value: Plain) -> list[str]:
    """A statement as lines, indented by tabs."""
    if key in ("commands", "rules", "others"):
        return [_statement(value)]
    if key == "includes" and isinstance(value, str) and re.fullmatch(r"[^\"\n\0]+", value):
        return [f'include "{value}"']
    if key == "defines" and isinstance(value, dict) and value.keys() == {"name", "value"}:
        return [f"define {_word(value['name'])} = {_statement(value['value'])}"]
    if key == "tables" and isinstance(value, dict) and {"family", "name"} <= value.keys():
        inner = [row for name in ("others", "sets", "chains") for each in value.get(name, []) for row in _written(name, each)]
        return [f"table {_word(value['family'])} {_word(value['name'])} {{", *(f"\t{row}" for row in inner), "}"]
    if key == "chains" and isinstance(value, dict) and "name" in value:
        policy = [f"policy {_word(value['policy'])}"] if "policy" in value else []
        head = ["; ".join([_hook(value), *policy]) + ";"] if "hook" in value else []
        inner = [*head, *map(_statement, [*value.get("others", []), *value.get("rules", [])])]
        return [f"chain {_word(value['name'])} {{", *(f"\t{row}" for row in inner), "}"]
    if key == "sets" and isinstance(value, dict) and {"sort", "name"} <= value.keys():
        listed = [f"elements = {{ {', '.join(map(_word, value['elements']))} }}"] if value.get("elements") else []
        inner = [*map(_statement, value.get("others", [])), *listed]
        return [f"{_word(value['sort'])} {_word(value['name'])} {{", *(f"\t{row}" for row in inner), "}"]
    raise LensError(f"{key}: {str(value)[:60]!r} cannot be written there")


def _hook(value: Tree) -> str:
    device = f"{value['device']} " if value.get("device") else ""
    said = f"type {_word(value.get('type'))} hook {_word(value.get('hook'))} {device}priority {value.get('priority')}"
    return _statement(said)


def _statement(value: Plain) -> str:
    """Raises LensError for what nft would read as more, or less, than one statement."""
    if isinstance(value, str) and value and "\0" not in value and "\r" not in value:
        found = pieces(value, 0, len(value))
        if len(found) == 1 and found[0].text == value:
            return value
    raise LensError(f"{str(value)[:60]!r} is not one statement of nft with one blank between its words")


def _word(value: Plain) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[^\s;{}\"#\\\0]+|\"[^\"\n\0]+\"", value):
        raise LensError(f"{str(value)[:60]!r} is not a word of nft")
    return value

"""/etc/fstab. Source: fstab(5) of util-linux 2.38: fields parted by blanks, ``\\040`` for a blank inside one.

    {"mounts": [{"spec": "UUID=1", "file": "/home", "vfstype": "ext4", "options": {"defaults": True, "size": "1G"}, "rest": "0 2"}]}

Options keep their order, the last place of one that stands twice counting; one with several values has a list of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, byte_span, decode, insert_after, lines, nowhere, put_each
from setright.model import Edit, Path, Plain, Tree

FIELD = re.compile(r"[^ \t\r]+")
OPTION = re.compile(r'(?:[^,"]|"[^"]*"|")+')
ESCAPE = re.compile(r"\\([0-7]{3})")
FIELDS = ("spec", "file", "vfstype", "options", "rest")
NAME = re.compile(r"[A-Za-z0-9_.:+-]+")
PLAIN = re.compile(r"[^\s,\"#\x00-\x1f]+")


class Mount(NamedTuple):
    """One line that mounts something, and the offsets of its fields in the whole text."""

    line: Line
    fields: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


def get(source: bytes) -> Tree:
    """Lines with fewer than two fields mount nothing and are passed over."""
    return {"mounts": [_tree(entry) for entry in _entries(decode(source))]}


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Sets and removes options, and adds lines. Raises LensError for anything else."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where a field stands; an option stands where its line's options do."""
    text = decode(source)
    entries = _entries(text)
    if len(path) < 2 or path[0] != "mounts" or not isinstance(path[1], int) or not 0 <= path[1] < len(entries):
        raise nowhere(path)
    entry = entries[path[1]]
    if len(path) == 2:
        return byte_span(text, entry.line.start, entry.line.end)
    number = FIELDS.index(str(path[2])) if path[2] in FIELDS else len(FIELDS)
    if number >= len(entry.spans):
        raise nowhere(path)
    return byte_span(text, *entry.spans[number])


def _entries(text: str) -> list[Mount]:
    found = []
    for line in lines(text):
        words = list(FIELD.finditer(line.text))
        if len(words) < 2 or words[0][0].startswith("#"):
            continue
        places = [(line.start + word.start(), line.start + word.end()) for word in words[:4]]
        if len(words) > 4:
            places.append((line.start + words[4].start(), line.start + len(line.text.rstrip())))
        found.append(Mount(line, tuple(text[start:end] for start, end in places), tuple(places)))
    return found


def _tree(entry: Mount) -> Tree:
    tree: Tree = dict(zip(FIELDS, entry.fields, strict=False))
    for name in ("spec", "file"):
        tree[name] = ESCAPE.sub(lambda match: chr(int(match[1], 8)), tree[name])
    if "options" in tree:
        tree["options"] = _options(entry.fields[3])
    return tree


def _options(written: str) -> Tree:
    options: dict[str, Plain] = {}
    for option in OPTION.findall(written):
        name, given, value = option.partition("=")
        old = options.pop(name, None)
        new: Plain = value if given else True
        options[name] = new if old is None or not given else [*(old if isinstance(old, list) else [old]), new]
    return options


def _change(text: str, edit: Edit) -> list[Replacement]:
    entries, path = _entries(text), edit.path
    if path[0] != "mounts" or len(path) < 2 or not isinstance(path[1], int):
        raise LensError(f"{'/'.join(map(str, path))}: fstab holds a list of mounts and nothing else")
    if len(path) == 2 and path[1] == len(entries) and not edit.remove:
        all_lines = lines(text)
        return [insert_after(text, all_lines[-1] if all_lines else None, [_written(edit.value, _gap(text, entries))])]
    if len(path) != 4 or path[2] != "options" or path[1] >= len(entries) or len(entries[path[1]].fields) < 4:
        raise LensError(f"{'/'.join(map(str, path))}: only single options of a line that has some can be changed, and lines added")
    return [_option(entries[path[1]], str(path[3]), edit)]


def _option(entry: Mount, name: str, edit: Edit) -> Replacement:
    """The options of a line with one set (new ones go to the end, where they win) or removed."""
    written = OPTION.findall(entry.fields[3])
    others = [option for option in written if option.partition("=")[0] != name]
    if edit.remove:
        return Replacement(*entry.spans[3], ",".join(others))
    new = _one(name, edit.value)
    mine = [i for i, option in enumerate(written) if option.partition("=")[0] == name]
    if len(mine) > 1:
        raise LensError(f"line {entry.line.number}: {name} stands several times; only its owner can tell which is meant")
    left = [*written[: mine[0]], new, *written[mine[0] + 1 :]] if mine else [*written, new]
    return Replacement(*entry.spans[3], ",".join(left))


def _one(name: str, value: Plain) -> str:
    if not NAME.fullmatch(name) or not (value is True or (isinstance(value, str) and PLAIN.fullmatch(value))):
        raise LensError(f"{name}: an option is a word, or a word and a text without blanks and commas; not {value!r}")
    return name if value is True else f"{name}={value}"


def _gap(text: str, entries: Sequence[Mount]) -> str:
    """One blank where the last line has single ones throughout, else a tab, which keeps columns best."""
    spans = entries[-1].spans if entries else ()
    gaps = {text[end:start] for (_, end), (start, _) in pairwise(spans)}
    return " " if gaps == {" "} else "\t"


def _written(value: Plain, gap: str) -> str:
    """A new line. `rest` are the last two fields, ``0 0`` for what needs no check."""
    if not isinstance(value, dict) or value.keys() != set(FIELDS) or not isinstance(value["options"], dict):
        raise LensError(f"a new line needs {', '.join(FIELDS)}")
    options = ",".join(_one(name, each) for name, each in value["options"].items())
    words = [re.sub(r"[ \t\n\\#]", lambda m: f"\\{ord(m[0]):03o}", str(value[name])) for name in ("spec", "file", "vfstype")]
    if not all(words) or not options or not re.fullmatch(r"[0-9] [0-9]", str(value["rest"])):
        raise LensError("a new line needs a source, a place, a type, options and two numbers")
    return gap.join([*words, options, str(value["rest"])])

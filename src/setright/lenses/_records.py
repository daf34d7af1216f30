"""What files of colon-parted records share: one account or group a line, fields by place. Lines of other shapes stay as they are.

A password is never told: only its state (``set``, ``locked``, ``none``, ``empty``) and by which scheme it is hashed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, byte_span, decode, lines, nowhere, put_each
from setright.model import Edit, Path, Tree

SCHEMES = {
    "y": "yescrypt",
    "gy": "gost-yescrypt",
    "7": "scrypt",
    "6": "sha512",
    "5": "sha256",
    "2a": "bcrypt",
    "2b": "bcrypt",
    "2y": "bcrypt",
    "1": "md5",
    "md5": "sunmd5",
    "sha1": "sha1",
    "3": "nt",
}
SALTED = re.compile(r"!*\$([a-z0-9]+)[$,]")
DES = re.compile(r"!*(_[./0-9A-Za-z]{19}|[./0-9A-Za-z]{13})$")
WHOLE = re.compile(r"-?[0-9]{1,9}")
NO_PASSWORD = re.compile(r"[!*]*|!\*|\*[A-Za-z]*\*?|x")


class FieldRecord(NamedTuple):
    """One line, its fields as written, and where each begins in the whole text."""

    line: Line
    fields: tuple[str, ...]
    starts: tuple[int, ...]


class RecordFormat:
    """A file whose lines have these fields: words ``NAME`` or ``NAME:SORT``; a sort is number, list (by commas) or state."""

    def __init__(self, fields: str) -> None:
        self._sorts = {name: sort or "text" for name, _, sort in (word.partition(":") for word in fields.split())}
        self._names = list(self._sorts)

    def get(self, source: bytes) -> Tree:
        """{"records": [{"name": "root", "uid": 0, ...}], "elsewhere": ["+@ops"]}; an empty number or list has no key.

        `elsewhere` is there where lines of nsswitch.conf(5)'s `compat` take records in from elsewhere.
        """
        text = decode(source)
        tree: Tree = {"records": [self._tree(record) for record in self._records(text)]}
        elsewhere = [line.text.strip().partition(":")[0] for line in lines(text) if line.text.startswith("+")]
        return tree | ({"elsewhere": elsewhere} if elsewhere else {})

    def put(self, source: bytes, edits: Sequence[Edit]) -> bytes:
        """Sets fields of records that are there. Raises LensError for anything else."""
        return put_each(source, edits, self.get, self._change)

    def span(self, source: bytes, path: Path) -> tuple[int, int]:
        text = decode(source)
        record = self._at(text, path)
        if len(path) == 2:
            return byte_span(text, record.line.start, record.line.end)
        start, field = self._field(record, path)
        return byte_span(text, start, start + len(field))

    def _records(self, text: str) -> list[FieldRecord]:
        found = []
        for line in lines(text):
            fields = line.text.removesuffix("\r").split(":")
            if len(fields) == len(self._names) and fields[0] and fields[0][0] not in "+-#":
                starts = [line.start + sum(map(len, fields[:i])) + i for i in range(len(fields))]
                found.append(FieldRecord(line, tuple(fields), tuple(starts)))
        return found

    def _tree(self, record: FieldRecord) -> Tree:
        tree: Tree = {}
        for (name, sort), field in zip(self._sorts.items(), record.fields, strict=True):
            if sort == "state":
                tree |= {name: _state(field)} | ({"scheme": scheme} if (scheme := _scheme(field)) else {})
            elif sort == "number":
                tree |= {name: _number(field)} if field else {}
            elif sort == "list":
                tree |= {name: field.split(",")} if field else {}
            else:
                tree[name] = field
        return tree

    def _change(self, text: str, edit: Edit) -> list[Replacement]:
        if len(edit.path) != 3:
            raise LensError(f"{'/'.join(map(str, edit.path))}: only single fields of a record can be changed")
        start, old = self._field(self._at(text, edit.path), edit.path)
        new = self._written(str(edit.path[2]), old, edit)
        return [Replacement(start, start + len(old), new)]

    def _at(self, text: str, path: Path) -> FieldRecord:
        records = self._records(text)
        if len(path) > 1 and path[0] == "records" and isinstance(path[1], int) and 0 <= path[1] < len(records):
            return records[path[1]]
        raise nowhere(path)

    def _field(self, record: FieldRecord, path: Path) -> tuple[int, str]:
        if path[2] not in self._names:
            raise nowhere(path)
        number = self._names.index(str(path[2]))
        return record.starts[number], record.fields[number]

    def _written(self, name: str, old: str, edit: Edit) -> str:
        sort, value = self._sorts[name], edit.value
        if sort == "state":
            return _locked(old, edit)
        if edit.remove and sort in ("number", "list"):
            return ""
        if edit.remove or name == "name":
            raise LensError(f"{name}: a record cannot be without it, nor be given another")
        if sort == "number" and isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        words = value if sort == "list" and isinstance(value, list) and value else [value]
        if sort == "number" or not all(isinstance(word, str) and not re.search(r"[:\x00-\x1f\x7f]", word) for word in words):
            raise LensError(f"{name}: a {sort} is needed, without colons and line ends; not {value!r}")
        return ",".join(words)


def _number(field: str) -> int | str:
    return int(field) if WHOLE.fullmatch(field) and str(int(field)) == field else field


def _state(field: str) -> str:
    """``none``: no password can match; ``locked``: one is there, behind a ``!``."""
    if not field:
        return "empty"
    if NO_PASSWORD.fullmatch(field):
        return "shadowed" if field == "x" else "none"
    return "locked" if field[0] in "!*" else "set"


def _scheme(field: str) -> str:
    if match := SALTED.match(field):
        return SCHEMES.get(match[1], "unknown")
    return "des" if DES.match(field) else ""


def _locked(old: str, edit: Edit) -> str:
    """Locking and taking away what is no password are all that can be done without knowing one."""
    if not edit.remove and (_state(old), edit.value) in (("set", "locked"), ("empty", "none")):
        return f"!{old}"
    raise LensError("the password can be locked, nothing else; passwd(1) sets one")

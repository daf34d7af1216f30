"""pg_hba.conf: who may connect to PostgreSQL, from where, and how they prove who they are; the first line that matches decides.

The tree is ``{"rules": [...], "includes": [...]}``. A rule has `type`, `database` and `user` (lists), `address` and `netmask` where
written, `method` and `options`. A name in double quotes loses them unless they carry meaning: ``"all"`` keeps them: no keyword.
Source: pg_hba.conf, PostgreSQL 12-17; src/backend/libpq/hba.c (next_token, parse_hba_line).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import groupby

from setright.lenses._pg_hba_records import Field, HbaRecord, records, spelled
from setright.lenses.edited import edited
from setright.lenses.error import LensError
from setright.lenses.lines import Replacement, byte_span, decode, encode, newline_of, nowhere, splice
from setright.model import Edit, Path, Plain, Tree
from setright.trees import same

EMPTY = b""
LISTS = ("database", "user")
ORDER = ("type", "database", "user", "address", "netmask", "method")
KEYS = {*ORDER, "options"}
INCLUDE_KEYS = {"directive", "file"}


def get(source: bytes) -> Tree:
    """All lines that count. Raises LensError with the line that the server would refuse, too."""
    found = list(records(decode(source)))
    return {"rules": [r.tree() for r in found if not r.is_include], "includes": [r.tree() for r in found if r.is_include]}


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """The edits made in order; those that follow each other on one rule are made as one, so that it need not make sense between."""
    for _, group in groupby(enumerate(edits), key=_place):
        together = [edit for _, edit in group]
        before = get(source)
        after = _after(before, together)
        if not same(before, after):
            text = decode(source)
            source = encode(splice(text, _changes(text, together, before, after)))
            get(source)
    return source


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where a rule, a field, one name of a list or one option stands."""
    text = decode(source)
    if len(path) < 2 or path[0] not in ("rules", "includes"):
        raise nowhere(path)
    record = _at(_sort(text, path[0]), path)
    start, end = _within(record, path[2:]) if len(path) > 2 else (record.fields[0].start, record.fields[-1].end)
    return byte_span(text, start, end)


def _after(tree: Tree, edits: Sequence[Edit]) -> Tree:
    try:
        return edited(tree, edits)
    except (IndexError, TypeError) as error:
        raise nowhere(edits[0].path) from error


def _place(numbered: tuple[int, Edit]) -> Path | int:
    """What edits must share to be made as one: the rule they are in; an edit of a whole rule stands alone."""
    number, edit = numbered
    return edit.path[:2] if len(edit.path) > 2 else number


def _changes(text: str, edits: Sequence[Edit], before: Tree, after: Tree) -> list[Replacement]:
    path = edits[0].path
    if not path or path[0] not in ("rules", "includes"):
        raise LensError(f"{'/'.join(map(str, path))}: pg_hba.conf has rules and includes only")
    want = after.get(path[0])
    if not isinstance(want, list) or not all(isinstance(each, dict) for each in want):
        raise LensError(f"{path[0]}: is a list of lines")
    return list(_reshaped(text, str(path[0]), before[path[0]], want))


def _reshaped(text: str, sort: str, have: Sequence[Tree], want: Sequence[Tree]) -> Iterator[Replacement]:
    """The changes that make one list of lines another: as few lines as possible are touched."""
    there = list(_sort(text, sort))
    matcher = SequenceMatcher(None, [_key(each) for each in have], [_key(each) for each in want], autojunk=False)
    for _, i1, i2, j1, j2 in (op for op in matcher.get_opcodes() if op[0] != "equal"):
        shared = min(i2 - i1, j2 - j1)
        for i, j in zip(range(i1, i1 + shared), range(j1, j1 + shared), strict=True):
            yield from _rewritten(there[i], have[i], want[j])
        for record in there[i1 + shared : i2]:
            yield Replacement(record.start, record.end, "")
        if new := want[j1 + shared : j2]:
            yield _inserted(text, there, i2, new)


def _rewritten(record: HbaRecord, have: Tree, want: Tree) -> Iterator[Replacement]:
    if record.is_include:
        if want.keys() != INCLUDE_KEYS:
            raise LensError(f"line {record.number}: an include has directive and file, nothing else")
        for field, key in zip(record.fields, ("directive", "file"), strict=True):
            if have[key] != want[key]:
                yield Replacement(field.start, field.end, spelled(want[key]))
        return
    _checked(want)
    previous = record.fields[0]
    for name in ORDER:
        there = record.named.get(name)
        yield from _field(previous, there, name, have, want)
        previous = there or previous
    yield from _options(record, have["options"], want.get("options", {}))


def _field(previous: Field, field: Field | None, name: str, have: Tree, want: Tree) -> Iterator[Replacement]:
    """One field set, taken out, or put in behind the one before it."""
    if field is None and name in want:
        yield Replacement(previous.end, previous.end, " " + _text(name, want[name]))
    elif field is not None and name not in want:
        yield Replacement(previous.end, field.end, "")
    elif field is not None and have[name] != want[name]:
        if name in LISTS and len(have[name]) == len(want[name]):
            for token, old, new in zip(field.tokens, have[name], want[name], strict=True):
                if old != new:
                    yield Replacement(token.start, token.end, spelled(new))
        else:
            yield Replacement(field.start, field.end, _text(name, want[name]))


def _options(record: HbaRecord, have: Mapping[str, str], want: Mapping[str, str]) -> Iterator[Replacement]:
    if not isinstance(want, dict):
        raise LensError(f"line {record.number}: options are names with values")
    for name in [*have, *(name for name in want if name not in have)]:
        if have.get(name) == want.get(name):
            continue
        found = [(field, token) for field in record.fields[len(record.named) :] for token in field.tokens if token.option == name]
        if not found:
            yield Replacement(record.fields[-1].end, record.fields[-1].end, " " + _option(name, want[name]))
            continue
        field, token = found[0]
        if len(found) > 1:
            raise LensError(f"line {record.number}: {name} is given twice; leave one of them")
        if name in want:
            yield Replacement(token.start, token.end, _option(name, want[name]))
        elif len(field.tokens) > 1:
            raise LensError(
                f"line {record.number}: {name} is one of several options with a comma between; part them by a blank first"
            )
        else:
            yield Replacement(record.fields[record.fields.index(field) - 1].end, field.end, "")


def _inserted(text: str, there: Sequence[HbaRecord], index: int, new: Sequence[Tree]) -> Replacement:
    """New lines before the record at `index`; behind everything where it is the end."""
    lines = [_line(each, _model(there, index, each)) for each in new]
    end = newline_of(text)
    if index < len(there) and not index:
        return Replacement(there[0].start, there[0].start, "".join(line + end for line in lines))
    at = there[index - 1].end if index else len(text)
    if index == len(there) and text:
        at = max([record.end for record in records(text)] or [len(text)])
    if at and text[at - 1] != "\n":
        return Replacement(at, at, "".join(end + line for line in lines))
    return Replacement(at, at, "".join(line + end for line in lines))


def _model(there: Sequence[HbaRecord], index: int, tree: Tree) -> HbaRecord | None:
    """The nearest line with the same fields, above first; else the nearest."""
    near = sorted(range(len(there)), key=lambda i: (abs(i - index + 0.5), i))
    alike = [i for i in near if there[i].named.keys() == tree.keys() - {"options"}]
    return there[(alike or near)[0]] if near else None


def _line(tree: Tree, model: HbaRecord | None) -> str:
    """A new line, its columns where the model's are."""
    if tree.keys() == INCLUDE_KEYS:
        return f"{spelled(tree['directive'])} {spelled(tree['file'])}"
    _checked(tree)
    words = [(name, _text(name, tree[name])) for name in ORDER if name in tree]
    line = ""
    for name, word in words:
        line += (_gap(model, name, len(line)) if line else "") + word
    return " ".join([line, *(_option(name, value) for name, value in tree.get("options", {}).items())])


def _gap(model: HbaRecord | None, name: str, reached: int) -> str:
    """The blanks before a field: up to the model's column, or the model's own tabs; one blank where it has no such field."""
    if model is None or name not in model.named or model.is_include:
        return " "
    gap = model.gaps[name]
    return gap if "\t" in gap and "\n" not in gap else " " * max(1, model.columns[name] - reached)


def _checked(tree: Tree) -> None:
    if extra := tree.keys() - KEYS:
        raise LensError(f"a rule has no {', '.join(sorted(map(str, extra)))}; it has {', '.join(ORDER)} and options")
    needed = {"type", "database", "user", "method"} | (set() if tree.get("type") == "local" else {"address"})
    if missing := needed - tree.keys():
        raise LensError(f"a rule of type {tree.get('type')} needs {', '.join(sorted(missing))}")
    if tree["type"] == "local" and {"address", "netmask"} & tree.keys():
        raise LensError("a rule of type local has no address")
    for name in LISTS:
        if not isinstance(tree[name], list) or not tree[name]:
            raise LensError(f"{name} is a list with at least one name; all stands for any")


def _text(name: str, value: Plain) -> str:
    return ",".join(map(spelled, value)) if name in LISTS else spelled(value)


def _option(name: str, value: Plain) -> str:
    if not re.fullmatch(r"\w[\w-]*", name) or not isinstance(value, str):
        raise LensError(f"option {name}: takes a text")
    return f"{name}={spelled(value, loose=True)}" if value else f"{name}="


def _key(tree: Tree) -> str:
    return repr([(key, tree[key]) for key in sorted(tree)])


def _sort(text: str, sort: str | int) -> list[HbaRecord]:
    wanted: Callable[[HbaRecord], bool] = (lambda r: r.is_include) if sort == "includes" else (lambda r: not r.is_include)
    return [record for record in records(text) if wanted(record)]


def _at(found: Sequence[HbaRecord], path: Path) -> HbaRecord:
    index = path[1]
    if not isinstance(index, int) or not 0 <= index < len(found):
        raise nowhere(path)
    return found[index]


def _within(record: HbaRecord, rest: Path) -> tuple[int, int]:
    """The offsets of a field or something in it."""
    if rest[0] == "options" and not record.is_include:
        tokens = [token for field in record.fields[len(record.named) :] for token in field.tokens]
        chosen = [token for token in tokens if len(rest) == 1 or token.option == rest[1]]
        if not chosen:
            raise nowhere(rest)
        return chosen[0].start if len(rest) == 1 else chosen[-1].start, chosen[-1].end
    field = record.named.get(str(rest[0]))
    if field is None:
        raise nowhere(rest)
    if len(rest) == 1:
        return field.start, field.end
    if not isinstance(rest[1], int) or not 0 <= rest[1] < len(field.tokens):
        raise nowhere(rest)
    return field.tokens[rest[1]].start, field.tokens[rest[1]].end

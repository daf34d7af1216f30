"""What the system's tables of cron and those of users share. Source: crontab(5) of Debian's cron 3.0 and of cronie 1.5.

Of cronie are ``~`` (any time between) and a ``-`` before the minute (not to the log); Debian's cron takes neither ``-`` nor ``A=``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.lenses import rows
from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, byte_span, decode, encode, lines, nowhere, put_each
from setright.lenses.rows import Row
from setright.model import Edit, Path, Plain, Tree

NAMED = re.compile(r"@(?:reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
FIELDS = ((0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, MONTHS), (0, 7, DAYS))
STEPPED = re.compile(r"(?:\*|(?P<first>[0-9A-Za-z]+)(?:[-~](?P<last>[0-9A-Za-z]+))?)(?:/(?P<step>[0-9]+))?")
TIMES = r"(?P<when>@[a-z]+|-?[*0-9][^ \t\n]*(?:[ \t]+[*0-9A-Za-z][^ \t\n]*){4})"
VALUE = r"'[^']*'|\"[^\"]*\"|(?:[^\s'\"].*)?"
SETTING = re.compile(rf"[ \t]*(?P<name>'[^'=\n]+'|\"[^\"=\n]+\"|[^\s='\"#]+)[ \t]*=[ \t]*(?P<value>{VALUE})")
WORD = re.compile(r"[^\s='\"#]+")


class Table:
    """Tables whose jobs name the account that they run as, or not."""

    def __init__(self, *, names_users: bool) -> None:
        account = r"(?:[ \t]+(?P<user>[^ \t\n]+))" if names_users else ""
        self._job = re.compile(rf"[ \t]*{TIMES}{account}(?:[ \t]+(?P<command>.*))?")
        self._keys = {"when", "command", *(("user",) if names_users else ())}

    def get(self, source: bytes) -> Tree:
        """The tree above. Raises LensError, naming the line, for one that cron would not take: it leaves out the whole table."""
        return {"entries": [row.value for row, _ in self._entries(decode(source))]}

    def put(self, source: bytes, edits: Sequence[Edit]) -> bytes:
        """Raises LensError for what no line can say."""
        return put_each(source, edits, self.get, self._change)

    def span(self, source: bytes, path: Path) -> tuple[int, int]:
        """Where the entry stands, or one part of it."""
        text = decode(source)
        found = self._entries(text)
        if len(path) < 2 or path[0] != "entries" or not isinstance(path[1], int) or not 0 <= path[1] < len(found):
            raise nowhere(path)
        row, match = found[path[1]]
        if len(path) == 2:
            return byte_span(text, row.line.start, row.line.end)
        if match.groupdict().get(str(path[2])) is None:
            raise nowhere(path)
        start, end = match.span(str(path[2]))
        return byte_span(text, row.line.start + start, row.line.start + end)

    def _entries(self, text: str) -> list[tuple[Row, re.Match[str]]]:
        spoken = (line for line in lines(text) if line.text.strip() and not line.text.lstrip(" \t").startswith("#"))
        return [self._entry(line) for line in spoken]

    def _entry(self, line: Line) -> tuple[Row, re.Match[str]]:
        said = line.text.rstrip(" \t\r")
        if setting := SETTING.fullmatch(said):
            value: Tree = {"name": _bare(setting["name"]), "value": _bare(setting["value"])}
            return Row(value, line), setting
        job = self._job.fullmatch(said)
        if job is None or not _is_time(job["when"]):
            raise LensError(f"line {line.number}: is neither a setting nor a job of cron: {said.strip()[:60]!r}")
        parts = {key: job[key] or "" for key in ("when", "user", "command") if key in self._keys}
        return Row(parts | {"when": " ".join(job["when"].split())}, line), job

    def _change(self, text: str, edit: Edit) -> list[Replacement]:
        if edit.path[0] != "entries":
            raise LensError(f"{'/'.join(map(str, edit.path))}: a path begins with entries")
        found = self._entries(text)
        matches = {row.line.start: match for row, match in found}
        new = rows.wanted_rows(self.get(encode(text)), edit, "entries")

        def altered(row: Row, value: Plain) -> list[Replacement] | None:
            return self._altered(row, matches[row.line.start], value)

        return rows.row_changes(text, [row for row, _ in found], new, self._written, altered)

    def _altered(self, row: Row, match: re.Match[str], value: Plain) -> list[Replacement] | None:
        """One part of an entry put anew where it stands; None where it is another sort of entry, or had no such part."""
        self._written(value, row)
        moved = [key for key in row.value if row.value[key] != value.get(key)] if value.keys() == row.value.keys() else []
        if not moved or any(match[key] is None for key in moved):
            return None
        at = row.line.start
        return [Replacement(at + match.start(key), at + match.end(key), self._part(key, value[key], match[key])) for key in moved]

    def _written(self, value: Plain, beside: Row | None) -> str:
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            raise LensError("an entry is a setting (name, value) or a job (when, user, command), all of them text")
        if value.keys() == {"name", "value"}:
            return f"{self._part('name', value['name'])}={self._part('value', value['value'])}"
        if value.keys() != self._keys:
            raise LensError(f"a job has {', '.join(sorted(self._keys))}")
        return " ".join(self._part(key, value[key]) for key in ("when", "user", "command") if key in value).rstrip()

    def _part(self, key: str, said: str, was: str = "") -> str:
        """One part as a line says it, in the quotes it had. Raises LensError for what cron would read as something else."""
        fits = {
            "when": _is_time(said) and said == " ".join(said.split()),
            "user": re.fullmatch(r"[^\s\0]+", said) is not None,
            "command": re.fullmatch(r"(?:\S(?:[^\n\0]*\S)?)?", said) is not None and "\0" not in said,
            "name": WORD.fullmatch(said) is not None and "\0" not in said,
            "value": re.fullmatch(r"[^\r\n\0]*", said) is not None,
        }
        if not fits[key]:
            raise LensError(f"{said!r} cannot be the {key} of an entry")
        if key == "value":
            return _quoted(said, was[:1])
        return f"{was[:1]}{said}{was[:1]}" if key == "name" and was[:1] in ("'", '"') else said


def _bare(written: str) -> str:
    return written[1:-1] if len(written) > 1 and written[0] in "'\"" and written[-1] == written[0] else written


def _quoted(said: str, quote: str) -> str:
    """In the quotes that stood there; in others where it needs some. cron knows no escape in them."""
    needs = not said or said != said.strip() or said[0] in "'\""
    if quote not in ("'", '"'):
        quote = '"' if needs else ""
    if quote and quote in said:
        quote = "'" if quote == '"' else '"'
    if quote and quote in said:
        raise LensError(f"{said!r}: holds both quotes; cron cannot say that")
    return f"{quote}{said}{quote}"


def _is_time(when: str) -> bool:
    fields = when.removeprefix("-").split()
    if len(fields) != len(FIELDS):
        return NAMED.fullmatch(when) is not None
    return all(_is_field(field, *limits) for field, limits in zip(fields, FIELDS, strict=True))


def _is_field(field: str, low: int, high: int, names: Sequence[str]) -> bool:
    return all(_is_range(part, low, high, names) for part in field.split(","))


def _is_range(part: str, low: int, high: int, names: Sequence[str]) -> bool:
    """``*``, ``*/5``, ``1``, ``1-5``, ``1-5/2``; a step behind a single number is refused by cron."""
    match = STEPPED.fullmatch(part)
    if match is None or (match["step"] and (int(match["step"][:9]) == 0 or (match["first"] and not match["last"]))):
        return False
    return all(_is_number(word, low, high, names) for word in (match["first"], match["last"]) if word)


def _is_number(word: str, low: int, high: int, names: Sequence[str]) -> bool:
    if not word.isdecimal():
        return word.lower() in names
    return len(word) < 10 and low <= int(word) <= high

"""Rules as iptables-restore reads them: ufw's *.rules, /etc/iptables/rules.v4. Source: iptables-restore(8) 1.8, ufw 0.36.

    {"tables": [{"name": "filter", "chains": [{"name": "INPUT", "policy": "DROP"}], "rules": ["-A INPUT -i lo -j ACCEPT"],
                 "tuples": [{"tuple": "allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in", "rules": ["-A ufw-user-input ..."]}]}]}

A tuple is ufw's own word for the rules that stand below it without an empty line between. Counters are no part of the tree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from setright.lenses import rows
from setright.lenses.edited import edited
from setright.lenses.error import LensError
from setright.lenses.lines import Line, Replacement, byte_span, decode, insert_after, lines, newline_of, nowhere, put_each
from setright.lenses.rows import Row
from setright.model import Edit, Path, Plain, Tree

TABLE = re.compile(r"\*(?P<name>\S+)")
CHAIN = re.compile(r":(?P<name>\S+)[ \t]+(?P<policy>\S+)(?:[ \t]+\[[0-9]+:[0-9]+\])?")
RULE = re.compile(r"[ \t]*(?:\[[0-9]+:[0-9]+\][ \t]*)?(?P<rule>-(?:[A-Z]|-[a-z-]+)[ \t].*)")
TUPLE = re.compile(r"### tuple ### (?P<tuple>\S.*)")
WORD = re.compile(r"[^\s:*#\[\]\0]+")


class Table(NamedTuple):
    """A table, its lists as rows, and the line that new ones of an empty list go behind, by list."""

    name: str
    lists: dict[str, list[Row]]
    behind: dict[str, Line]

    def tree(self) -> Tree:
        return {"name": self.name, **{key: [row.value for row in found] for key, found in self.lists.items()}}


def get(source: bytes) -> Tree:
    """Raises LensError, naming the line, for what iptables-restore would not read."""
    return {"tables": [table.tree() for table in _tables(decode(source))]}


def put(source: bytes, edits: Sequence[Edit]) -> bytes:
    """Chains, rules and tuples of tables that are there. Raises LensError for all else."""
    return put_each(source, edits, get, _change)


def span(source: bytes, path: Path) -> tuple[int, int]:
    """Where a chain, a rule or a tuple stands, with its rules."""
    text = decode(source)
    tables = _tables(text)
    if len(path) >= 4 and path[0] == "tables" and isinstance(path[1], int) and 0 <= path[1] < len(tables):
        found = tables[path[1]].lists.get(str(path[2]), [])
        if isinstance(path[3], int) and 0 <= path[3] < len(found):
            return byte_span(text, found[path[3]].line.start, found[path[3]].line.end)
    raise nowhere(path)


def _tables(text: str) -> list[Table]:
    found: list[Table] = []
    open_table = block = False  # whether a table is open, and whether a tuple's rules go on
    for line in lines(text):
        said = line.text.rstrip(" \t\r")
        if not open_table:
            if match := TABLE.fullmatch(said):
                found.append(
                    Table(
                        match["name"], {"chains": [], "rules": [], "tuples": []}, dict.fromkeys(("chains", "rules", "tuples"), line)
                    )
                )
                open_table, block = True, False
            elif said and not said.startswith("#"):
                raise _unread(line, "stands in no table")
        elif said == "COMMIT":
            open_table = False
        else:
            block = _in_table(found[-1], line, said, block)
    if open_table:
        raise LensError(f"the table {found[-1].name} has no COMMIT")
    return found


def _in_table(table: Table, line: Line, said: str, block: bool) -> bool:
    """A line put where it belongs; whether the rules of a tuple may follow."""
    if match := TUPLE.fullmatch(said):
        table.lists["tuples"].append(Row({"tuple": match["tuple"], "rules": []}, line))
        return True
    if match := CHAIN.fullmatch(said):
        table.lists["chains"].append(Row({"name": match["name"], "policy": match["policy"]}, line))
        table.behind.update(dict.fromkeys(table.behind, line))
    elif match := RULE.fullmatch(said):
        if block:
            mine = table.lists["tuples"]
            mine[-1].value["rules"].append(match["rule"])
            mine[-1] = mine[-1]._replace(line=mine[-1].line._replace(end=line.end, text=line.text))
            return True
        table.lists["rules"].append(Row(match["rule"], line))
        table.behind["rules"] = line
    elif said == "### RULES ###":
        table.behind["tuples"] = line
    elif said and not said.startswith("#"):
        raise _unread(line, "is no rule of iptables")
    return False


def _unread(line: Line, why: str) -> LensError:
    return LensError(f"line {line.number}: {why}: {line.text.strip()[:60]!r}")


def _change(text: str, edit: Edit) -> list[Replacement]:
    found = _tables(text)
    want = edited({"tables": [table.tree() for table in found]}, [edit])
    if want.keys() != {"tables"} or not isinstance(want["tables"], list) or len(want["tables"]) != len(found):
        raise LensError("tables: can be changed, not made or removed")
    return [made for table, new in zip(found, want["tables"], strict=True) for made in _in(text, table, new)]


def _in(text: str, table: Table, new: Plain) -> list[Replacement]:
    if not isinstance(new, dict) or new.keys() != {"name", *table.lists} or new["name"] != table.name:
        raise LensError(f"tables: a table has its name and {', '.join(table.lists)}")
    made: list[Replacement] = []
    for key, mine in table.lists.items():
        if not isinstance(new[key], list):
            raise LensError(f"{key}: takes a list")
        if mine or not new[key]:
            made += rows.row_changes(text, mine, new[key], WRITTEN[key], _altered)
        else:
            written = [row for value in new[key] for row in WRITTEN[key](value, None).split("\n")]
            parted = key != "tuples" or re.match(r"[ \t\r\n#]|$", text[table.behind[key].end + 1 :][:1])
            made.append(insert_after(text, table.behind[key], [*written, *([] if parted else [""])]))
    line = newline_of(text)
    return [_with_its_gap(text, change._replace(text=re.sub(r"\r?\n", line, change.text)), line) for change in made]


def _with_its_gap(text: str, change: Replacement, line: str) -> Replacement:
    """What goes from between two empty lines takes the one above with it."""
    parted = text.endswith(line * 2, 0, change.start) and text.startswith(line, change.end)
    return change._replace(start=change.start - len(line)) if parted and not change.text else change


def _altered(row: Row, value: Plain) -> list[Replacement] | None:
    """A rule or a policy put in the place of the old one, so that counters stay; None for another chain."""
    if isinstance(row.value, dict) and "tuple" in row.value:
        end = row.line.end - row.line.text.endswith("\r")
        return [Replacement(row.line.start, end, _tuple(value, row).removeprefix("\n"))]
    match = RULE.match(row.line.text) if isinstance(row.value, str) else CHAIN.match(row.line.text)
    if match is None:
        return None
    part = "rule" if isinstance(row.value, str) else "policy"
    written = WRITTEN["rules" if part == "rule" else "chains"](value, row)
    if part == "policy" and row.value["name"] != value["name"]:
        return None
    start, end = match.start(part), len(row.line.text.rstrip(" \t\r")) if part == "rule" else match.end(part)
    return [Replacement(row.line.start + start, row.line.start + end, written if part == "rule" else str(value["policy"]))]


def _rule(value: Plain, beside: Row | None) -> str:
    if (
        not isinstance(value, str)
        or not RULE.fullmatch(value)
        or value != value.strip()
        or re.search(r"[\r\0]", value)
        or value[0] != "-"
    ):
        raise LensError(f"{value!r} is no rule")
    return value


def _chain(value: Plain, beside: Row | None) -> str:
    words = [value.get("name"), value.get("policy")] if isinstance(value, dict) and value.keys() == {"name", "policy"} else []
    if not words or not all(isinstance(word, str) and WORD.fullmatch(word) for word in words):
        raise LensError(f"{value!r} is no chain")
    return f":{words[0]} {words[1]} [0:0]"


def _tuple(value: Plain, beside: Row | None) -> str:
    if not isinstance(value, dict) or value.keys() != {"tuple", "rules"} or not isinstance(value["rules"], list):
        raise LensError(f"{value!r} is no tuple of ufw and its rules")
    head = f"### tuple ### {value['tuple']}"
    if not TUPLE.fullmatch(head) or head != head.rstrip() or re.search(r"[\r\0]", head):
        raise LensError(f"{value['tuple']!r} is no tuple of ufw")
    return "\n".join(["", head, *(_rule(each, None) for each in value["rules"])])


WRITTEN = {"chains": _chain, "rules": _rule, "tuples": _tuple}

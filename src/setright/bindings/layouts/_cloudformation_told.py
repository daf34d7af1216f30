"""What a template itself tells of the value that a function gives: a parameter's default, a mapping's rows, a condition's branches.

AWS CloudFormation User Guide, Fn::FindInMap, Fn::If, Fn::Join, Fn::Sub, pseudo parameters. The partition is judged as `aws`:
what holds of an ARN there holds of the same ARN elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown

PSEUDO = {"AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
SUB = re.compile(r"!Sub\s+(?P<quote>['\"]?)(?P<text>[^'\"\n]+)(?P=quote)")
NAMED = re.compile(r"\$\{(AWS::\w+)\}")
WORD = r"""\s*((?:!Ref\s+)?['"]?[\w:.+/-]+['"]?)\s*"""
MAPPED = re.compile(rf"!FindInMap\s*(?:\[{WORD},{WORD},{WORD}\]|\n\s*-{WORD}\n\s*-{WORD}\n\s*-{WORD})")
ROWS = 60  # of a mapping of which any may be meant


def default_of(template: Tree, name: str | None) -> Plain:
    """The literal default of a parameter; None where it has none that can be told."""
    parameter = look_up(template, ("Parameters", name or ""))
    if not isinstance(parameter, dict) or isinstance(parameter.get("Default"), dict | Unknown):
        return None
    default, sort = parameter.get("Default"), str(parameter.get("Type"))
    if sort == "CommaDelimitedList" or sort.startswith("List<"):
        return [part.strip() for part in default.split(",")] if isinstance(default, str) else None
    return None if sort.startswith("AWS::SSM") else default


def joined_text(value: Plain) -> str | None:
    """The text that a Sub or Join gives, where it puts in nothing but the names of the partition; None for any other."""
    if isinstance(value, Unknown):
        found = SUB.fullmatch(value.text)
        return _filled(found["text"]) if found else None
    name, given = next(iter(value.items())) if isinstance(value, dict) and len(value) == 1 else ("", None)
    if name == "Fn::Sub" and isinstance(given, str):
        return _filled(given)
    if name == "Fn::Join" and isinstance(given, list) and len(given) == 2 and isinstance(given[1], list):
        parts = [_part(each) for each in given[1]]
        told = [each for each in parts if each is not None]
        return given[0].join(told) if isinstance(given[0], str) and told and len(told) == len(parts) else None
    return None


def _part(value: Plain) -> str | None:
    named = value.get("Ref") if isinstance(value, dict) and len(value) == 1 else None
    return PSEUDO.get(named) if isinstance(named, str) else value if isinstance(value, str) else joined_text(value)


def _filled(text: str) -> str | None:
    whole = NAMED.sub(lambda found: PSEUDO.get(found[1], found[0]), text)
    return None if "${" in whole else whole


def mapped(value: Plain, template: Tree) -> list[Plain]:
    """The values that FindInMap may give, by parameters' defaults; empty where it is none, or they cannot be told."""
    named = map_words(value)
    table = look_up(template, ("Mappings", named[0])) if named else None
    if len(named) != 3 or not isinstance(table, dict) or len(table) > ROWS:
        return []
    found: list[Plain] = []
    for row in _meant(table, named[1], template):
        columns = _meant(row, named[2], template) if isinstance(row, dict) else []
        if not columns:
            return []
        found += columns
    return found


def map_words(value: Plain) -> list[str]:
    """The three words of a FindInMap, a reference as `!Ref NAME`."""
    if isinstance(value, Unknown):
        found = MAPPED.fullmatch(value.text.rstrip())
        return [re.sub(r"['\"]", "", each) for each in found.groups() if each] if found else []
    given = value.get("Fn::FindInMap") if isinstance(value, dict) and len(value) == 1 else None
    return [_word(each) for each in given] if isinstance(given, list) and all(map(_word, given)) else []


def _word(value: Plain) -> str:
    if isinstance(value, Unknown):
        return value.text if value.text.startswith("!Ref") else ""
    named = value.get("Ref") if isinstance(value, dict) and len(value) == 1 else None
    return f"!Ref {named}" if named else value if isinstance(value, str) else ""


def _meant(table: Tree, word: str, template: Tree) -> Sequence[Plain]:
    """The entries of a table that a word may mean: all, where what the account, the region or a stranger gives decides."""
    if not word.startswith("!Ref"):
        return [table[word]] if word in table else []
    default = default_of(template, word.removeprefix("!Ref").strip())
    return [table[default]] if isinstance(default, str) and default in table else list(table.values())

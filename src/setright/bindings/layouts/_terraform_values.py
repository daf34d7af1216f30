"""What a Terraform expression holds that leads into a known value, is a text with known values in it, or a choice by one.

developer.hashicorp.com/terraform/language/expressions (references, strings and templates, conditionals).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import count

from setright.model import Plain, Unknown
from setright.patterns import late

_NAME, _LITERAL = r"[A-Za-z_][\w.-]*", r'(?:"[^"\\$]*"|-?\d+|true|false|null)'
_EITHER = rf"({_LITERAL}|{_NAME}|\[\s*(?:{_LITERAL}|{_NAME})?\s*\])"
CHOICE = late(rf"(!?)\s*({_NAME})\s*(?:(==|!=)\s*({_LITERAL})\s*)?\?\s*{_EITHER}\s*:\s*{_EITHER}\s*")
MISSING = Unknown("nothing stands there")
REFERENCE = late(r'(?:"\$\{\s*)?([A-Za-z_][\w-]*\.[A-Za-z_][\w-]*)((?:\.[A-Za-z_][\w-]*|\[\d+\]|\[\s*"[^"\\$]*"\s*\])*)(?:\s*\}")?')
STEP = late(r'\.([A-Za-z_][\w-]*)|\[(\d+)\]|\[\s*"([^"\\$]*)"\s*\]')
HOLE = late(r"\$\{\s*([^{}\"~]+?)\s*\}")
TEXT = late(r'"((?:[^"\\$%]|\$(?!\{)|%(?!\{)|\$\{[^{}"~]*\})*)"')


def filled(text: str, told: Callable[[Unknown], Plain]) -> Plain:
    """The value of an expression, by what `told` says of the names in it; MISSING where that is not known."""
    if found := REFERENCE.fullmatch(text):
        return stepped(told(Unknown(found[1])), found[2]) if found[2] else MISSING
    if (found := TEXT.fullmatch(text)) and "${" in found[1]:
        return _text(found[1], told)
    return MISSING


def choice(text: str, told: Callable[[Unknown], Plain]) -> Plain:
    """What a choice between two plain values comes to, by what `told` says of its condition; MISSING where that is not known."""
    found = CHOICE.fullmatch(text)
    if found is None:
        return MISSING
    negated, name, sign, other, yes, no = found.groups()
    value = told(Unknown(name))
    if isinstance(value, Unknown):
        return MISSING
    if sign is None:
        held = {True: True, False: False, "true": True, "false": False}.get(value) if isinstance(value, bool | str) else None
        holds = None if held is None else held != bool(negated)
    else:
        holds = (value == _plain(other, told)) != (sign == "!=")
    return MISSING if holds is None else _plain(yes if holds else no, told)


def _plain(text: str, told: Callable[[Unknown], Plain]) -> Plain:
    """A literal, a list of one, or what a name stands for."""
    if text.startswith("["):
        inner = text.strip("[ ]")
        return [_plain(inner, told)] if inner else []
    try:
        return json.loads(text)
    except ValueError:
        return told(Unknown(text))


def stepped(value: Plain, steps: str) -> Plain:
    """What attributes and indexes lead to in a value; MISSING where there is no such thing."""
    for name, index, key in STEP.findall(steps):
        if index and isinstance(value, list) and int(index) < len(value):
            value = value[int(index)]
        elif not index and isinstance(value, dict) and (name or key) in value:
            value = value[name or key]
        else:
            return MISSING
    return value


def _text(template: str, told: Callable[[Unknown], Plain]) -> Plain:
    """A text with its holes filled in; MISSING where one of them cannot be."""
    values: list[str] = []
    for hole in HOLE.findall(template):
        value = told(Unknown(hole))
        if isinstance(value, Unknown | list | dict) or value is None:
            return MISSING
        values.append(str(value).lower() if isinstance(value, bool) else str(value))
    places = count()
    return HOLE.sub(lambda _: values[next(places)], template)


def is_known(value: Plain) -> bool:
    """Whether nothing in a value is Unknown."""
    if isinstance(value, dict):
        return all(is_known(inner) for inner in value.values())
    return all(is_known(inner) for inner in value) if isinstance(value, list) else not isinstance(value, Unknown)


def mentions(value: Plain, pattern: re.Pattern[str]) -> int:
    """How often the expressions in a value name what the pattern finds."""
    if isinstance(value, Unknown):
        return len(pattern.findall(value.text))
    if isinstance(value, dict):
        return sum(mentions(item, pattern) for item in value.values())
    return sum(mentions(item, pattern) for item in value) if isinstance(value, list) else 0

"""The nested blocks that a dynamic block makes, where it is told of what.

developer.hashicorp.com/terraform/language/expressions/dynamic-blocks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from setright.bindings.layouts._terraform_evaluate import filled
from setright.bindings.layouts._terraform_module import Module
from setright.bindings.layouts._terraform_values import MISSING
from setright.model import Path, Plain, Tree, Unknown

MANY = 64  # blocks that one dynamic block may be told to make


def made(module: Module, body: Tree, name: str) -> list[tuple[Path, Tree]] | None:
    """The blocks of a name that a body's dynamic blocks make, each with where its content stands; None where that is not told."""
    found: list[tuple[Path, Tree]] = []
    for index, each in enumerate(_named(body, name)):
        elements = _elements(module, each.get("for_each"))
        content = each.get("content")
        if elements is None or not isinstance(content, list) or not content:
            return None
        iterator = each["iterator"].text if isinstance(each.get("iterator"), Unknown) else name
        at = ("dynamic", name, index, "content", 0)
        found += [(at, _with(content[0], _teller(module, iterator, *element))) for element in elements]
    return found


def _named(body: Tree, name: str) -> list[Tree]:
    all_made = body.get("dynamic")
    named = all_made.get(name) if isinstance(all_made, dict) else None
    return [each for each in named if isinstance(each, dict)] if isinstance(named, list) else []


def _elements(module: Module, each: Plain) -> list[tuple[Plain, Plain]] | None:
    """Key and value of each element that a dynamic block goes over."""
    value = module.chosen(each)
    told: Iterator[tuple[Plain, Plain]] | None = None
    if isinstance(value, dict):
        told = iter(value.items())
    elif isinstance(value, list):
        told = iter(enumerate(value))
    elements = None if told is None else list(told)
    return elements if elements is not None and len(elements) <= MANY else None


def _teller(module: Module, iterator: str, key: Plain, value: Plain) -> Callable[[Unknown], Plain]:
    """What a name says in the content of one block."""
    own = {f"{iterator}.key": key, f"{iterator}.value": value}
    return lambda part: own[part.text] if part.text in own else module.resolved(part)


def _with(content: Plain, told: Callable[[Unknown], Plain]) -> Plain:
    """Content with what its expressions say of the element."""
    if isinstance(content, dict):
        filled_in = {key: _with(inner, told) for key, inner in content.items()}
        return {key: inner for key, inner in filled_in.items() if inner is not None}
    if isinstance(content, list):
        return [_with(inner, told) for inner in content]
    return _told(content, told) if isinstance(content, Unknown) else content


def _told(value: Unknown, told: Callable[[Unknown], Plain]) -> Plain:
    bare = re.sub(r'^"\$\{\s*([^{}"]*?)\s*\}"$', r"\1", value.text)
    if (known := told(Unknown(bare))) != Unknown(bare):
        return known
    known = filled(value.text, told)
    return value if known is MISSING else known

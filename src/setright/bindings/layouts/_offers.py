"""What templates and modules ask alike before a resource takes an offer."""

from __future__ import annotations

from collections.abc import Mapping

from setright.bindings.trees import look_up, split_path
from setright.model import Plain, Tree
from setright.patterns import fits


def is_excepted(exceptions: Mapping[str, Mapping[str, list[str]]], kind: str, body: Tree) -> bool:
    """Whether a resource of a type has one of the values with which it cannot take an offer; empty stands for none written."""
    return any(_is_one_of(look_up(body, split_path(at)), globs) for at, globs in exceptions.get(kind, {}).items())


def _is_one_of(value: Plain, globs: list[str]) -> bool:
    text = "" if value is None else str(value).lower() if isinstance(value, str | int | float) else None
    return text is not None and any(fits(text, glob) for glob in globs)

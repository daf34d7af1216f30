"""The YAML in which our content is written: only true, false, null and whole numbers are not strings.

YAML 1.1 reads `no`, `off` and `on:` as booleans and 1.10 as 1.1; a configuration value must arrive as written.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

IMPLICIT = (("bool", r"true|false", "tf"), ("null", r"null|~", "n~"), ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"))


WORDS = ("true", "false", "null", "~")


class DialectError(ValueError):
    """A content file is not YAML in our dialect; names file and line."""


def read_mapping(file: Path) -> dict[str, Any]:
    """The mapping in a YAML file. Raises DialectError naming file and line."""
    import yaml

    try:
        source = file.read_bytes()
        raw = _plainly(source)
        if raw is None:
            raw = yaml.load(source, _loader())  # noqa: S506 - a safe loader
    except (yaml.YAMLError, UnicodeDecodeError, DialectError) as error:
        raise DialectError(f"{file}: {error}") from error
    if not isinstance(raw, dict):
        raise DialectError(f"{file}: a mapping of fields is needed; it holds {type(raw).__name__}")
    return raw


def plain_mapping(text: str) -> dict[str, Any] | None:
    """The mapping that a text in YAML holds where nothing in it is odd: no anchors, tags or doubled keys."""
    held = _plainly(text.encode())
    return held if isinstance(held, dict) else None


def _plainly(source: bytes) -> Any:
    """What nearly every file holds, built from libyaml's events; None for what the loader shall read, or refuse."""
    import yaml
    from yaml.cyaml import CParser  # type: ignore[attr-defined]

    open_: list[list[Any]] = [[]]
    try:
        parser = CParser(source)
        while (event := parser.get_event()) is not None:
            if not _taken(event, open_):
                return None
    except yaml.YAMLError:
        return None
    return open_[0][0] if len(open_[0]) == 1 else None


def _taken(event: Any, open_: list[list[Any]]) -> bool:
    """Adds what an event says to the innermost of the open collections. False: anchors, tags, odd or doubled keys."""
    match event.__class__.__name__:
        case "AliasEvent":
            return False
        case "ScalarEvent" | "MappingStartEvent" | "SequenceStartEvent" if event.tag is not None or event.anchor is not None:
            return False
        case "ScalarEvent":
            open_[-1].append(event.value if event.style else _meant(event.value))
        case "MappingStartEvent" | "SequenceStartEvent":
            open_.append([])
        case "SequenceEndEvent":
            items = open_.pop()
            open_[-1].append(items)
        case "MappingEndEvent":
            flat = open_.pop()
            if not all(key.__class__ is str for key in flat[::2]):
                return False
            open_[-1].append(dict(zip(flat[::2], flat[1::2], strict=True)))
            return len(open_[-1][-1]) * 2 == len(flat)
    return True


@lru_cache(maxsize=4096)
def _meant(text: str) -> str | bool | int | None:
    """What a plain scalar means."""
    for _, pattern, first in IMPLICIT:
        if text[:1] and text[0] in first and re.fullmatch(pattern, text):
            return {"true": True, "false": False, "null": None, "~": None}[text] if text in WORDS else int(text)
    return text


@cache
def _loader() -> type[Any]:
    """Made when a file is read: content that is cached needs none."""
    import yaml

    class Loader(yaml.CSafeLoader):
        """Refuses a key that stands twice."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
            seen: set[str] = set()
            for key, _ in node.value:
                if key.value in seen:
                    raise DialectError(f"line {key.start_mark.line + 1}: {key.value!r} stands twice; keep one")
                seen.add(key.value)
            return super().construct_mapping(node, deep=True)

    Loader.yaml_implicit_resolvers = {}
    for tag, pattern, first in IMPLICIT:
        Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))
    return Loader

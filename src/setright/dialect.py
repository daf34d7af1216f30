"""The YAML in which our content is written: only true, false, null and whole numbers are not strings.

YAML 1.1 reads `no`, `off` and `on:` as booleans and 1.10 as 1.1; a configuration value must arrive as written.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from functools import cache
from pathlib import Path
from typing import Any

IMPLICIT = (("bool", r"true|false", "tf"), ("null", r"null|~", "n~"), ("int", r"-?(0|[1-9][0-9]*)", "-0123456789"))


class DialectError(ValueError):
    """A content file is not YAML in our dialect; names file and line."""


def read_mapping(file: Path) -> dict[str, Any]:
    """The mapping in a YAML file. Raises DialectError naming file and line."""
    import yaml

    try:
        raw = yaml.load(file.read_bytes(), _loader())  # noqa: S506 - a safe loader
    except (yaml.YAMLError, UnicodeDecodeError, DialectError) as error:
        raise DialectError(f"{file}: {error}") from error
    if not isinstance(raw, dict):
        raise DialectError(f"{file}: a mapping of fields is needed; it holds {type(raw).__name__}")
    return raw


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

"""The environment that a service gets from files of the tree. compose-spec.io, 05-services.md, env_file; environment wins."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import join, normpath

from setright.bindings.layouts._documents import folder
from setright.bindings.source import Source
from setright.model import Plain, Tree, Unknown
from setright.trees import as_list


def with_files(service: Tree, file: str, sources: Mapping[str, Source]) -> Tree:
    """The service with what its files set among its variables; as it is where not all of them are known to the last line."""
    told: dict[str, Plain] = {}
    for each in as_list(service.get("env_file")):
        source = sources.get(normpath(join(folder(file), each))) if isinstance(each, str) and "$" not in each else None
        if source is None or source.lens != "dotenv" or not source.exists:
            return service
        told |= source.tree
    if not told or any(isinstance(value, Unknown) for value in told.values()):
        return service
    return {key: value for key, value in service.items() if key != "env_file"} | {"environment": told | _own(service)}


def _own(service: Tree) -> dict[str, Plain]:
    variables = service.get("environment")
    if isinstance(variables, dict):
        return variables
    pairs = (str(each).partition("=") for each in as_list(variables))
    return {name: value if equals else None for name, equals, value in pairs}

"""Which directories of a tree have Terraform blocks of a type: told once for the tree, since each of many kinds asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from setright.bindings.layouts._terraform_module import Module

CALLS = "module"  # stands for the type of every call of a module
_LAST: list[tuple[Mapping[str, Module], list[Module], dict[str, list[int]]]] = []  # the tree asked for last


def holding(there: Mapping[str, Module], types: Iterable[str]) -> list[Module]:
    """The directories that have a block of one of the types, in the order of the tree."""
    last = _LAST[0] if _LAST else None  # another thread may put its own there meanwhile
    if last is None or last[0] is not there:
        _LAST[:] = [last := (there, list(there.values()), _by_type(there))]
    _, modules, by_type = last
    return [modules[at] for at in sorted({at for each in types for at in by_type.get(each, ())})]


def _by_type(there: Mapping[str, Module]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for at, module in enumerate(there.values()):
        for kind in module.types:
            found.setdefault(kind, []).append(at)
            if kind.startswith(f"{CALLS}."):
                found.setdefault(CALLS, []).append(at)
    return found

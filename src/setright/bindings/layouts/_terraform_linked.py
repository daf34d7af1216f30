"""Which directories of a tree call which, and what is run together with a module for that."""

from __future__ import annotations

from collections.abc import Mapping

from setright.bindings.layouts._terraform_module import Module


def callees(module: Module) -> Mapping[str, set[str]]:
    """The directories of the tree that each one calls: told once for all."""
    notes = next(iter(module.tree.values())).notes
    if "callees" not in notes:
        found: dict[str, set[str]] = {}
        for home in module.tree.values():
            for folder, *_ in home.calls:
                found.setdefault(folder, set()).add(home.folder)
        notes["callees"] = found
    told: Mapping[str, set[str]] = notes["callees"]
    return told


def linked(module: Module) -> list[Module]:
    """The module and all that call it or are called by it, through others too: one version of Terraform reads them."""
    found, waiting, called = {module.folder: module}, [module], callees(module)
    while waiting:
        each = waiting.pop()
        near = {folder for folder, *_ in each.calls} | called.get(each.folder, set())
        new = [module.tree[folder] for folder in near - found.keys() if folder in module.tree]
        found |= {home.folder: home for home in new}
        waiting += new
    return [*found.values()]

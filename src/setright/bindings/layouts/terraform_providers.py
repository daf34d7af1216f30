"""How Terraform source sets up its providers: which one, and the arguments that are values, variables and locals filled in.

developer.hashicorp.com/terraform/language/providers/configuration. To read only: what logs a provider in is a person's to change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import _terraform_syntax as syntax
from setright.bindings.layouts._terraform_module import Module, modules
from setright.bindings.source import Source
from setright.model import Edit, Path, Plain, Resource, Tree

ARGUMENTS = "arguments"


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each block: ``provider.aws``, with its alias ``provider.aws.west``, below the root with its directory."""
    return [each for module in modules(sources).values() for each in _providers(kind, module)]


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    raise BindingError(f"{resource.home[0]}: {resource.name}: change by hand how the provider logs in")


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """Where an argument stands; the block for anything else."""
    locator, block = resource.home
    inner = path[1:2] if path[:1] == (ARGUMENTS,) else ()
    return locator, syntax.place(sources, locator, (*block, *inner))


def _providers(kind: str, module: Module) -> Iterator[Resource]:
    for source in module.sources.values():
        told = source.tree.get("provider")
        for name, blocks in told.items() if isinstance(told, dict) else ():
            for index, body in enumerate(blocks if isinstance(blocks, list) else ()):
                if isinstance(body, dict) and "/" not in name:  # as the lock file names what it holds
                    place = (source.locator, ("provider", name, index))
                    yield Resource(kind, _address(module, name, body), _tree(module, name, body), place)


def _tree(module: Module, name: str, body: Tree) -> Tree:
    values = {key: module.resolved(raw) for key, raw in body.items() if not isinstance(raw, dict | list)}
    return {"name": name, ARGUMENTS: values}


def _address(module: Module, name: str, body: Tree) -> str:
    alias = body.get("alias")
    address = f"provider.{name}.{alias}" if isinstance(alias, str) else f"provider.{name}"
    return f"{module.folder}/{address}" if module.folder else address

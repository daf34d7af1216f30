"""Resources of a kind in Terraform source, with what stands in resources beside them.

developer.hashicorp.com/terraform/language/resources. What the entry of a binding may say is in `_terraform_spec`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import _terraform_find as find
from setright.bindings.layouts._terraform_edit import document_edits
from setright.bindings.layouts._terraform_module import Block, Module, modules
from setright.bindings.layouts._terraform_spec import Entry, entry
from setright.bindings.source import Source
from setright.bindings.trees import set_at
from setright.model import Edit, Path, Plain, Resource, Tree


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each block of the entry's type, named by its address and, below the root, its directory."""
    told = entry(layout)
    return [
        Resource(kind, _name(module, block), _tree(told, module, block), (block.locator, block.path))
        for module in modules(sources).values()
        for block in module.resources(told.type)
    ]


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """Edits where each attribute stands, else in its first place. Raises BindingError where it is set from elsewhere."""
    module, block = _home(resource, sources)
    return document_edits(entry(layout), module, block, [*edits, *live])


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """Where the value stands; the resource's block where it stands nowhere."""
    told = entry(layout)
    module, block = _home(resource, sources)
    while path:
        spot = find.spot(told, module, block, path)
        if spot is not None:
            return spot.locator, spot.path
        path = path[:-1]
    return block.locator, block.path


def _name(module: Module, block: Block) -> str:
    return f"{module.folder}/{block.address}" if module.folder else block.address


def _home(resource: Resource, sources: Mapping[str, Source]) -> tuple[Module, Block]:
    locator, path = resource.home
    module = modules(sources).get(posixpath.dirname(locator))
    for block in module.resources(str(path[1])) if module else ():
        if module and (block.locator, block.path) == (locator, path):
            return module, block
    raise BindingError(f"{locator}: {resource.name} is not there any more; scan again")


def _tree(told: Entry, module: Module, block: Block) -> Tree:
    tree = find.named(module, told, {k: v for k, v in block.body.items() if k not in told.taken()})
    for spec in told.specs:
        value = find.value(told, module, block, spec)
        if value is not None:
            set_at(tree, spec.path, value)
    return tree

"""Resources of a kind in Terraform source, with what stands in resources beside them.

developer.hashicorp.com/terraform/language/resources. What the entry of a binding may say is in `_terraform_spec`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from setright.bindings.error import BindingError
from setright.bindings.layouts import _terraform_find as find
from setright.bindings.layouts import _terraform_policy as policy
from setright.bindings.layouts._terraform_edit import document_edits
from setright.bindings.layouts._terraform_module import Block, Module, modules
from setright.bindings.layouts._terraform_spec import Entry, entry, types
from setright.bindings.source import Source
from setright.bindings.trees import set_at
from setright.model import Edit, Path, Plain, Resource, Tree


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each block of the entry's types, named by its address and, below the root, its directory."""
    entries = [entry(layout, own) for own in types(layout)]
    return [
        Resource(kind, _name(module, block), _tree(told, module, block), (block.locator, block.path))
        for module in modules(sources).values()
        for told in entries
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
    return document_edits(entry(layout, block.type), module, block, [*edits, *live])


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """Where the value stands; the resource's block where it stands nowhere."""
    module, block = _home(resource, sources)
    told = entry(layout, block.type)
    while path:
        spot = find.spot(told, module, block, path)
        if spot is not None:
            rest = path[len(told.spec_of(path).path) :]
            return (policy.place(module, spot.raw, rest) if spot.place.json else None) or (spot.locator, spot.path)
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
    tree = find.named(module, told, _without(block.body, told.taken()))
    for spec in told.specs:
        value = find.value(told, module, block, spec)
        if value is not None:
            set_at(tree, spec.path, value)
    return tree


def _without(body: Tree, taken: AbstractSet[tuple[str, ...]]) -> Tree:
    """A block's body without the arguments named, in it and in the blocks in it."""
    below = {name: {at[1:] for at in taken if at[0] == name and len(at) > 1} for name in body}
    return {name: _cleared(value, below[name]) if below[name] else value for name, value in body.items() if (name,) not in taken}


def _cleared(value: Plain, taken: AbstractSet[tuple[str, ...]]) -> Plain:
    if isinstance(value, list):
        return [_cleared(item, taken) for item in value]
    return _without(value, taken) if isinstance(value, dict) else value

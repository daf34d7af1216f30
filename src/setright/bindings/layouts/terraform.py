"""Resources of a kind in Terraform source, with what stands in resources beside them.

developer.hashicorp.com/terraform/language/resources. What the entry of a binding may say is in `_terraform_spec`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from setright.bindings.error import BindingError
from setright.bindings.layouts import _terraform_ages as ages
from setright.bindings.layouts import _terraform_calls as calls
from setright.bindings.layouts import _terraform_deployers as deployers
from setright.bindings.layouts import _terraform_each as instances
from setright.bindings.layouts import _terraform_evidence as evidence
from setright.bindings.layouts import _terraform_find as find
from setright.bindings.layouts import _terraform_offers as offers
from setright.bindings.layouts import _terraform_old as old
from setright.bindings.layouts import _terraform_policy as policy
from setright.bindings.layouts import _terraform_replaced as replaced
from setright.bindings.layouts import _terraform_strangers as strangers
from setright.bindings.layouts import _terraform_syntax as syntax
from setright.bindings.layouts._terraform_edit import document_edits
from setright.bindings.layouts._terraform_holding import CALLS, holding
from setright.bindings.layouts._terraform_module import Block, Module, modules
from setright.bindings.layouts._terraform_spec import Entry, entry, loners, types
from setright.bindings.source import Source
from setright.bindings.trees import look_up, set_at
from setright.model import Edit, Path, Plain, Resource, Tree


def view(kind: str, layout: Mapping[str, Plain], sources: Mapping[str, Source]) -> list[Resource]:
    """One resource for each block of the entry's types, named by its address and, below the root, its directory."""
    if not (there := modules(sources)):
        return []
    called = [f"module.{source}" for source in layout.get("modules", {})]
    wanted = frozenset((*types(layout), *loners(layout), *called))
    found: list[Resource] = []
    for module in holding(there, (*wanted, CALLS)):
        foreign = strangers.calls(kind, layout, module)
        if wanted.isdisjoint(module.types) and not foreign:
            continue
        note = f"view {kind}"
        if module.notes.get(note, (None,))[0] is not layout:
            own = [entry(layout, each) for each in types(layout)]
            lone = [entry(layout, each) for each in loners(layout)]
            told = [*_told(module, own), *_alone(module, own, lone), *_called(module, [entry(layout, each) for each in called])]
            seen = [_resource(kind, layout, each, module, block) for each, block in told]
            strange = (_stranger(kind, layout, module, block) for block in foreign)
            module.notes[note] = layout, seen + [each for each in strange if each.known]
        found += module.notes[note][1]
    return found


def edit(
    layout: Mapping[str, Plain],
    resource: Resource,
    edits: Sequence[Edit],
    live: Sequence[Edit],
    sources: Mapping[str, Source],
) -> list[tuple[str, Edit]]:
    """Edits where each attribute stands, else in its first place. Raises BindingError where it is set from elsewhere."""
    module, block = _home(resource, sources)
    if _is_stranger(layout, block):
        raise BindingError(f"{block.locator}: {block.address}: change what the module takes, as its author says")
    own: list[Edit] = []
    made: list[tuple[str, Edit]] = []
    for each in [*edits, *live]:
        if each.path[0] == offers.PREFIX:
            taken = offers.taken(layout, module, block, each)
            own, made = own + taken[0], made + taken[1]
        else:
            own.append(each)
    placed = [*document_edits(_entry(layout, block), module, block, own), *replaced.kept(layout, module, block, own), *made]
    for locator, each in placed:
        instances.refuse_each_given(module, locator, each)
        ages.refuse_too_new(module, locator, each)
    return [syntax.edit(sources, locator, old.worded(module, locator, each)) for locator, each in placed]


def locate(layout: Mapping[str, Plain], resource: Resource, path: Path, sources: Mapping[str, Source]) -> tuple[str, Path]:
    """Where the value stands; the resource's block where it stands nowhere."""
    module, block = _home(resource, sources)
    if _is_stranger(layout, block):
        locator, found = strangers.place(layout, block, path)
        return locator, syntax.place(sources, locator, found)
    locator, found = _place(_entry(layout, block), module, block, path)
    return locator, syntax.place(sources, locator, found)


def _place(told: Entry, module: Module, block: Block, path: Path) -> tuple[str, Path]:
    while path:
        spot = find.spot(told, module, block, path)
        if spot is not None:
            rest = path[len(told.spec_of(path).path) :]
            return policy.place(module, spot.raw, (spot.locator, spot.path), rest) if spot.place.json else (spot.locator, spot.path)
        path = path[:-1]
    return block.locator, block.path


def _told(module: Module, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Block]]:
    """The blocks of the entry's types; of data blocks those that none of the others reads."""
    for told in entries:
        for block in module.resources(told.type):
            if not told.type.startswith("data.") or policy.own(module, block, [other.type for other in entries]):
                yield told, block


def _called(module: Module, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Block]]:
    """The calls of modules that make a resource, each with what is told of the version it calls."""
    for told, block in _told(module, entries):
        if calls.made(module, told, block):
            yield calls.held(told, block), block


def _entry(layout: Mapping[str, Plain], block: Block) -> Entry:
    """What the layout's entry says of the block's type and, where it is a call, of its version."""
    told = entry(layout, block.type)
    return calls.held(told, block) if block.path[0] == "module" else told


def _alone(module: Module, entries: Sequence[Entry], lone: Sequence[Entry]) -> Iterator[tuple[Entry, Block]]:
    """The blocks beside that belong to none of the entry's types, or to one that shows another in their place."""
    for told in lone:
        places = [place for spec in told.specs for place in spec.places]
        homes_of: dict[int, list[Block]] = {}
        for of, home in _told(module, entries):
            for at in {at for place in places for at, _ in find.tied(of, module, home, told.type, place)}:
                homes_of.setdefault(at, []).append(home)
        shown: set[tuple[Plain, ...]] = set()
        for at, block in enumerate(module.resources(told.type)):
            homes = homes_of.get(at, [])
            is_list = any(place.items is not None for place in places)
            if not homes or not (is_list or any((home.locator, *home.path) not in shown for home in homes)):
                yield told, block
            shown.update((home.locator, *home.path) for home in homes)


def _resource(kind: str, layout: Mapping[str, Plain], told: Entry, module: Module, block: Block) -> Resource:
    tree = _tree(told, module, block)
    if not told.alone:
        tree |= offers.view(layout, module, block)
        tree |= evidence.view(layout, module, block, tree)
    called = told.type.startswith("module.")
    if called or told.alone:
        tree |= deployers.view(layout, module, block)
    only = tuple(str(spec.path[0]) for spec in told.specs if called or spec.path[0] in tree) if told.alone else None
    is_part = told.alone and all(len(spec.path) > 1 for spec in told.specs)  # of what its first step holds
    known = tuple(spec.path for spec in told.specs) if called or is_part else None
    return Resource(kind, _name(module, block), tree, (block.locator, block.path), only=only, known=known)


def _stranger(kind: str, layout: Mapping[str, Plain], module: Module, block: Block) -> Resource:
    tree, known = strangers.call_tree(layout, module, block)
    return Resource(kind, _name(module, block), tree, (block.locator, block.path), only=tuple(map(str, tree)), known=known)


def _is_stranger(layout: Mapping[str, Plain], block: Block) -> bool:
    return block.path[0] == "module" and block.type.removeprefix(strangers.CALL) not in layout.get("modules", {})


def _name(module: Module, block: Block) -> str:
    return f"{module.folder}/{block.address}" if module.folder else block.address


def _home(resource: Resource, sources: Mapping[str, Source]) -> tuple[Module, Block]:
    locator, path = resource.home
    module = modules(sources).get(posixpath.dirname(locator))
    body = look_up(module.sources[locator].tree, path) if module and locator in module.sources else None
    block = module.resource_at(locator, path, Block(locator, path, body).type) if module and isinstance(body, dict) else None
    if module and block:
        return module, block
    raise BindingError(f"{locator}: {resource.name} is not there any more; scan again")


def _tree(told: Entry, module: Module, block: Block) -> Tree:
    whole = any(place.json and not place.at for spec in told.specs for place in spec.places)
    tree = {} if told.alone or whole else find.named(module, told, _without(block.body, told.taken()))
    for spec in told.specs:
        value = find.spec_value(told, module, block, spec)
        if value is not None:
            set_at(tree, spec.path, value)
        elif len(spec.path) == 1 and any(place.items is not None for place in spec.places):
            tree.pop(str(spec.path[0]), None)  # a dynamic block that makes none
    return tree


def _without(body: Tree, taken: AbstractSet[tuple[str, ...]]) -> Tree:
    """A block's body without the arguments named, in it and in the blocks in it."""
    below = {name: {at[1:] for at in taken if at[0] == name and len(at) > 1} for name in body}
    return {name: _cleared(value, below[name]) if below[name] else value for name, value in body.items() if (name,) not in taken}


def _cleared(value: Plain, taken: AbstractSet[tuple[str, ...]]) -> Plain:
    if isinstance(value, list):
        return [_cleared(item, taken) for item in value]
    return _without(value, taken) if isinstance(value, dict) else value

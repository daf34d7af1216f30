"""Edits on a kind as edits on Terraform source: where the attribute stands, else in its first place.

developer.hashicorp.com/terraform/language/resources/syntax. A new resource takes name, file, provider and count of what it is for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from setright.bindings.error import BindingError
from setright.bindings.layouts import _terraform_documents as documents
from setright.bindings.layouts import _terraform_find as find
from setright.bindings.layouts import _terraform_members as members
from setright.bindings.layouts import _terraform_rules as rules
from setright.bindings.layouts._terraform_emptied import gone_from, said_empty, whole_rules
from setright.bindings.layouts._terraform_find import Item, Spot
from setright.bindings.layouts._terraform_given import refuse_given
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_rotation import with_rotation
from setright.bindings.layouts._terraform_spec import NOWHERE, Entry, Place, Spec, snake
from setright.bindings.layouts._terraform_usable import meant, usable
from setright.bindings.layouts._terraform_users import handed_out, namers
from setright.bindings.layouts._terraform_values import is_known
from setright.bindings.layouts._terraform_versions import constraint, version
from setright.bindings.trees import look_up, set_at
from setright.model import Edit, Path, Plain, Tree, Unknown
from setright.patterns import late
from setright.trees import same

Placed = tuple[str, Edit]
VARIABLE = late(r"var\.[A-Za-z_][\w-]*")
BARE = late(r'"[\w-]*"')  # a text with nothing to fill in
REFERENCE = late(r'(?:"\$\{\s*)?([a-z]\w*\.[\w-]+(?:\[[^\[\]]*\])?)\.\w+(?:\s*\}")?')


def document_edits(told: Entry, module: Module, block: Block, edits: Sequence[Edit]) -> list[Placed]:
    """All edits on one resource, with what goes into a new resource gathered into one."""
    fresh: dict[Path, Tree] = {}
    placed: list[Placed] = []
    inside: dict[tuple[str, Path], tuple[Spot, list[Edit]]] = {}
    for each in with_rotation(told, module, block, edits):
        spot = _document(told, module, block, each)
        if spot is not None:
            below = Edit(each.path[len(told.spec_of(each.path).path) :], each.value, each.remove)
            inside.setdefault((spot.locator, spot.path), (spot, []))[1].append(below)
            continue
        for small in _parts(told, each):
            placed += _one(told, module, block, small, fresh)
    for spot, mine in inside.values():
        placed.append(documents.document_edit(module, spot, mine, f"{spot.locator}: {block.address}: {'.'.join(spot.place.at)}"))
    made = [(block.locator, Edit(path, body)) for path, body in fresh.items()]
    return [*said_empty(module, block, list(_in_turn(whole_rules(module, placed)))), *made]


def _in_turn(placed: Sequence[Placed]) -> Iterator[Placed]:
    """The edits, new blocks that several of them put behind the last one behind each other."""
    taken: dict[tuple[str, Path], Plain] = {}
    for locator, edit in placed:
        path = edit.path
        while isinstance(edit.value, dict) and isinstance(path[-1], int) and taken.get((locator, path), edit.value) != edit.value:
            path = (*path[:-1], path[-1] + 1)
        taken[locator, path] = edit.value
        yield locator, Edit(path, edit.value, edit.remove, edit.remark)


def _document(told: Entry, module: Module, block: Block, edit: Edit) -> Spot | None:
    """The document that the edit's path leads into."""
    spec = told.spec_of(edit.path)
    if len(edit.path) == len(spec.path) or not any(place.json for place in spec.places):
        return None
    spot = find.spot(told, module, block, edit.path)
    return spot if spot is not None and spot.place.json else None


def _parts(told: Entry, edit: Edit) -> Iterator[Edit]:
    """An edit on a mapping as one for each of its attributes; a removal as one for each spec below it."""
    below = [spec for spec in told.specs if len(spec.path) > len(edit.path) and spec.path[: len(edit.path)] == edit.path]
    if edit.remove:
        yield edit
        yield from (Edit(spec.path, remove=True) for spec in below)
    elif isinstance(edit.value, dict) and edit.value:
        for key, value in edit.value.items():
            yield from _parts(told, Edit((*edit.path, key), value))
    elif _are_blocks(told, edit):
        for index, value in enumerate(edit.value):
            yield from _parts(told, Edit((*edit.path, index), value))
    else:
        yield edit


def _are_blocks(told: Entry, edit: Edit) -> bool:
    """Whether a value is a list of mappings that Terraform writes as blocks, not as a list of one of their values."""
    items = edit.value if isinstance(edit.value, list) else []
    blocks = bool(items) and all(isinstance(item, dict) for item in items)
    return blocks and not any(place.each for place in told.spec_of(edit.path).places)


def _one(told: Entry, module: Module, block: Block, edit: Edit, fresh: dict[Path, Tree]) -> Iterator[Placed]:
    spec = told.spec_of(edit.path)
    if not spec.places:
        raise BindingError(f"{block.locator}: {block.address}: {block.type} cannot say {'/'.join(map(str, edit.path))}")
    if spec.places[0].keyed is not None:
        yield from _on_keyed(module, block, spec, edit)
        return
    if any(place.items is not None for place in spec.places):
        yield from _on_item(told, module, block, spec, edit)
        return
    spot = meant(told, module, block, spec, find.spot(told, module, block, edit.path), edit.value)
    others = tuple(_other_places(module, block, spec, spot, edit)) if spot is not None and not edit.remove else ()
    if others:
        yield from _new(told, module, block, Spec(spec.path, others), edit, fresh)
    elif spot is not None:
        yield from _on_spot(module, spot, edit)
    elif not edit.remove:
        yield from _new(told, module, block, spec, edit, fresh)


def _other_places(module: Module, block: Block, spec: Spec, spot: Spot, edit: Edit) -> Iterator[Place]:
    """The block's own places that can say a value which the one taken, a yes or no, cannot, and that the provider surely has."""
    asked = constraint(module, block.type.partition("_")[0])
    for place in () if _can_say(spot.place, edit.value) else spec.places:
        surely = not place.beside and (not place.since or asked.least >= version(place.since))
        if place is not spot.place and surely and _can_say(place, edit.value):
            yield place


def _is_flag(place: Place) -> bool:
    return any(isinstance(own, bool) for _, own in place.values)


def _can_say(place: Place, value: Plain) -> bool:
    return not _is_flag(place) or isinstance(value, Unknown) or any(same(kind, value) for kind, _ in place.values)


def _on_spot(module: Module, spot: Spot, edit: Edit) -> Iterator[Placed]:
    """Where a value is already."""
    if edit.remove:
        yield spot.locator, _whole(module, spot.owner) if spot.place.needed else gone_from(module, spot.locator, spot.path)
        return
    want = _own_value(spot.place, edit.value)
    if want == {} and spot.raw:
        raise BindingError(f"{spot.locator}: {spot.owner.address} is there already and is for something else")
    if isinstance(spot.raw, Unknown) and _chooses_wrong(module, spot, want):
        yield spot.locator, Edit(spot.path, want)
    elif isinstance(spot.raw, Unknown):
        otherwise = _unless_given(module, spot.raw, want)
        where = f"{spot.locator}: {'.'.join(map(str, spot.path[1:]))}"
        yield (spot.locator, Edit(spot.path, otherwise)) if otherwise else _behind(module, spot.raw, want, where)
    elif not same(spot.raw, want):
        yield spot.locator, Edit(spot.path, want)


def _whole(module: Module, block: Block) -> Edit:
    """The removal of a resource. Raises BindingError where something names it."""
    if who := next((each.address for each, _ in namers(module, block)), "") or handed_out(module, block, {}).removeprefix("no"):
        raise BindingError(f"{block.locator}: {block.address} is to go, but is named by {who}; take it away there first")
    return gone_from(module, block.locator, block.path)


def _chooses_wrong(module: Module, spot: Spot, want: Plain) -> bool:
    """Whether a choice stands in the block itself of which no branch is what is wanted, and nothing tells which is taken."""
    told = module.chosen(spot.raw)
    is_own = isinstance(spot.raw, Unknown) and isinstance(told, Unknown) and told.text == spot.raw.text
    return is_own and bool(told.either) and not any(same(each, want) or isinstance(each, Unknown) for each in told.either)


def _behind(module: Module, raw: Unknown, want: Plain, where: str) -> Placed:
    """An edit where a value is set. Raises BindingError for an expression there that only a local of the module may have."""
    locator, path = module.editable(raw, where)
    if not is_known(want) and (path[0] != "locals" or locator not in module.sources):
        raise BindingError(f"{where} is {raw.text}, which cannot name a resource of the module; give it a value where it is set")
    return locator, Edit(path, want)


def _unless_given(module: Module, raw: Unknown, want: Plain) -> Unknown | None:
    """What a variable without a value is given by others, else an expression of the module; None for all else."""
    place = module.definition(raw) if isinstance(want, Unknown) and VARIABLE.fullmatch(raw.text) else None
    return Unknown(f"coalesce({raw.text}, {want.text})") if place and place[2] is None and isinstance(want, Unknown) else None


def _own_value(place: Place, value: Plain) -> Plain:
    """The value as Terraform writes it. Raises BindingError for one that a yes or no cannot say."""
    if place.each and isinstance(value, list):
        return [item.get(place.each) if isinstance(item, dict) else item for item in value]
    for kind_value, own in place.values:
        if same(kind_value, value):
            return own
    if not _can_say(place, value):
        raise BindingError(f"{'/'.join(place.at)} is true or false and cannot say {value}")
    return value


def _new(told: Entry, module: Module, block: Block, spec: Spec, edit: Edit, fresh: dict[Path, Tree]) -> Iterator[Placed]:
    """Where there is no value yet: in a resource that belongs to the block, in the block itself, or in a new resource."""
    rest = tuple(snake(str(part)) for part in edit.path[len(spec.path) :] if isinstance(part, str))
    saying = tuple(place for place in spec.places if _can_say(place, edit.value))
    place = _first_place(told, module, block, Spec(spec.path, saying or spec.places))
    if place.at == NOWHERE or (rest and _is_flag(place)):
        raise BindingError(
            f"{block.locator}: {block.address}: {'/'.join(map(str, edit.path))} cannot be set here; change it by hand"
        )
    value = _own_value(place, edit.value)
    names = place.at + rest
    owner = next(find.beside(told, module, block, place), None) if place.beside else block
    if owner is not None:
        yield owner.locator, Edit(owner.path + route(owner, names, place.map), value)
        return
    doubtful = next(find.doubts(told, module, block, place), None)
    if doubtful is not None:
        raise BindingError(f"{block.locator}: {block.address}: {doubtful}; decide there")
    path: Path = ("resource", place.beside, block.path[2], 0)
    if path not in fresh:
        tied = _fresh(told, module, block, place)
        fresh[path] = tied | {key: _besides(value, tied[place.by], block) for key, value in (place.extra or {}).items()}
    if names:
        set_at(fresh[path], _nested(names), value)


def _first_place(told: Entry, module: Module, block: Block, spec: Spec) -> Place:
    """The place whose blocks are partly there, else the first; of those that the provider asked for has."""
    places = [place for place in spec.places if usable(told, module, block, place)]
    if not places:
        asked = constraint(module, block.type.partition("_")[0]).text or "the one this is written for"
        raise BindingError(
            f"{block.locator}: {block.address}: {spec.places[0].at[-1]} needs another version of the provider than {asked}"
        )
    for place in places:
        if place.beside and next(find.beside(told, module, block, place), None) is not None:
            return place
        if not place.beside and len(place.at) > 1 and find.within(block.body, place.at[:1]) is not None:
            return place
    return places[0]


def _fresh(told: Entry, module: Module, block: Block, place: Place) -> Tree:
    """A new resource's arguments that tie it to the block."""
    if any(other.path[2] == block.path[2] for other in module.resources(place.beside)):
        raise BindingError(f"{block.locator}: {place.beside}.{block.path[2]} is there already and is for something else")
    tie: Tree = {"provider": block.body["provider"]} if "provider" in block.body else {}
    if "for_each" in block.body:
        return tie | {"for_each": Unknown(block.address), place.by: Unknown(f"each.value.{told.reference}")}
    if "count" in block.body:
        at = Unknown(f"{block.address}[count.index].{told.reference}")
        return tie | {"count": Unknown(f"length({block.address})"), place.by: at}
    return tie | {place.by: Unknown(f"{block.address}.{told.reference}")}


def _besides(value: Plain, tie: Unknown, block: Block) -> Plain:
    """What a new resource says besides; ``{tie}`` in a text stands for what it refers to the block by, ``{name}`` for its label.

    In ``{is: EXPRESSION}`` further ``{self}`` is the block, ``{name}`` its label, ``{index}`` which of its instances, ``{apart}``
    what tells that apart in a text, and any other word the resource that this argument of the block refers to.
    """
    if isinstance(value, list):
        return [_besides(each, tie, block) for each in value]
    if isinstance(value, str) and "{tie}" in value:
        return Unknown('"' + value.replace("{tie}", f"${{{tie.text}}}") + '"')
    if not isinstance(value, dict) or "is" not in value:
        return value.replace("{name}", str(block.path[2])) if isinstance(value, str) else value
    index = "[count.index]" if "count" in block.body else "[each.key]" if "for_each" in block.body else ""
    apart = {"[count.index]": "-${count.index}", "[each.key]": "-${substr(md5(each.key), 0, 8)}"}.get(index, "")
    words = {"self": tie.text.rpartition(".")[0], "name": str(block.path[2]), "index": index, "apart": apart}
    said = re.sub(r"\{(\w+)\}", lambda word: words.get(word[1]) or _referred(block, word[1], words), str(value["is"]))
    return said[1:-1] if BARE.fullmatch(said) else Unknown(said)


def _referred(block: Block, argument: str, words: Mapping[str, str]) -> str:
    """The address of the resource that an argument refers to. Raises BindingError where it refers to none."""
    if argument in words:
        return words[argument]
    raw = block.body.get(argument)
    found = REFERENCE.fullmatch(raw.text) if isinstance(raw, Unknown) else None
    if found is None:
        raise BindingError(f"{block.locator}: {block.address}: {argument} refers to no resource of the module; write it by hand")
    return found[1]


def _nested(names: tuple[str, ...]) -> Path:
    """Names as a path of new blocks and an argument."""
    return tuple(part for name in names[:-1] for part in (name, 0)) + names[-1:]


def route(block: Block, names: tuple[str, ...], into_map: bool = False) -> Path:
    """The path of an argument in a block, through nested blocks and object arguments that are there. Raises BindingError."""
    path: Path = ()
    node: Plain = block.body
    for index, name in enumerate(names[:-1]):
        if isinstance(node, dict) and name in find.dynamic(node):
            raise BindingError(f"{block.locator}: {block.address}: {name} is a dynamic block; change it there")
        child = node.get(name) if isinstance(node, dict) else None
        if isinstance(child, Unknown):
            raise BindingError(f"{block.locator}: {block.address}: {name} is {child.text}; change it there")
        if child is None:
            return path + (_nested(names[index:-1]) + names[-1:] if into_map else _nested(names[index:]))
        path, node = ((*path, name), child) if isinstance(child, dict) else ((*path, name, 0), child[0] if child else {})
    if isinstance(node, dict) and names[-1] in find.dynamic(node):
        raise BindingError(f"{block.locator}: {block.address}: {names[-1]} is a dynamic block; change it there")
    return path + names[-1:]


def _on_keyed(module: Module, block: Block, spec: Spec, edit: Edit) -> Iterator[Placed]:
    """An edit on one key of a mapping that is written as blocks: on the block that holds it, else a new one behind them."""
    place, rest = spec.places[0], edit.path[len(spec.path) :]
    if len(rest) != 1 or place.keyed is None:
        raise BindingError(f"{block.locator}: {block.address}: {'/'.join(map(str, edit.path))}: write the blocks by hand")
    blocks = list(find.keyed_blocks(module, block, place))
    for path, key, raw in blocks:
        if key != rest[0]:
            continue
        if edit.remove:
            yield block.locator, Edit(block.path + path, remove=True)
        elif isinstance(raw, Unknown):
            yield _behind(module, raw, edit.value, f"{block.locator}: {block.address}: {key}")
        else:
            yield block.locator, Edit((*block.path, *path, place.keyed[1]), edit.value)
        return
    if not edit.remove:
        home = route(block, place.at)
        body = dict(zip(place.keyed, (rest[0], edit.value), strict=True)) | dict(place.extra or {})
        yield block.locator, Edit((*block.path, *home, len(blocks)), body)


# --- lists --------------------------------------------------------------------------------------------------------


def _on_item(told: Entry, module: Module, block: Block, spec: Spec, edit: Edit) -> Iterator[Placed]:
    """An edit on an item of a list of blocks."""
    rest = edit.path[len(spec.path) :]
    found = list(find.items(module, told, block, spec))
    if not rest or not isinstance(rest[0], int) or not 0 <= rest[0] < len(found):
        raise BindingError(f"{block.locator}: {block.address}: {'/'.join(map(str, edit.path))}: new items are written by hand")
    item = found[rest[0]]
    is_words = rest[1:] in ((rules.IN_PLACE,), (rules.ANEW,))
    if item.made and not is_words:
        raise BindingError(f"{item.locator}: {block.address}: {item.made} is made by an expression; change what it is made of")
    if edit.remove and len(rest) == 1:
        yield item.locator, _without(module, item)
        return
    if is_words:
        yield item.locator, Edit((*item.path, "description"), _words(module, block, found, item))
        return
    if rest[1:] == (members.OFFERED,):
        yield item.locator, Edit(_element(module, item), Unknown(members.network(module, block)))
        return
    own = (item.place.items or {}).get("/".join(map(str, rest[1:])))
    spread = (item.place.spread or {}).get(str(rest[1])) if len(rest) == 2 else None
    if spread is not None and item.spread is not None and item.spread[0] == spread:
        yield item.locator, Edit(_element(module, item), edit.value, edit.remove)
    elif own is not None and (item.spread is None or item.spread[2] == 1):
        body = Block(item.locator, item.path, look_up(module.sources[item.locator].tree, item.path))
        yield item.locator, Edit(item.path + route(body, tuple(own.split("/"))), edit.value, edit.remove)
    else:
        raise BindingError(
            f"{item.locator}: {block.address}: {'/'.join(map(str, edit.path))}: shares its block with others; split it"
        )


def _words(module: Module, block: Block, found: Sequence[Item], item: Item) -> Plain:
    """The description of a rule, or of all that a dynamic block makes."""
    body = look_up(module.sources[item.locator].tree, item.path)
    mine = [other for other in found if (other.locator, other.path) == (item.locator, item.path)]
    outgoing = item.place.describe == "out"
    if not item.made:
        return members.said(module, block, rules.description([rules.named(other, body) for other in mine], body, outgoing))
    words = rules.made_description([other.tree for other in mine], body, outgoing) if isinstance(body, dict) else None
    if words is None:
        raise BindingError(f"{item.locator}: {block.address}: {item.made} is made by an expression; describe there what it makes")
    return words


def _without(module: Module, item: Item) -> Edit:
    """The removal of one item: its element of a list, its block, or its whole resource."""
    refuse_given(module, item)
    if item.spread is not None and item.spread[2] > 1:
        path = _element(module, item)
        argument = look_up(module.sources[item.locator].tree, path[:-1])
        return Edit(path if len(argument) > 1 else path[:-1], remove=True)
    return gone_from(module, item.locator, item.path)


def _element(module: Module, item: Item) -> Path:
    """The path of the item's element. Raises BindingError where the list is not written in the block."""
    assert item.spread is not None
    argument, index, _ = item.spread
    raw = look_up(module.sources[item.locator].tree, (*item.path, argument))
    if not isinstance(raw, list):
        return (*item.path, argument) if not isinstance(raw, Unknown) else _elsewhere(item, argument, raw)
    if isinstance(raw[index], Unknown):
        _elsewhere(item, argument, raw[index])
    return (*item.path, argument, index)


def _elsewhere(item: Item, argument: str, raw: Unknown) -> Path:
    raise BindingError(f"{item.locator}: {argument} is {raw.text}; change it there")

"""Where an attribute of a kind stands in Terraform source, and what it says there.

developer.hashicorp.com/terraform/language/expressions/references. A resource beside another belongs to it where it refers to
it (aws_s3_bucket.logs.id, with an index or not) or carries the same literal name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from setright.bindings.layouts import _network_stops as stops
from setright.bindings.layouts import _terraform_members as members
from setright.bindings.layouts import _terraform_policy as policy
from setright.bindings.layouts import _terraform_rules as rules
from setright.bindings.layouts._terraform_absent import unsaid
from setright.bindings.layouts._terraform_dynamic import made
from setright.bindings.layouts._terraform_each import bodies, conditional
from setright.bindings.layouts._terraform_far import belonging
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_spec import Entry, Place, Spec, snake, unsnake
from setright.bindings.trees import one_of, set_at
from setright.model import Path, Plain, Tree, Unknown
from setright.trees import same

META = frozenset({"count", "for_each", "provider", "lifecycle", "depends_on", "connection", "provisioner", "dynamic", "timeouts"})

EMPTY: tuple[Plain, ...] = ("", [])  # a provider takes them for none


class Spot(NamedTuple):
    """A value, as written, and where it stands."""

    locator: str
    path: Path
    raw: Plain
    place: Place
    owner: Block


class Item(NamedTuple):
    """One item of a list of blocks: its block, and for each spread attribute which element it is."""

    locator: str
    path: Path
    tree: Tree
    spread: tuple[str, int, int] | None  # the argument, the element, how many items the block stands for
    place: Place
    whole: bool  # the block is a resource of its own
    made: str = ""  # the dynamic block that makes it, by name


def spec_value(told: Entry, module: Module, block: Block, spec: Spec) -> Plain:
    """What the kind's tree has at a spec's path; None: nothing."""
    if spec.places and spec.places[0].keyed is not None:
        return keyed(module, block, spec.places[0])
    if any(place.items is not None for place in spec.places):
        found: list[Plain] = [item.tree for item in items(module, told, block, spec)]
        found = stops.told(found, spec.places[0].stops)
        found += [Unknown(why) for why in _untold(module, block, spec)]
        return found or None
    for spot in _said(told, module, block, spec):
        if (found := told_value(module, told, spot, block)) is not None:
            return found
    doubtful = [text for place in spec.places if place.beside for text in doubts(told, module, block, place)]
    if doubtful:
        return Unknown(doubtful[0])
    return unsaid(module, block, spec)


def _untold(module: Module, block: Block, spec: Spec) -> Iterator[str]:
    """The dynamic blocks and expressions of which it cannot be told what they make."""
    for place in spec.places:
        if place.at and place.at[0] in dynamic(block.body) and (len(place.at) > 1 or made(module, block.body, place.at[0]) is None):
            yield f"dynamic {place.at[0]!r}"
        elif not place.beside and isinstance(found := _expressed(module, block, place), Unknown):
            yield found.text


def _expressed(module: Module, block: Block, place: Place) -> Plain:
    """What an expression gives where blocks may stand; None where none stands there."""
    found = within(block.body, place.at)
    is_said = found is not None and isinstance(found[1], Unknown) and found[0][-2:-1] != ("dynamic",)
    return module.chosen(found[1]) if found is not None and is_said else None


def told_value(module: Module, told: Entry, spot: Spot, block: Block) -> Plain:
    """The raw value in the kind's words; Unknown where a resource beside may not be made at all."""
    if spot.place.beside and (doubt := conditional(module, spot.owner, block)):
        return Unknown(doubt)
    raw = module.chosen(_of_dynamic(module, spot))
    if spot.place.refers and isinstance(raw, Unknown) and (name := referred(spot.place.refers).match(raw.text)):
        return name[1]
    if spot.place.each and isinstance(raw, list):
        return [each if isinstance(each, Unknown) else {spot.place.each: each} for each in raw]
    for kind_value, own in spot.place.values:
        if same(raw, own) or (isinstance(own, bool) and raw == str(own).lower()):
            return kind_value
    if isinstance(raw, Unknown) and raw.either and not spot.place.json:
        return one_of(raw.text, [told_value(module, told, spot._replace(raw=each), block) for each in raw.either], raw.keys)
    if spot.place.json:
        told_document = policy.policy_document(module, raw)
        return policy.capital(told_document) if spot.place.capital else told_document
    if raw in EMPTY:
        return None
    if isinstance(raw, dict) and not spot.place.at:
        return named(module, told, {k: v for k, v in raw.items() if k != spot.place.by})
    return plain_value(module, told, raw)


def _of_dynamic(module: Module, spot: Spot) -> Plain:
    """The raw value, of a lone block that a dynamic one makes what stands in that."""
    own, at = spot.path[len(spot.owner.path) :], spot.place.at
    blocks = made(module, spot.owner.body, at[0]) if at and own == ("dynamic", at[0]) else None
    if blocks is None or len(blocks) > 1:
        return spot.raw
    inner = within(blocks[0][1], at[1:]) if blocks else None
    return inner[1] if inner is not None else None


def named(module: Module, told: Entry, body: Tree) -> Tree:
    """A block's body in the kind's names."""
    out = {
        unsnake(key, told.names): plain_value(module, told, inner)
        for key, inner in body.items()
        if key not in META and inner not in EMPTY
    }
    return out | {unsnake(key, told.names): by_others for key in dynamic(body) if (by_others := _made(module, told, body, key))}


def _made(module: Module, told: Entry, body: Tree, name: str) -> Plain:
    """What dynamic blocks make of a name, in the kind's names; Unknown where that is not told, None where they make none."""
    if (blocks := made(module, body, name)) is None or (blocks and name in body):
        return Unknown(f"dynamic {name!r}")
    return plain_value(module, told, [each for _, each in blocks]) or None


def plain_value(module: Module, told: Entry, value: Plain) -> Plain:
    """A value, resolved; blocks as mappings in the kind's names: one block as itself, several as a list."""
    value = module.chosen(value)
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        each = [named(module, told, item) for item in value]
        return each[0] if len(each) == 1 else each
    return value


def dynamic(body: Tree) -> set[str]:
    """The nested blocks that are made by expressions."""
    made = body.get("dynamic")
    return set(made) if isinstance(made, dict) else set()


def spot(told: Entry, module: Module, block: Block, path: Path) -> Spot | None:
    """Where the value at a path of the kind stands; None where it stands nowhere."""
    spec = told.spec_of(path)
    rest = path[len(spec.path) :]
    if spec.places and spec.places[0].keyed is not None:
        return _keyed_spot(module, block, spec.places[0], rest)
    if any(place.items is not None for place in spec.places):
        return _item_spot(module, told, block, spec, rest)
    for found in _said(told, module, block, spec):
        if found.place.json:
            return found
        inner = within(found.raw, tuple(snake(str(part)) for part in rest if isinstance(part, str)))
        if inner is not None:
            return Spot(found.locator, found.path + inner[0], inner[1], found.place, found.owner)
    return None


def _item_spot(module: Module, told: Entry, block: Block, spec: Spec, rest: Path) -> Spot | None:
    found = list(items(module, told, block, spec))
    if not found:
        return None
    item = found[rest[0]] if rest and isinstance(rest[0], int) and rest[0] < len(found) else found[0]
    return Spot(item.locator, item.path, item.tree, item.place, block)


def _said(told: Entry, module: Module, block: Block, spec: Spec) -> Iterator[Spot]:
    """Where all places of a spec are taken. Of a block that says it itself nothing that only has its name says otherwise."""
    by_itself = any(not place.beside and within(block.body, place.at) for place in spec.places)
    for place in spec.places:
        for found in spots(told, module, block, place):
            if not (by_itself and place.beside and isinstance(found.owner.body.get(place.by), str)):
                yield found


def spots(told: Entry, module: Module, block: Block, place: Place) -> Iterator[Spot]:
    """Where a place is taken: in the resource itself, or in each that belongs to it."""
    for owner in [block] if not place.beside else beside(told, module, block, place):
        found = within(owner.body, place.at)
        if found is not None:
            yield Spot(owner.locator, owner.path + found[0], found[1], place, owner)


def within(body: Plain, at: tuple[str, ...]) -> tuple[Path, Plain] | None:
    """The path of an argument below nested blocks, and its value. Through several blocks of a name the first leads."""
    path: Path = ()
    node = body
    for name in at:
        if isinstance(node, list) and node and isinstance(node[0], dict):
            path, node = (*path, 0), node[0]
        if isinstance(node, Unknown):
            return path, node
        if isinstance(node, dict) and name not in node and name in dynamic(node):
            return (*path, "dynamic", name), Unknown(f"dynamic {name!r}")
        if not isinstance(node, dict) or name not in node:
            return None
        path, node = (*path, name), node[name]
    return path, node


# --- blocks of keys and values ------------------------------------------------------------------------------------


def keyed(module: Module, block: Block, place: Place) -> Plain:
    """The mapping that blocks of a key and a value stand for; Unknown where it is not told what expressions make of them."""
    around = within(block.body, place.at[:-1])
    inner = around[1][0] if around is not None and isinstance(around[1], list) and around[1] else around[1] if around else None
    by_others = made(module, inner, place.at[-1]) if isinstance(inner, dict) else []
    if by_others is None:
        return Unknown(f"dynamic {place.at[-1]!r}")
    found = within(block.body, place.at)
    if found is not None and isinstance(found[1], Unknown) and not by_others:
        return found[1]
    pairs = [(key, raw) for _, key, raw in keyed_blocks(module, block, place)]
    pairs += [(body.get(own[0]), body.get(own[1])) for _, body in by_others if (own := place.keyed)]
    if any(isinstance(key, Unknown) for key, _ in pairs) or len(pairs) < _length(found):
        return Unknown(f"{place.at[-1]} with some that cannot be told")
    return {str(key): module.resolved(raw) for key, raw in pairs} or None


def _length(found: tuple[Path, Plain] | None) -> int:
    return len(found[1]) if found is not None and isinstance(found[1], list) else 0


def keyed_blocks(module: Module, block: Block, place: Place) -> Iterator[tuple[Path, Plain, Plain]]:
    """Each block's path, its key and its value as written."""
    found = within(block.body, place.at)
    blocks = found[1] if found is not None and place.keyed is not None else None
    for index, body in enumerate(blocks if isinstance(blocks, list) else ()):
        if found is not None and place.keyed is not None and isinstance(body, dict):
            yield (*found[0], index), module.resolved(body.get(place.keyed[0])), body.get(place.keyed[1])


def _keyed_spot(module: Module, block: Block, place: Place, rest: Path) -> Spot | None:
    for path, key, raw in keyed_blocks(module, block, place):
        if not rest or key == rest[0]:
            return Spot(block.locator, block.path + path, raw, place, block)
    return None


# --- resources beside ---------------------------------------------------------------------------------------------


def beside(told: Entry, module: Module, block: Block, place: Place) -> Iterator[Block]:
    """The resources of a place's type that belong to the block; a block that is told alone is its own."""
    if told.alone:
        yield from [block] if _picked(block.body, place) else []
        return
    yield from (other for _, other in tied(told, module, block, place.beside, place) if _picked(other.body, place))


def tied(told: Entry, module: Module, block: Block, kind: str, place: Place) -> Iterator[tuple[int, Block]]:
    """The resources of a type that belong to the block by a place's tie, each with where it stands among them."""
    note = f"ties {kind} {place.by}"
    others = module.resources(kind)
    if note not in module.notes:
        ties: dict[tuple[str, str], list[int]] = {}
        for at, other in enumerate(others):
            for key in _ties(module, other, place):
                ties.setdefault(key, []).append(at)
        module.notes[note] = ties
    own = block.body.get(told.known_as or place.by)
    keys = [("at", block.address), ("each", block.address), *([_alike(module.resolved(own))] if own is not None else [])]
    for at in sorted({at for key in keys for at in module.notes[note].get(key, ())}):
        if belongs(told, module, block, others[at], place):
            yield at, others[at]


def _ties(module: Module, other: Block, place: Place) -> set[tuple[str, str]]:
    """What a block can have that the resource belongs to, as few as tell that most have it not."""
    tie, each = other.body.get(place.by), other.body.get("for_each")
    texts = [one.text for one in (tie if isinstance(tie, list) else [tie]) if isinstance(one, Unknown)]
    keys = {("at", named[1]) for text in texts if (named := ADDRESS.match(text))}
    if isinstance(each, Unknown):
        keys.add(("each", each.text.strip()))
    return keys if tie is None else keys | {_alike(module.resolved(tie))}


def _alike(value: Plain) -> tuple[str, str]:
    """The same for values that are the same."""
    return ("is", value) if isinstance(value, str) else ("text", value.text) if isinstance(value, Unknown) else ("some", "")


def belongs(told: Entry, module: Module, block: Block, other: Block, place: Place) -> bool:
    tie = other.body.get(place.by)
    if isinstance(tie, list):
        return any(isinstance(each, Unknown) and refers(each.text, block.address) for each in tie)
    if isinstance(tie, Unknown):
        if refers(tie.text, block.address):
            return True
        each = other.body.get("for_each")
        through = isinstance(each, Unknown) and each.text.strip() == block.address
        if through and tie.text.replace(" ", "").startswith(("each.value", '"${each.value', "each.key", '"${each.key')):
            return True
    own = block.body.get(told.known_as or place.by)
    return tie is not None and own is not None and same(module.resolved(tie), module.resolved(own))


ADDRESS = re.compile(r'(?:"\$\{\s*)?((?:data\.)?[\w-]+\.[\w-]+)')
BEFORE = re.compile(r'(?:"\$\{\s*)?')  # and what stands behind an address, in a reference to it
BEHIND = re.compile(r'(?:\s*\[[^\[\]]*\]|\.\d+)?(?:\.\w+)+(?:\s*\}")?')


def refers(text: str, address: str) -> bool:
    """Whether an expression is a reference to an attribute of a resource, in quotes or not, indexed or not."""
    at = text.find(address)
    return at >= 0 and BEFORE.fullmatch(text, 0, at) is not None and BEHIND.fullmatch(text, at + len(address)) is not None


@lru_cache(maxsize=64)
def referred(kind: str) -> re.Pattern[str]:
    """The address of a resource of a type, in a reference to it."""
    return re.compile(rf'(?:"\$\{{\s*)?({re.escape(kind)}\.[\w-]+)')


def doubts(told: Entry, module: Module, block: Block, place: Place) -> Iterator[str]:
    """Resources of which it cannot be told whether they belong to the block."""
    if not told.alone:
        note = f"doubts {told.type} {place.beside} {place.by}"
        yield from module.notes[note] if note in module.notes else module.notes.setdefault(note, [*_doubts(told, module, place)])
        yield from belonging(module, place.beside, place.by).get(block.address, ())


def _doubts(told: Entry, module: Module, place: Place) -> Iterator[str]:
    """They are the same for all blocks of a type."""
    for other in module.resources(place.beside):
        tie = module.resolved(other.body.get(place.by))
        if isinstance(tie, Unknown) and not re.match(rf'(?:"\$\{{\s*)?(?:data\.)?{re.escape(told.type)}\.', tie.text):
            yield f"{other.address} may be for it: {place.by} = {tie.text}"


def _picked(body: Tree, place: Place) -> bool:
    return all(same(body.get(key), want) for key, want in (place.where or {}).items())


# --- lists --------------------------------------------------------------------------------------------------------


def items(module: Module, told: Entry, block: Block, spec: Spec) -> Iterator[Item]:
    """The items of a list, from all its places in turn."""
    for item in _listed(module, told, block, spec):
        to_all = item.place.describe and item.tree.get("CidrIp") == "0.0.0.0/0" and not item.made
        yield item._replace(tree=item.tree | {members.OFFERED: "offered"}) if to_all and members.network(module, block) else item


def _listed(module: Module, told: Entry, block: Block, spec: Spec) -> Iterator[Item]:
    for place in spec.places:
        if place.beside:
            for other in beside(told, module, block, place):
                for by, body in bodies(module, other.body, place):
                    yield from (item._replace(made=by) for item in _spread(module, other.locator, other.path, body, place))
            continue
        found = within(block.body, place.at)
        blocks = found[1] if found is not None else ()
        for index, body in enumerate(blocks if isinstance(blocks, list) else ()):
            if found is not None and isinstance(body, dict):
                yield from _spread(module, block.locator, block.path + found[0] + (index,), body, place)
        expressed = _expressed(module, block, place)
        for body in expressed if found is not None and isinstance(expressed, list) else ():
            if found is not None and isinstance(body, dict):
                spread = _spread(module, block.locator, block.path + found[0], body, place)
                yield from (item._replace(made=place.at[-1]) for item in spread)
        if len(place.at) == 1:
            for path, body in made(module, block.body, place.at[0]) or ():
                spread = _spread(module, block.locator, block.path + path, body, place)
                yield from (item._replace(made=place.at[0]) for item in spread)


def _spread(module: Module, locator: str, path: Path, body: Tree, place: Place) -> Iterator[Item]:
    common: Tree = {}
    for kind, own in (place.items or {}).items():
        inner = within(body, tuple(own.split("/")))
        if inner is not None:
            set_at(common, tuple(kind.split("/")), module.resolved(inner[1]))
    if place.describe and "description" not in body:
        common[rules.IN_PLACE if place.beside else rules.ANEW] = "offered"
    each: list[tuple[str, str, int, Plain]] = []
    for kind, own in (place.spread or {}).items():
        resolved = module.resolved(body.get(own))
        elements = resolved if isinstance(resolved, list) else [] if resolved is None else [resolved]
        each += [(kind, own, n, element) for n, element in enumerate(elements)]
    for kind, own, n, element in each:
        yield Item(locator, path, {**common, kind: element}, (own, n, len(each)), place, bool(place.beside))
    if not each:
        yield Item(locator, path, common, None, place, bool(place.beside))

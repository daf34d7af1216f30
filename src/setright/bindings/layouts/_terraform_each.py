"""The instances that `for_each` makes of a block, where it is told of what, and what its expressions come to in each.

developer.hashicorp.com/terraform/language/meta-arguments/for_each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from setright.bindings.error import BindingError
from setright.bindings.layouts._terraform_evaluate import choice, filled
from setright.bindings.layouts._terraform_values import MISSING, is_known, mentions
from setright.model import Edit, Plain, Tree, Unknown
from setright.patterns import late
from setright.trees import same

if TYPE_CHECKING:
    from setright.bindings.layouts._terraform_module import Block, Module
    from setright.bindings.layouts._terraform_spec import Place

EACH = "for_each"
MANY = 64  # instances that one block may be told to make
MOST = 3  # instances that are named
SIFTED = late(r"\bif\b|\?")
NAMED = late(r"\beach\.(?:key|value)\b")
Told = Callable[[Unknown], Plain]


def with_instances(module: Module, body: Tree) -> Tree:
    """A body whose expressions of `each` have what they come to in each instance; as it stands where that is not told."""
    if "for_each" not in body or not mentions(body, NAMED):
        return body
    told = dict(_tellers(module, body))
    return {name: _told(value, told) for name, value in body.items()} if told else body


def bodies(module: Module, body: Tree, place: Place) -> Iterator[tuple[str, Tree]]:
    """What a body says in each instance, where `each` stands in what makes an item of it; else the body alone."""
    arguments = [*(place.items or {}).values(), *(place.spread or {}).values()]
    named = {name: body[name] for each in arguments if (name := each.split("/")[0]) in body}
    tellers = _tellers(module, body) if "for_each" in body and mentions(named, NAMED) else {}
    if not tellers:
        yield "", body
    for key, told in tellers.items():
        yield EACH, body | {name: _told(value, {key: told}, True) for name, value in named.items()}


def conditional(module: Module, owner: Block, block: Block) -> str:
    """Why it cannot be told whether a resource beside is made; empty where it is made as often as the block is."""
    if missing := _missing(module, owner.body, block.body):
        return f"{owner.address} is made {missing}"
    count = module.resolved(owner.body.get("count"))
    if (
        not isinstance(count, Unknown)
        or module.chosen(count) in (1, True)
        or same(owner.body.get("count"), block.body.get("count"))
        or block.address in count.text
    ):
        return ""
    return f"{owner.address} is made only where its count, {count.text}, is not 0"


def _missing(module: Module, owner: Tree, body: Tree) -> str:
    """For which instances of a body another block is not made; empty where it is told of none."""
    mine, others = (module.chosen(each.get("for_each")) for each in (body, owner))
    if owner.get("for_each") is None or same(owner["for_each"], body.get("for_each")):
        return ""
    if isinstance(others, Unknown):
        return f"only where {others.text} has it" if SIFTED.search(others.text) else ""
    if not isinstance(others, dict | list):
        return ""
    if not others:
        return "for nothing by itself"
    lacking = [str(key) for key in mine if key not in others] if isinstance(mine, dict | list) and is_known(mine) else []
    return f"for all but {', '.join(lacking[:MOST])}" if lacking else ""


def in_all(value: Unknown) -> Plain:
    """What a value is in all instances, where that is the same; else as it stands."""
    first = value.either[0]
    return first if all(same(each, first) for each in value.either) else value


def refuse_each_given(module: Module, locator: str, edit: Edit) -> None:
    """Raises BindingError for an edit in place of what `for_each` gives each instance."""
    length = 3 if edit.path[0] == "module" else 4
    block = module.resource_at(locator, edit.path[:length])
    node: Plain = block.body if block else None
    for key in edit.path[length:]:
        node = node.get(key) if isinstance(node, dict) else node[key] if _has(node, key) else None
        if isinstance(node, Unknown) and node.keys:
            raise BindingError(f"{locator}: {edit.path[1]}.{edit.path[2]}: {key} is {node.text}; change it where that is set")


def _has(node: Plain, key: str | int) -> bool:
    return isinstance(node, list) and isinstance(key, int) and key < len(node)


def _tellers(module: Module, body: Tree) -> Mapping[str, Told]:
    """What names say in each instance, by its key."""
    over = module.chosen(body["for_each"])
    if isinstance(over, list) and all(isinstance(each, str) for each in over):
        over = {each: each for each in over}
    if not isinstance(over, dict) or len(over) > MANY:
        return {}
    return {str(key): _teller(module, key, value) for key, value in over.items()}


def _teller(module: Module, key: str, value: Plain) -> Told:
    own = {"each.key": key, "each.value": value}
    return lambda part: own[part.text] if part.text in own else module.resolved(part)


def _told(value: Plain, told: Mapping[str, Told], whole: bool = False) -> Plain:
    """A value with what its expressions come to in each instance; `whole`: that of the one instance itself."""
    if isinstance(value, dict):
        return {key: _told(inner, told, whole) for key, inner in value.items()}
    if isinstance(value, list):
        return [_told(inner, told, whole) for inner in value]
    if not isinstance(value, Unknown) or not NAMED.search(value.text):
        return value
    each = [_in(value.text, teller) for teller in told.values()]
    if not all(map(is_known, each)):
        return value
    if whole:
        return each[0]
    is_plain = not any(isinstance(one, dict | list) for one in each)
    return Unknown(value.text, tuple(each), tuple(told)) if is_plain or all(same(one, each[0]) for one in each) else value


def _in(text: str, told: Told) -> Plain:
    """What an expression comes to in one instance; Unknown where that is not told."""
    bare = text.removeprefix('"${').removesuffix('}"').strip()
    if not isinstance(known := told(Unknown(bare)), Unknown):
        return known
    found = filled(text, told)
    return choice(text, told) if found is MISSING else found

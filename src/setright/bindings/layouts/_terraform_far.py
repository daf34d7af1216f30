"""Which resources of other directories belong to one here: they got it by an output, or as a variable of a call.

developer.hashicorp.com/terraform/language/values/outputs and /language/modules/syntax.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.trees import look_up
from setright.model import Plain, Tree, Unknown
from setright.patterns import late

START = r'(?:"\$\{\s*)?'
VARIABLE = late(rf"{START}var\.([\w-]+)")
OUTPUT = late(rf"{START}module\.([\w-]+)(?:\[[^\]]*\])?\.([\w-]+)")
RESOURCE = late(r"(?<![\w.-])[a-z][a-z0-9]*_\w+\.[A-Za-z_][\w-]*")
EACH = late(rf"{START}each\.")
DEEPEST = 6  # calls within calls


def belonging(module: Module, kind: str, by: str) -> Mapping[str, list[str]]:
    """By the address of a resource of this directory, what is told of resources of a type elsewhere that name it in an argument."""
    notes = next(iter(module.tree.values())).notes
    note = f"far {kind} {by}"
    if note not in notes:
        notes[note] = _index(module.tree, kind, by)
    found: Mapping[str, Mapping[str, list[str]]] = notes[note]
    return found.get(module.folder, {})


def _index(tree: Mapping[str, Module], kind: str, by: str) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for home in tree.values():
        for other in home.resources(kind) if kind in home.types else ():
            for folder, address in meant_by(tree, home, _tie(other, by), 0):
                if folder != home.folder:
                    text = f"{home.folder or 'the root'}: {other.address} is for it"
                    found.setdefault(folder, {}).setdefault(address, []).append(text)
    return found


def _tie(other: Block, by: str) -> Plain:
    raw = other.body.get(by)
    return other.body.get("for_each") if isinstance(raw, Unknown) and EACH.match(raw.text) else raw


def meant_by(tree: Mapping[str, Module], home: Module, raw: Plain, depth: int) -> set[tuple[str, str]]:
    """The directory and the address of each resource that an expression may stand for."""
    if not isinstance(raw, Unknown) or depth > DEEPEST:
        return set()
    if told := VARIABLE.match(raw.text):
        given = [(tree.get(folder), body.get(told[1])) for folder, _, _, body in home.calls]
        return {each for caller, value in given if caller is not None for each in meant_by(tree, caller, value, depth + 1)}
    if told := OUTPUT.match(raw.text):
        called = _called(tree, home, told[1])
        return meant_by(tree, called, _output(called, told[2]), depth + 1) if called is not None else set()
    return {(home.folder, address) for address in RESOURCE.findall(raw.text)}


def _called(tree: Mapping[str, Module], home: Module, name: str) -> Module | None:
    """The directory of the tree that a call of a module is of."""
    call = next(filter(None, (_block(source.tree, "module", name) for source in home.sources.values())), {})
    place = call.get("source")
    if not isinstance(place, str) or not place.startswith("."):
        return None
    target = posixpath.normpath(posixpath.join(home.folder, place)).removeprefix("./")
    return tree.get("" if target == "." else target)


def _output(module: Module, name: str) -> Plain:
    return next(filter(None, (_block(source.tree, "output", name) for source in module.sources.values())), {}).get("value")


def _block(tree: Tree, sort: str, name: str) -> Tree:
    found = look_up(tree, (sort, name, 0))
    return found if isinstance(found, dict) else {}

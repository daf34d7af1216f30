"""Calls of modules that no table knows: what they set under the very names that the provider has for it.

developer.hashicorp.com/terraform/language/modules/sources. A module that is called as a service (`.../terraform-aws-ebs`) and takes
`encrypted = false` most likely hands it to the resource of that name. What such a call does not set is not judged, nor what
it sets by an expression, and nothing is written into it: only its author knows what an input does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from setright.bindings.layouts import _terraform_find as find
from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_spec import Entry, Place, entry, snake, types, unsnake
from setright.bindings.trees import set_at
from setright.model import Path, Plain, Tree, Unknown

CALL = "module."
OWN = ("source", "version", "providers")
PROVIDERS = {"aws": "aws", "azure": "azurerm", "gcp": "google"}
HOST = re.compile(r"^(?:git::|hg::)?(?:https?://|ssh://)?[^/]*[@.][^/:]*[/:]|\?.*$|\.git\b")
WORD = re.compile(r"[a-z0-9]+")


def calls(kind: str, layout: Mapping[str, Plain], module: Module) -> list[Block]:
    """The calls of unknown modules whose source names the kind's service."""
    provider, _, rest = kind.partition("/")
    if provider not in PROVIDERS or not (strangers := _strangers(module, layout.get("every-module", {}))):
        return []
    services = {rest.partition("/")[0], *(own.split("_")[1] for own in types(layout) if own.count("_") > 1)}
    others = set(PROVIDERS.values()) - {PROVIDERS[provider]}
    return [block for block, words in strangers if words & services and not words & others]


def _strangers(module: Module, known: Mapping[str, Plain]) -> list[tuple[Block, frozenset[str]]]:
    if "strangers" not in module.notes:
        sources = sorted(each for each in module.types if each.startswith(CALL))
        foreign = [
            each for each in sources if not each.startswith((f"{CALL}.", f"{CALL}/", f"{CALL}None")) and each[7:] not in known
        ]
        module.notes["strangers"] = [(block, frozenset(_words(each[7:]))) for each in foreign for block in module.resources(each)]
    found: list[tuple[Block, frozenset[str]]] = module.notes["strangers"]
    return found


def _words(source: str) -> list[str]:
    """The words of a source without who keeps it."""
    return WORD.findall(HOST.sub("", source).lower().partition("/")[2])


def call_tree(layout: Mapping[str, Plain], module: Module, block: Block) -> tuple[Tree, tuple[Path, ...]]:
    """What the call sets in the kind's words, and the paths of it, which are all that is known."""
    told = _own(layout)
    found: Tree = {}
    known: list[Path] = []
    for spec in told.specs:
        for place in spec.places:
            value = _value(told, module, block, place) if len(place.at) == 1 else None
            if value is not None and spec.path not in known:
                set_at(found, spec.path, value)
                known.append(spec.path)
    taken = {place.at[0] for spec in told.specs for place in spec.places if place.at}
    for name, raw in block.body.items():
        value = None if name in taken or name in OWN or name in find.META else _plain(module.resolved(raw))
        if value is not None:
            found[unsnake(name, told.names)] = value
            known.append((unsnake(name, told.names),))
    return found, tuple(known)


def _own(layout: Mapping[str, Plain]) -> Entry:
    told = entry(layout, types(layout)[0])
    own = (spec._replace(places=tuple(p for p in spec.places if not p.beside and p.items is None)) for spec in told.specs)
    return told._replace(specs=tuple(spec for spec in own if spec.places))


def _value(told: Entry, module: Module, block: Block, place: Place) -> Plain:
    spots: Iterator[find.Spot] = find.spots(told, module, block, place)
    spot = next(spots, None)
    return _plain(find.told_value(module, told, spot, block), place.json) if spot else None


def _plain(value: Plain, is_document: bool = False) -> Plain:
    """A value that says the same to whoever takes it; None for what is made by an expression or has a form of its own."""
    if isinstance(value, dict):
        return value if is_document else None
    if isinstance(value, list):
        return value if all(isinstance(each, str) and not isinstance(each, Unknown) for each in value) else None
    return None if isinstance(value, Unknown) else value


def place(layout: Mapping[str, Plain], block: Block, path: Path) -> tuple[str, Path]:
    """Where the call sets what the kind has at a path; the call itself where it does not."""
    told = _own(layout)
    spec = told.spec_of(path)
    names = [each.at[0] for each in spec.places if each.at] if spec.path else [snake(str(path[0]))] if path else []
    return block.locator, next(((*block.path, name) for name in names if name in block.body), block.path)

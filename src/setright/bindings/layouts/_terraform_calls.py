"""Calls of modules from a registry: which module it is, which version of it, and what the table tells of that version.

developer.hashicorp.com/terraform/language/modules/sources and /language/expressions/version-constraints: of the versions that a
call allows the newest is taken. A module that is taken from its repository is the one that the registry has by that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from setright.bindings.layouts._terraform_module import Block, Module
from setright.bindings.layouts._terraform_spec import Entry, Place, Spec
from setright.bindings.layouts._terraform_versions import NEWEST, Version, parse_constraint, version
from setright.model import Plain
from setright.trees import same

REFERENCE = re.compile(r"[?&]ref=v?(\d+(?:\.\d+)*)(?:&|$)")
NOTHING: tuple[Plain, ...] = (None, "", [], {})
EVERY = "create"  # the input by which such modules are not made at all


def made(module: Module, told: Entry, block: Block) -> bool:
    """Whether the call makes the resource: no input turns it off, and those that it is made of are given."""
    is_off = any(same(module.resolved(block.body.get(each)), False) for each in (EVERY, *told.switches))
    return not is_off and all(module.resolved(block.body.get(each)) not in NOTHING for each in told.parts)


def held(told: Entry, block: Block) -> Entry:
    """The entry as it is for the version called; of a version that cannot be told only what is the same in all of them."""
    taken = newest(block)
    return told._replace(specs=tuple(spec for each in told.specs for spec in _held(each, taken)))


def newest(block: Block) -> Version | None:
    """The newest version that a call allows; None where that cannot be told."""
    source, asked = str(block.body.get("source")), block.body.get("version")
    if "github.com" in source:
        found = REFERENCE.search(source)
        return version(found[1]) if found else None
    if asked is None:
        return NEWEST
    return parse_constraint(asked).most if isinstance(asked, str) else None


def _held(spec: Spec, taken: Version | None) -> Iterator[Spec]:
    if taken is None:
        places = spec.places if not any(each.since or each.until for each in spec.places) else ()
    else:
        places = tuple(each._replace(since="", until="") for each in spec.places if _has(each, taken))
    if places:
        yield Spec(spec.path, places)


def _has(place: Place, taken: Version) -> bool:
    return (not place.since or taken >= version(place.since)) and (not place.until or taken < version(place.until))

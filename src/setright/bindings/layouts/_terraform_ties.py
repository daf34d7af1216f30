"""Which resources of a module stand for one bucket: told once for all of a type, as a module may have thousands of each."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import NamedTuple

from setright.bindings.layouts._terraform_find import refers
from setright.bindings.layouts._terraform_module import Block, Module
from setright.model import Plain, Unknown
from setright.patterns import late
from setright.trees import same

BUCKET = late(r'(?:"\$\{\s*)?(aws_s3_bucket\.[\w-]+)')


class _Ties(NamedTuple):
    """The places of a type's resources among its own, by the address or name of the bucket that each is for."""

    others: list[Block]
    by_address: dict[str, list[int]]
    by_name: dict[Hashable, list[int]]
    unclear: list[int]


def of_bucket(module: Module, block: Block, kind: str) -> Iterator[Block]:
    """The resources of a type that are, or may be, for the bucket."""
    ties, own = _ties(module, kind), module.resolved(block.body.get("bucket"))
    named = ties.by_name.get(own, []) if isinstance(own, str) or own is None else []
    for i in sorted({*ties.unclear, *ties.by_address.get(block.address, ()), *named}):
        tie = module.resolved(ties.others[i].body.get("bucket"))
        if refers(tie.text, block.address) or not BUCKET.match(tie.text) if isinstance(tie, Unknown) else same(tie, own):
            yield ties.others[i]


def _ties(module: Module, kind: str) -> _Ties:
    note = f"buckets of {kind}"
    if note not in module.notes:
        module.notes[note] = _told(module, module.resources(kind))
    ties: _Ties = module.notes[note]
    return ties


def _told(module: Module, others: list[Block]) -> _Ties:
    ties = _Ties(others, {}, {}, [])
    for i, other in enumerate(others):
        tie: Plain = module.resolved(other.body.get("bucket"))
        if isinstance(tie, Unknown) and (found := BUCKET.match(tie.text)):
            ties.by_address.setdefault(found[1], []).append(i)
        elif isinstance(tie, str) or tie is None:
            ties.by_name.setdefault(tie, []).append(i)
        else:
            ties.unclear.append(i)
    return ties

"""A plan and the documents it was made on in, the exact changes out. Pure but for snapshots that a plan puts back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from setright.engine.carry import whole
from setright.lenses import LensError, get, put
from setright.model import Change, Document, Kept, Plan, Planned, Tree, digest

Snapshot = Callable[[str], Kept]  # by its address
PRIVATE = frozenset({"dotenv"})  # lenses of files that hold secrets and are not committed


class Lapsed(RuntimeError):
    """The plan no longer fits the target; nothing was written. Plan again."""


def changes(plan: Plan, documents: Mapping[str, Document], snapshot: Snapshot | None = None) -> list[Change]:
    """The bytes of a plan, made again from its edits and held against its digests. Raises Lapsed where anything moved.

    Without `snapshot` a plan that puts an approved state back cannot be made again.
    """
    own = {planned.locator: documents[planned.locator] for planned in plan.changes}
    return [_change(planned, own, snapshot) for planned in plan.changes]


def is_private(plan: Plan) -> bool:
    """Whether it writes what is not for others to see: a file of secrets that nobody commits."""
    return any(planned.lens in PRIVATE for planned in plan.changes)


def _change(planned: Planned, documents: Mapping[str, Document], snapshot: Snapshot | None) -> Change:
    document = documents[planned.locator]
    if document.digest != planned.before:
        why = "somebody changed it, or what runs before it has not run"
        raise Lapsed(f"{planned.locator}: is not what the plan was made on; {why}. Plan again")
    if not planned.edits:
        return _back(planned, document, snapshot)
    after = document.data
    try:
        for edits in planned.edits:
            after = put(planned.lens, after, whole(edits, planned.lens, after, partial(_tree, documents)))
    except LensError as error:
        raise Lapsed(f"{planned.locator}: the planned edits cannot be made: {error}") from error
    if digest(after) != planned.after:
        raise Lapsed(f"{planned.locator}: the planned edits give other bytes than the plan says; it was made by another version")
    return Change(planned.locator, planned.lens, document.data, after)


def _tree(documents: Mapping[str, Document], locator: str) -> Tree:
    """What another document of the plan said. Raises LensError where the plan has no such one."""
    if locator not in documents:
        raise LensError(f"{locator}: is no document of the plan")
    return get(documents[locator].lens, documents[locator].data)


def _back(planned: Planned, document: Document, snapshot: Snapshot | None) -> Change:
    """The document as it was approved, with its owner and mode; gone where it was not there."""
    kept = snapshot(planned.kept) if snapshot and planned.kept else Kept(planned.locator, planned.lens, None)
    if digest(kept.data) != planned.after or kept.locator != planned.locator:
        raise Lapsed(f"{planned.locator}: what was approved is not at hand here; plan again where it was learned")
    return Change(planned.locator, planned.lens, document.data, kept.data, kept.meta)

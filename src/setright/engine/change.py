"""A plan and the documents it was made on in, the exact changes out. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from setright.engine.carry import whole
from setright.lenses import LensError, put
from setright.model import Change, Document, Plan, Planned, digest


class Lapsed(RuntimeError):
    """The plan no longer fits the target; nothing was written. Plan again."""


def changes(plan: Plan, documents: Mapping[str, Document]) -> list[Change]:
    """The bytes of a plan, made again from its edits and held against its digests. Raises Lapsed where anything moved."""
    return [_change(planned, documents[planned.locator]) for planned in plan.changes]


def _change(planned: Planned, document: Document) -> Change:
    if document.digest != planned.before:
        why = "somebody changed it, or what runs before it has not run"
        raise Lapsed(f"{planned.locator}: is not what the plan was made on; {why}. Plan again")
    after = document.data
    try:
        for edits in planned.edits:
            after = put(planned.lens, after, whole(edits, planned.lens, after))
    except LensError as error:
        raise Lapsed(f"{planned.locator}: the planned edits cannot be made: {error}") from error
    if digest(after) != planned.after:
        raise Lapsed(f"{planned.locator}: the planned edits give other bytes than the plan says; it was made by another version")
    return Change(planned.locator, planned.lens, document.data, after)

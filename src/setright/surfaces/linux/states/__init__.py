"""What a host says of itself as a whole, one JSON document a module, found by name: `state:disk` is `disk.py`.

A module has two things, and more where the state can be put right:

    ASKS: Sequence[Ask]                       what to ask the target
    tell(evidence) -> Tree | None             what that says; None where there is nothing of the sort
    deeds(before, after) -> str               shell commands that lead from one to the other, and back
    back(before) -> str                       where that could cut us off: shell commands that undo it whatever came after
    in_words(before, after) -> (str, str)     two texts whose difference people read more easily than that of the documents
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol, cast

from setright.model import Tree
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.evidence import Evidence
from setright.surfaces.linux.transport import Ask


class State(Protocol):
    """What a module of this package offers."""

    ASKS: Sequence[Ask]

    def tell(self, evidence: Evidence) -> Tree | None: ...


def state(name: str) -> State | None:
    """The module of that name; None where there is none."""
    module = f"{__name__}.{name.replace('-', '_')}"
    if not name.replace("-", "").isalpha() or find_spec(module) is None:
        return None
    return cast(State, import_module(module))


def back(name: str, before: Tree) -> list[str]:
    """What undoes our change of a state whatever came after it: for the dead-man's switch. Nothing where none can cut us off."""
    undo = cast(Callable[[Tree], str] | None, getattr(state(name), "back", None))
    return [] if undo is None else [undo(before)]


def in_words(name: str, before: Tree, after: Tree) -> tuple[str, str] | None:
    """A change as people read it; None where its documents say it as well."""
    say = cast(Callable[[Tree, Tree], tuple[str, str] | None] | None, getattr(state(name), "in_words", None))
    return None if say is None else say(before, after)


def deeds(name: str, before: Tree, after: Tree) -> str:
    """The commands of a change. Raises SurfaceError where this state can only be read."""
    found = state(name)
    make = cast(Callable[[Tree, Tree], str] | None, getattr(found, "deeds", None))
    if make is None:
        raise SurfaceError(f"state:{name} can be read but not written; change what it comes from")
    return make(before, after)

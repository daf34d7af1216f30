"""The places that a batch's edits use, so that the next fix is asked in one step whether it may join. Pure."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from setright.bindings.view import Beside
from setright.model import Edit, Path

Placed = list[tuple[str, Edit]]  # locator, edit
Place = tuple[str, Path]
Added = Callable[[Edit], Beside | None]  # what an edit adds beside a resource


class Taken:
    """The edits of a batch so far."""

    def __init__(self) -> None:
        self._edits: dict[Place, Edit] = {}
        self._above: set[Place] = set()
        self._lists: dict[Place, bool] = {}  # a list whose items are set or removed -> only removed?
        self._behind: dict[Place, _Behind] = {}

    def joined(self, placed: Placed, added: Added) -> Placed | None:
        """The edits as they join the batch; None where one place would get two values, one edit stand inside another, or a list
        change under another's index, or what an edit says again.

        What is added beside a resource goes behind what the batch adds there already, where by its marks it is another thing.
        """
        mine: Placed = []
        for locator, edit in placed:
            with_room = self._with_room(locator, edit, added(edit))
            if with_room is None:
                return None
            mine.append((locator, with_room))
        for (locator, edit), (_, asked) in zip(mine, placed, strict=True):
            self._take(locator, edit, added(asked))
        return mine

    def _with_room(self, locator: str, edit: Edit, beside: Beside | None) -> Edit | None:
        if beside and any((locator, path) in self._edits for path in beside.repeats):
            return None
        if not self._meets(locator, edit):
            return edit
        behind = self._behind.get((locator, edit.path[:-1]))
        if behind is None or beside is None or not all(each - beside.marks and beside.marks - each for each in behind.marks):
            return None
        return replace(edit, path=(*edit.path[:-1], behind.next))

    def _take(self, locator: str, edit: Edit, beside: Beside | None) -> None:
        self._edits[locator, edit.path] = edit
        self._above.update((locator, edit.path[:i]) for i in range(1, len(edit.path)))
        last = edit.path[-1]
        if isinstance(last, int):
            parent = (locator, edit.path[:-1])
            self._lists[parent] = self._lists.get(parent, True) and edit.remove
            if beside is not None:
                self._behind.setdefault(parent, _Behind()).add(beside.marks, last)

    def _meets(self, locator: str, edit: Edit) -> bool:
        if (locator, edit.path) in self._edits:
            return self._edits[locator, edit.path] != edit
        if (locator, edit.path) in self._above:
            return True
        if any((locator, edit.path[:i]) in self._edits for i in range(1, len(edit.path))):
            return True
        only_removed = self._lists.get((locator, edit.path[:-1]))
        return isinstance(edit.path[-1], int) and only_removed is not None and not (only_removed and edit.remove)


class _Behind:
    """What a batch adds behind the items of one list, by its marks, and where the next stands."""

    def __init__(self) -> None:
        self.marks: set[frozenset[str]] = set()
        self.next = 0

    def add(self, marks: frozenset[str], index: int) -> None:
        self.marks.add(marks)
        self.next = max(self.next, index + 1)

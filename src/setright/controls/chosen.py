"""The controls that a scan is about. One is built when somebody looks at it: of most a target has nothing that they speak of."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from functools import cached_property
from typing import overload

from setright.model import Control

Name = tuple[str, str]  # id, kind


class Chosen(Sequence[Control]):
    """Controls in their order, known by id and kind."""

    def __init__(self, names: Sequence[Name], build: Callable[[str], Control]) -> None:
        self.names = tuple(names)
        self._build = build
        self._built: dict[int, Control] = {}  # by place

    @cached_property
    def _places(self) -> dict[str, int]:
        return {id_: place for place, (id_, _) in enumerate(self.names)}

    @property
    def ids(self) -> list[str]:
        return [id_ for id_, _ in self.names]

    @property
    def kinds(self) -> set[str]:
        return {kind for _, kind in self.names}

    def of(self, kinds: Container[str]) -> Iterator[Control]:
        """Those of the kinds; no other is built."""
        return (self._at(place) for place, (_, kind) in enumerate(self.names) if kind in kinds)

    def named(self, id_: str) -> Control | None:
        """None: it is not chosen."""
        place = self._places.get(id_)
        return None if place is None else self._at(place)

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, place: int) -> Control: ...
    @overload
    def __getitem__(self, place: slice) -> list[Control]: ...
    def __getitem__(self, place: int | slice) -> Control | list[Control]:
        places = range(len(self.names))[place]
        return self._at(places) if isinstance(places, int) else [self._at(each) for each in places]

    def _at(self, place: int) -> Control:
        if place not in self._built:
            self._built[place] = self._build(self.names[place][0])
        return self._built[place]


def chosen(controls: Iterable[Control]) -> Chosen:
    """Controls that are built already, or are chosen."""
    if isinstance(controls, Chosen):
        return controls
    by_id = {control.id: control for control in controls}
    return Chosen([(control.id, control.kind) for control in by_id.values()], by_id.__getitem__)

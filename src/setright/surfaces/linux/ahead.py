"""What may be asked of a host next, found out while its documents are read and judged; what nobody asks for is stopped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.facts import asks_of
from setright.surfaces.linux.transport import Answers, Ask, Found, Lot

LOOKS_LONG = ("walk", "grep")
OF_ONE = ("linux/service-in-use:", "linux/program-used:", "linux/account-in-use:")  # which a host mostly does not have


class Lots(NamedTuple):
    """The questions of facts: those of which each is quick, and those that only facts ask which look through folders or logs."""

    quick: tuple[Ask, ...]
    long: tuple[Ask, ...]


def lots(facts: Iterable[str]) -> Lots:
    """Apart from each other, so that nobody who asks a quick one waits for logs; and none that would mostly be asked in vain."""
    asked = [asks for fact in facts if not fact.startswith(OF_ONE) and (asks := asks_of(fact))]
    quick = {ask: None for asks in asked if not _looks_long(asks) for ask in asks}
    return Lots(tuple(quick), tuple({ask: None for asks in asked for ask in asks if ask not in quick}))


def _looks_long(asks: Sequence[Ask]) -> bool:
    return any(ask.what in LOOKS_LONG for ask in asks)


class Ahead:
    """Begins with those questions that are not `read` anyway, whose answers it is told."""

    def __init__(self, asked: Lots, read: Collection[Ask], begin: Callable[[Sequence[Ask]], Lot]) -> None:
        self._found: dict[Ask, Sequence[Found]] = {}
        self._lots: list[Lot] = []
        self._also = {ask for lot in asked for ask in lot}.intersection(read)
        with suppress(SurfaceError):  # whoever asks then is told
            for lot in asked:
                if missing := [ask for ask in lot if ask not in self._also]:
                    self._lots.append(begin(missing))

    def learn(self, found: Answers) -> None:
        self._found |= {ask: found[ask] for ask in self._also}

    def __contains__(self, ask: Ask) -> bool:
        """Whether the answer is there or on its way."""
        return ask in self._found or any(ask in lot.asks for lot in self._lots)

    def answers(self, asks: Collection[Ask]) -> Answers:
        """Those there are, once what is on its way has come. What could not be had is left out, to be asked again."""
        for lot in [lot for lot in self._lots if not set(asks).isdisjoint(lot.asks)]:
            self._lots.remove(lot)
            with suppress(SurfaceError):
                self._found |= lot.answers()
        return {ask: self._found[ask] for ask in asks if ask in self._found}

    def stop(self) -> None:
        """Nobody asks any more, or what was found may not hold any more."""
        while self._lots:
            self._lots.pop().stop()
        self._found.clear()

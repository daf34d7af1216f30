"""What may be asked of a host next, found out while its documents are judged; what nobody asks for is stopped."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress

from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.facts import asks_of, is_asked_often
from setright.surfaces.linux.transport import Answers, Ask, Lot, Reply


def often(facts: Iterable[str]) -> list[Ask]:
    """The questions of those that most hosts are asked; the others may look long, and would mostly do so in vain."""
    return list(dict.fromkeys(ask for fact in facts if is_asked_often(fact) for ask in asks_of(fact) or ()))


class Ahead:
    """Begins with those questions that a reading has not `found` the answers to."""

    def __init__(self, asks: Sequence[Ask], found: Answers, begin: Callable[[Sequence[Ask]], Lot]) -> None:
        self._found: dict[Ask, Sequence[Reply]] = {ask: found[ask] for ask in asks if ask in found}
        self._lot: Lot | None = None
        with suppress(SurfaceError):  # whoever asks then is told
            self._lot = begin([ask for ask in asks if ask not in found])

    def answers(self, asks: Collection[Ask]) -> Answers:
        """Those there are, once what is on its way has come. What could not be had is left out, to be asked again."""
        if self._lot is not None and not set(asks).isdisjoint(self._lot.asks):
            with suppress(SurfaceError):
                self._found |= self._lot.answers()
            self._lot = None
        return {ask: self._found[ask] for ask in asks if ask in self._found}

    def stop(self) -> None:
        """Nobody asks any more, or what was found may not hold any more."""
        if self._lot is not None:
            self._lot.stop()
        self._lot = None
        self._found.clear()

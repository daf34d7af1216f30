"""The kill switch: while the file STATE/stop is there, or the store that machines share says so, no run touches anything new."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from setright.engine.durable import private_directory
from setright.engine.error import EngineError
from setright.engine.times import now, stamp

STOP = "stop"


class Shared(Protocol):
    """The store. One in a file is as good as the state directory that it is in."""

    is_sqlite: bool

    def say(self, name: str, value: str) -> None: ...
    def said(self, name: str) -> str: ...


def why_stopped(state: Path, store: Shared) -> str:
    """When and why, as written when it was switched on; empty where it is off. Raises EngineError where nobody can tell."""
    try:
        return (state / STOP).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return "" if store.is_sqlite else store.said(STOP)
    except OSError as error:
        raise EngineError(f"{state / STOP}: {error.strerror}; while it is there, nothing runs") from error


def switch(state: Path, store: Shared, on: bool, why: str = "") -> None:
    """On or off, for all that share the store; switching twice changes nothing.

    Where the store cannot be told, this machine is stopped at least. Raises EngineError where the switch is not ours to move.
    """
    words = f"{stamp(now())} {why}".strip()
    if store.is_sqlite:
        _switch_here(state, words if on else "")
        return
    try:
        store.say(STOP, words if on else "")
    except EngineError:
        if on:
            _switch_here(state, words)
        raise
    if not on:
        _switch_here(state, "")


def _switch_here(state: Path, words: str) -> None:
    file = state / STOP
    try:
        if words:
            private_directory(state)
            file.write_text(f"{words}\n", encoding="utf-8")
        else:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise EngineError(f"{file}: {error.strerror}; the switch stays {'off' if words else 'on'}") from error

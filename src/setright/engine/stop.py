"""The kill switch: while the file STATE/stop is there, no run touches anything new."""

from __future__ import annotations

from pathlib import Path

from setright.engine.durable import private_directory
from setright.engine.error import EngineError
from setright.engine.times import now, stamp

STOP = "stop"


def stopped(state: Path) -> bool:
    return (state / STOP).exists()


def why_stopped(state: Path) -> str:
    """When and why, as written when it was switched on; empty where it is off."""
    try:
        return (state / STOP).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise EngineError(f"{state / STOP}: {error.strerror}; while it is there, nothing runs") from error


def switch(state: Path, on: bool, why: str = "") -> None:
    """On or off; switching twice changes nothing. Raises EngineError where the state directory is not ours to write."""
    file = state / STOP
    try:
        if on:
            private_directory(state)
            file.write_text(f"{stamp(now())} {why}".strip() + "\n", encoding="utf-8")
        else:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise EngineError(f"{file}: {error.strerror}; the switch stays {'off' if on else 'on'}") from error

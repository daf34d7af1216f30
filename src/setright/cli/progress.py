"""What is going on, as one live line on stderr: on a terminal only, gone when it is done."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from setright.cli.lines import from_here

T = TypeVar("T")
CLEAR = "\r\x1b[2K"


@contextmanager
def live(quiet: bool) -> Iterator[Callable[[str], None]]:
    """A function that replaces the line; it does nothing where nobody looks."""
    if quiet or sys.stderr is None or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _: None
        return
    try:
        yield _replace
    finally:
        sys.stderr.write(CLEAR)
        sys.stderr.flush()


def counted(results: Iterable[T], targets: list[str], verb: str, quiet: bool) -> Iterator[T]:
    """The results as they come, with how many of the targets are done."""
    with live(quiet) as say:
        say(f"{verb} {from_here(targets[0])} ..." if len(targets) == 1 else f"{verb} {len(targets)} targets ...")
        for done, result in enumerate(results, 1):
            yield result
            say(f"{verb} targets: {done} of {len(targets)}")


def _replace(text: str) -> None:
    import shutil

    width = shutil.get_terminal_size((80, 24)).columns
    sys.stderr.write(CLEAR + text[: width - 1])
    sys.stderr.flush()

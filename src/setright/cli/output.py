"""Where output goes: a file, or stdout; and how wide and colourful it may be there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from setright.cli.failure import Failure
from setright.model import Plain

if TYPE_CHECKING:
    from rich.console import Console

    from setright.cli.options import Shown

WIDTH = 100  # where no terminal says otherwise
HEIGHT = 24  # told, since it would be looked up for each line
WIDEST = 140  # longer lines are hard to read


def on_terminal() -> bool:
    """Whether a person sees stdout and can answer."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdout, sys.stdin))  # a closed descriptor has none


def emit(text: str, show: Shown) -> None:
    """The text to the file asked for, else to stdout."""
    if show.file:
        save(text, show.file)
    else:
        click.echo(text, nl=not text.endswith("\n"))


def save(text: str, file: str) -> None:
    """The file whole or not at all; a device or a pipe is written to, never replaced. Raises Failure where it cannot be written."""
    save_each([text if text.endswith("\n") else f"{text}\n"], file)


def save_each(texts: Iterable[str], file: str) -> None:
    """As `save`, for a text that comes in pieces and may not fit into memory."""
    place = Path(file).resolve()
    new = place.with_name(f".{place.name}.{os.getpid()}")
    is_device = place.exists() and not place.is_file()
    try:
        with (place if is_device else new).open("w", encoding="utf-8", newline="") as opened:
            opened.writelines(texts)
        if not is_device:
            new.replace(place)
    except OSError as error:
        raise Failure(f"{file}: {error.strerror}; nothing was written there") from error


def json_text(told: Plain) -> str:
    return msgspec.json.format(msgspec.json.encode(told), indent=2).decode() + "\n"


@contextmanager
def paper(show: Shown) -> Iterator[Console]:
    """What a screen is drawn on: stdout, or the file in plain text."""
    import shutil

    from rich.console import Console

    if show.file:
        sheet = StringIO()
        yield Console(file=sheet, width=WIDTH, height=HEIGHT, color_system=None, highlight=False, markup=False, emoji=False)
        save(sheet.getvalue(), show.file)
        return
    width = min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDEST)
    yield Console(file=sys.stdout, width=width, height=HEIGHT, highlight=False, markup=False, emoji=False, soft_wrap=False)


def hint(text: str, show: Shown) -> None:
    """A word to the person at the terminal, beside the output."""
    if not show.quiet:
        click.echo(text, err=True)

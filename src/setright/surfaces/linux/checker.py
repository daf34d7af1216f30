"""What a program's own checker is, as data. Pure."""

from __future__ import annotations

import msgspec


class Checker(msgspec.Struct, frozen=True):
    """A program's own checker. `files` are the whole set it reads, `main` where it starts; `{main}` in `command` is the
    staged copy of that. `include` finds the lines that name further files, relative to `folder`. `mend` is the command by which
    people put a ``{file}`` right."""

    main: str
    files: tuple[str, ...]
    command: str
    include: bytes = rb"$."  # matches nothing
    folder: str = "/"
    mend: str = ""

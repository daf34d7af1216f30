"""How a command ends when it cannot do what it was asked: one line on stderr, and the exit code of the contract."""

from __future__ import annotations

from errno import EDQUOT, EFBIG, EIO, ENOSPC
from typing import IO, Any

import click

CLEAN, FOUND, USAGE, UNREACHED = 0, 1, 2, 3
INTERRUPTED = 130  # as shells have it: 128 and the number of the signal


class Failure(click.ClickException):
    """One line for people, and the exit code."""

    def __init__(self, message: str, exit_code: int = USAGE) -> None:
        super().__init__(" ".join(message.split()))
        self.exit_code = exit_code  # type: ignore[misc]  # click declares it for the class and reads it from the instance

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"setright: {self.message}", file=file, err=file is None)


def failure_of(error: Exception) -> Failure | None:
    """What a room's own exception means for the caller; None for an error that is none of ours."""
    from setright.bindings.error import BindingError
    from setright.controls.error import ControlError
    from setright.engine.error import EngineError
    from setright.integrations.error import IntegrationError
    from setright.surfaces.base import SurfaceError

    if isinstance(error, SurfaceError | IntegrationError):
        return Failure(str(error), UNREACHED)
    if isinstance(error, BindingError | ControlError | EngineError):
        return Failure(str(error))
    return None


def unwritten(error: OSError) -> Failure | None:
    """What it means that there is no room for the output; None for any other error, and where a reader went away."""
    if error.errno in (ENOSPC, EDQUOT, EFBIG, EIO) and error.filename is None:
        return Failure(f"what there is to tell cannot be written: {error.strerror}; make room there and ask again", UNREACHED)
    return None

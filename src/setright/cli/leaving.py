"""The end of a process of ours. What it read goes back to the kernel at once; to free it piece by piece takes a tenth of a scan."""

from __future__ import annotations

import atexit
import os
import sys
import threading


def leave(code: object) -> None:
    """Ends the process as the interpreter would, but for freeing memory. Returns where something still runs or is to be said."""
    if threading.active_count() > 1 or not isinstance(code, int | None):
        return
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:  # as where its descriptor was closed
                stream.flush()
    except (OSError, ValueError) as error:
        code = _without_room(error, code)
        if code is None:  # a reader that went away, a closed stream: the interpreter knows what to say
            return
    atexit._run_exitfuncs()
    os._exit(code or 0)


def _without_room(error: Exception, code: int | None) -> int | None:
    """The code to end with where the last of the output found no room, which is told; None for anything else."""
    from setright.cli.failure import unwritten

    failure = unwritten(error) if isinstance(error, OSError) else None
    if failure and code != failure.exit_code:
        failure.show()
    return failure.exit_code if failure else None

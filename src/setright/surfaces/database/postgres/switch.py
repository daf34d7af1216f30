"""The dead-man's switch: a process on the server that puts the old files back and reloads unless it is told not to in time.

Its directory lies in the data directory. A rename decides who was first: `armed` -> `disarmed` (us) or `armed` -> `fired` (the
switch). It does not outlive a restart of the machine. Source: POSIX sh; postmaster.pid line 1 (PostgreSQL 15).
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Sequence

import psycopg

from setright.model import Kept
from setright.surfaces.base import SurfaceError
from setright.surfaces.database.postgres import files
from setright.surfaces.database.postgres.session import Session

FIRED = 7  # exit code of a script that came too late
OTHERS = 8  # and of one that found another run's switch set

ARM = """set -eu
d={directory}
[ ! -e "$d/fired" ] || exit {fired}
deadline() {{ echo $(($(date +%s) + {seconds})) > "$d/deadline.new"; mv -f "$d/deadline.new" "$d/deadline"; }}
if [ -e "$d/armed" ]; then deadline; exit 0; fi
for o in "$(dirname -- "$d")"/setright-*; do
  if [ -e "$o/armed" ] && [ "$(cat "$o/deadline")" -ge "$(date +%s)" ]; then exit {others}; fi
done
rm -rf -- "$d"; mkdir -m 700 -- "$d"
{copies}
deadline; : > "$d/armed"
s=$(command -v setsid || command -v nohup)
"$s" sh -c {fire} < /dev/null > /dev/null 2>&1 &
"""

FIRE = """cd {directory} || exit 0
while [ -e armed ] && [ "$(date +%s)" -lt "$(cat deadline)" ]; do sleep 0.5; done
mv armed fired || exit 0
{restores}
kill -HUP "$(head -n 1 {pidfile})"
"""

DISARM = """d={directory}
[ ! -e "$d/fired" ] || exit {fired}
[ -e "$d" ] || exit 0
mv "$d/armed" "$d/disarmed" || [ -e "$d/disarmed" ] || exit {fired}
rm -rf -- "$d"
"""


def start_switch(session: Session, kept: Sequence[Kept], within_s: float, token: str) -> bool:
    """Starts the switch, or its time anew. False where this login may not run programs or no file is at stake."""
    if not session.rights.programs:
        return False
    directory, data_directory = _directory(session, token)
    paths = _files(session, kept, data_directory)
    if not paths:
        return False
    fire = FIRE.format(
        directory=directory,
        restores="\n".join(_restore(path, i) for i, path in enumerate(paths)),
        pidfile=shlex.quote(f"{data_directory}/postmaster.pid"),
    )
    copies = "\n".join(f'cp -aL -- {shlex.quote(path)} "$d/{i}"' for i, path in enumerate(paths))
    script = ARM.format(
        directory=directory, seconds=math.ceil(within_s), copies=copies, fire=shlex.quote(fire), fired=FIRED, others=OTHERS
    )
    with session.locked():
        _run(session, script, token)
    return True


def disarm(session: Session, token: str) -> None:
    """Tells the switch to stand down; again is fine. Raises SurfaceError where it fired already: then the old files are back."""
    _run(session, DISARM.format(directory=_directory(session, token)[0], fired=FIRED), token)


def _run(session: Session, script: str, token: str) -> None:
    try:
        files.run_statements(session, [files.program_statement(script)], f"the dead-man's switch {token}")
    except SurfaceError as error:
        cause = error.__cause__
        code = files.program_status(cause) if isinstance(cause, psycopg.Error) else 0
        if code == FIRED:
            raise SurfaceError(f"the dead-man's switch {token} has fired: the old files are back") from error
        if code == OTHERS:
            waits = "another run's change waits to be confirmed there, and would be undone with ours"
            raise SurfaceError(f"{session.target}: {waits}; wait for it to end") from error
        raise


def _files(session: Session, kept: Sequence[Kept], data_directory: str) -> list[str]:
    """The server files behind kept documents; roles have none and are not covered."""
    locators = {k.locator for k in kept}
    found = [files.path_of(session, "hba_file")] if "hba" in locators else []
    return found + ([f"{data_directory}/postgresql.auto.conf"] if "settings" in locators else [])


def _restore(path: str, index: int) -> str:
    return f'f=$(readlink -f -- {shlex.quote(path)}) && mv -f {index} "$f.setright" && mv -f "$f.setright" "$f"'


def _directory(session: Session, token: str) -> tuple[str, str]:
    """The switch's directory, quoted for a shell, and the data directory it lies in."""
    if not re.fullmatch(r"[\w.-]{1,100}", token):
        raise SurfaceError(f"{token!r}: a switch is named by letters, digits, dots and dashes")
    data_directory = str(session.rows("SELECT current_setting('data_directory')")[0][0])
    return shlex.quote(f"{data_directory}/setright-{token}"), data_directory

"""Files on the server's own disk: read through SQL, replaced by a rename, and the small programs that do it.

Source: COPY ... TO PROGRAM (PostgreSQL 15), POSIX sh. Needs a superuser or a member of pg_execute_server_program.
"""

from __future__ import annotations

import base64
import re
import shlex

import psycopg
from psycopg import sql
from psycopg.rows import TupleRow

from setright.model import digest
from setright.surfaces.base import Moved, SurfaceError
from setright.surfaces.database.postgres.session import Session, Statement, server_said

MOVED = 9  # exit code of a script that found other bytes than it was told to replace

REPLACE = """set -eu
f=$(readlink -f -- {path}); t="$f.setright.$$"
trap 'rm -f -- "$t"' EXIT
cp -a -- "$f" "$t"
base64 -d > "$t"
sync "$t" 2>/dev/null || sync
[ "$(sha256sum < "$f" | cut -d' ' -f1)" = {before} ] || exit {moved}
mv -f -- "$t" "$f"
sync "${{f%/*}}" 2>/dev/null || sync
"""


def path_of(session: Session, setting: str) -> str:
    """The absolute path a file setting stands for on the server."""
    value, directory = session.rows("SELECT current_setting(%s), current_setting('data_directory')", (setting,))[0]
    return str(value) if value.startswith("/") else f"{directory}/{value}"


def read_server_file(session: Session, path: str) -> bytes | None:
    """The bytes of a server file; None where there is none."""
    return session.rows("SELECT pg_read_binary_file(%s, 0, 1 << 26, true)", (path,))[0][0]  # type: ignore[no-any-return]


def replaced(path: str, before: bytes, after: bytes) -> Statement:
    """The statement that puts `after` where `before` stands: staged beside it, synced, renamed; mode, owner and ACL kept."""
    script = REPLACE.format(path=shlex.quote(path), before=digest(before), moved=MOVED)
    return program_statement(script, base64.b64encode(after).decode())


def program_statement(script: str, given: str = "") -> Statement:
    """The statement that runs a shell script on the server, as its user, with one line on its standard input.

    A script that is given nothing reads it away all the same: one that ends unread would be a broken pipe to the server.
    """
    script = script if given else f"cat > /dev/null\n{script}"
    return sql.SQL("COPY (SELECT {}) TO PROGRAM {}").format(sql.Literal(given), sql.Literal(script))


def run_statements(session: Session, statements: list[Statement], what: str) -> list[list[TupleRow]]:
    """Runs statements in one round trip; the rows of each.

    Raises Moved where one found other bytes than planned, SurfaceError where one failed.
    """
    try:
        return session.statements(statements)
    except psycopg.errors.InsufficientPrivilege as error:
        raise SurfaceError(
            f"{what}: {server_said(error)}; it needs a superuser or a member of pg_execute_server_program"
        ) from error
    except psycopg.errors.ExternalRoutineException as error:
        if program_status(error) == MOVED:
            raise Moved(f"{what}: its bytes are no longer what the plan was made on") from error
        raise SurfaceError(f"{what}: the server could not do it ({error.diag.message_detail}); its log says why") from error
    except psycopg.Error as error:
        raise SurfaceError(f"{what}: {server_said(error)}") from error


def private(session: Session, path: str) -> bool:
    """Whether the server can read the file and others cannot: owner only, or root's with group read (the server's own rule)."""
    test = (
        "set -eu; [ -r {path} ]; set -- $(stat -L -c '%a %u' {path}); case \"$1:$2\" in *00:*|*40:0) exit 0;; *) exit 1;; esac"
    ).format(path=shlex.quote(path))
    try:
        session.statements([program_statement(test)])
    except psycopg.errors.ExternalRoutineException:
        return False
    except psycopg.Error as error:
        raise SurfaceError(f"{path}: {server_said(error)}") from error
    return True


def program_status(error: psycopg.Error) -> int | None:
    """What the program on the server ended with, where the server says so."""
    code = re.search(r"exit code (\d+)", error.diag.message_detail or "")
    return int(code[1]) if code else None

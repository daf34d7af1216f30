"""One login on one server: its connection, what it may do, fresh connections beside it, and the lock writers share."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, LiteralString
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import msgspec
import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.rows import TupleRow

from setright.surfaces.base import SurfaceError

LOCK = int.from_bytes(b"setright", "big") >> 1  # the key of the advisory lock that all writers take
CONNECT_TIMEOUT_S = 5
LOCK_TIMEOUT_S = 10.0

Query = tuple[LiteralString, Sequence[Any]]
Statement = sql.SQL | sql.Composed


class Rights(msgspec.Struct, frozen=True):
    """What this login may do. `programs` covers replacing server files and the dead-man's switch."""

    superuser: bool
    user: str
    database: str
    version: int
    file_settings: bool
    hba_rules: bool
    read_files: bool
    programs: bool
    verifiers: bool


RIGHTS = """
SELECT current_setting('is_superuser') = 'on', current_user::text, current_database()::text,
       current_setting('server_version_num')::int,
       has_function_privilege('pg_show_all_file_settings()', 'EXECUTE') AND has_table_privilege('pg_file_settings', 'SELECT'),
       has_function_privilege('pg_hba_file_rules()', 'EXECUTE') AND has_table_privilege('pg_hba_file_rules', 'SELECT'),
       has_function_privilege('pg_read_binary_file(text)', 'EXECUTE') AND pg_has_role('pg_read_server_files', 'USAGE')
         AND pg_has_role('pg_read_all_settings', 'USAGE'),
       pg_has_role('pg_execute_server_program', 'USAGE'),
       has_table_privilege('pg_authid', 'SELECT')
"""


class Session:
    """A connection that stays open, and the means to open others like it. All errors are SurfaceError."""

    def __init__(self, url: str) -> None:
        self.target = safe_url(url)
        self._conninfo = make_conninfo(
            url,
            application_name="setright",
            connect_timeout=CONNECT_TIMEOUT_S,
            tcp_user_timeout=10_000,
        )
        self._link = self._connect()
        self.rights = Rights(*self.rows(RIGHTS)[0])

    def rows(self, query: LiteralString, params: Sequence[Any] = ()) -> list[TupleRow]:
        """The rows of one query on the open connection."""
        return self.batch([(query, params)])[0]

    def batch(self, queries: Sequence[Query]) -> list[list[TupleRow]]:
        """The rows of each query, all in one round trip; each is a transaction of its own."""
        with self._told():
            return self.statements([_bound(query, params) for query, params in queries])

    def statements(self, statements: Sequence[Statement]) -> list[list[TupleRow]]:
        """Statements in one round trip, each a transaction of its own; the rows of each. Raises psycopg.Error where one fails."""
        with self._link.pipeline() as pipeline:
            cursors = []
            for statement in statements:
                cursors.append(self._link.execute(statement))
                pipeline.sync()
            return [cursor.fetchall() if cursor.description else [] for cursor in cursors]

    @contextmanager
    def fresh(self) -> Iterator[psycopg.Connection[TupleRow]]:
        """A new connection with the same login, closed at the end; the old one stays open."""
        with self._told():
            link = self._connect()
            try:
                yield link
            finally:
                link.close()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Holds the advisory lock that keeps two of us on this database from writing at once."""
        self._lock()
        try:
            yield
        finally:
            self.rows("SELECT pg_advisory_unlock(%s)", (LOCK,))

    @property
    def address(self) -> tuple[str, int]:
        """Host and port we talk to; a host that starts with a slash is a Unix socket's directory."""
        info = self._link.info
        return info.hostaddr or info.host, info.port

    @property
    def has_password(self) -> bool:
        """Whether this login would have a password to give, were it asked for one."""
        return bool(self._link.info.password)

    @property
    def backend(self) -> int:
        """The process id that serves us."""
        return self._link.info.backend_pid

    def close(self) -> None:
        self._link.close()

    def _connect(self) -> psycopg.Connection[TupleRow]:
        with self._told():
            return psycopg.connect(self._conninfo, autocommit=True)

    def _lock(self) -> None:
        deadline = time.monotonic() + LOCK_TIMEOUT_S
        while not self.rows("SELECT pg_try_advisory_lock(%s)", (LOCK,))[0][0]:
            if time.monotonic() > deadline:
                raise SurfaceError(
                    f"{self.target}: another run has been writing for {LOCK_TIMEOUT_S:.0f} s; try again when it is done"
                )
            time.sleep(0.05)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except psycopg.Error as error:
            raise SurfaceError(f"{self.target}: {server_said(error)}") from error


def server_said(error: psycopg.Error) -> str:
    """What the server said in one line, without the statement it said it of."""
    primary = error.diag.message_primary or str(error).strip() or type(error).__name__
    return " ".join(primary.split())


def safe_url(url: str) -> str:
    """The URL as it may be shown: scheme ``postgres``, no password, neither before the host nor as a parameter."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql"):
        raise SurfaceError("a PostgreSQL target is written postgres://user@host:port/db")
    user, at, host = parts.netloc.rpartition("@")
    query = urlencode([(k, v) for k, v in parse_qsl(parts.query) if k not in ("password", "sslpassword", "passfile")], safe="/")
    return urlunsplit(("postgres", user.partition(":")[0] + at + host, parts.path, query, ""))


def _bound(query: LiteralString, params: Sequence[Any]) -> Statement:
    """The query with its parameters as literals, in the place of each ``%s``."""
    parts = query.split("%s")
    composed: list[Statement] = [sql.SQL(parts[0])]
    for part, value in zip(parts[1:], params, strict=True):
        composed += [sql.SQL("{}").format(value), sql.SQL(part)]
    return sql.Composed(composed)


def canonical_json(value: Mapping[str, Any]) -> bytes:
    """Canonical JSON: one line an entry, in the order given."""
    lines = ",\n".join(f"  {_json(key)}: {_json(item)}" for key, item in value.items())
    return f"{{\n{lines}\n}}\n".encode()


def _json(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_json(k)}: {_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_json, value)) + "]"
    return msgspec.json.encode(value).decode()

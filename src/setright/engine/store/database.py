"""A database to keep state in: SQLite in a file (WAL, every commit synced) or PostgreSQL by URL, brought to `HEAD` when opened.

sqlite.org/wal.html, sqlite.org/lang_transaction.html; PostgreSQL's advisory locks hold off a second upgrade. SQL is written
in the words that both have, values as ``:name``. SQLite is used bare: every scan opens the store, and a library between
takes longer to load than a small scan takes.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from threading import local
from typing import Any, Protocol

import msgspec

from setright.engine.error import EngineError
from setright.engine.redact import without_password
from setright.engine.store.schema import HEAD, TABLES
from setright.model import Plain

BUSY_TIMEOUT_S = 30
ROWS_AT_ONCE = 2000
UPGRADE_LOCK = 0x5E7216
SETTINGS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    "temp_store=MEMORY",
    f"busy_timeout={BUSY_TIMEOUT_S * 1000}",
)
HAS_TABLES = """SELECT EXISTS (SELECT FROM pg_catalog.pg_class WHERE relname = 'alembic_version' AND relkind = 'r'
    AND relnamespace = to_regnamespace(quote_ident(current_schema())))"""
VALUE = re.compile(r":(\w+)")
VERSION = "SELECT version_num FROM alembic_version"
Row = dict[str, Plain]


class Connection:
    """One transaction's way to the database."""

    def __init__(self, driver: Driver, raw: Any) -> None:
        self._driver = driver
        self.raw = raw

    def rows(self, sql: str, values: Mapping[str, Plain] = {}) -> list[Row]:
        cursor = self.raw.execute(self._driver.spelled(sql), values)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def each(self, sql: str, values: Mapping[str, Plain] = {}) -> Iterator[tuple[Plain, ...]]:
        """The rows one by one, however many: never all of them are in memory. Columns as the query orders them."""
        yield from self._driver.streamed(self.raw, self._driver.spelled(sql), values)

    def change(self, sql: str, values: Mapping[str, Plain] = {}) -> int:
        """How many rows it concerned."""
        return int(self.raw.execute(self._driver.spelled(sql), values).rowcount)

    def change_each(self, sql: str, rows: Sequence[Mapping[str, Plain]]) -> None:
        if rows:
            self._driver.change_each(self.raw.cursor(), sql, rows)


class _Here(local):
    """What a thread has open."""

    together: ExitStack | None = None
    connection: Connection | None = None


class Driver(Protocol):
    """What tells the two sorts of database apart."""

    errors: type[Exception]
    begin_writing: str

    def connect(self) -> Any: ...
    def spelled(self, sql: str) -> str: ...
    def change_each(self, cursor: Any, sql: str, rows: Iterable[Mapping[str, Plain]]) -> None: ...
    def has_tables(self, raw: Any) -> bool: ...
    def hold_off_others(self, raw: Any) -> None: ...
    def streamed(self, raw: Any, sql: str, values: Mapping[str, Plain]) -> Iterator[tuple[Plain, ...]]: ...


class Database:
    """An open database at `HEAD`. What goes wrong in it comes out as EngineError."""

    def __init__(self, url: str) -> None:
        """``sqlite:////var/lib/setright/setright.db`` or ``postgresql://user@host/name``."""
        self.name = without_password(url)
        self.url = url
        self.is_sqlite = url.startswith("sqlite:///")
        self._driver = _Sqlite(url.removeprefix("sqlite:///")) if self.is_sqlite else _postgres(url)
        self._idle: list[Any] = []
        self._here = _Here()
        self._bring_to_head()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._transaction("BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it outlives a power cut, or none. What is `together` shares one."""
        if self._here.together is not None:
            if self._here.connection is None:
                self._here.connection = self._here.together.enter_context(self._transaction(self._driver.begin_writing))
            yield self._here.connection
            return
        with self._transaction(self._driver.begin_writing) as connection:
            yield connection

    @contextmanager
    def together(self) -> Iterator[None]:
        """All that this thread writes within is one transaction, which begins with the first; what it reads within is as before."""
        with ExitStack() as whole:
            self._here.together = whole
            try:
                yield
            finally:
                self._here.together = self._here.connection = None

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[Connection]:
        """On a connection that is idle, or a new one; one that something went wrong on is not used again."""
        try:
            raw = self._idle.pop() if self._idle else self._driver.connect()
            try:
                raw.execute(begin)
                yield Connection(self._driver, raw)
                raw.execute("COMMIT")
            except BaseException:
                with suppress(self._driver.errors):
                    raw.close()
                raise
        except self._driver.errors as error:
            why = str(error).strip()
            raise EngineError(f"{self.name}: {why}; is the database there, and ours to write?") from error
        self._idle.append(raw)

    def _bring_to_head(self) -> None:
        with self.reading() as connection:
            at = self._version(connection)
        if at == HEAD:
            return
        with self.writing() as connection:
            self._driver.hold_off_others(connection.raw)
            at = self._version(connection)  # another process may have been first
            if at is None:
                for statement in TABLES:
                    connection.change(statement)
                connection.change(inserted("alembic_version", ["version_num"]), {"version_num": HEAD})
            elif at > HEAD:
                raise EngineError(f"{self.name}: made by a newer setright (schema {at}, ours is {HEAD}); upgrade setright")
        if at is not None and at < HEAD:
            from setright.engine.store.upgrade import upgrade_at  # slow to load, and hardly ever needed

            upgrade_at(self.url)

    def _version(self, connection: Connection) -> str | None:
        """None: an empty database."""
        if not self._driver.has_tables(connection.raw):
            return None
        return next((row["version_num"] for row in connection.rows(VERSION)), None)


def inserted(table: str, columns: Iterable[str], on_conflict: str = "") -> str:
    """The statement that puts one row into a table."""
    names = list(columns)
    places, values = ", ".join(f'"{name}"' for name in names), ", ".join(f":{name}" for name in names)
    return f"INSERT INTO {table} ({places}) VALUES ({values}) {on_conflict}".rstrip()  # noqa: S608 - names of ours


def stored_json(value: Plain) -> str:
    return msgspec.json.encode(value).decode()  # keys as given: a new block is written in their order


class _Sqlite:
    errors: type[Exception] = sqlite3.Error
    begin_writing = "BEGIN IMMEDIATE"  # a writer that must wait for its lock in mid-transaction would fail instead

    def __init__(self, place: str) -> None:
        self._place = place
        if place and place != ":memory:":
            _make_private(Path(place))

    def connect(self) -> Any:
        raw = sqlite3.connect(self._place, isolation_level=None, check_same_thread=False)
        for setting in SETTINGS:
            raw.execute(f"PRAGMA {setting}")
        return raw

    def spelled(self, sql: str) -> str:
        return sql

    def change_each(self, cursor: Any, sql: str, rows: Iterable[Mapping[str, Plain]]) -> None:
        """Values by place: by name each would be looked for in each row, which takes longer than to write it."""
        names = VALUE.findall(sql)
        cursor.executemany(VALUE.sub("?", sql), (tuple(map(row.__getitem__, names)) for row in rows))

    def has_tables(self, raw: Any) -> bool:
        return raw.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone() is not None

    def hold_off_others(self, raw: Any) -> None:
        """The transaction does."""

    def streamed(self, raw: Any, sql: str, values: Mapping[str, Plain]) -> Iterator[tuple[Plain, ...]]:
        yield from raw.execute(sql, values)  # which gives them one by one


class _Postgres:
    begin_writing = "BEGIN"

    def __init__(self, url: str) -> None:
        from sqlalchemy import make_url  # it knows all ways to write such a URL

        place = make_url(url).set(drivername="postgresql+psycopg")
        dialect: Any = place.get_dialect()
        self._dialect = dialect(dbapi=dialect.import_dbapi())
        self._arguments: Any = self._dialect.create_connect_args(place)
        self.errors: type[Exception] = self._dialect.loaded_dbapi.Error

    def connect(self) -> Any:
        words, named = self._arguments
        raw: Any = self._dialect.connect(*words, **named)
        raw.autocommit = True  # our BEGIN is the only one
        return raw

    def spelled(self, sql: str) -> str:
        return _with_percent(sql)

    def change_each(self, cursor: Any, sql: str, rows: Iterable[Mapping[str, Plain]]) -> None:
        cursor.executemany(self.spelled(sql), rows)

    def has_tables(self, raw: Any) -> bool:
        """Asked of the catalogue's table: to_regclass() may tell from memory what was so before a lock was waited for."""
        return raw.execute(HAS_TABLES).fetchone()[0] is True

    def hold_off_others(self, raw: Any) -> None:
        raw.execute(f"SELECT pg_advisory_xact_lock({UPGRADE_LOCK})")

    def streamed(self, raw: Any, sql: str, values: Mapping[str, Plain]) -> Iterator[tuple[Plain, ...]]:
        with raw.cursor(name="setright_rows") as cursor:  # the server keeps the rows
            cursor.execute(sql, values)
            while rows := cursor.fetchmany(ROWS_AT_ONCE):
                yield from rows


@lru_cache
def _with_percent(sql: str) -> str:
    return VALUE.sub(r"%(\1)s", sql)


def _postgres(url: str) -> _Postgres:
    if re.match(r"postgres(?:ql)?(?:\+psycopg)?://", url):
        with suppress(ImportError, ValueError):
            return _Postgres(re.sub(r"\Apostgres:", "postgresql:", url))
    raise EngineError("the store's URL is not one of ours; write sqlite:////path/to/setright.db or postgresql://user@host/name")


def _make_private(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise EngineError(f"{path}: {error.strerror}; set $SETRIGHT_STATE to a directory that is ours to write") from error

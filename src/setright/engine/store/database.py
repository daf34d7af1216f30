"""A database to keep state in: SQLite in a file (WAL, every commit synced) or PostgreSQL by URL, brought to `HEAD` when opened.

sqlite.org/wal.html, sqlite.org/lang_transaction.html; PostgreSQL's advisory locks hold off a second upgrade.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, make_url, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from setright.engine.error import EngineError
from setright.engine.store.schema import HEAD, metadata, version
from setright.model import Plain

BUSY_TIMEOUT_S = 30
UPGRADE_LOCK = 0x5E7216
SETTINGS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_TIMEOUT_S * 1000}")


class Database:
    """An open database at `HEAD`. What goes wrong in it comes out as EngineError."""

    def __init__(self, url: str) -> None:
        """`url` as SQLAlchemy has them (``sqlite:////var/lib/setright/setright.db``, ``postgresql://...``)."""
        self._engine = _engine(url)
        self.is_sqlite = self._engine.dialect.name == "sqlite"
        self.name = self._engine.url.render_as_string(hide_password=True)
        self._bring_to_head()

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        with self._said(), self._engine.connect().execution_options(reading=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """One transaction: all of it outlives a power cut, or none."""
        with self._said(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            why = str(getattr(error, "orig", None) or error).strip()
            raise EngineError(f"{self.name}: {why}; is the database there, and ours to write?") from error

    def insert(self, table: Table) -> sqlite.Insert | postgresql.Insert:
        """An insert that can say what to do on conflict, as both databases spell it."""
        return sqlite.insert(table) if self.is_sqlite else postgresql.insert(table)

    def _bring_to_head(self) -> None:
        with self.reading() as connection:
            at = _version(connection)
        if at == HEAD:
            return
        with self.writing() as connection:
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK})
            at = _version(connection)  # another process may have been first
            if at is None:
                metadata.create_all(connection)
                connection.execute(version.insert().values(version_num=HEAD))
            elif at > HEAD:
                raise EngineError(f"{self.name}: made by a newer setright (schema {at}, ours is {HEAD}); upgrade setright")
            elif at < HEAD:
                from setright.engine.store.upgrade import upgrade  # slow to load, and hardly ever needed

                upgrade(connection)


def as_json(value: Plain) -> str:
    return msgspec.json.encode(value).decode()  # keys as given: a new block is written in their order


def _version(connection: Connection) -> str | None:
    """None: an empty database."""
    if not inspect(connection).has_table(version.name):
        return None
    return connection.execute(select(version.c.version_num)).scalar_one_or_none()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        engine = create_engine(parsed)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise EngineError(
            "the store's URL is not one of ours; write sqlite:////path/to/setright.db or postgresql://user@host/name"
        ) from error
    if engine.dialect.name == "sqlite":
        if parsed.database:
            _make_private(Path(parsed.database))
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(path: Path) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError as error:
        raise EngineError(f"{path}: {error.strerror}; set $SETRIGHT_STATE to a directory that is ours to write") from error


def _set_up_sqlite(connection: Any, _: object) -> None:  # the driver's own connection
    connection.isolation_level = None  # SQLAlchemy's BEGIN below is the only one
    for setting in SETTINGS:
        connection.execute(f"PRAGMA {setting}")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its lock at once: one that must wait for it in mid-transaction would fail instead."""
    reading = connection.get_execution_options().get("reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

"""Leads an older database to `HEAD` (Alembic, alembic.sqlalchemy.org); loaded only where there is something to do."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine, event, text

LOCK = 0x5E7216


def upgrade_at(url: str) -> None:
    """Runs what is missing in the database of that URL; one process at a time does."""
    engine = create_engine(url.replace("postgresql:", "postgresql+psycopg:", 1).replace("postgres:", "postgresql+psycopg:", 1))
    is_sqlite = engine.dialect.name == "sqlite"
    if is_sqlite:
        event.listen(engine, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    with engine.begin() as connection:
        if not is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
        upgrade(connection)
    engine.dispose()


def upgrade(connection: Connection, to: str = "head") -> None:
    """Runs what is missing, in the caller's transaction. A database without a version runs all."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)

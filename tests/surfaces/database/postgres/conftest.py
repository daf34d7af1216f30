"""One real server for a module's tests, put back to weak settings before each of them."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from lab import postgres as lab

from setright.surfaces.database.postgres import open_postgres
from setright.surfaces.database.postgres.surface import Postgres


@pytest.fixture(scope="module")
def running() -> Iterator[lab.Server]:
    if not lab.available():
        pytest.skip("needs the PostgreSQL server's binaries")
    with lab.server() as server:
        yield server


@pytest.fixture
def server(running: lab.Server) -> lab.Server:
    """As it was made: nothing in postgresql.auto.conf, trust in pg_hba.conf, no certificate."""
    running.hba.write_text(lab.HBA)
    with psycopg.connect(running.url, autocommit=True) as link:
        link.execute("ALTER SYSTEM RESET ALL")
        link.execute("SELECT pg_reload_conf()")
    for name in ("server.crt", "server.key"):
        (running.data / name).unlink(missing_ok=True)
    return running


@pytest.fixture
def surface(server: lab.Server) -> Iterator[Postgres]:
    opened = open_postgres(server.url)
    yield opened
    opened.close()

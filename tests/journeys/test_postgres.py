"""The loop on a real PostgreSQL server with weak settings, weak roles, trust in pg_hba.conf, and people connected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from lab import postgres as lab
from psycopg.rows import dict_row

from tests.journeys.loop import Journey, Look, Promises, Told, failures
from tests.surfaces.database.postgres.test_surface import certificate, do

WEAK = (
    "ALTER SYSTEM SET log_lock_waits = 'false'",
    "ALTER SYSTEM SET log_file_mode = '0644'",
    "ALTER SYSTEM SET ssl_ciphers = 'ALL'",
    "CREATE ROLE app LOGIN PASSWORD 'x' CREATEDB BYPASSRLS REPLICATION CONNECTION LIMIT 7",
    "ALTER ROLE app SET statement_timeout = '5s'",
)
PASSWORD = "SET password_encryption = 'scram-sha-256'; ALTER ROLE postgres PASSWORD 'lab'"


@pytest.fixture
def server() -> Iterator[lab.Server]:
    if not lab.available():
        pytest.skip("needs the PostgreSQL server's binaries")
    with lab.server() as made:
        yield made


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    if not lab.available():
        pytest.skip("needs the PostgreSQL server's binaries")
    with lab.server() as made, pytest.MonkeyPatch.context() as patch:
        do(made, *WEAK, PASSWORD, "SELECT pg_reload_conf()")
        certificate(made)
        patch.setenv("PGPASSWORD", "lab")
        with psycopg.connect(made.url, autocommit=True) as somebody:
            yield Journey(tmp_path_factory.mktemp("postgres"), made.url).walk(lambda: look(made, somebody))


def look(server: lab.Server, somebody: psycopg.Connection) -> Look:
    """The files' bytes and owners, every role, and every setting as a new session gets it; `somebody` was here before."""
    somebody.execute("SELECT 1")
    seen: dict[str, object] = {f.name: (f.read_bytes(), f.stat().st_mode, f.stat().st_uid) for f in (server.auto, server.hba)}
    with psycopg.connect(server.url, row_factory=dict_row) as link:
        roles = link.execute("SELECT * FROM pg_authid WHERE rolname !~ '^pg_'").fetchall()
        settings = link.execute("SELECT name, setting FROM pg_settings WHERE context <> 'internal'").fetchall()
        own = link.execute("SELECT setdatabase, setrole, setconfig FROM pg_db_role_setting").fetchall()
    return seen | {f"role {r['rolname']}": r for r in roles} | {s["name"]: s["setting"] for s in settings} | {"role settings": own}


class TestPostgres(Promises):
    def test_new_sessions_get_what_was_put_right(self, told: Told) -> None:
        after = told.looks[2]
        assert (after["password_encryption"], after["ssl"], after["log_connections"]) == ("scram-sha-256", "on", "on")
        assert not after["role app"]["rolbypassrls"]  # type: ignore[index]
        assert b"trust" not in after["pg_hba.conf"][0].split(b"#")[0]  # type: ignore[index]


def test_what_would_lock_us_out_is_refused_and_nothing_of_it_is_written(server: lab.Server, tmp_path: Path) -> None:
    """Trust is all that lets this login in: it has no password; and TLS would find no certificate at the next start."""
    journey = Journey(tmp_path, server.url)
    before = server.hba.read_bytes()
    run = journey.fix(everything=True)
    refused = {document: why for document, outcome, why in failures(run) if outcome == "refused"}
    assert refused.keys() == {"hba", "settings"}, failures(run)
    assert "would lock us out" in refused["hba"] and "next start would fail" in refused["settings"]
    assert all(outcome == "refused" for _, outcome, _ in failures(run))
    assert b"host    all             all             127.0.0.1/32            trust" in server.hba.read_bytes()
    assert b"ssl " not in server.auto.read_bytes()
    journey.rollback(run)
    assert server.hba.read_bytes() == before

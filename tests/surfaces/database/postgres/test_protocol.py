"""The whole safe-change protocol on a real server, with every PostgreSQL control of the catalogue."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from lab import postgres as lab
from tests.content import shipped
from tests.surfaces.database.postgres.test_surface import certificate, do

from setright.controls.derive import resolve
from setright.engine.execute import Execution
from setright.engine.plan import PlanOptions, plan
from setright.engine.scan import Scan, bindings_for, judge_reading, scan, wants
from setright.engine.snapshots import Snapshots
from setright.model import Control, Plan
from setright.surfaces.base import Surface
from setright.surfaces.database.postgres import open_postgres

CATALOGUE = shipped()
CONTROLS = [CATALOGUE.control(i) for i in CATALOGUE.ids() if i.startswith("postgres/")]
WEAK = (
    "ALTER SYSTEM SET log_lock_waits = 'false'",
    "ALTER SYSTEM SET log_file_mode = '0644'",
    "ALTER SYSTEM SET ssl_ciphers = 'ALL'",
    "DROP ROLE IF EXISTS app",
    "CREATE ROLE app LOGIN PASSWORD 'x' CREATEDB BYPASSRLS REPLICATION",
    "SET password_encryption = 'scram-sha-256'; ALTER ROLE postgres PASSWORD 'lab'",
    "SELECT pg_reload_conf()",
)


def rescan(surface: Surface, planned: Plan) -> Scan:
    mine = [c for c in CONTROLS if c.id in planned.controls]
    return judged(surface, [resolved(c) for c in mine])


def resolved(control: Control) -> Control:
    return resolve(control, {})


def judged(surface: Surface, controls: list[Control]) -> Scan:
    bindings = bindings_for(CATALOGUE.bindings, surface.families, controls)
    return judge_reading(surface.target, surface.read(wants(bindings, controls)), bindings, controls)


def test_every_fix_is_verified_on_a_real_server_and_undone_to_the_byte(
    server: lab.Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do(server, *WEAK)
    certificate(server)
    monkeypatch.setenv("PGPASSWORD", "lab")
    surface = open_postgres(server.url)
    before = server.auto.read_bytes(), server.hba.read_bytes(), surface.again(["role:app"])["role:app"].data
    found = scan(surface, CATALOGUE, [resolved(c) for c in CONTROLS])
    assert found.problems == ()
    plans = [p for p in plan(found, surface, PlanOptions(together=True)).plans if p.lane != "hand"]
    assert {p.document for p in plans} == {"hba", "role:app", "settings"}
    done = []
    for i, each in enumerate(plans):
        execution = Execution(each, surface, Snapshots(tmp_path), f"run-{i}", rescan)
        done.append((execution, put_right(execution)))
    assert sum(len(p.controls) for p in plans) > 15
    left = judged(surface, [resolved(c) for c in CONTROLS]).found
    assert [f.control.id for f in left if not f.control.by_hand] == []
    with psycopg.connect(server.url, sslmode="require") as link:
        assert link.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone() == (True,)
    for execution, kept in reversed(done):
        execution.restore(kept)
        assert execution.restored(kept) == []
    assert (server.auto.read_bytes(), server.hba.read_bytes(), surface.again(["role:app"])["role:app"].data) == before
    surface.close()
    do(server, "ALTER ROLE postgres PASSWORD NULL")


def put_right(execution: Execution) -> list[str]:
    """All steps of the protocol in their order; the addresses of the prior state."""
    kept = execution.snapshot()
    health = execution.health()
    armed = execution.arm(kept, 30.0)
    execution.validate(kept)
    execution.write(kept)
    execution.reload()
    assert execution.verify(kept, health) == []
    execution.confirm(armed)
    assert armed == (execution.plan.document != "role:app")
    return kept

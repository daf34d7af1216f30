"""Workers as processes of their own on one PostgreSQL: a run shared, a worker killed, all stopped. Slow; a sample by default."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from bench.workers import CONTROL, estate, shared, submitted, target, told, working

from setright.app import App, ScanOptions
from setright.engine.error import EngineError
from setright.engine.stop import switch
from setright.engine.times import now

ALL = bool(os.environ.get("SETRIGHT_ALL"))
COUNT = 200 if ALL else 60  # fewer may be done between two looks
WORKERS = 4


@pytest.fixture
def hosts(postgres_url: str, tmp_path: Path) -> Iterator[App]:
    app = estate(tmp_path, postgres_url, COUNT)
    yield app
    app.store.close()


def test_workers_share_a_run_and_one_that_dies_loses_nothing(hosts: App, tmp_path: Path) -> None:
    run = submitted(hosts, COUNT)
    seen = shared(hosts, run, WORKERS)
    told(hosts, tmp_path, COUNT, seen)
    assert seen.killed_at_s, "none was killed"


def test_the_switch_stops_all_workers_within_a_second_and_what_waits_goes_on_later(hosts: App, tmp_path: Path) -> None:
    run = submitted(hosts, COUNT)
    with working(hosts, WORKERS):
        wait_for(lambda: hosts.store.progress(run).done >= 2)
        switch(hosts.state, hosts.store, on=True, why="incident")
        stopped_at = now()
        time.sleep(3)
        done = hosts.store.progress(run).done
        begun = steps(hosts, "snapshot")
        assert done < COUNT, "all was done before it was stopped; nothing is shown"
        assert max((each - stopped_at).total_seconds() for each in begun) <= 1.0
        time.sleep(1)
        assert steps(hosts, "snapshot") == begun
        switch(hosts.state, hosts.store, on=False)
    ended = [plan.outcome for plan in hosts.store.run(run).plans]
    assert set(ended) <= {"verified", "refused"}
    again = [plan for each in hosts.plan(hosts.targets(()), ScanOptions(controls=(CONTROL,))) for plan in each.plans]
    assert len(again) == ended.count("refused"), "what was refused in the middle was left as it was"
    assert ended.count("refused") <= 2 * WORKERS


def test_a_worker_with_another_key_is_refused(hosts: App, tmp_path: Path) -> None:
    hosts.store.say("snapshots key", "another")
    with pytest.raises(EngineError, match="copy theirs") as refused:
        hosts.runner.recover()
    assert "snapshots.key" in str(refused.value)
    assert target(tmp_path, 0).is_dir()


def steps(app: App, event: str) -> list[datetime]:
    """When each began, by the ledger."""
    records = [json.loads(line) for line in app.ledger.path.read_text().splitlines()]
    return [datetime.fromisoformat(record["at"]) for record in records if record["event"] == event]


def wait_for(claim: Callable[[], bool], limit_s: float = 120.0) -> None:
    end = time.monotonic() + limit_s
    while not claim():
        assert time.monotonic() < end
        time.sleep(0.02)

"""Jobs in the store, on both databases: one worker a target, tenants in turns, and nothing lost with a worker that dies."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from setright.engine.allowance import Allowances
from setright.engine.error import EngineError
from setright.engine.snapshots import Snapshots
from setright.engine.stop import STOP, switch, why_stopped
from setright.engine.store import Job, Store, Work
from setright.model import Kept
from setright.policy.rules import RateLimit

T0 = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    opened = Store(url)
    yield opened
    opened.close()


def begun(store: Store, run: str, *jobs: Job, budget: int = 1, worker: str | None = None) -> None:
    store.begin_run(run, [], T0, None, Work(jobs, {}, budget, worker))


def names(store: Store, worker: str = "w1", only: list[str] | None = None) -> list[tuple[str, int]]:
    """All that can be had, until nothing is left; each is ended at once."""
    had = []
    while job := store.claim(worker, only):
        had.append((job.run, job.number))
        assert store.end_job(job, worker)
    return had


def test_tenants_take_turns_however_much_one_of_them_asks_for(store: Store) -> None:
    begun(store, "r1", *(Job("r1", n, f"big{n}", "big") for n in range(6)))
    begun(store, "r2", *(Job("r2", n, f"small{n}", "small") for n in range(2)))
    assert names(store)[:4] == [("r1", 0), ("r2", 0), ("r1", 1), ("r2", 1)]


def test_a_target_is_worked_on_by_one_at_a_time(store: Store) -> None:
    begun(store, "r1", Job("r1", 0, "same"))
    begun(store, "r2", Job("r2", 0, "same"), Job("r2", 1, "other"))
    first = store.claim("w1")
    assert first and first.run == "r1"
    second = store.claim("w2")
    assert second and (second.run, second.target) == ("r2", "other")
    assert store.claim("w3") is None
    store.end_job(first, "w1")
    third = store.claim("w3")
    assert third and (third.run, third.target) == ("r2", "same")


def test_each_job_is_had_once_by_many_at_once(store: Store) -> None:
    begun(store, "r1", *(Job("r1", n, f"t{n}") for n in range(40)))
    had: list[tuple[str, int]] = []
    threads = [threading.Thread(target=lambda name: had.extend(names(store, name)), args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(had) == [("r1", n) for n in range(40)]


def test_what_a_dead_worker_had_another_gets_and_the_dead_cannot_end_it(store: Store) -> None:
    begun(store, "r1", Job("r1", 0, "t"), worker="w1")
    job = store.claim("w1")
    assert job and store.claim("w2") is None
    assert store.bury(["w1"], "w2") == ["r1"]
    again = store.claim("w2")
    assert again == job
    assert not store.end_job(job, "w1")
    assert store.end_job(job, "w2")


def test_a_run_whose_second_worker_dies_too_before_it_takes_a_job_is_not_forgotten(store: Store) -> None:
    begun(store, "r1", Job("r1", 0, "t"), worker="w1")
    assert store.bury(None, "w2") == ["r1"]
    assert store.bury(None, "w3") == ["r1"]
    assert store.bury(["", "w9"], "w4") == ["r1"]
    assert store.claim("w4")


def test_a_run_with_a_worker_of_its_own_is_left_to_it(store: Store) -> None:
    begun(store, "r1", Job("r1", 0, "t"), worker="w1")
    assert store.claim("w2") is None
    assert store.claim("w1", ["r0"]) is None
    assert store.claim("w1", ["r1"])


def test_waves_wait_for_each_other_and_the_run_ends_with_the_last(store: Store) -> None:
    begun(store, "r1", Job("r1", 0, "a", wave=1), Job("r1", 1, "b", wave=2))
    assert names(store) == [("r1", 0)]
    for _ in range(3):
        assert not store.advance("r1", T0)
    assert store.progress("r1").wave == 2
    assert names(store) == [("r1", 1)]
    for _ in range(3):
        assert not store.advance("r1", T0)
    assert store.progress("r1").state == "ended"


def test_what_is_called_off_is_told_by_one_worker_and_given_back_when_that_dies(store: Store) -> None:
    begun(store, "r1", Job("r1", 0, "a", wave=1), Job("r1", 1, "b", wave=2))
    store.call_off("r1", "enough")
    assert names(store) == []
    assert store.advance("r1", T0)
    store.called_off("r1", "w1")
    assert not store.advance("r1", T0), "one worker does it"
    store.bury(["w1"], "w2")
    assert store.advance("r1", T0)
    store.called_off("r1", "w2")
    store.refused("r1", "w2")
    store.advance("r1", T0)
    assert (store.progress("r1").state, store.progress("r1").why) in (("ended", "enough"), ("running", "enough"))


def test_a_wave_soaks_for_as_long_as_it_says(store: Store) -> None:
    begun(store, "r1", Job("r1", 0, "a", soak_s=60), Job("r1", 1, "b", wave=2))
    assert names(store) == [("r1", 0)]
    store.advance("r1", T0)
    store.advance("r1", T0 + timedelta(seconds=59))
    assert store.progress("r1").stage == "soak"
    store.advance("r1", T0 + timedelta(seconds=60))
    assert store.progress("r1").stage == "check"


def test_a_rate_is_shared_by_all_who_ask(store: Store) -> None:
    waits = [store.reserve("account", 5, 10.0) for _ in range(3)]
    assert waits[0] == 0
    assert 0.3 < waits[1] <= 0.5 and 0.7 < waits[2] <= 1.0
    assert store.reserve("another", 5, 10.0) == 0


def test_who_beats_is_known_and_who_is_buried_is_not(store: Store) -> None:
    store.beat("w1", "here")
    store.beat("w1", "here")
    assert store.workers() == {"w1": ("here", 2)}
    store.bury(["w1"], "w2")
    assert store.workers() == {}


def test_the_switch_holds_for_all_who_share_a_store(postgres_url: str, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    store = Store(postgres_url)
    switch(here, store, on=True, why="incident")
    assert "incident" in why_stopped(there, store)
    switch(there, store, on=False)
    assert why_stopped(here, store) == ""
    (here).mkdir(exist_ok=True)
    (here / STOP).write_text("by hand\n")
    assert why_stopped(here, store) == "by hand"
    store.close()


def test_where_the_store_cannot_be_asked_nobody_says_that_runs_may_go_on(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(postgres_url)

    def gone(*_: object) -> str:
        raise EngineError("the server is gone")

    monkeypatch.setattr(store, "said", gone)
    monkeypatch.setattr(store, "say", gone)
    with pytest.raises(EngineError):
        why_stopped(tmp_path, store)
    with pytest.raises(EngineError):
        switch(tmp_path, store, on=True, why="incident")
    assert "incident" in why_stopped(tmp_path, store), "this machine is stopped at least"
    store.close()


def test_a_snapshot_made_here_is_had_there_under_the_same_key(store: Store, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    kept = Kept("/etc/x", "text", b"before", {"mode": "0600"})
    address = Snapshots(here, store).put(kept)
    (there / "keys").mkdir(parents=True, mode=0o700)
    for key in (here / "keys").iterdir():
        (there / "keys" / key.name).write_bytes(key.read_bytes())
        (there / "keys" / key.name).chmod(0o600)
    assert Snapshots(there, store).get(address) == kept
    assert Snapshots(there).tag == Snapshots(here).tag
    with pytest.raises(EngineError):
        Snapshots(there).get(address)


def test_a_limit_spaces_the_calls_of_all_processes_on_a_store(store: Store) -> None:
    limit = RateLimit(targets=("aws://prod*",), calls_per_s=20.0)
    allowances = [Allowances(lambda: store, [limit]) for _ in range(2)]  # two processes
    assert allowances[0].of(("aws://test",)) is None
    began = time.monotonic()
    ready = []
    for number in range(40):
        take = allowances[number % 2].of(("aws://prod?region=eu-west-1",))
        assert take
        ready.append(time.monotonic() - began + take())
    assert max(ready) >= 40 / 20.0 - 1.1, "40 calls at 20 a second"

"""The store on both databases: what it is told outlives it, and only once."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import create_engine, inspect, text

from setright.engine.error import EngineError
from setright.engine.store import Store, StoredTarget, Wanted
from setright.engine.store.database import Database
from setright.engine.store.schema import HEAD
from setright.engine.store.upgrade import upgrade
from setright.engine.times import stamp
from setright.model import Finding, Location, Mismatch, Plan, Unknown, Verdict
from setright.policy.exceptions import FindingException

T0 = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Ended(NamedTuple):
    plan: str
    outcome: str
    why: str = ""
    kept: tuple[str, ...] = ()


@pytest.fixture
def store(url):
    opened = Store(url)
    yield opened
    opened.close()


def finding(id_, control="linux/sshd/root-login", target="ssh://web-1", **more):
    mismatch = Mismatch(("PermitRootLogin",), "no", "yes")
    base = {"title": "Root cannot log in", "severity": "high", "verdict": Verdict.FAIL, "resource": "sshd", "kind": "linux/sshd"}
    base |= {"location": Location("/etc/ssh/sshd_config", 3, 3), "mismatches": (mismatch,), "frameworks": {"cis": ("5.1",)}}
    return Finding(id=id_, control=control, target=target, **(base | more))


def plan(hash_, target="ssh://web-1", made_at="2026-01-02T03:04:05.000000Z"):
    return Plan(
        target,
        "linux",
        "/etc/x",
        (),
        ("f1",),
        ("c",),
        ("sshd",),
        "ask",
        "why",
        hash=hash_,
        made_at=made_at,
        expires_at="2026-01-03",
    )


def scan(store, at, *ids, controls=("linux/sshd/root-login",), target="ssh://web-1"):
    return store.record_scan(target, controls, [finding(i, target=target) for i in ids], at)


def test_a_finding_reads_back_as_it_was_written(store):
    scan(store, T0, "a")
    known = store.finding("a")
    assert known.finding == finding("a")
    assert (known.first_seen_at, known.last_seen_at, known.resolved_at, known.reopened_count) == (
        "2026-01-02T03:04:05.000000Z",
        "2026-01-02T03:04:05.000000Z",
        None,
        0,
    )
    assert store.finding("b") is None


def test_a_finding_keeps_when_it_was_first_seen_and_moves_when_it_was_last(store):
    scan(store, T0, "a")
    seen = scan(store, T0 + HOUR, "a")
    known = store.finding("a")
    assert (seen.new, seen.reopened, seen.resolved) == ((), (), ())
    assert (known.first_seen_at[:13], known.last_seen_at[:13]) == ("2026-01-02T03", "2026-01-02T04")


def test_what_vanished_is_resolved_and_what_came_back_is_reopened(store):
    scan(store, T0, "a", "b")
    seen = scan(store, T0 + HOUR, "b", "c")
    assert (seen.new, seen.reopened, seen.resolved) == (("c",), (), ("a",))
    assert store.finding("a").resolved_at == "2026-01-02T04:04:05.000000Z"
    assert [known.finding.id for known in store.findings()] == ["b", "c"]
    seen = scan(store, T0 + 2 * HOUR, "a", "b", "c")
    assert (seen.new, seen.reopened, seen.resolved) == ((), ("a",), ())
    assert (store.finding("a").resolved_at, store.finding("a").reopened_count) == (None, 1)
    assert store.finding("b").reopened_count == 0


def test_a_scan_resolves_nothing_of_other_controls_or_targets(store):
    scan(store, T0, "a")
    scan(store, T0, "b", target="ssh://web-2")
    assert scan(store, T0 + HOUR, controls=("linux/other",)).resolved == ()
    assert [known.finding.id for known in store.findings()] == ["a", "b"]
    assert [known.finding.id for known in store.findings(target="ssh://web-2")] == ["b"]


def test_two_scans_of_the_same_moment_still_resolve_what_vanished(store):
    scan(store, T0, "a")
    assert scan(store, T0).resolved == ("a",)


def test_a_finding_found_again_takes_its_new_place_and_value(store):
    scan(store, T0, "a")
    moved = finding("a", location=Location("/etc/ssh/x", 9, 9), mismatches=(), verdict=Verdict.UNKNOWN, why_unknown="a variable")
    store.record_scan("ssh://web-1", [moved.control], [moved], T0 + HOUR)
    assert store.finding("a").finding == moved


def test_no_secret_reaches_the_database(url, tmp_path):
    store = Store(url)
    mismatches = (Mismatch(("requirepass",), None, "hunter2-secret"), Mismatch(("x",), None, Unknown("password=hunter2-secret")))
    store.record_scan("t", ["c"], [finding("a", "c", "t", mismatches=mismatches)], T0)
    shown = repr(store.finding("a"))
    store.close()
    assert "hunter2" not in shown and shown.count("<secret sha256:") == 2
    for file in (tmp_path / "state").glob("*"):
        assert b"hunter2" not in file.read_bytes()


def test_names_that_are_no_text_are_kept_readable(store):
    store.record_scan("t", ["c"], [finding("a", "c", "t", resource="caf\udce9\x00", location=Location("/\udce9"))], T0)
    assert store.finding("a").finding.resource == "caf\\udce9\\x00"


def test_a_target_keeps_its_latest_description(store):
    store.record_target(StoredTarget("web-1", "ssh://web-1", "staging"), T0)
    store.record_target(StoredTarget("web-1", "ssh://web-1", "production", "web team", ("pci",)), T0 + HOUR)
    assert store.targets() == [StoredTarget("web-1", "ssh://web-1", "production", "web team", ("pci",))]


def test_what_is_written_together_is_kept_whole_or_not_at_all(store):
    def keep(id_):
        scan(store, T0, id_)
        store.record_target(StoredTarget(f"web-{id_}", "ssh://web-1"), T0)

    with pytest.raises(ZeroDivisionError), store.together():
        keep("a")
        assert store.finding("a") is None, "what is read meanwhile is what was kept before"
        raise ZeroDivisionError
    assert (store.finding("a"), store.targets()) == (None, [])
    with store.together():
        keep("b")
    assert store.finding("b") is not None
    assert [target.name for target in store.targets()] == ["web-b"]


def test_a_plan_reads_back_as_it_was_made_and_by_the_start_of_its_hash(store):
    store.keep_plans([plan("abc1"), plan("abd2")])
    assert store.plan("abc1") == plan("abc1") == store.plan("abc")
    for unclear in ("ab", "x", "%"):
        with pytest.raises(EngineError):
            store.plan(unclear)


def test_a_plan_made_twice_stays_as_far_as_it_has_come(store):
    store.keep_plans([plan("a")])
    store.begin_run("r", ["a"], T0)
    store.end_plans("r", [Ended("a", "verified")])
    store.keep_plans([plan("a")])
    assert store.plan_state("a").state == "verified"
    assert [found.plan.hash for found in store.plans(state="verified", target="ssh://web-1")] == ["a"]
    assert store.plans(state="made") == []


def test_findings_are_listed_gravest_and_oldest_first(store):
    made = [("a", "low", T0), ("b", "high", T0 + HOUR), ("c", "high", T0), ("d", "critical", T0 + 2 * HOUR)]
    for id_, severity, at in made:
        one = finding(id_, target=f"host:{id_}", severity=severity)
        store.record_scan(f"host:{id_}", [one.control], [one], at)
    listed, count = store.listed(Wanted())
    assert ([each.finding.id for each in listed], count) == (["d", "c", "b", "a"], 4)
    assert [each.finding.id for each in store.listed(Wanted(limit=2))[0]] == ["d", "c"]
    assert store.listed(Wanted(limit=2))[1] == 4
    assert [each.finding.id for each in store.listed(Wanted(targets=("host:b",)))[0]] == ["b"]
    before = {"high": stamp(T0 + HOUR), "low": stamp(T0)}
    assert [each.finding.id for each in store.listed(Wanted(before=before))[0]] == ["c"]
    assert store.listed(Wanted(controls=("linux/sshd/root-login", "x")))[1] == 4
    assert store.listed(Wanted(controls=("x",)))[1] == 0


def test_the_last_yes_of_each_person_counts_once(store):
    store.keep_plans([plan("abc")])
    for by, at in (("ann", T0), ("ann", T0 + HOUR), ("bob", T0 + HOUR)):
        store.approve(["abc"], by, at)
    assert [(a.hash, a.by, a.at[:13]) for a in store.approvals(["abc"])["abc"]] == [
        ("abc", "ann", "2026-01-02T04"),
        ("abc", "bob", "2026-01-02T04"),
    ]
    with pytest.raises(EngineError):
        store.approve(["nothing"], "ann", T0)


def test_a_run_tells_how_each_plan_ended_and_what_leads_back(store):
    store.keep_plans([plan("p2"), plan("p1")])
    store.begin_run("r1", ["p2", "p1"], T0)
    store.begin_run("r1", ["p2", "p1"], T0 + HOUR)
    store.end_plans("r1", [Ended("p2", "verified", kept=("aa", "bb")), Ended("p1", "refused", "it moved")])
    assert store.run("r1").state == "running"
    store.end_run("r1", "ended", T0 + HOUR)
    run = store.run("r1")
    assert [(p.hash, p.outcome, p.kept, p.error) for p in run.plans] == [
        ("p2", "verified", ("aa", "bb"), ""),
        ("p1", "refused", (), "it moved"),
    ]
    assert (run.kind, run.state, run.started_at[:13], run.ended_at[:13]) == ("apply", "ended", "2026-01-02T03", "2026-01-02T04")
    assert store.plan_state("p2").state == "verified"
    store.begin_run("r2", ["p2"], T0 + HOUR, rolls_back="r1")
    assert store.kept("r2", "p2") == store.kept("r1", "p2") == ("aa", "bb")
    assert [r.id for r in store.runs()] == ["r2", "r1"] and [r.id for r in store.runs("running")] == ["r2"]


def test_an_outcome_without_a_run_is_refused(store):
    with pytest.raises(EngineError, match="begin_run"):
        store.end_plans("r9", [Ended("p", "verified")])
    with pytest.raises(EngineError):
        store.run("r9")


def test_exceptions_are_kept_with_their_history(store):
    first = FindingException("f", "legacy client", "ann", T0 + HOUR, T0, "firewall")
    second = FindingException("f", "still there", "bob", T0 + 5 * HOUR, T0 + 2 * HOUR)
    for each in (first, second):
        store.add_exception(each)
    assert store.exceptions("f") == [first, second] == store.exceptions()
    assert store.end_exception("f", T0 + 3 * HOUR) == 1
    assert [each.until for each in store.exceptions("f")] == [T0 + HOUR, T0 + 3 * HOUR]


def test_a_time_without_a_zone_is_refused(store):
    with pytest.raises(ValueError, match="zone"):
        scan(store, datetime(2026, 1, 1), "a")


def tables(engine):
    seen = inspect(engine)
    names = sorted(seen.get_table_names())
    return {
        name: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in seen.get_columns(name)],
            seen.get_pk_constraint(name),
            sorted((i["name"], tuple(i["column_names"])) for i in seen.get_indexes(name)),
            sorted((tuple(f["constrained_columns"]), f["referred_table"]) for f in seen.get_foreign_keys(name)),
        )
        for name in names
    }


def plain_engine(url):
    return create_engine(url.replace("postgresql:", "postgresql+psycopg:"))


@pytest.fixture
def migrated(url, tmp_path):
    """A database that all migrations made."""
    (tmp_path / "state").mkdir(exist_ok=True)
    engine = plain_engine(url)
    with engine.begin() as connection:
        upgrade(connection)
    yield engine
    engine.dispose()


def test_the_migrations_and_the_tables_are_one(migrated, another_url):
    Store(another_url).close()
    fresh = plain_engine(another_url)
    with migrated.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == HEAD
    assert tables(migrated) == tables(fresh)
    fresh.dispose()


def test_a_database_that_migrations_made_serves(migrated, url):
    store = Store(url)
    assert scan(store, T0, "a").new == ("a",)
    store.close()


def test_an_older_database_is_led_here_by_one_of_several(url, tmp_path):
    (tmp_path / "state").mkdir(exist_ok=True)
    engine = plain_engine(url)
    with engine.begin() as connection:
        upgrade(connection, "0001")
    engine.dispose()
    code = f"from setright.engine.store.database import Database; Database({url!r}).close()"
    started = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(3)]
    assert [(p.communicate(timeout=60)[1], p.returncode) for p in started] == [(b"", 0)] * 3
    store = Store(url)
    assert scan(store, T0, "a").new == ("a",) and store.exceptions() == []
    store.close()


def test_a_database_of_a_newer_program_is_left_alone(url):
    Store(url).close()
    engine = plain_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(EngineError, match="newer setright"):
        Store(url)


def test_a_database_at_head_opens_without_alembic(url):
    assert not loaded("alembic", url)


def test_a_file_opens_and_is_made_without_a_library(tmp_path):
    assert not loaded("sqlalchemy", f"sqlite:///{tmp_path}/setright.db")


def loaded(module, url):
    """Whether opening a database twice loads a module."""
    code = (
        "import sys; from setright.engine.store import Store\n"
        f"for _ in 1, 2: Store({url!r}).close()\n"
        f"sys.exit({module!r} in sys.modules)"
    )
    return subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode


def test_several_processes_make_one_database_together(url):
    code = f"from setright.engine.store.database import Database; Database({url!r}).close()"
    started = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(4)]
    assert [(p.communicate(timeout=60)[1], p.returncode) for p in started] == [(b"", 0)] * 4


def test_the_file_is_for_its_owner_and_every_commit_is_synced(tmp_path):
    url = f"sqlite:///{tmp_path}/state/setright.db"
    database = Database(url)
    with database.reading() as connection:
        assert connection.rows("PRAGMA journal_mode") == [{"journal_mode": "wal"}]
        assert connection.rows("PRAGMA synchronous") == [{"synchronous": 2}]
    database.close()
    assert stat.S_IMODE((tmp_path / "state" / "setright.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_a_writer_waits_for_another(tmp_path):
    url = f"sqlite:///{tmp_path}/setright.db"
    store = Store(url)
    blocker = sqlite3.connect(tmp_path / "setright.db", isolation_level=None, check_same_thread=False)
    blocker.execute("BEGIN IMMEDIATE")
    threading.Timer(0.5, lambda: blocker.execute("COMMIT")).start()
    assert scan(store, T0, "a").new == ("a",)
    store.close()


@pytest.mark.parametrize(
    "bad", ["nonsense", "mysterious://x", "sqlite:////proc/no/setright.db", "postgresql://u:hunter2@127.0.0.1:1/x"]
)
def test_a_store_that_cannot_be_had_says_what_to_do_and_no_password(bad):
    with pytest.raises(EngineError) as caught:
        Store(bad)
    assert "hunter2" not in str(caught.value) and (";" in str(caught.value))


def test_what_was_committed_outlives_a_kill(tmp_path):
    url = f"sqlite:///{tmp_path}/setright.db"
    code = (
        "import os, signal; from datetime import *; from setright.engine.store import Store\n"
        f"from setright.model import Plan; s = Store({url!r})\n"
        "s.keep_plans([Plan('t', 'linux', 'd', (), (), (), (), 'ask', 'w', hash='abc')])\n"
        "s.begin_run('r', ['abc'], datetime.now(UTC)); os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == -9
    store = Store(url)
    assert store.run("r").plans[0].hash == "abc"
    store.close()


def test_fifty_thousand_findings_are_taken_in_at_once(tmp_path):
    store = Store(f"sqlite:///{Path(tmp_path)}/setright.db")
    found = [finding(f"{i:08x}", control=f"c/{i % 200}", resource=f"r{i}") for i in range(50_000)]
    controls = {f.control for f in found}
    began = os.times()
    assert len(store.record_scan("ssh://web-1", controls, found, T0).new) == 50_000
    assert len(store.record_scan("ssh://web-1", controls, found[::2], T0 + HOUR).resolved) == 25_000
    spent = os.times()
    assert spent.user + spent.system - began.user - began.system < 20  # about 2 on an idle core
    store.close()

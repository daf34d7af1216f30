"""The steps of one plan, each alone: what is written in which order, and what counts as right."""

import time

import pytest
from msgspec.structs import replace

from setright.engine import execute
from setright.engine.change import Lapsed
from setright.engine.execute import Execution
from setright.engine.scan import judge_reading
from setright.engine.snapshots import Snapshots
from setright.lenses import put
from setright.model import Edit, Effect, Mismatch, Plan, Planned, Problem, Reading, Steps, Verdict, digest
from setright.surfaces.base import SurfaceError
from setright.surfaces.linux.surface import open_root
from tests.content import content
from tests.engine.folder import Folder

EDITS = ((Edit(("a",), 1),),)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(execute, "PATIENCE_S", 0.1)
    monkeypatch.setattr(execute, "PAUSE_S", 0.01)


@pytest.fixture
def folder(tmp_path):
    made = Folder("t", tmp_path / "t")
    for name in ("x", "y"):
        made.put(name, a=0, b="as it was")
    return made


def plan_of(folder, *names, **more):
    changes = []
    for name in names:
        data = (folder.place / f"{name}.json").read_bytes()
        changes.append(Planned(f"item:{name}", "json", digest(data), digest(put("json", data, EDITS[0])), EDITS, ""))
    return Plan("t", "mem", f"item:{names[0]}", tuple(changes), ("f1",), ("t/item/a",), names, "auto", "", **more)


def nothing_found(surface, plan):
    return judge_reading("t", Reading(()), {}, ())


def execution(tmp_path, folder, *names, rescan=nothing_found, **more):
    return Execution(plan_of(folder, *names, **more), folder, Snapshots(tmp_path / "state"), "token", rescan)


def test_a_plan_that_has_expired_touches_nothing(tmp_path, folder):
    run = execution(tmp_path, folder, "x", expires_at="2020-01-01T00:00:00+00:00")
    with pytest.raises(Lapsed, match="plan again"):
        run.snapshot()
    assert folder.writes() == []


def test_documents_are_put_back_in_the_reverse_order(tmp_path, folder):
    run = execution(tmp_path, folder, "x", "y")
    kept = run.snapshot()
    run.write(kept)
    run.restore(kept)
    assert folder.writes() == ["write item:x", "write item:y", "restore item:y", "restore item:x"]
    assert folder.log[-1] == "reload"
    assert run.restored(kept) == []


def test_what_may_go_back_only_after_another_of_the_same_plan_goes_back_after_it(tmp_path, folder):
    run = execution(tmp_path, folder, "x", "y")
    kept = run.snapshot()
    run.write(kept)
    write = folder.write

    def leaning(change):
        if change.locator == "item:y" and folder.item("x")["a"] == 1:
            raise SurfaceError("its service is masked")
        write(change)

    folder.write = leaning
    run.restore(kept)
    assert folder.writes()[2:] == ["restore item:x", "restore item:y"]
    assert run.restored(kept) == []


def test_what_cannot_go_back_keeps_nothing_else_from_it_and_is_said(tmp_path, folder):
    run = execution(tmp_path, folder, "x", "y")
    kept = run.snapshot()
    run.write(kept)
    folder.put("y", a=5)
    with pytest.raises(SurfaceError, match="item:y: changed since"):
        run.restore(kept)
    assert folder.item("x")["a"] == 0


def test_what_cannot_be_written_and_never_was_is_as_before(tmp_path, folder, monkeypatch):
    run = execution(tmp_path, folder, "x", "y")
    kept = run.snapshot()

    def refusing(change):
        raise SurfaceError("it may be immutable")

    folder.write = refusing
    run.restore(kept)
    assert folder.log[-1] == "reload" and run.restored(kept) == []
    with monkeypatch.context() as patch, pytest.raises(SurfaceError, match="immutable"):
        patch.setattr(execute, "HALF", ("item:",))
        run.restore(kept)
    folder.put("y", a=5)
    with pytest.raises(SurfaceError, match="immutable"):
        run.restore(kept)


def test_a_step_that_is_repeated_finds_its_work_done(tmp_path, folder):
    run = execution(tmp_path, folder, "x", "y")
    kept = run.snapshot()
    run.write(kept)
    run.write(kept)
    assert folder.writes() == ["write item:x", "write item:y"]
    run.restore(kept)
    run.restore(kept)
    assert len(folder.writes()) == 4


def test_what_was_half_written_when_it_was_cut_off_goes_back_whole(tmp_path, folder):
    run = execution(tmp_path, folder, "x", "y")
    kept = run.snapshot()
    write, folder.write = folder.write, None

    def fails_at_y(change):
        if change.locator == "item:y":
            raise SurfaceError("the connection is gone")
        write(change)

    folder.write = fails_at_y
    with pytest.raises(SurfaceError):
        run.write(kept)
    folder.write = write
    run.restore(kept)
    assert [folder.item(name)["a"] for name in "xy"] == [0, 0]


def test_the_snapshot_is_what_is_there_and_can_be_had_again(tmp_path, folder):
    run = execution(tmp_path, folder, "x")
    before = (folder.place / "x.json").read_bytes()
    (address,) = run.snapshot()
    folder.put("x", a=9)
    kept = Snapshots(tmp_path / "state").get(address)
    assert (kept.locator, kept.data, kept.meta) == ("item:x", before, {"kept": True})


def test_a_restored_document_gets_back_what_the_surface_noted(tmp_path, folder):
    run = execution(tmp_path, folder, "x")
    kept = run.snapshot()
    run.write(kept)
    given = []
    folder.write = given.append
    run.restore(kept)
    assert [change.meta for change in given] == [{"kept": True}]


def test_verify_names_what_is_not_as_written(tmp_path, folder):
    run = execution(tmp_path, folder, "x")
    kept = run.snapshot()
    run.write(kept)
    assert run.verify(kept, {}) == []
    folder.put("x", a=1, b="moved")
    assert run.verify(kept, {}) == ["item:x: b is not as it must be"]


def test_values_that_follow_an_edit_are_let_follow_when_verified_but_not_when_restored(tmp_path, folder):
    run = execution(tmp_path, folder, "x")
    kept = run.snapshot()
    folder.put("x", a="1 (as the API writes it)", b="as it was")
    assert run.verify(kept, {}) == []
    assert run.restored(kept) == ["item:x: a is not as it must be"]


@pytest.mark.parametrize(
    ("family", "ports", "a", "wrong"),
    [
        ("state", ["tcp/22", "udp/9"], 0, []),
        ("state", ["tcp/22"], 7, ["state:x: a is not as it must be"]),
        ("item", ["tcp/22", "udp/9"], 0, ["item:x: listening/1 is not as it must be"]),
    ],
)
def test_of_what_a_host_says_of_itself_only_what_was_changed_must_be_back(tmp_path, folder, family, ports, a, wrong):
    folder.put("x", a=0, listening=["tcp/22"])
    plan = plan_of(folder, "x")
    plan = replace(plan, changes=(replace(plan.changes[0], locator=f"{family}:x"),))
    run = Execution(plan, folder, Snapshots(tmp_path / "state"), "token", nothing_found)
    kept = run.snapshot()
    run.write(kept)
    folder.put("x", a=a, listening=ports)
    assert run.restored(kept) == wrong


def test_verify_compares_health_with_what_it_was(tmp_path, folder):
    run = execution(tmp_path, folder, "x")
    kept = run.snapshot()
    folder.probes = lambda: {"port": "answers", "new": "whatever"}
    run.write(kept)
    assert run.verify(kept, {"port": "answers"}) == []
    assert run.verify(kept, {"port": "was fast", "gone": "here"}) == [
        "port: was 'was fast', is 'answers'",
        "gone: was 'here', is 'nothing'",
    ]


def test_where_something_reloads_it_must_be_right_twice_in_a_row(tmp_path, folder):
    run = execution(tmp_path, folder, "x", steps=Steps(reload=("again",)))
    kept = run.snapshot()
    run.write(kept)
    answers = iter(["right", "wrong", "right", "right", "unasked"])
    folder.probes = lambda: {"port": next(answers)}
    assert run.verify(kept, {"port": "right"}) == []
    assert next(answers) == "unasked"


def still_found(tmp_path, live):
    """A rescan that finds the plan's finding again, in the running state only or in both."""
    catalogue = content(tmp_path / "content", {"t/item/a": {"require": {"a": 2}}})
    bindings = {("t/item", "mem"): catalogue.bindings["t/item"]}

    def rescan(surface, plan):
        scan = judge_reading("t", surface.read(()), bindings, [catalogue.control("t/item/a")])
        one = next(f for f in scan.found if f.resource.name == "x")
        mismatch = Mismatch(("a",), 2, 1, live=live)
        finding = replace(one.finding, id="f1", mismatches=(mismatch,))
        return scan._replace(found=(one._replace(finding=finding),))

    return rescan


@pytest.mark.parametrize(("restart", "live", "wrong"), [("none", True, 1), ("service", True, 0), ("service", False, 1)])
def test_what_waits_for_a_restart_is_no_reason_to_go_back(tmp_path, folder, restart, live, wrong):
    run = execution(tmp_path, folder, "x", rescan=still_found(tmp_path, live), effect=Effect(restart=restart))
    kept = run.snapshot()
    run.write(kept)
    told = run.verify(kept, {})
    assert len(told) == wrong and all("t/item/a still fail on x" in words for words in told)


@pytest.mark.parametrize(("live", "patient"), [(True, True), (False, False)])
def test_nobody_waits_long_for_files_that_are_as_written_to_get_right_by_themselves(tmp_path, folder, monkeypatch, live, patient):
    (tmp_path / "host/etc").mkdir(parents=True)
    (tmp_path / "host/etc/x").write_bytes(before := b'{"a": 0}\n')
    written = Planned("/etc/x", "json", digest(before), digest(put("json", before, EDITS[0])), EDITS, "")
    seen, host = still_found(tmp_path, live), open_root(str(tmp_path / "host"))
    plan = replace(plan_of(folder, "x"), changes=(written,))
    run = Execution(plan, host, Snapshots(tmp_path / "state"), "token", lambda surface, plan: seen(folder, plan))
    monkeypatch.setattr(execute, "PATIENCE_S", 0.5)
    monkeypatch.setattr(execute, "LASTING_S", 0.05)
    host.again(["/etc/x"])
    kept = run.snapshot()
    run.write(kept)
    begun = time.monotonic()
    assert run.verify(kept, {}) == ["t/item/a still fail on x"]
    assert (time.monotonic() - begun > 0.5) is patient


@pytest.mark.parametrize("settled", [True, False])
def test_nobody_waits_for_what_no_program_acts_on(tmp_path, folder, monkeypatch, settled):
    seen = still_found(tmp_path, True)
    run = execution(tmp_path, folder, "x", rescan=lambda surface, plan: seen(surface, plan))
    monkeypatch.setattr(folder, "settled", settled, raising=False)
    monkeypatch.setattr(execute, "PAUSE_S", 0.01)
    looks, wrong = [], run._wrong
    monkeypatch.setattr(run, "_wrong", lambda *args: looks.append(args) or wrong(*args))
    kept = run.snapshot()
    run.write(kept)
    assert run.verify(kept, {})
    assert (len(looks) == 1) is settled


@pytest.mark.parametrize(("problems", "wrong"), [((), 0), ((Problem("item:x", "timed out"),), 2)])
def test_what_cannot_be_told_is_no_reason_to_go_back_where_all_is_as_planned(tmp_path, folder, problems, wrong):
    seen = still_found(tmp_path, False)

    def rescan(surface, plan):
        scan = seen(surface, plan)
        told = tuple(f._replace(finding=replace(f.finding, verdict=Verdict.UNKNOWN, mismatches=())) for f in scan.found)
        return scan._replace(found=told, problems=problems)

    run = execution(tmp_path, folder, "x", rescan=rescan)
    kept = run.snapshot()
    run.write(kept)
    assert len(run.verify(kept, {})) == wrong


def test_what_waits_for_a_restart_is_said(tmp_path, folder):
    rescan = still_found(tmp_path, True)
    waits = execution(tmp_path, folder, "x", rescan=rescan, effect=Effect(restart="service")).pending()
    assert waits == ["t/item/a holds after a restart of the service"]
    assert execution(tmp_path, folder, "x", rescan=rescan).pending() == []


def test_what_cannot_be_told_waits_for_no_restart(tmp_path, folder):
    seen = still_found(tmp_path, True)

    def rescan(surface, plan):
        scan = seen(surface, plan)
        told = tuple(f._replace(finding=replace(f.finding, verdict=Verdict.UNKNOWN, mismatches=())) for f in scan.found)
        return scan._replace(found=told)

    assert execution(tmp_path, folder, "x", rescan=rescan, effect=Effect(restart="service")).pending() == []


def test_only_what_could_cut_us_off_is_armed_and_only_where_that_can_be(tmp_path, folder):
    assert execution(tmp_path, folder, "x").arm((), 30.0) is False
    armable = execution(tmp_path, folder, "x", steps=Steps(arm=True))
    assert armable.arm((), 30.0) is False
    folder.arms = True
    assert armable.arm((), 30.0) is True
    assert execution(tmp_path, folder, "x").arm((), 30.0) is False
    assert folder.log == ["arm"]

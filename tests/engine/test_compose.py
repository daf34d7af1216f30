"""Fixes made on one world: what breaks something is left out, wherever that stands."""

from setright.engine import compose
from setright.engine.compose import Right
from setright.engine.scan import scan
from setright.engine.world import World
from setright.model import Document
from setright.surfaces.memory import Memory
from tests.content import content, item, shipped

BROKEN: Right = ("t/item/a", "mem", "z", "item:z")


def test_a_fix_that_breaks_what_no_fix_edits_is_found(tmp_path, monkeypatch):
    catalogue = content(tmp_path, {"t/item/a": {"require": {"a": 1}}})
    names = ("u", "v", "w", "x", "y")
    surface = Memory({k: d for name in names for k, d in item(name, a=0).items()} | item("z", a=1), ("mem",))
    found = scan(surface, catalogue, [catalogue.control("t/item/a")])
    before = found.world.documents["item:w"]

    def lost(right: set[Right], world: World, *_) -> set[Right]:
        return {BROKEN} if world.documents["item:w"] != before else set()

    monkeypatch.setattr(compose, "_lost", lost)
    done = compose.compose(found.world, found.found, found.controls)
    assert sorted(done.edits) == [f"item:{name}" for name in names if name != "w"]
    [why] = done.refused.values()
    assert why == "its fix would break t/item/a"


def test_what_one_fix_says_for_all_jobs_no_other_says_again_for_each():
    catalogue, name = shipped(), ".github/workflows/ci.yml"
    steps = {"lint": "run: make lint", "test": "run: make", "report": "uses: acme/report@v1"}
    jobs = "".join(f"  {job}:\n    runs-on: ubuntu-24.04\n    steps:\n      - {step}\n" for job, step in steps.items())
    surface = Memory({name: Document(name, f"on: push\njobs:\n{jobs}".encode(), "yaml")}, ("actions",))
    controls = [catalogue.control(f"actions/{kind}/permissions") for kind in ("job", "workflow")]
    found = scan(surface, catalogue, controls)
    assert len(found.found) == 3
    done = compose.compose(found.world, found.found, found.controls)
    assert [edit.path for round_ in done.edits[name] for edit in round_] == [("documents", 0, "permissions")]
    assert not done.refused

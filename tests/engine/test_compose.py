"""Fixes made on one world: what breaks something is left out, wherever that stands."""

from setright.engine import compose
from setright.engine.compose import Right
from setright.engine.scan import scan
from setright.engine.world import World
from setright.surfaces.memory import Memory
from tests.content import content, item

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

"""What cannot be read is a problem with its place, and the rest is judged all the same."""

from setright.bindings.load import load_one
from setright.controls.judge import judge
from setright.engine.catalogue import content_root
from setright.engine.world import World
from setright.lenses import LensError
from setright.model import Binding, Document, Problem, Verdict
from tests.content import BINDING, content, item

KINDS = {("t/item", "mem"): Binding("t/item", {"mem": BINDING["mem"]})}


def world(documents, problems=()):
    return World(documents, KINDS, problems)


def verdicts(made, controls):
    return {(c.id, r.name): judgement.verdict for c, _, r, judgement in made.judged(controls)}


def test_a_document_its_lens_refuses_is_a_problem_and_the_rest_goes_on(tmp_path):
    catalogue = content(tmp_path, {"t/item/a": {"require": {"a": 1}}})
    broken = Document("item:broken", b'{"name": "broken",\n "a": }\n', "json")
    made = world({**item("x", a=0), "item:broken": broken, **item("y", a=1)})
    (problem,) = made.problems
    assert problem.locator == "item:broken" and "line 2" in problem.why
    told = verdicts(made, [catalogue.control("t/item/a")])
    assert told == {("t/item/a", "x"): Verdict.FAIL, ("t/item/a", "y"): Verdict.PASS}


def test_what_the_surface_could_not_read_is_kept_beside_it():
    given = Problem("item:locked", "permission denied")
    assert world(item("x"), [given]).problems == [given]


def test_a_format_nobody_knows_is_a_problem_too():
    (problem,) = world({"item:x": Document("item:x", b"{}", "no-such-lens")}).problems
    assert "no lens" in problem.why


def test_a_world_after_a_change_leaves_the_one_before_alone(tmp_path):
    catalogue = content(tmp_path, {"t/item/a": {"require": {"a": 1}}})
    control = catalogue.control("t/item/a")
    before = world({**item("x", a=0), **item("y", a=0)})
    after = before.after(item("x", a=1))
    assert verdicts(before, [control])["t/item/a", "x"] is Verdict.FAIL
    assert verdicts(after, [control]) == {("t/item/a", "x"): Verdict.PASS, ("t/item/a", "y"): Verdict.FAIL}
    assert after.problems == before.problems and after.problems is not before.problems


def test_a_change_no_lens_can_read_again_is_refused():
    made = world(item("x"))
    try:
        made.after({"item:x": Document("item:x", b"{", "json")})
    except LensError as error:
        assert "line 1" in str(error)
    else:
        raise AssertionError("bytes that are no JSON went in")


def test_resources_of_one_name_are_told_apart_by_their_place():
    twins = {locator: Document(locator, b'{"name": "x", "a": %d}' % n, "json") for n, locator in enumerate(("item:1", "item:2"))}
    made = world(twins)
    slot = ("t/item", "mem")
    assert [made.find(slot, "x", (locator, ())).tree["a"] for locator in twins] == [0, 1]
    assert made.find(slot, "x", ("item:gone", ())).tree["a"] == 0
    assert made.find(slot, "y", ("item:1", ())) is None


def test_whether_a_control_applies_can_be_unknown_and_is_then_said(tmp_path):
    catalogue = content(tmp_path, {"t/item/a": {"require": {"a": 1}, "where": {"engine": "postgres"}}})
    control = catalogue.control("t/item/a")
    odd = item("x", a=1, engine={"$unknown": "not allowed to read it"})
    assert verdicts(world(odd), [control]) == {("t/item/a", "x"): Verdict.UNKNOWN}
    assert verdicts(world(item("x", a=0, engine="mysql")), [control]) == {}
    (resource,) = world(odd).resources["t/item", "mem"]
    assert judge(control, resource).verdict is Verdict.PASS  # it is `judged` that asks first


def test_a_kind_its_layout_refuses_is_a_problem_and_other_kinds_go_on():
    odd = load_one(content_root() / "bindings" / "linux" / "sshd.yaml", content_root() / "bindings")
    bad = Binding("t/bad", {"mem": {"layout": "no-such-layout", "documents": ["item:*"], "lens": "json"}})
    made = World(item("x"), {("t/bad", "mem"): bad, **KINDS, (odd.kind, "linux"): odd})
    assert [p.locator for p in made.problems] == ["t/bad"]
    assert [r.name for r in made.resources["t/item", "mem"]] == ["x"]
    assert made.resources["t/bad", "mem"] == []


def test_a_resource_that_a_change_renames_is_found_at_its_place():
    before = world({**item("x", a=0), **item("y", a=0)})
    (slot,) = before.resources
    x = before.find(slot, "x", ("item:x", ()))
    moved = before.after({"item:x": Document("item:x", b'{"name": "ops/x", "a": 0}', "json")})
    assert moved.find(slot, x.name, x.home).name == "ops/x"
    assert moved.renamed() == {(slot, "ops/x"): "x"}
    assert before.renamed() == {}


def test_a_neighbour_is_not_taken_for_what_is_gone():
    before = world({**item("x", a=0), **item("y", a=0)})
    (slot,) = before.resources
    x = before.find(slot, "x", ("item:x", ()))
    gone = before.after({"item:x": Document("item:x", b'{"name": "y", "a": 0}', "json")})
    assert gone.find(slot, x.name, x.home) is None
    assert gone.renamed() == {}


def test_what_a_change_leaves_alone_is_the_very_same_and_a_change_of_sort_is_none_of_that():
    before = world({**item("x", a=1), **item("y", a=1)})
    x, y = before.resources["t/item", "mem"]
    after = before.after(item("y", a=True))
    assert after.resources["t/item", "mem"][0] is x
    assert after.resources["t/item", "mem"][1] is not y and after.resources["t/item", "mem"][1].tree["a"] is True

"""Terraform in its JSON syntax is judged and put right as it is in the native one: every example, and what is odd about JSON."""

import json

import pytest
from tests.content import shipped

from setright.bindings.layouts import _terraform_syntax as syntax
from setright.bindings.source import Source
from setright.controls.derive import resolve
from setright.engine.change import changes
from setright.engine.plan import PlanOptions, plan
from setright.engine.scan import bindings_for, judge_reading
from setright.lenses import get
from setright.model import Document, Edit, Reading, Unknown, Verdict
from setright.surfaces.memory import Memory

CATALOGUE = shipped()
PLACES = [
    (control, example)
    for control in map(CATALOGUE.control, CATALOGUE.ids())
    for example in control.examples
    if control.id.startswith(("azure/", "gcp/")) and isinstance(example.bad, str) and isinstance(example.fixed, str)
]


def as_json(value, lone, depth=0):
    """A native tree as the JSON syntax has it; `lone` makes objects of single blocks, not lists, below the labels too."""
    if isinstance(value, Unknown):
        return json.loads(value.text) if value.text.startswith('"') else f"${{{value.text}}}"
    if isinstance(value, dict):
        return {key: as_json(inner, lone, depth + 1) for key, inner in value.items()}
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict) and (lone or depth == 3):
        return as_json(value[0], lone, depth)
    return [as_json(item, lone, depth + 1) for item in value] if isinstance(value, list) else value


def rewritten(text, lone):
    return Document("main.tf.json", json.dumps(as_json(get("hcl", text.encode()), lone), indent=2).encode() + b"\n", "json")


def source(tree, locator="main.tf.json"):
    return Source(locator, "json", tree)


def native(document):
    return syntax.native(source(json.loads(document.data))).tree


def scanned(control, given):
    return judge_reading(
        "t", Reading(tuple(given.values())), bindings_for(CATALOGUE.bindings, ("terraform",), [control]), [control]
    )


@pytest.mark.parametrize("lone", [False, True], ids=["lists", "objects"])
@pytest.mark.parametrize(("control", "example"), PLACES, ids=[control.id for control, _ in PLACES])
def test_an_example_is_found_and_put_right_in_json_as_well(control, example, lone):
    control = resolve(control, dict(example.params))
    given = {"main.tf.json": rewritten(example.bad, lone)}
    scan = scanned(control, given)
    assert any(found.finding.verdict is Verdict.FAIL for found in scan.found)
    surface = Memory(given, ("terraform",))
    for each in plan(scan, surface, PlanOptions(together=True)).plans:
        for change in changes(each, surface.again([c.locator for c in each.changes])):
            surface.write(change)
    got, want = surface.documents["main.tf.json"], rewritten(example.fixed, lone)
    assert native(got) == native(want)
    assert not scanned(control, surface.documents).found


def test_what_holds_an_expression_is_unknown_and_a_comment_is_nothing():
    tree = {"resource": {"t": {"a": {"//": "why", "n": "${var.n}", "m": "x-${var.n}", "provider": "aws.west"}}}}
    body = syntax.native(source(tree)).tree["resource"]["t"]["a"][0]
    assert body == {"n": Unknown("var.n"), "m": Unknown('"x-${var.n}"'), "provider": Unknown("aws.west")}


def test_a_block_is_an_object_or_a_list_and_a_map_stays_one():
    tree = {"resource": {"t": {"a": {"one": {"x": 1}, "two": [{"x": 1}, {"x": 2}], "tags": {"k": "v"}}}}}
    body = syntax.native(source(tree)).tree["resource"]["t"]["a"][0]
    assert body == {"one": [{"x": 1}], "two": [{"x": 1}, {"x": 2}], "tags": {"k": "v"}}


def test_an_edit_goes_through_objects_that_stand_for_one_block():
    tree = {"resource": [{"t": {"a": {"one": {"x": 1}}}}]}
    asked = Edit(("resource", "t", "a", 0, "one", 0, "y"), Unknown("t.b.id"))
    assert syntax.edit({"main.tf.json": source(tree)}, "main.tf.json", asked) == (
        "main.tf.json",
        Edit(("resource", 0, "t", "a", "one", "y"), "${t.b.id}"),
    )


def test_a_second_block_makes_a_list_of_an_object():
    tree = {"resource": {"t": {"a": {"flag": {"name": "x"}}}}}
    asked = Edit(("resource", "t", "a", 0, "flag", 1), {"name": "y"})
    assert syntax.edit({"main.tf.json": source(tree)}, "main.tf.json", asked)[1] == Edit(
        ("resource", "t", "a", "flag"), [{"name": "x"}, {"name": "y"}]
    )


def test_a_document_in_the_native_syntax_is_left_to_it():
    asked = Edit(("resource", "t", "a", 0, "x"), 1)
    assert syntax.edit({}, "main.tf", asked) == ("main.tf", asked)

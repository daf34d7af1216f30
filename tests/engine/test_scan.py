"""Findings keep their names from run to run, and say where they stand."""

import pytest

from setright.engine.scan import scan, wants
from setright.model import Location, Unknown, Verdict
from setright.surfaces.iac.surface import SourceTree
from setright.surfaces.memory import Memory
from tests.content import content, item, shipped

SHIPPED = shipped()
KEY = """# keys of the shop
resource "aws_kms_key" "{name}" {{
  description         = "{name}"
  enable_key_rotation = false   # for now
}}
"""
POD = """apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
  - {name: web, image: web:1, securityContext: {privileged: true}}
"""


def memory(documents, target="memory"):
    made = Memory(documents, ("mem",))
    made.target = target
    return made


def found(surface, catalogue, ids=None):
    return scan(surface, catalogue, [catalogue.control(i) for i in ids or catalogue.ids()])


def ids(scanned):
    return {f.resource.name: f.finding.id for f in scanned.found}


def tree(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return found(SourceTree(tmp_path), SHIPPED, ["aws/kms/rotation"])


@pytest.fixture
def catalogue(tmp_path):
    return content(tmp_path / "content", {"t/item/a": {"require": {"a": 1}}, "t/item/b": {"require": {"b": 1}, "severity": "high"}})


def test_an_id_is_the_same_in_the_next_run_whatever_the_value_is_then(catalogue):
    first, second = (found(memory(item("x", a=value, b=1)), catalogue) for value in (0, 7))
    assert ids(first) == ids(second)


def test_an_id_tells_target_control_and_resource_apart(catalogue):
    told = [
        f.finding.id for t in ("one", "two") for f in found(memory({**item("x", a=0, b=0), **item("y", a=0)}, t), catalogue).found
    ]
    assert len(told) == len(set(told)) == 8


def test_ids_of_findings_that_people_noted_down_stay(catalogue):
    """An exception is made for an id: to make ids otherwise is to lose every exception there is."""
    assert ids(found(memory(item("x", a=0, b=1), "host:local"), catalogue)) == {"x": "3c7a6d97f06cae9b"}


def test_in_a_tree_of_sources_the_file_counts(tmp_path):
    for file in ("staging.yaml", "production.yaml"):
        (tmp_path / file).write_text(POD)
    scanned = found(SourceTree(tmp_path), SHIPPED, ["k8s/workload/privileged"])
    assert {f.resource.name for f in scanned.found} == {"Pod/web"}
    assert {f.finding.location.path for f in scanned.found} == {"staging.yaml", "production.yaml"}
    assert len({f.finding.id for f in scanned.found}) == 2


def test_an_id_does_not_move_with_its_lines(tmp_path):
    (first,) = tree(tmp_path, {"main.tf": KEY.format(name="shop")}).found
    (second,) = tree(tmp_path, {"main.tf": "\n\n\n" + KEY.format(name="shop")}).found
    assert first.finding.id == second.finding.id
    assert first.finding.location.line + 3 == second.finding.location.line


def test_a_location_is_the_line_of_the_value(tmp_path):
    (only,) = tree(tmp_path, {"main.tf": KEY.format(name="shop")}).found
    assert (only.finding.location.line, only.finding.location.end_line) == (4, 4)


def test_a_value_that_is_not_there_is_located_where_its_resource_stands(tmp_path):
    text = KEY.format(name="shop").replace("  enable_key_rotation = false   # for now\n", "")
    (only,) = tree(tmp_path, {"main.tf": text}).found
    assert only.finding.location.line == 2
    assert 2 <= only.finding.location.end_line <= 4


def test_what_is_no_file_has_no_lines(catalogue):
    (only,) = found(memory(item("x", a=0, b=1)), catalogue).found
    assert (only.finding.location.path, only.finding.location.line) == ("item:x", None)


def test_the_worst_comes_first(catalogue):
    scanned = found(memory({**item("x", a=0, b=0), **item("y", a=0)}), catalogue)
    assert [f.finding.severity for f in scanned.found] == ["high", "high", "medium", "medium"]


def test_what_passes_is_counted_and_what_cannot_be_told_is_neither(catalogue):
    scanned = found(memory({**item("x", a=1, b=1), **item("y", a={"$unknown": "var.a"}, b=1)}), catalogue)
    assert scanned.passed == 3
    (unknown,) = scanned.found
    assert unknown.finding.verdict is Verdict.UNKNOWN and "var.a" in unknown.finding.why_unknown
    assert unknown.finding.mismatches == ()
    assert isinstance(unknown.resource.tree["a"], Unknown)


def test_a_file_that_cannot_be_parsed_is_a_problem_of_the_scan_and_the_rest_is_found(tmp_path):
    scanned = tree(tmp_path, {"good.tf": KEY.format(name="shop"), "bad.tf": 'resource "aws_kms_key" {\n'})
    assert len(scanned.found) == 1
    assert [p.locator for p in scanned.problems] == ["bad.tf"]


def test_a_place_that_a_layout_cannot_tell_stops_no_run(tmp_path, monkeypatch):
    def lost(*_):
        raise IndexError("no such place")

    monkeypatch.setattr("setright.bindings.layouts.terraform.locate", lost)
    scanned = tree(tmp_path, {"main.tf": KEY.format(name="a")})
    assert [f.finding.location for f in scanned.found] == [Location("main.tf")]
    assert "no such place" in scanned.problems[0].why
    twice = found(SourceTree(tmp_path), SHIPPED, ["aws/kms/rotation", "aws/kms/key-policy-said"])
    assert (len(twice.found), len(twice.problems)) == (2, 1)


def test_a_surface_is_asked_for_what_the_controls_name_only(tmp_path):
    named = {"require": {"a": 1}, "where": {"name": "x"}}
    one = content(tmp_path / "one", {"t/item/a": named})
    both = content(tmp_path / "both", {"t/item/a": named, "t/item/b": {"require": {"b/c": 1}}})

    def asked(catalogue):
        bindings = {("t/item", "mem"): catalogue.bindings["t/item"]}
        (want,) = wants(bindings, [catalogue.control(i) for i in catalogue.ids()])
        return want.names, want.keys

    assert asked(one) == (("x",), ("a", "name"))
    assert asked(both) == ((), ("a", "b", "name"))

"""What is compiled for speed judges as what is plain: over every example, and over hostile trees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.content import shipped

from setright.bindings.examples import example_documents
from setright.controls.compile import Compiled
from setright.controls.judge import applies, judge
from setright.engine.scan import bindings_for, judge_reading
from setright.model import Reading, Resource, Unknown

CATALOGUE = shipped()
leaf = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 9),
    st.sampled_from(["", "a", "true", "0640", "ALL"]),
    st.builds(Unknown, st.just("var.x")),
    st.builds(Unknown, st.just("!If x"), st.sampled_from([("a", None), (True, "true"), (1, 9), (None, Unknown("var.x"))])),
)
tree = st.recursive(
    leaf,
    lambda inner: st.one_of(st.dictionaries(st.sampled_from("abc"), inner, max_size=3), st.lists(inner, max_size=3)),
    max_leaves=8,
)


def resources(control):
    binding = CATALOGUE.bindings[control.kind]
    for example in control.examples:
        family = example.family or min(binding.layouts)
        for written in (example.good, example.bad, example.fixed):
            if written is not None:
                given_ = example_documents(binding, family, written).values()
                world = judge_reading("x", Reading(tuple(given_)), bindings_for(CATALOGUE.bindings, (family,), [control]), []).world
                yield from (resource for found in world.resources.values() for resource in found)


@pytest.mark.parametrize("control_id", CATALOGUE.ids())
def test_compiled_and_plain_agree_on_every_example(control_id):
    control = CATALOGUE.control(control_id)
    compiled = Compiled(control)
    for resource in resources(control):
        assert compiled.applies(resource) is applies(control, resource)
        assert compiled.judge(resource) == judge(control, resource)


@given(shape=st.dictionaries(st.sampled_from("abc"), tree, max_size=3), live=st.booleans())
def test_compiled_and_plain_agree_on_hostile_trees(shape, live):
    from tests.controls.test_judge import control

    made = control(
        require={
            "a": "a", "b/c": True, "a/*/b": {"at-least": 3}, "c/0/a": {"absent": True}, "(b|c)/*": {"one-of": ["a", 3]},
            "c": {"none": {"where": {"a": "a"}}}, "b/a": {"excludes": ["A*"]},
        },
        where={"c/b": {"present": True}},
        default={
            "a": "a", "b/c": None, "a/*/b": 4, "c/0/a": None, "(b|c)/*": None, "c": None, "b/a": "a",
        },
    )  # fmt: skip
    compiled = Compiled(made)
    resource = Resource("k", "r", shape, ("d", ()), shape if live else None)
    assert compiled.applies(resource) is applies(made, resource)
    assert compiled.judge(resource) == judge(made, resource)

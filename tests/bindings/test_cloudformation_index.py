"""Who speaks of whom in a template: as often as reading all of it for each name tells."""

from __future__ import annotations

import random

import pytest

from setright import lenses
from setright.bindings.layouts import _cloudformation_index as index
from setright.bindings.layouts._cloudformation_values import uses
from setright.model import Plain, Tree, Unknown

NAMES = ("Data", "Datas", "Log", "Key")


def made_up(rng: random.Random, depth: int = 0) -> Plain:
    name = rng.choice(NAMES)
    ways: list[Plain] = [
        {"Ref": name},
        {"Fn::GetAtt": [name, "Arn"]},
        {"Fn::GetAtt": f"{name}.Arn"},
        {"Fn::Sub": f"arn:${{{name}.Arn}}/${{{rng.choice(NAMES)}}}"},
        Unknown(f"!Ref {name}"),
        Unknown(f"!Sub 'x${{{name}}}-{rng.choice(NAMES)}'"),
        name,
    ]
    if depth < 3 and rng.random() < 0.4:
        inner = [made_up(rng, depth + 1) for _ in range(3)]
        return inner if rng.random() < 0.5 else {str(i): each for i, each in enumerate(inner)}
    return rng.choice(ways)


def template(seed: int) -> Tree:
    rng = random.Random(seed)
    there = {name: {"Type": f"AWS::{rng.choice('AB')}", "Properties": {"p": made_up(rng)}} for name in NAMES}
    return {"Resources": there, "Outputs": {"o": made_up(rng)}, "Conditions": made_up(rng)}


@pytest.mark.parametrize("seed", range(100))
def test_what_was_looked_up_once_is_what_reading_all_of_it_tells(seed: int) -> None:
    whole = template(seed)
    for name in NAMES:
        speaking = [id_ for id_, each in whole["Resources"].items() if uses(each, name)]
        assert list(index.speakers(whole, name)) == speaking
        assert index.users(whole, name) == [id_ for id_ in speaking if id_ != name]
        assert index.mention_count(whole, name) == uses(whole, name)
        assert index.mentions(whole, "Outputs", name) == (uses(whole["Outputs"], name) > 0)
    assert not index.mentions(whole, "Globals", "Data")


def test_resources_of_several_types_come_in_the_templates_order() -> None:
    text = b"Resources:\n  C: {Type: 'A::B'}\n  A: {Type: 'A::C'}\n  B: {Type: 'A::B', Properties: !Ref X}\n  D: [1]\n"
    text += b"  E: {Type: 'A::B'}\n"
    whole = lenses.get("yaml", text)["documents"][0]
    assert [name for name, _ in index.of_type(whole, ["A::C", "A::B"])] == ["C", "A", "E"]
    assert [name for name, _ in index.of_type(whole, "A::B")] == ["C", "E"]


def test_what_a_list_names_is_tied_and_what_cannot_be_told_may_be_anybody() -> None:
    def policy(queues: Plain) -> Tree:
        return {"Type": "P", "Properties": {"Queues": queues}}

    there = {"One": policy([{"Ref": "A"}, {"Ref": "B"}]), "Two": policy({"Ref": "List"}), "Three": policy(["https://sqs/1/q"])}
    tied = index.tied({"Resources": there}, "P", "Queues/*")
    assert [id_ for id_, _ in tied.of("A")] == ["One", "Two", "Three"]
    assert [id_ for id_, _ in tied.of("C")] == ["Two", "Three"]


def test_another_template_that_says_the_same_is_read_by_itself() -> None:
    one, other = template(1), template(1)
    assert index.index(one) is index.index(one) is not index.index(other)

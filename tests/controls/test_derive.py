"""What a fix does where only a parameter says the right value."""

import pytest

from setright.controls.derive import NoRemedy, derive
from setright.controls.load import build
from setright.model import Control, Edit, Mismatch, Param


def control(**more: object) -> Control:
    told = {"key": {"about": "the key", "offer": "data-key"}}
    raw = {
        "id": "x/key",
        "title": "It has a key",
        "severity": "low",
        "kind": "x",
        "require": {"Key": {"param": "key"}},
        "default": {"Key": None},
        "param": told,
        "why": "So.",
        "breaks-if": {},
        "effect": {"restart": "none", "disruption": "low"},
        "frameworks": {},
        "source": "https://example.com",
        "examples": [],
    }
    return build(raw | more)


MISSING = (Mismatch(("Key",), Param("key"), None, "equals"),)


def test_a_parameter_without_a_value_takes_what_the_source_can_have_besides():
    tree = {"template": {"data-key": "offered"}}
    assert derive(control(), MISSING, tree).edits == (Edit(("template", "data-key"), "offered"),)


def test_the_other_edits_of_an_explicit_fix_stay_with_the_offer():
    fix = {"Encrypted": True, "Key": {"param": "key"}}
    edits = derive(control(fix=fix), MISSING, {"template": {"data-key": "offered"}}).edits
    assert edits == (Edit(("Encrypted",), True), Edit(("template", "data-key"), "offered"))


@pytest.mark.parametrize("tree", [{}, {"template": {"another": "offered"}}])
def test_where_nothing_is_offered_a_person_gives_the_value(tree):
    with pytest.raises(NoRemedy, match="parameter 'key'"):
        derive(control(), MISSING, tree)

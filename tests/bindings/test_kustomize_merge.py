"""What patches make of objects, as `kubectl kustomize` of Kubernetes 1.34 does, but for places of what goes or comes between."""

from __future__ import annotations

import pytest

from setright.bindings.layouts._kustomize_layers import Patch, followed
from setright.bindings.layouts._kustomize_merge import patched
from setright.bindings.layouts._kustomize_targets import is_aimed_at
from setright.lenses import get
from setright.model import Plain, Tree

ARGS, LIST = ("spec", "args"), ("spec", "containers")
[OBJECT] = get("yaml", b"kind: Pod\nmetadata: {name: a, labels: {tier: back, app: a}}\nspec: {args: [x, y], list: {}}\n")[
    "documents"
]
NAMED = {**OBJECT, "spec": {"containers": [{"name": "a", "tty": True}, {"name": "b"}]}}


def says(text: str) -> Plain:
    return get("yaml", text.encode())["documents"][0]


@pytest.mark.parametrize(
    ("patch", "made", "said"),
    [
        ("- {op: add, path: /spec/args/0, value: z}", ["z", "x", "y"], (ARGS,)),
        ("- {op: remove, path: /spec/args/0}", ["y"], (ARGS,)),
        ("- {op: copy, from: /spec/args/0, path: /spec/args/-}", ["x", "y", "x"], (ARGS,)),
        ("- {op: move, from: /spec/args/0, path: /spec/args/1}", ["y", "x"], (ARGS, ARGS)),
        ("- {op: add, path: /metadata/annotations/why, value: z}", ["x", "y"], ()),
    ],
)
def test_lists_of_words_are_made_as_kustomize_makes_them(patch: str, made: list[str], said: tuple[Plain, ...]) -> None:
    whole, own = patched(OBJECT, says(patch)) or ({}, ())
    assert (whole["spec"]["args"], own) == (made, said)


@pytest.mark.parametrize(
    ("patch", "made", "said"),
    [
        ("spec: {containers: [{name: a, $patch: delete}]}", NAMED["spec"]["containers"], ()),
        ("- {op: remove, path: /spec/containers/0}", NAMED["spec"]["containers"], ()),
        ("- {op: add, path: /spec/containers/0, value: {name: c}}", [*NAMED["spec"]["containers"], {"name": "c"}], ((*LIST, 2),)),
        ("spec: {containers: [{$patch: replace}, {name: c}]}", [{"name": "c"}], (LIST,)),
    ],
)
def test_what_goes_or_comes_between_keeps_the_places_of_the_others(patch: str, made: list[Tree], said: tuple[Plain, ...]) -> None:
    whole, own = patched(NAMED, says(patch)) or ({}, ())
    assert whole["spec"]["containers"] == made
    assert own == said
    numbered = Patch(("later", ()), says("- {op: replace, path: /spec/containers/0/name, value: d}"), {"kind": "Pod"})
    assert (followed(whole, [[numbered]]) == [None]) == ("replace}" not in patch)


@pytest.mark.parametrize(
    "patch",
    [
        "- {op: move, from: /spec/containers/0/tty, path: /metadata/annotations/tty}",
        "- {op: replace, path: /spec/nothing/there, value: 1}",
    ],
)
def test_what_cannot_be_followed_is_none_where_it_concerns_the_pod(patch: str) -> None:
    assert patched(NAMED, says(patch)) is None


def test_a_new_item_comes_first_so_that_numbers_tell_nothing_then() -> None:
    whole, _ = patched(NAMED, says("spec: {containers: [{name: c}]}")) or ({}, ())
    assert patched(whole, says("- {op: remove, path: /spec/containers/0/tty}")) is None


def test_an_object_that_a_build_removes_is_not_made_by_it() -> None:
    gone = Patch(("top", ()), says("$patch: delete\nkind: Pod\nmetadata: {name: a}"), None)
    assert followed(OBJECT, [[gone], []]) == [[]]


def test_a_word_that_kustomize_does_not_know_leaves_a_build_unknown() -> None:
    assert patched(OBJECT, says("spec: {$deleteFromPrimitiveList/args: [x]}")) is None


def test_a_patch_that_nobody_can_read_leaves_a_build_unknown() -> None:
    assert followed(OBJECT, [[Patch(("top", ()), None, {"kind": "Pod"})]]) == [None]


@pytest.mark.parametrize(
    ("target", "is_for"),
    [
        ("{labelSelector: tier=back}", True),
        ("{labelSelector: 'tier==back,app in (a, b)'}", True),
        ("{labelSelector: 'app notin (a)'}", False),
        ("{labelSelector: '!tier'}", False),
        ("{labelSelector: 'tier,track!=canary'}", True),
        ("{annotationSelector: patched=yes}", False),
        ("{name: 'a|b', kind: Pod}", True),
        ("{name: '[ab]'}", None),
        ("{labelSelector: 'tier > 1'}", None),
        ("{namespace: shop}", False),
    ],
)
def test_a_target_says_whom_a_patch_is_for(target: str, is_for: bool | None) -> None:
    assert is_aimed_at(says(target), OBJECT) is is_for

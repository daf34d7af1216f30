"""Which fixes join a batch, and where they stand in it."""

from setright.bindings.view import Beside
from setright.engine.taken import Taken
from setright.model import Edit

BEHIND = ("items", 2)  # of a list of two


def alike(edit: Edit) -> None:
    """Nothing has marks."""


def letters(edit: Edit) -> Beside | None:
    return Beside(frozenset(str(edit.value)), (("home",),)) if edit.path == BEHIND else None


def test_one_place_gets_one_value():
    taken = Taken()
    assert taken.joined([("f", Edit(("a",), 1))], alike)
    assert taken.joined([("f", Edit(("a",), 2))], alike) is None
    assert taken.joined([("f", Edit(("a", "b"), 1))], alike) is None
    assert taken.joined([("g", Edit(("a",), 2))], alike)


def test_a_list_does_not_change_under_an_index_but_by_removals():
    taken = Taken()
    assert taken.joined([("f", Edit(("items", 0), remove=True))], alike)
    assert taken.joined([("f", Edit(("items", 1), remove=True))], alike)
    assert taken.joined([("f", Edit(BEHIND, "x"))], alike) is None


def test_another_thing_stands_behind_what_is_added_already():
    taken = Taken()
    first, same = ([("f", Edit(BEHIND, "a"))] for _ in range(2))
    assert taken.joined(first, letters) == first
    assert taken.joined([("f", Edit(BEHIND, "b"))], letters) == [("f", Edit(("items", 3), "b"))]
    assert taken.joined(same, letters) == same
    assert taken.joined([("f", Edit(BEHIND, "c"))], letters) == [("f", Edit(("items", 4), "c"))]


def test_what_may_do_what_is_added_already_waits():
    taken = Taken()
    assert taken.joined([("f", Edit(BEHIND, "a"))], letters)
    assert taken.joined([("f", Edit(BEHIND, "ab"))], letters) is None
    assert taken.joined([("f", Edit(BEHIND, "b"))], alike) is None
    assert taken.joined([("f", Edit(BEHIND, "b")), ("f", Edit(("items", 0), "c"))], letters) is None


def test_what_says_again_what_the_batch_changes_waits():
    taken = Taken()
    assert taken.joined([("f", Edit(("home",), "apps"))], alike)
    assert taken.joined([("f", Edit(BEHIND, "a"))], letters) is None
    assert taken.joined([("g", Edit(BEHIND, "a"))], letters)

"""What is asked of trees in every room."""

import pytest

from setright.trees import same


@pytest.mark.parametrize(
    ("a", "b"), [(True, 1), ([True], [1]), ({"a": [0]}, {"a": [False]}), ([1, 2], [2, 1]), ({"a": None}, {}), (1, 1.0), ("1", 1)]
)
def test_true_is_not_1_however_deep_it_stands(a, b):
    assert not same(a, b)
    assert same(a, a)
    assert same(b, b)


def test_the_order_of_keys_is_nothing_that_two_trees_differ_in():
    assert same({"a": 1, "b": [{"c": None}]}, {"b": [{"c": None}], "a": 1})

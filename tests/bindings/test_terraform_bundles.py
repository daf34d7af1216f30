"""What a bundle gives a module says what it means: an interpolation is an expression, never a text taken as it is."""

import pytest

from setright.bindings.layouts._terraform_bundles import BUNDLES

EXPRESSIONS = ("is", "json")


def literal(value, under=""):
    """Every text that is written as it stands."""
    match value:
        case str():
            if under not in EXPRESSIONS:
                yield value
        case dict():
            for key, item in value.items():
                if under not in EXPRESSIONS:
                    yield from literal(item, key)
        case list() | tuple():
            for item in value:
                yield from literal(item, under)


@pytest.mark.parametrize("name", BUNDLES)
def test_no_interpolation_is_written_as_a_text(name):
    assert [text for text in literal(BUNDLES[name]) if "${" in text] == []

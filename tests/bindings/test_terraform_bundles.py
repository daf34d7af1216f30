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


ONCE = ("aws_backup_vault", "aws_wafv2_web_acl", "aws_cloudwatch_log_resource_policy")  # an account may have a name once


@pytest.mark.parametrize("name", BUNDLES)
def test_what_an_account_may_have_once_is_named_after_a_key_of_the_module(name):
    names = [body.get("name", body.get("policy_name")) for place, body in BUNDLES[name].items() if place.split("/")[1] in ONCE]
    assert all("key_id" in each["is"] for each in names)

"""Keys that AWS manages, looked up by their alias."""

from types import SimpleNamespace

import pytest
from tests.bindings.test_terraform_holding import tree

from setright.bindings.layouts._terraform_managed import managed_alias
from setright.bindings.layouts._terraform_module import modules
from setright.model import Unknown


@pytest.mark.parametrize(
    ("text", "asked", "found"),
    [
        ("data.aws_kms_key.mine.arn", {"key_id": "alias/aws/sns"}, "alias/aws/sns"),
        ('"${data.aws_kms_alias.mine.target_key_arn}"', {"name": "alias/aws/s3"}, "alias/aws/s3"),
        ("data.aws_kms_key.mine.arn", {"key_id": "alias/shop"}, None),
        ("data.aws_kms_key.mine.arn", {}, None),
        ("data.aws_kms_key.other.arn", {"key_id": "alias/aws/sns"}, None),
        ("aws_kms_key.mine.arn", {"key_id": "alias/aws/sns"}, None),
    ],
)
def test_a_lookup_of_a_managed_key_stands_for_its_alias(text, asked, found):
    block = SimpleNamespace(body=asked)
    assert managed_alias(text, lambda _, name: [block] if name == "mine" else [], lambda value: value) == found


def test_lookups_that_lead_to_each_other_stand_for_nothing():
    ours = [f'data "aws_kms_key" "{one}" {{\n  key_id = data.aws_kms_key.{other}.arn\n}}\n' for one, other in ("ab", "ba")]
    module = modules(tree(main="".join(ours)))["main"]
    value = Unknown("data.aws_kms_key.a.arn")
    assert module.resolved(value) == value

"""What calls of modules say that no table knows."""

import pytest

from setright.bindings.error import BindingError
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.lenses import get
from setright.model import Edit, Resource

LAYOUT = {
    "type": "aws_ebs_volume",
    "KmsKeyId": {"at": "kms_key_arn"},
    "Policy": {"at": "policy", "json": True},
    "Tags": {"in": "aws_ec2_tag", "by": "resource_id"},
    "every-module": {"known/ebs/aws": True},
}
SET = '  encrypted = false\n  kms_key_arn = "k"\n  size = var.size\n  nested = { a = 1 }\n'


def seen(source: str, body: str = SET) -> tuple[list[Resource], dict[str, Source]]:
    text = f'module "disk" {{\n  source = "{source}"\n{body}}}\n'
    sources = {"main.tf": Source("main.tf", "hcl", get("hcl", text.encode()))}
    return terraform.view("aws/ec2/volume", LAYOUT, sources), sources


@pytest.mark.parametrize(
    "source", ["acme/ebs/aws", "git::https://git.acme.test/infra/terraform-aws-ebs.git?ref=v1", "app.terraform.io/acme/ebs/aws"]
)
def test_what_a_call_sets_by_the_names_of_the_provider_is_judged_and_nothing_else(source: str) -> None:
    (found,), sources = seen(source)
    assert found.tree == {"Encrypted": False, "KmsKeyId": "k"}
    assert set(found.known or ()) == {("Encrypted",), ("KmsKeyId",)}
    assert terraform.locate(LAYOUT, found, ("Encrypted",), sources) == ("main.tf", ("module", "disk", 0, "encrypted"))
    assert terraform.locate(LAYOUT, found, ("KmsKeyId",), sources) == ("main.tf", ("module", "disk", 0, "kms_key_arn"))
    assert terraform.locate(LAYOUT, found, (), sources) == ("main.tf", ("module", "disk", 0))


def test_a_policy_that_a_call_hands_over_is_read() -> None:
    (found,), _ = seen("acme/ebs/aws", '  policy = jsonencode({ Statement = [{ Effect = "Allow" }] })\n')
    assert found.tree == {"Policy": {"Statement": [{"Effect": "Allow"}]}}


def test_a_call_that_sets_nothing_that_is_known_is_not_judged() -> None:
    assert seen("acme/ebs/aws", "  encrypted = var.encrypted\n")[0] == []


def test_nothing_is_written_into_what_nobody_knows() -> None:
    (found,), sources = seen("acme/ebs/aws")
    with pytest.raises(BindingError, match=r"module\.disk: change what the module takes"):
        terraform.edit(LAYOUT, found, [Edit(("Encrypted",), True)], [], sources)


@pytest.mark.parametrize(
    "source", ["./modules/ebs", "../ebs", "known/ebs/aws", "acme/network/aws", "acme/ebs/google", "ebs/network/aws"]
)
def test_what_is_known_or_stands_in_the_tree_or_is_called_otherwise_is_no_stranger(source: str) -> None:
    assert seen(source)[0] == []

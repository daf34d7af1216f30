"""The module's own key, open to who may use its stores through their services."""

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Edit, Plain, Resource

TABLE = 'resource "aws_dynamodb_table" "x" {\n  name = "x"\n}\n'
BUCKET = 'resource "aws_s3_bucket" "b" {\n  bucket = "b"\n}\n'
KEY = 'resource "aws_kms_key" "data" {\n  policy = jsonencode({ Any = { "kms:ViaService" = "%s.eu-west-1.amazonaws.com" } })\n}\n'
CLOSED = 'resource "aws_kms_key" "data" {\n  description = "data"\n}\n'
OFFER: dict[str, Plain] = {"at": "KeyArn", "value": {"is": "aws_kms_key.data.arn"}, "makes": "data-key", "via": "dynamodb"}
LAYOUT: dict[str, Plain] = {"type": "aws_dynamodb_table", "evidence": {"outsiders": "outsiders"}, "offers": {"account-key": OFFER}}


def table(text: str) -> tuple[Resource, dict[str, Source]]:
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    return next(iter(terraform.view("k", LAYOUT, given))), given


def made(text: str) -> str:
    found, given = table(text)
    placed = terraform.edit(LAYOUT, found, [Edit(("template", "account-key"), "offered")], [], given)
    return lenses.put("hcl", text.encode(), [edit for _, edit in placed]).decode()


def test_the_key_lets_in_who_comes_through_the_services_of_the_modules_stores() -> None:
    after = made(TABLE + BUCKET)
    region = "${data.aws_region.current.id}.amazonaws.com"
    assert f'"kms:ViaService"    = ["dynamodb.{region}", "s3.{region}"]' in after
    assert '"kms:CallerAccount" = "${data.aws_caller_identity.current.account_id}"' in after
    assert f'"kms:ViaService"    = ["dynamodb.{region}"]' in made(TABLE)


def test_the_key_lets_in_who_reads_the_variables_of_functions_where_there_are_some() -> None:
    function = 'resource "aws_lambda_function" "f" {\n%s}\n'
    assert "lambda." not in made(TABLE + function % "")
    assert "lambda." in made(TABLE + function % '  environment {\n    variables = { A = "b" }\n  }\n')


@pytest.mark.parametrize(
    ("text", "is_offered"),
    [
        (TABLE, True),
        (TABLE + KEY % "dynamodb", True),
        (TABLE + KEY % "s3", False),
        (TABLE + CLOSED, False),
        (TABLE.replace("}", "\n  replica {\n    region_name = var.other\n  }\n}"), False),
    ],
)
def test_a_key_that_keeps_its_users_out_is_not_offered(text: str, is_offered: bool) -> None:
    assert ("template" in table(text)[0].tree) is is_offered


@pytest.mark.parametrize(
    ("more", "who"),
    [
        ("", "no"),
        ('resource "aws_dynamodb_resource_policy" "p" {\n  policy = "{}"\n}\n', "aws_dynamodb_resource_policy.p"),
        ('resource "aws_iam_role" "r" {\n  name = "r"\n}\n', "no"),
        ('resource "aws_iam_role" "r" {\n  permissions_boundary = var.most\n}\n', "aws_iam_role.r"),
        (
            'resource "aws_iam_role" "r" {\n  permissions_boundary = var.most\n}\nvariable "most" {\n  default = null\n}\n',
            "no",
        ),
    ],
)
def test_who_is_of_another_account_or_within_a_boundary_is_named(more: str, who: str) -> None:
    assert table(TABLE + more)[0].tree["source"]["outsiders"] == who

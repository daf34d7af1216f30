"""Who reads a secret, a table or an object by rights of its own."""

import pytest

from setright import lenses
from setright.bindings.layouts import terraform
from setright.bindings.source import Source
from setright.model import Plain

BUCKET = 'resource "aws_s3_bucket" "b" {\n  bucket = "b"\n}\n'
OBJECT = 'resource "aws_s3_object" "x" {\n  bucket = aws_s3_bucket.b.id\n}\n' + BUCKET
SECRET = 'resource "aws_secretsmanager_secret" "x" {\n  name = "x"\n}\n'
TABLE = 'resource "aws_dynamodb_table" "x" {\n  name = "x"\n}\n'
POLICY = 'resource "aws_iam_role_policy" "p" {\n  policy = jsonencode({ Resource = %s })\n}\n'
RIGHTS = 'data "aws_iam_policy_document" "p" {\n  statement {\n    actions = ["%s"]\n    resources = [%s]\n  }\n}\n'
ATTACHED = 'resource "aws_iam_role_policy_attachment" "a" {\n  policy_arn = "arn:aws:iam::aws:policy/%s"\n}\n'


@pytest.mark.parametrize(
    ("text", "who"),
    [
        (SECRET, "no"),
        (SECRET + 'resource "aws_secretsmanager_secret_version" "v" {\n  secret_id = aws_secretsmanager_secret.x.id\n}\n', "no"),
        (SECRET + POLICY % "aws_secretsmanager_secret.x.arn", "by aws_iam_role_policy.p"),
        (SECRET + 'output "o" {\n  value = aws_secretsmanager_secret.x.arn\n}\n', "by whoever takes it from an output"),
        (SECRET + POLICY % '"arn:aws:secretsmanager:*:*:secret:x"', "no"),  # which names what is elsewhere, and no right
        (TABLE, "no"),
        (TABLE + 'resource "aws_dynamodb_table_item" "i" {\n  table_name = aws_dynamodb_table.x.name\n}\n', "no"),
        (TABLE + 'resource "aws_appsync_datasource" "d" {\n  name = aws_dynamodb_table.x.name\n}\n', "by aws_appsync_datasource.d"),
        (TABLE + RIGHTS % ("dynamodb:GetItem", '"*"'), "by data.aws_iam_policy_document.p"),
        (TABLE + RIGHTS % ("s3:GetObject", '"*"'), "no"),
        (TABLE + TABLE.replace('"x"', '"y"') + RIGHTS % ("dynamodb:GetItem", "aws_dynamodb_table.y.arn"), "no"),
        (TABLE + ATTACHED % "AmazonDynamoDBFullAccess", "by aws_iam_role_policy_attachment.a"),
        (TABLE + ATTACHED % "AmazonS3FullAccess", "no"),
        (OBJECT, "no"),
        (OBJECT + 'resource "aws_lambda_function" "f" {\n  s3_key = aws_s3_object.x.key\n}\n', "no"),
        (OBJECT + POLICY % '"${aws_s3_bucket.b.arn}/*"', "by aws_iam_role_policy.p"),
        (OBJECT + POLICY % "aws_s3_bucket.other.arn", "no"),
    ],
)
def test_who_reads_it_is_named(text: str, who: str) -> None:
    kind = text.split('"')[1]
    layout: dict[str, Plain] = {"type": kind, "evidence": {"read-by": "read-by"}}
    given = {"main.tf": Source("main.tf", "hcl", lenses.get("hcl", text.encode()))}
    found, *_ = terraform.view("k", layout, given)
    assert found.tree["source"]["read-by"] == who
